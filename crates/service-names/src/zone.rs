//! The zone: items in, answers out.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use dns_message::{Message, Name, Opt, Query, Rcode, RecordType};
use fanout::Change;
use parking_lot::Mutex;

use crate::config::ZoneConfig;
use crate::sources::{Applied, Sources};

/// The names of one cluster. Made once, shared by all threads.
pub struct Zone { x: () }

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
    /// Not a name of this zone, or one that falls through; nothing was appended.
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
    /// Items that make no names: invalid ones, and slices of no service.
    pub refused: usize,
}

impl Zone {
    /// An empty zone.
    pub fn new(config: ZoneConfig) -> Self {
        todo!()
    }

    /// Its settings.
    pub fn config(&self) -> &ZoneConfig {
        todo!()
    }

    /// Takes changes of the topics in [`crate::topic`] (others are ignored), in order, and makes anew the names of the
    /// services that they touch, once each. `serial` is the zone's version: the time of the change in Unix seconds, as CoreDNS has it.
    pub fn apply(&self, changes: &[Change], serial: u32) -> Applied {
        todo!()
    }

    /// The addresses known to be dead: left out of answers that have others; the services made anew.
    pub fn set_dead(&self, dead: HashSet<IpAddr>) -> usize {
        todo!()
    }

    /// Whether the name belongs to the zone or its reverse zones.
    pub fn contains(&self, query: &Query<'_>) -> bool {
        todo!()
    }

    /// Appends the response to a query. Allocates nothing for what is not an alias, if `out` has room.
    pub fn answer(&self, query: &Query<'_>, manner: &Manner<'_>, out: &mut Vec<u8>) -> Outcome {
        todo!()
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
        todo!()
    }

    /// How much it holds.
    pub fn stats(&self) -> ZoneStats {
        todo!()
    }

    /// The serial of its SOA record.
    pub fn serial(&self) -> u32 {
        todo!()
    }

    /// The newest heartbeat.
    pub fn heartbeat(&self) -> Option<Arc<crate::payload::HeartbeatItem>> {
        todo!()
    }

    /// Every name that has records, with the types it has, in no order; for tests and comparisons. Pod names of
    /// [`crate::PodRecords::Insecure`] are without number and left out.
    pub fn names(&self) -> Vec<(Name, Vec<RecordType>)> {
        todo!()
    }

    /// The items that it was made of, as they came: for a snapshot on disk. They are not copied; the zone does not change meanwhile.
    pub fn items(&self, each: &mut dyn FnMut(fanout::Topic, &[u8], &[u8])) {
        todo!()
    }
}
