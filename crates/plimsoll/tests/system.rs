//! The real binary on loopback: no cluster, no root, no network.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "system/bad_input.rs"]
mod bad_input;
#[path = "system/dns.rs"]
mod dns;
#[path = "system/gate.rs"]
mod gate;
#[path = "system/horizon.rs"]
mod horizon;
#[path = "system/load.rs"]
mod load;
#[path = "system/objects.rs"]
mod objects;
#[path = "system/orders.rs"]
mod orders;
#[path = "system/outage.rs"]
mod outage;
#[path = "system/preflight.rs"]
mod preflight;
#[path = "system/process.rs"]
mod process;
#[path = "system/resolver.rs"]
mod resolver;
#[path = "system/rollout.rs"]
mod rollout;
#[path = "system/scrape.rs"]
mod scrape;
#[path = "system/up.rs"]
mod up;
