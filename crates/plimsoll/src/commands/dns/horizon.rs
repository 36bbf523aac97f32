//! `plimsoll dns horizon`: how long caches could hide that the control plane is dead.

use std::path::Path;

use corefile::Corefile;
use masking_horizon::settings::{self, Runs};
use masking_horizon::{Authority, Cache, Chain, Client, Horizon, Knowledge};

use super::sources::FilesAndVariables;
use crate::flags::{HorizonFlags, Output, ServerProgram};
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// What RFC 8767 recommends, and what our stale answers carry.
const STALE_TTL_SECONDS: u64 = 30;

pub(crate) fn run(flags: HorizonFlags) -> Outcome {
    let horizon = horizon(&flags)?;
    match flags.output {
        Output::Text => terminal::print(&horizon.to_string()),
        Output::Json => terminal::print(&format!("{}\n", serde_json::to_string_pretty(&horizon)?)),
    }
    Ok(())
}

fn horizon(flags: &HorizonFlags) -> Result<Horizon, Failure> {
    let zone = flags.cluster_domain.trim_end_matches('.');
    let (authority, own_cache) = server(flags, zone)?;
    let mut caches: Vec<Cache> = own_cache.into_iter().collect();
    for file in &flags.node_cache {
        let corefile = read(file)?;
        caches.extend(settings::node_cache(&named(file), &corefile, zone).map_err(Failure::usage)?);
    }
    let clients: Result<Vec<Client>, _> =
        flags.clients.iter().map(|declared| Client::parse(declared)).collect();
    let chain = Chain { zone: zone.to_owned(), authority, caches, clients: clients.map_err(Failure::usage)? };
    chain.horizon().map_err(Failure::usage)
}

fn server(flags: &HorizonFlags, zone: &str) -> Result<(Authority, Option<Cache>), Failure> {
    let ours = Knowledge::OnDisk {
        fresh_for_seconds: flags.fresh_for.into(),
        stale_ttl_seconds: STALE_TTL_SECONDS,
        heartbeat_seconds: apiserver_client::BEAT_SECONDS,
    };
    let Some(file) = &flags.corefile else {
        let authority = Authority {
            name: "plimsoll dns".to_owned(),
            place: format!("--ttl {} --fresh-for {}", flags.ttl, flags.fresh_for),
            ttl_seconds: flags.ttl.into(),
            negative_ttl_seconds: flags.ttl.into(),
            knowledge: ours,
        };
        return Ok((authority, None));
    };
    let runs = match flags.server {
        ServerProgram::Coredns => Runs::CoreDns,
        ServerProgram::Plimsoll => Runs::Plimsoll(ours),
    };
    settings::server(&named(file), &read(file)?, zone, runs).map_err(Failure::usage)
}

fn read(file: &Path) -> Result<Corefile, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::Usage(format!("cannot read {}: {error}", file.display())))?;
    corefile::parse(&named(file), &text, &FilesAndVariables::default()).map_err(Failure::usage)
}

fn named(file: &Path) -> String {
    file.display().to_string()
}
