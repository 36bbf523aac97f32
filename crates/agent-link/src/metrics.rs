//! What both ends say about themselves, read when they are scraped.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::tls::Reloading;
use crate::{agent, hub};

type Tls<C> = Option<Arc<Reloading<C>>>;

pub(crate) fn register_hub(
    registry: &mut Registry,
    shared: Arc<hub::Shared>,
    tls: Tls<rustls::ServerConfig>,
) {
    registry.register_collector(Box::new(HubCollector { shared, tls }));
}

pub(crate) fn register_agent(
    registry: &mut Registry,
    shared: Arc<agent::Shared>,
    tls: Tls<rustls::ClientConfig>,
) {
    registry.register_collector(Box::new(AgentCollector { shared, tls }));
}

struct HubCollector {
    shared: Arc<hub::Shared>,
    tls: Tls<rustls::ServerConfig>,
}

struct AgentCollector {
    shared: Arc<agent::Shared>,
    tls: Tls<rustls::ClientConfig>,
}

impl Collector for HubCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (stats, counters) = (self.shared.stats(), &self.shared.counters);
        let mut out = Out(encoder);
        let gauges = [
            ("agents_known", "Nodes that the hub knows", stats.agents_known),
            ("agents_connected", "Agents that are admitted", stats.agents_connected),
            ("names_connected", "Sessions that follow the names of the cluster", stats.names_connected),
            ("sessions", "Open streams, admitted or not", stats.sessions),
            ("items", "Items of all feeds", stats.items),
            ("item_bytes", "Bytes of all items", stats.item_bytes),
            ("log_changes", "Changes remembered for deltas, all feeds", stats.log_changes),
            ("log_bytes", "Bytes of those changes", stats.log_bytes),
            ("queue_changes_peak", "Longest queue of any session so far", stats.queue_changes_peak),
            ("queue_changes_max", "Bound of a session's queue", self.shared.limits().node.log_changes_max),
            (
                "names_queue_changes_peak",
                "Longest queue of any session for names so far",
                stats.broadcast_queue_changes_peak,
            ),
            (
                "names_queue_changes_max",
                "Bound of a session's queue for names",
                self.shared.limits().broadcast.log_changes_max,
            ),
            ("snapshots_running", "Sessions that are being sent a snapshot", stats.snapshots_running),
            ("snapshots_max", "Bound of those", self.shared.limits().snapshots_max),
            ("snapshots_waiting", "Sessions that wait for their turn", stats.snapshots_waiting),
        ];
        for (name, help, value) in gauges {
            out.gauge(&format!("plimsoll_fanout_{name}"), help, value as i64)?;
        }
        let counters = [
            ("admissions", "Agents admitted", stats.admissions),
            ("come_backs", "Agents told to come back later", stats.come_backs),
            ("refusals", "Agents refused for their protocol or their name", stats.refusals),
            ("superseded", "Sessions ended because the same node connected again", stats.superseded),
            ("silent", "Sessions ended because the agent fell silent", stats.silent),
            ("stalled", "Sessions ended because the agent took nothing", stats.stalled),
            ("violations", "Sessions ended because of senseless messages", stats.violations),
            ("resyncs", "Feeds that an agent lost the thread of", stats.resyncs),
            ("queue_overflows", "Queues that overflowed into a snapshot", stats.collapses),
            ("snapshots", "Snapshots sent", stats.snapshots),
            ("deltas", "Deltas sent", stats.deltas),
            ("currents", "Agents found current without content", stats.currents),
            ("pulses", "Pulses sent", stats.pulses),
            ("sent_bytes", "Bytes of messages sent, before TLS", stats.bytes_sent),
            ("sent_chunk_bytes", "Bytes of content sent, before TLS", stats.chunk_bytes_sent),
            ("received_bytes", "Bytes of messages received, after TLS", stats.bytes_received),
            ("items_rejected", "Items not taken because of a bound", stats.items_rejected),
            ("connections", "Connections accepted", counters.connections.load(Relaxed)),
            ("handshakes_failed", "TLS handshakes that failed", counters.handshakes_failed.load(Relaxed)),
            ("strangers", "Certificates that are not for an agent", counters.strangers.load(Relaxed)),
            (
                "reports_dropped",
                "Reports of nodes that nobody took in time",
                counters.reports_dropped.load(Relaxed),
            ),
            ("queues_full", "Streams ended because HTTP/2 took nothing", counters.queues_full.load(Relaxed)),
        ];
        for (name, help, value) in counters {
            out.counter(&format!("plimsoll_fanout_{name}"), help, value)?;
        }
        out.certificates(self.tls.as_deref())
    }
}

impl Collector for AgentCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let status = self.shared.status();
        let mut out = Out(encoder);
        let gauges = [
            ("connected", "1 while a hub has admitted this agent", i64::from(status.connected)),
            ("synced", "1 while everything has come since then", i64::from(status.synced)),
            ("items", "Items held", status.items as i64),
            ("fleet", "Agents that the hub knows", i64::from(status.fleet)),
        ];
        for (name, help, value) in gauges {
            out.gauge(&format!("plimsoll_hub_link_{name}"), help, value)?;
        }
        // Never heard is no sample: 0 would mean that everything is fresh.
        if let Some(age) = status.last_heard {
            let help = "Time since the hub was last heard: the age of what it said";
            out.seconds("plimsoll_hub_link_age_seconds", help, age.as_secs_f64())?;
        }
        let stats = status.stats;
        let counters = [
            ("attempts", "Attempts to connect", stats.attempts),
            ("welcomes", "Streams that were admitted", stats.welcomes),
            ("come_backs", "Times that the hub said to come back later", stats.come_backs),
            ("refusals", "Times that the hub refused", stats.refusals),
            ("resyncs", "Times that the thread of a feed was lost", stats.resyncs),
            ("transfers", "Transfers completed", stats.transfers),
            ("pulses", "Pulses received", stats.pulses),
            ("received_bytes", "Bytes of messages received, after TLS", stats.bytes_received),
            ("received_chunk_bytes", "Bytes of content received, after TLS", stats.chunk_bytes_received),
        ];
        for (name, help, value) in counters {
            out.counter(&format!("plimsoll_hub_link_{name}"), help, value)?;
        }
        out.certificates(self.tls.as_deref())
    }
}

struct Out<'a>(DescriptorEncoder<'a>);

impl Out<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: i64) -> fmt::Result {
        let encoder = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(value).encode(encoder)
    }

    fn seconds(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        let encoder = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(value).encode(encoder)
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let encoder = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        ConstCounter::new(value).encode(encoder)
    }

    fn certificates<C: Send + Sync + 'static>(&mut self, tls: Option<&Reloading<C>>) -> fmt::Result {
        let Some(tls) = tls else { return Ok(()) };
        if let Some(at) = tls.not_after() {
            let name = "plimsoll_certificate_expiry_timestamp_seconds";
            let help = "When this process's certificate expires";
            let encoder = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
            let mut encoder = encoder;
            let labels = [("file", tls.end().certificate())];
            let labeled = encoder.encode_family(&labels)?;
            ConstGauge::new(at).encode(labeled)?;
        }
        self.counter("plimsoll_certificate_reloads", "Certificates taken from disk anew", tls.reloads())?;
        let help = "Looks at the certificates on disk that found them unusable; the former ones stay";
        self.counter("plimsoll_certificate_reload_failures", help, tls.failures())
    }
}

impl fmt::Debug for HubCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HubCollector")
    }
}

impl fmt::Debug for AgentCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AgentCollector")
    }
}
