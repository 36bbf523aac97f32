//! Under CoreDNS's names where the meaning is the same.

use std::fmt;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::cached::Cached;

/// Seconds; CoreDNS's buckets for upstreams: from 0.25 ms, doubling, to 8 s.
const SECONDS: [f64; 16] = [
    0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048,
    4.096, 8.192,
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct To {
    pub(crate) proxy_name: &'static str,
    pub(crate) to: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ToRcode {
    pub(crate) proxy_name: &'static str,
    pub(crate) to: String,
    pub(crate) rcode: String,
}

/// Caches and the zones that they are for; read when they are scraped.
type Watched = Arc<Mutex<Vec<(String, Weak<Cached>)>>>;

/// Of all upstreams and caches.
#[derive(Clone)]
pub(crate) struct Metrics {
    pub(crate) durations: Family<ToRcode, Histogram, fn() -> Histogram>,
    pub(crate) check_failures: Family<To, Counter>,
    pub(crate) reused: Family<To, Counter>,
    pub(crate) opened: Family<To, Counter>,
    pub(crate) upstream_down: Family<To, Gauge>,
    pub(crate) all_down: Counter,
    pub(crate) rejected: Counter,
    pub(crate) paced: Counter,
    pub(crate) retries_denied: Counter,
    pub(crate) wrong_replies: Counter,
    pub(crate) hosts_entries: Gauge,
    caches: Watched,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            durations: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            check_failures: Family::default(),
            reused: Family::default(),
            opened: Family::default(),
            upstream_down: Family::default(),
            all_down: Counter::default(),
            rejected: Counter::default(),
            paced: Counter::default(),
            retries_denied: Counter::default(),
            wrong_replies: Counter::default(),
            hosts_entries: Gauge::default(),
            caches: Arc::default(),
        };
        let m = &metrics;
        registry.register(
            "coredns_proxy_request_duration_seconds",
            "Time until an upstream's answer, by upstream and response code",
            m.durations.clone(),
        );
        registry.register(
            "coredns_proxy_healthcheck_failures",
            "Health checks without a good answer; SERVFAIL and REFUSED are none",
            m.check_failures.clone(),
        );
        registry.register("coredns_proxy_conn_cache_hits", "Connections used again", m.reused.clone());
        registry.register("coredns_proxy_conn_cache_misses", "Connections opened", m.opened.clone());
        registry.register(
            "coredns_forward_healthcheck_broken",
            "Queries that found all upstreams down",
            m.all_down.clone(),
        );
        registry.register(
            "coredns_forward_max_concurrent_rejects",
            "Queries refused because max_concurrent others were out",
            m.rejected.clone(),
        );
        registry.register("coredns_hosts_entries", "Names with addresses in hosts", m.hosts_entries.clone());
        let own = registry.sub_registry_with_prefix("plimsoll_dns");
        own.register("upstream_down", "1: asked only when all others are down too", m.upstream_down.clone());
        own.register("paced", "Queries that the upstream's budget had no room for", m.paced.clone());
        own.register(
            "retries_denied",
            "Further attempts that the retry budget forbade",
            m.retries_denied.clone(),
        );
        own.register(
            "wrong_replies",
            "Datagrams of an upstream that answered no query",
            m.wrong_replies.clone(),
        );
        registry.register_collector(Box::new(Caches(Arc::clone(&m.caches))));
        metrics
    }

    pub(crate) fn watch(&self, zones: String, cached: &Arc<Cached>) {
        self.caches.lock().push((zones, Arc::downgrade(cached)));
    }
}

struct Caches(Watched);

impl fmt::Debug for Caches {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Caches")
    }
}

impl Collector for Caches {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let caches: Vec<_> = self
            .0
            .lock()
            .iter()
            .filter_map(|(zones, cached)| Some((zones.clone(), cached.upgrade()?.stats())))
            .collect();
        type Read = fn(&super::cached::CacheFigures) -> u64;
        let typed: [(&str, &str, Read, Read); 1] = [(
            "coredns_cache_hits",
            "Answers given from the cache while good",
            |figures| figures.stats.hits_positive,
            |figures| figures.stats.hits_negative,
        )];
        for (name, help, success, denial) in typed {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (zones, figures) in &caches {
                for (kind, read) in [("success", success), ("denial", denial)] {
                    let labels = [("type", kind), ("zones", zones.as_str())];
                    ConstCounter::new(read(figures)).encode(family.encode_family(&labels)?)?;
                }
            }
        }
        let plain: [(&str, &str, Read); 7] = [
            ("coredns_cache_requests", "Questions to the cache", |figures| {
                let stats = &figures.stats;
                stats.hits_positive
                    + stats.hits_negative
                    + stats.hits_failure
                    + stats.stale
                    + stats.misses
                    + stats.coalesced
            }),
            ("coredns_cache_misses", "Questions that led to one of an upstream", |figures| {
                figures.stats.misses
            }),
            ("coredns_cache_prefetch", "Fetches in the background", |figures| figures.stats.refreshes),
            ("coredns_cache_served_stale", "Answers older than their TTL (RFC 8767)", |figures| {
                figures.stats.stale
            }),
            ("coredns_cache_evictions", "Answers put out to make room", |figures| figures.stats.evictions),
            ("plimsoll_dns_cache_coalesced", "Questions that joined one that was out", |figures| {
                figures.stats.coalesced
            }),
            ("plimsoll_dns_cache_failures_repeated", "Failures given from the cache", |figures| {
                figures.stats.hits_failure
            }),
        ];
        for (name, help, read) in plain {
            let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (zones, figures) in &caches {
                ConstCounter::new(read(figures))
                    .encode(family.encode_family(&[("zones", zones.as_str())])?)?;
            }
        }
        let mut family = encoder.encode_descriptor(
            "coredns_cache_entries",
            "Answers in the cache",
            None,
            MetricType::Gauge,
        )?;
        for (zones, figures) in &caches {
            for (kind, count) in [("success", figures.positive), ("denial", figures.negative)] {
                let labels = [("type", kind), ("zones", zones.as_str())];
                ConstGauge::new(count as i64).encode(family.encode_family(&labels)?)?;
            }
        }
        let mut family = encoder.encode_descriptor(
            "plimsoll_dns_cache_bytes",
            "Octets in the cache",
            None,
            MetricType::Gauge,
        )?;
        for (zones, figures) in &caches {
            let labels = [("zones", zones.as_str())];
            ConstGauge::new(figures.stats.bytes as i64).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}
