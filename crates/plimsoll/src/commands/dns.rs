//! `plimsoll dns`.

mod horizon;
mod probe;
pub(crate) mod settings;
mod sources;

use std::sync::Arc;

use environment::{SystemClock, SystemEntropy};
use node_dns::Addresses;

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
    let config = settings::config(flags)?;
    runtime::many_threads(async {
        let shutdown = signals::shutdown()?;
        let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SystemEntropy::new()));
        // Each of its start errors is something that the operator has to change.
        let dns = node_dns::assemble(config, clock, entropy).await.map_err(Failure::usage)?;
        let places = serde_json::Value::Object(places(dns.addresses()));
        terminal::print(&format!("{places}\n"));
        dns.run(shutdown).await.map_err(Failure::usage)
    })
}

/// What is printed at the start, for people and for scripts.
pub(crate) fn places(addresses: &Addresses) -> serde_json::Map<String, serde_json::Value> {
    let metrics = addresses.http.first().map(|address| format!("http://{address}/metrics"));
    [
        ("dns".to_owned(), serde_json::json!(addresses.dns.first())),
        ("dnsAddresses".to_owned(), serde_json::json!(addresses.dns)),
        ("dnsMetrics".to_owned(), serde_json::json!(metrics)),
    ]
    .into_iter()
    .collect()
}
