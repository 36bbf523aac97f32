//! The tallies, added up, under CoreDNS's names.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use super::Metrics;
use super::tally::{BYTES, Cells, Protocol, RCODES, SECONDS, Source, TYPES, Tally, ZoneLabel};

/// What CoreDNS has in its label `view` when there are no views.
const VIEW: &str = "";
const NANOSECONDS: f64 = 1e9;

#[derive(Debug)]
pub(super) struct Export(pub(super) Metrics);

/// Sums by labels; the order is that of the labels, so that two scrapes look alike.
type Sums<K> = BTreeMap<K, u64>;
/// Sum and buckets of a histogram.
type Histogram = (u64, Vec<u64>);

impl Collector for Export {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let tallies: Vec<Arc<Tally>> = self.0.tallies.lock().clone();
        let zone = |label: ZoneLabel| match label {
            ZoneLabel::Cluster => &*self.0.zone,
            ZoneLabel::Root => ".",
            ZoneLabel::Dropped => "dropped",
        };
        build_info(&mut encoder)?;
        requests(&mut encoder, &tallies, zone)?;
        do_requests(&mut encoder, &tallies, zone)?;
        responses(&mut encoder, &tallies, zone)?;
        sizes(&mut encoder, &tallies, zone)?;
        durations(&mut encoder, &tallies, zone)
    }
}

/// CoreDNS's dashboards ask for the version by this name.
fn build_info(encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
    let help = "The build that answers under CoreDNS's names";
    let mut family = encoder.encode_descriptor("coredns_build_info", help, None, MetricType::Gauge)?;
    let version = concat!("plimsoll-", env!("CARGO_PKG_VERSION"));
    let labels = [("version", version), ("revision", ""), ("goversion", "")];
    ConstGauge::new(1i64).encode(family.encode_family(&labels)?)
}

fn requests<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    tallies: &'a [Arc<Tally>],
    zone: impl Fn(ZoneLabel) -> &'a str,
) -> fmt::Result {
    let mut sums: Sums<(&str, &str, &str, &str, &str)> = Sums::new();
    for (tally, label, cells) in cells(tallies) {
        for (index, cell) in cells.requests.iter().enumerate() {
            let kind = TYPES.get(index).and_then(|known| known.name()).unwrap_or("other");
            let family = if tally.ipv6 { "2" } else { "1" };
            let key = (tally.server.as_str(), zone(label), tally.protocol.name(), family, kind);
            sum(&mut sums, key, read(cell));
        }
    }
    let help = "Queries, by the zone that answers, protocol, address family of the client (1: IPv4) and type";
    let mut family = encoder.encode_descriptor("coredns_dns_requests", help, None, MetricType::Counter)?;
    for ((server, zone, proto, address, kind), count) in sums {
        let labels = [
            ("server", server),
            ("zone", zone),
            ("view", VIEW),
            ("proto", proto),
            ("family", address),
            ("type", kind),
        ];
        ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn do_requests<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    tallies: &'a [Arc<Tally>],
    zone: impl Fn(ZoneLabel) -> &'a str,
) -> fmt::Result {
    let mut sums: Sums<(&str, &str)> = Sums::new();
    for (tally, label, cells) in cells(tallies) {
        sum(&mut sums, (tally.server.as_str(), zone(label)), read(&cells.dnssec_ok));
    }
    let help = "Queries with the DO bit";
    let mut family = encoder.encode_descriptor("coredns_dns_do_requests", help, None, MetricType::Counter)?;
    for ((server, zone), count) in sums {
        let labels = [("server", server), ("zone", zone), ("view", VIEW)];
        ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn responses<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    tallies: &'a [Arc<Tally>],
    zone: impl Fn(ZoneLabel) -> &'a str,
) -> fmt::Result {
    let mut sums: Sums<(&str, &str, &str, &str)> = Sums::new();
    for (tally, label, cells) in cells(tallies) {
        for (source, results) in Source::ALL.into_iter().zip(&cells.responses) {
            for (index, cell) in results.iter().enumerate() {
                let rcode = RCODES.get(index).and_then(|known| known.name()).unwrap_or("other");
                sum(&mut sums, (tally.server.as_str(), zone(label), rcode, source.name()), read(cell));
            }
        }
    }
    let help = "Responses, by zone, result and what gave them";
    let mut family = encoder.encode_descriptor("coredns_dns_responses", help, None, MetricType::Counter)?;
    for ((server, zone, rcode, plugin), count) in sums {
        let labels =
            [("server", server), ("zone", zone), ("view", VIEW), ("rcode", rcode), ("plugin", plugin)];
        ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn sizes<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    tallies: &'a [Arc<Tally>],
    zone: impl Fn(ZoneLabel) -> &'a str,
) -> fmt::Result {
    let families: [(&str, &str, bool); 2] = [
        ("coredns_dns_request_size_bytes", "Size of queries", true),
        ("coredns_dns_response_size_bytes", "Size of responses", false),
    ];
    for (name, help, asked) in families {
        let mut sums: BTreeMap<(&str, &str, &str), Histogram> = BTreeMap::new();
        for (tally, label, cells) in cells(tallies) {
            let key = (tally.server.as_str(), zone(label), tally.protocol.name());
            merge(&mut sums, key, if asked { &cells.request_bytes } else { &cells.response_bytes });
        }
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for ((server, zone, proto), (sum, buckets)) in sums {
            let labels = [("server", server), ("zone", zone), ("view", VIEW), ("proto", proto)];
            histogram(family.encode_family(&labels)?, sum as f64, &BYTES, &buckets)?;
        }
    }
    Ok(())
}

fn durations<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    tallies: &'a [Arc<Tally>],
    zone: impl Fn(ZoneLabel) -> &'a str,
) -> fmt::Result {
    let mut sums: BTreeMap<(&str, &str), Histogram> = BTreeMap::new();
    for (tally, label, cells) in cells(tallies) {
        merge(&mut sums, (tally.server.as_str(), zone(label)), &cells.nanoseconds);
    }
    let name = "coredns_dns_request_duration_seconds";
    let help = "From the query to its answer; queries that came together count the time of all of them";
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
    for ((server, zone), (sum, buckets)) in sums {
        let labels = [("server", server), ("zone", zone), ("view", VIEW)];
        histogram(family.encode_family(&labels)?, sum as f64 / NANOSECONDS, &SECONDS, &buckets)?;
    }
    Ok(())
}

fn histogram(mut encoder: MetricEncoder<'_>, sum: f64, bounds: &[f64], buckets: &[u64]) -> fmt::Result {
    let bounds = bounds.iter().copied().chain([f64::INFINITY]);
    let pairs: Vec<(f64, u64)> = bounds.zip(buckets.iter().copied()).collect();
    encoder.encode_histogram::<NoLabelSet>(sum, buckets.iter().sum(), &pairs, None)
}

fn cells(tallies: &[Arc<Tally>]) -> impl Iterator<Item = (&Tally, ZoneLabel, &super::tally::ZoneCells)> {
    tallies.iter().flat_map(|tally| {
        ZoneLabel::ALL.into_iter().zip(&tally.zones).map(move |(label, cells)| (&**tally, label, cells))
    })
}

/// Adds up; labels that never had anything stay away.
fn sum<K: Ord>(sums: &mut Sums<K>, key: K, value: u64) {
    if value > 0 {
        *sums.entry(key).or_default() += value;
    }
}

fn merge<K: Ord, const N: usize>(sums: &mut BTreeMap<K, Histogram>, key: K, cells: &Cells<N>) {
    let buckets: Vec<u64> = cells.buckets.iter().map(read).collect();
    if buckets.iter().all(|count| *count == 0) {
        return;
    }
    let (sum, all) = sums.entry(key).or_insert_with(|| (0, vec![0; N]));
    *sum = sum.saturating_add(read(&cells.sum));
    for (total, count) in all.iter_mut().zip(buckets) {
        *total += count;
    }
}

fn read(cell: &AtomicU64) -> u64 {
    cell.load(Ordering::Relaxed)
}

impl Protocol {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }
}
