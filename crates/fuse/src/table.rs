//! What the kernel is to hold: which place belongs to which group, and what each group may do.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

/// Connections and bytes a second. Bytes count in each direction by itself: a LIST is a small question and a large answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rates {
    /// Bytes a second, as IP packets have them.
    pub bytes_per_second: u64,
    /// New connections a second.
    pub connections_per_second: u32,
}

/// What a group may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Anything; it is counted.
    #[default]
    Observe,
    /// So much and no more: what is above is dropped, and TCP slows down.
    Limit(Rates),
    /// Nothing. Of what is open, each end is sent a reset in answer to its next packet; what is new is dropped, so that a
    /// client waits instead of trying again in a tight loop.
    Cut,
}

/// Where a group's packets are recognised.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The address of a pod with a network of its own.
    Address(IpAddr),
    /// The cgroup of a pod that shares the node's network: its path as `nft` wants it, below `/sys/fs/cgroup`.
    Cgroup(String),
}

/// A group's number: short names for counters and chains. Never given twice while the table stands.
pub type Number = u32;

/// The whole state of the table. A place is in one group, by construction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// The API servers, and the Service in front of them.
    pub servers: BTreeSet<SocketAddr>,
    /// Every group and its mode.
    pub groups: BTreeMap<Number, Mode>,
    /// Every place and its group.
    pub places: BTreeMap<Place, Number>,
}

impl Mode {
    /// "observe", "limit", "cut".
    pub fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Limit(_) => "limit",
            Self::Cut => "cut",
        }
    }
}

impl Table {
    /// The places of groups that may not do what they like.
    pub fn restricted(&self) -> impl Iterator<Item = (&Place, Number)> {
        let is_restricted =
            |number: &Number| self.groups.get(number).is_some_and(|mode| *mode != Mode::Observe);
        self.places
            .iter()
            .filter(move |(_, number)| is_restricted(number))
            .map(|(place, number)| (place, *number))
    }
}
