//! What the DNS server says about itself: `coredns_dns_*` where CoreDNS means the same, `plimsoll_dns_*` for the rest.
//!
//! The threads that read UDP count into a [`Tally`] of their own, which nobody else writes: no lock and no shared cache line
//! on the way of a query. A scrape adds them up.

mod export;
mod tally;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

pub(crate) use tally::{Answered, Protocol, Source, Tally, Writers, ZoneLabel};

/// All tallies, and what is counted rarely enough for ordinary counters. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Metrics {
    tallies: Arc<Mutex<Vec<Arc<Tally>>>>,
    /// The cluster's zone with the dot at its end; label of its queries.
    zone: Arc<str>,
    /// Panics that were contained.
    pub(crate) panics: Counter,
    /// Queries that had to be asked elsewhere and found the queue full.
    pub(crate) overloaded: Counter,
    /// Queries that are asked elsewhere now.
    pub(crate) pending: Gauge,
    /// Answers that the kernel did not take.
    pub(crate) unsent: Counter,
    /// Queries dropped by the rate limit.
    pub(crate) limited: Counter,
    /// Connections over TCP.
    pub(crate) tcp_connections: Gauge,
    /// Connections closed to make room.
    pub(crate) tcp_evicted: Counter,
    /// Messages for dnstap that found its queue full.
    pub(crate) dnstap_dropped: Counter,
    /// Lines of the query log that found its queue full.
    pub(crate) query_log_dropped: Counter,
    /// Searches completed at once (`autopath`).
    pub(crate) autopath: Counter,
    /// Names that only a search list can have made, refused at once.
    pub(crate) search_refused: Counter,
    /// Sockets handed to a new process.
    pub(crate) handovers: Counter,
}

impl Metrics {
    /// Registers everything. `zone` is the cluster's, without the dot at its end.
    pub(crate) fn register(registry: &mut Registry, zone: &str) -> Self {
        let metrics = Self { zone: format!("{}.", zone.trim_end_matches('.')).into(), ..Self::default() };
        let m = &metrics;
        registry.register("coredns_panics", "Panics that were contained", m.panics.clone());
        registry.register("coredns_autopath_success", "Searches completed at once", m.autopath.clone());
        let own = registry.sub_registry_with_prefix("plimsoll_dns");
        let counters: [(&str, &str, &Counter); 8] = [
            ("overloaded", "Queries for elsewhere that found the queue full and got SERVFAIL", &m.overloaded),
            ("unsent", "Answers that the kernel did not take", &m.unsent),
            ("rate_limited", "Queries dropped by the rate limit of their client", &m.limited),
            ("tcp_evicted", "Idle connections closed to make room for new ones", &m.tcp_evicted),
            ("dnstap_dropped", "Messages that dnstap's queue had no room for", &m.dnstap_dropped),
            ("query_log_dropped", "Lines that the query log's queue had no room for", &m.query_log_dropped),
            (
                "search_refused",
                "Names made by a search list, answered without asking upstream",
                &m.search_refused,
            ),
            ("handovers", "Times that the sockets went to a new process", &m.handovers),
        ];
        for (name, help, counter) in counters {
            own.register(name, help, counter.clone());
        }
        own.register("pending", "Queries that are asked elsewhere now", m.pending.clone());
        own.register("tcp_connections", "Connections over TCP", m.tcp_connections.clone());
        registry.register_collector(Box::new(export::Export(metrics.clone())));
        metrics
    }

    /// A tally for the queries of one socket, under CoreDNS's name of the server: `dns://ADDRESS`.
    pub(crate) fn tally(&self, server: &str, protocol: Protocol, ipv6: bool, writers: Writers) -> Arc<Tally> {
        let tally = Arc::new(Tally::new(server, protocol, ipv6, writers));
        self.tallies.lock().push(tally.clone());
        tally
    }
}

/// Adds to a counter. A cell with one writer needs no locked instruction.
#[inline]
fn add(cell: &AtomicU64, value: u64, writers: Writers) {
    match writers {
        Writers::One => cell.store(cell.load(Ordering::Relaxed).wrapping_add(value), Ordering::Relaxed),
        Writers::Many => {
            cell.fetch_add(value, Ordering::Relaxed);
        }
    }
}
