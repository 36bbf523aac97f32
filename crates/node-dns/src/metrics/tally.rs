//! Counters of the queries that came through one socket.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use dns_message::{Rcode, RecordType};

use super::add;

/// Types that CoreDNS tells apart in its label; all others are `other`.
pub(super) const TYPES: [RecordType; 18] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::SRV,
    RecordType::PTR,
    RecordType::CNAME,
    RecordType::TXT,
    RecordType::SOA,
    RecordType::NS,
    RecordType::MX,
    RecordType::HTTPS,
    RecordType::SVCB,
    RecordType::DS,
    RecordType::DNSKEY,
    RecordType::RRSIG,
    RecordType::NSEC,
    RecordType::NSEC3,
    RecordType::NAPTR,
    RecordType::ANY,
];
/// Results that have a cell of their own.
pub(super) const RCODES: [Rcode; 8] = [
    Rcode::NOERROR,
    Rcode::FORMERR,
    Rcode::SERVFAIL,
    Rcode::NXDOMAIN,
    Rcode::NOTIMP,
    Rcode::REFUSED,
    Rcode::BADVERS,
    Rcode::BADCOOKIE,
];
/// Upper bounds in seconds, as CoreDNS has them: 0.25 ms doubled 15 times.
pub(super) const SECONDS: [f64; 16] = [
    0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048,
    4.096, 8.192,
];
/// Upper bounds in octets, as CoreDNS has them (8291 is its own).
pub(super) const BYTES: [f64; 14] = [
    0.0, 100.0, 200.0, 300.0, 400.0, 511.0, 1023.0, 2047.0, 4095.0, 8291.0, 16_000.0, 32_000.0, 48_000.0,
    64_000.0,
];

/// How a query came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protocol {
    Udp,
    Tcp,
}

/// Whose name was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ZoneLabel {
    /// The cluster's zone, and the reverse zones of its addresses.
    Cluster,
    /// Every other one: `.`.
    Root,
    /// The query could not be read: CoreDNS says `dropped`.
    Dropped,
}

/// Who answered, under CoreDNS's name for its plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The server itself: refusals.
    Server,
    Kubernetes,
    Cache,
    Forward,
    Hosts,
    Rewrite,
    Autopath,
    Other,
}

/// Whether a tally is counted into by one thread or by several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writers {
    One,
    Many,
}

/// One answered query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered {
    pub(crate) zone: ZoneLabel,
    pub(crate) record_type: RecordType,
    pub(crate) rcode: Rcode,
    pub(crate) source: Source,
    pub(crate) dnssec_ok: bool,
    /// Octets of query and response.
    pub(crate) bytes: (usize, usize),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(super) server: String,
    pub(super) protocol: Protocol,
    pub(super) ipv6: bool,
    writers: Writers,
    pub(super) zones: [ZoneCells; 3],
}

#[derive(Debug, Default)]
pub(super) struct ZoneCells {
    /// By type, the last for `other`.
    pub(super) requests: [AtomicU64; TYPES.len() + 1],
    pub(super) dnssec_ok: AtomicU64,
    /// By source, then by result, the last for all others.
    pub(super) responses: [[AtomicU64; RCODES.len() + 1]; Source::ALL.len()],
    pub(super) request_bytes: Cells<{ BYTES.len() + 1 }>,
    pub(super) response_bytes: Cells<{ BYTES.len() + 1 }>,
    pub(super) nanoseconds: Cells<{ SECONDS.len() + 1 }>,
}

/// A histogram.
#[derive(Debug)]
pub(super) struct Cells<const N: usize> {
    pub(super) sum: AtomicU64,
    /// The last has no upper bound.
    pub(super) buckets: [AtomicU64; N],
}

impl ZoneLabel {
    pub(super) const ALL: [Self; 3] = [Self::Cluster, Self::Root, Self::Dropped];
}

impl Source {
    pub(super) const ALL: [Self; 8] = [
        Self::Server,
        Self::Kubernetes,
        Self::Cache,
        Self::Forward,
        Self::Hosts,
        Self::Rewrite,
        Self::Autopath,
        Self::Other,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Server => "",
            Self::Kubernetes => "kubernetes",
            Self::Cache => "cache",
            Self::Forward => "forward",
            Self::Hosts => "hosts",
            Self::Rewrite => "rewrite",
            Self::Autopath => "autopath",
            Self::Other => "other",
        }
    }

    /// Of an answer from elsewhere.
    pub(crate) fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|source| source.name() == name).unwrap_or(Self::Other)
    }
}

impl Tally {
    pub(super) fn new(server: &str, protocol: Protocol, ipv6: bool, writers: Writers) -> Self {
        Self { server: server.to_owned(), protocol, ipv6, writers, zones: Default::default() }
    }

    /// Counts one answer.
    #[inline]
    pub(crate) fn answered(&self, answered: &Answered) {
        let cells = &self.zones[answered.zone as usize];
        let kind = TYPES.iter().position(|known| *known == answered.record_type).unwrap_or(TYPES.len());
        add(&cells.requests[kind], 1, self.writers);
        if answered.dnssec_ok {
            add(&cells.dnssec_ok, 1, self.writers);
        }
        let result = RCODES.iter().position(|known| *known == answered.rcode).unwrap_or(RCODES.len());
        add(&cells.responses[answered.source as usize][result], 1, self.writers);
        cells.request_bytes.add(
            answered.bytes.0 as u64,
            bucket(&BYTES, answered.bytes.0 as f64),
            self.writers,
        );
        cells.response_bytes.add(
            answered.bytes.1 as u64,
            bucket(&BYTES, answered.bytes.1 as f64),
            self.writers,
        );
    }

    /// Counts how long `count` answers took, each `took`.
    #[inline]
    pub(crate) fn took(&self, zone: ZoneLabel, count: u64, took: Duration) {
        let cells = &self.zones[zone as usize].nanoseconds;
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        add(&cells.sum, nanoseconds.saturating_mul(count), self.writers);
        add(&cells.buckets[bucket(&SECONDS, took.as_secs_f64())], count, self.writers);
    }
}

impl<const N: usize> Cells<N> {
    #[inline]
    fn add(&self, value: u64, bucket: usize, writers: Writers) {
        add(&self.sum, value, writers);
        add(&self.buckets[bucket], 1, writers);
    }
}

impl<const N: usize> Default for Cells<N> {
    fn default() -> Self {
        Self { sum: AtomicU64::new(0), buckets: std::array::from_fn(|_| AtomicU64::new(0)) }
    }
}

#[inline]
fn bucket(bounds: &[f64], value: f64) -> usize {
    bounds.iter().position(|bound| value <= *bound).unwrap_or(bounds.len())
}
