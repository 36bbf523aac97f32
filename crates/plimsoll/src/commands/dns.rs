//! `plimsoll dns`.

mod horizon;
pub(crate) mod probe;
pub(crate) mod settings;
mod sources;

use std::sync::Arc;

use environment::{SystemClock, SystemEntropy};
use node_dns::reload::{Reading, Source};
use node_dns::{Addresses, Reloading};
use tokio_util::sync::CancellationToken;

use self::settings::Typed;

use crate::commands::runtime;
use crate::flags::{DnsAction, DnsFlags, ServeFlags};
use crate::outcome::{Failure, Outcome};
use crate::{signals, terminal};

pub(crate) fn run(flags: DnsFlags) -> Outcome {
    match flags.action {
        Some(DnsAction::Horizon(flags)) => horizon::run(flags),
        Some(DnsAction::Probe(flags)) => probe::run(flags),
        Some(DnsAction::Confirm(flags)) => probe::confirm(&flags),
        None => serve(flags.serve),
    }
}

fn serve(flags: ServeFlags) -> Outcome {
    let wanted = Wanted::read(flags)?;
    runtime::many_threads(async {
        let shutdown = signals::shutdown()?;
        let dns = wanted.start(shutdown).await?;
        terminal::print(&format!("{}\n", serde_json::Value::Object(dns.places)));
        dns.reloading.run().await.map_err(Failure::usage)
    })
}

/// A DNS server that was asked for, in this process or beside something else in it.
pub(crate) struct Wanted {
    source: Arc<Typed>,
    fingerprint: u64,
    config: node_dns::Config,
}

/// One that serves.
pub(crate) struct Started {
    /// What is printed at the start, for people and for scripts.
    pub(crate) places: serde_json::Map<String, serde_json::Value>,
    pub(crate) reloading: Reloading,
}

impl Wanted {
    pub(crate) fn read(flags: ServeFlags) -> Result<Self, Failure> {
        let source = Arc::new(Typed(flags));
        let Reading { fingerprint, config } = source.read();
        Ok(Self { source, fingerprint, config: config.map_err(Failure::Usage)? })
    }

    pub(crate) async fn start(self, stop: CancellationToken) -> Result<Started, Failure> {
        let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SystemEntropy::new()));
        // Each of its start errors is something that the operator has to change.
        let assembled = node_dns::assemble(self.config, clock.clone(), entropy.clone()).await;
        let server = assembled.map_err(Failure::usage)?;
        let places = places(server.addresses());
        let reloading = Reloading::start(server, self.fingerprint, self.source, clock, entropy, stop);
        Ok(Started { places, reloading })
    }
}

fn places(addresses: &Addresses) -> serde_json::Map<String, serde_json::Value> {
    let metrics = addresses.http.first().map(|address| format!("http://{address}/metrics"));
    [
        ("dns".to_owned(), serde_json::json!(addresses.dns.first())),
        ("dnsAddresses".to_owned(), serde_json::json!(addresses.dns)),
        ("dnsMetrics".to_owned(), serde_json::json!(metrics)),
        ("dnsNeighbours".to_owned(), serde_json::json!(addresses.neighbours)),
    ]
    .into_iter()
    .collect()
}
