//! The zone: items in, answers out.
//!
//! Readers take no lock on the way to a service's name: its table is replaced, not changed. One writer at a time files the
//! items and makes the services that they touch anew; each costs what its own slices cost.

mod names;
mod write;

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use arc_swap::ArcSwapOption;
use dns_message::{EdeCode, Name, Opt, Query, Rcode, RecordType};
use fanout::{Change, Topic};
use parking_lot::Mutex;

use crate::config::ZoneConfig;
use crate::locate::{Asked, Suffix};
use crate::owners::Owners;
use crate::payload::HeartbeatItem;
use crate::service::{Key, Service};
use crate::shards::Shards;
use crate::sources::Applied;
use write::Writer;

/// The names of one cluster. Made once, shared by all threads.
pub struct Zone {
    config: ZoneConfig,
    pub(crate) suffix: Suffix,
    pub(crate) reverse: Vec<Suffix>,
    pub(crate) fallthrough: Vec<Suffix>,
    /// The service that clients ask, and what stands in for it.
    pub(crate) server_key: Option<Key>,
    pub(crate) server_v4: Vec<[u8; 4]>,
    pub(crate) server_v6: Vec<[u8; 16]>,
    pub(crate) services: Shards<Arc<Service>>,
    pub(crate) namespaces: Shards<Key>,
    pub(crate) owners_v4: Owners<[u8; 4]>,
    pub(crate) owners_v6: Owners<[u8; 16]>,
    pub(crate) pods_v4: Owners<[u8; 4]>,
    pub(crate) pods_v6: Owners<[u8; 16]>,
    pub(crate) beat: ArcSwapOption<Beat>,
    serial: AtomicU32,
    writer: Mutex<Writer>,
}

/// The newest heartbeat and its record.
pub(crate) struct Beat {
    item: Arc<HeartbeatItem>,
    /// One string of a TXT record, with its length.
    pub(crate) text: Box<[u8]>,
}

/// Called with the topic, the key and the value of an item.
pub type EachItem<'a> = &'a mut dyn FnMut(Topic, &[u8], &[u8]);

/// How a question is to be answered.
#[derive(Debug, Clone, Copy)]
pub struct Manner<'a> {
    /// Octets that the response may have: [`Query::udp_limit`] over UDP, 65,535 over TCP.
    pub limit_bytes: usize,
    /// Any number; the records of a set begin at another one for each, so that clients that take the first are spread.
    pub rotation: u32,
    /// The OPT record, when the query had one. Its extended error is replaced for a stale answer, its result always.
    pub opt: Option<Opt<'a>>,
    /// The zone's knowledge is older than it should be.
    pub stale: Option<Stale<'a>>,
}

/// See [`Manner::stale`].
#[derive(Debug, Clone, Copy)]
pub struct Stale<'a> {
    /// No record lives longer than this (RFC 8767, 4 recommends 30 s).
    pub ttl_seconds_max: u32,
    /// Text of the extended error 3 or 19 (RFC 8914), such as `age=734s source=disk`.
    pub text: &'a str,
}

/// What became of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The response was appended.
    Answered(Answered),
    /// The name is an alias of one outside of the zone; nothing was appended. Ask for `target` (same type) elsewhere, then
    /// call [`Zone::answer_chased`].
    Chase {
        /// The last name of the chain.
        target: Name,
    },
    /// Not a name of this zone, or one that falls through, or not class IN; nothing was appended.
    Elsewhere,
}

/// A response that was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// Its result.
    pub rcode: Rcode,
    /// Whether TC is set.
    pub truncated: bool,
    /// Records in its answer section.
    pub answers: u16,
}

/// How much a zone holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ZoneStats {
    /// Services with names.
    pub services: usize,
    /// Ready endpoints of them (an address in two services counts twice).
    pub endpoints: usize,
    /// Namespaces.
    pub namespaces: usize,
    /// Addresses of pods.
    pub pod_addresses: usize,
    /// Slices.
    pub slices: usize,
    /// Items that make no names.
    pub refused: usize,
}

impl<'a> Manner<'a> {
    /// A TTL as it may be said.
    pub(crate) fn ttl(&self, ttl: u32) -> u32 {
        self.stale.map_or(ttl, |stale| ttl.min(stale.ttl_seconds_max))
    }

    /// The OPT record of a response with this result.
    pub(crate) fn opt_of(&self, rcode: Rcode) -> Option<Opt<'a>> {
        let mut opt = self.opt?;
        if let Some(stale) = self.stale {
            let nothing = rcode == Rcode::NXDOMAIN;
            let code = if nothing { EdeCode::STALE_NXDOMAIN_ANSWER } else { EdeCode::STALE_ANSWER };
            opt.error = Some((code, stale.text));
        }
        Some(opt)
    }
}

impl Zone {
    /// An empty zone.
    pub fn new(config: ZoneConfig) -> Self {
        let (namespace, name) = &config.server_service;
        let (mut server_v4, mut server_v6) = (Vec::new(), Vec::new());
        for address in &config.server_addresses {
            match address {
                IpAddr::V4(address) => server_v4.push(address.octets()),
                IpAddr::V6(address) => server_v6.push(address.octets()),
            }
        }
        Self {
            suffix: Suffix::new(&config.zone),
            reverse: config.reverse_zones.iter().map(Suffix::new).collect(),
            fallthrough: config.fallthrough_zones.iter().map(Suffix::new).collect(),
            server_key: Key::service(namespace, name).ok(),
            server_v4,
            server_v6,
            services: Shards::new(),
            namespaces: Shards::new(),
            owners_v4: Owners::new(),
            owners_v6: Owners::new(),
            pods_v4: Owners::new(),
            pods_v6: Owners::new(),
            beat: ArcSwapOption::empty(),
            serial: AtomicU32::new(0),
            writer: Mutex::new(Writer::default()),
            config,
        }
    }

    /// Its settings.
    #[inline]
    pub fn config(&self) -> &ZoneConfig {
        &self.config
    }

    /// Takes changes of the topics in [`crate::topic`] (others are ignored), in order, and makes anew the names of the
    /// services that they touch, once each. `serial` is the zone's version: the time of the change in Unix seconds, as
    /// CoreDNS has it; a heartbeat is no change of the zone.
    pub fn apply(&self, changes: &[Change], serial: u32) -> Applied {
        let mut writer = self.writer.lock();
        self.write(&mut writer, changes, serial)
    }

    /// The addresses known to be dead: left out of answers that have others. Returns how many services were made anew.
    pub fn set_dead(&self, dead: HashSet<IpAddr>) -> usize {
        let mut writer = self.writer.lock();
        self.write_dead(&mut writer, dead.into_iter().collect())
    }

    /// Whether the name belongs to the zone or its reverse zones.
    pub fn contains(&self, query: &Query<'_>) -> bool {
        let asked = Asked::of(query);
        asked.is_within(&self.suffix) || self.reverse.iter().any(|zone| asked.is_within(zone))
    }

    /// Appends the response to a query. Allocates nothing for what is not an alias, if `out` has room.
    #[inline]
    pub fn answer(&self, query: &Query<'_>, manner: &Manner<'_>, out: &mut Vec<u8>) -> Outcome {
        self.respond(query, manner, out)
    }

    /// Appends the response to a query whose outcome was [`Outcome::Chase`]: the aliases, then the records of `response`, a
    /// whole response for the target, whose result becomes this one's (RFC 6604). Without one, SERVFAIL.
    pub fn answer_chased(
        &self,
        query: &Query<'_>,
        manner: &Manner<'_>,
        response: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Outcome {
        self.respond_chased(query, manner, response, out)
    }

    /// How much it holds.
    pub fn stats(&self) -> ZoneStats {
        let writer = self.writer.lock();
        let services = self.services.values();
        ZoneStats {
            services: services.len(),
            endpoints: services.iter().map(|service| service.endpoints.len()).sum(),
            namespaces: self.namespaces.len(),
            pod_addresses: self.pods_v4.len() + self.pods_v6.len(),
            slices: writer.sources.slice_count(),
            refused: writer.sources.refused_count(),
        }
    }

    /// The serial of its SOA record.
    #[inline]
    pub fn serial(&self) -> u32 {
        self.serial.load(Ordering::Relaxed)
    }

    /// The newest heartbeat.
    pub fn heartbeat(&self) -> Option<Arc<HeartbeatItem>> {
        self.beat.load().as_ref().map(|beat| beat.item.clone())
    }

    /// Every name that has records, with the types it has, in no order; for tests and comparisons. Pod names of
    /// [`crate::PodRecords::Insecure`] are without number and left out.
    pub fn names(&self) -> Vec<(Name, Vec<RecordType>)> {
        self.all_names()
    }

    /// The items that it was made of, as they came: for a snapshot on disk. They are not copied; the zone does not change
    /// meanwhile.
    pub fn items(&self, each: EachItem<'_>) {
        self.writer.lock().sources.each(each);
    }
}
