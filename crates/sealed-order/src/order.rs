//! What is ordered.

use std::fmt;
use std::time::Duration;

use prost::Message;

use crate::limits::{ID_BYTES, LIFE_MAX, NAME_BYTES_MAX, NODES_MAX, REASON_BYTES_MAX};

/// One thing that an order can be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum Purpose {
    /// None: an order of a later version.
    Unknown = 0,
    /// A gated workload stops and stays stopped: its revision is quarantined on the node.
    Stop = 1,
    /// A gated workload goes back to what was good.
    Revert = 2,
    /// The fuse lets nothing of a workload through to the API servers; of everybody, if none is named.
    Cut = 3,
    /// That ends.
    Restore = 4,
    /// Gated workloads start nothing new: of everybody.
    Freeze = 5,
    /// That ends.
    Thaw = 6,
}

/// An order, as it is signed.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Order {
    /// UID of the cluster's namespace `kube-system`.
    #[prost(string, tag = "1")]
    pub cluster: String,
    /// Its name, random.
    #[prost(bytes = "vec", tag = "2")]
    pub id: Vec<u8>,
    /// What for.
    #[prost(enumeration = "Purpose", tag = "3")]
    pub purpose: i32,
    /// A gated workload's name, or `namespace/kind/name` for the fuse; empty: everybody, where that makes sense.
    #[prost(string, tag = "4")]
    pub subject: String,
    /// Names of nodes; none: all.
    #[prost(string, repeated, tag = "5")]
    pub nodes: Vec<String>,
    /// Seconds since 1970.
    #[prost(uint64, tag = "6")]
    pub not_before: u64,
    /// Seconds since 1970. What it has brought about ends then, too, where it can: a cut, a freeze.
    #[prost(uint64, tag = "7")]
    pub not_after: u64,
    /// Why, for those who read the audit log.
    #[prost(string, tag = "8")]
    pub reason: String,
    /// Everything is checked, and nothing done: a rehearsal.
    #[prost(bool, tag = "9")]
    pub is_test: bool,
}

/// Why an order is none, whoever signs it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Of a later version, or none.
    #[error("its purpose is not known to this version")]
    Purpose,
    /// A name that is missing, too long or too much.
    #[error("{0}")]
    Names(&'static str),
    /// It ends before it begins, or lives too long.
    #[error("it must end after it begins, and within {} h", LIFE_MAX.as_secs() / 3600)]
    Life,
}

impl Purpose {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Stop => "stop",
            Self::Revert => "revert",
            Self::Cut => "cut",
            Self::Restore => "restore",
            Self::Freeze => "freeze",
            Self::Thaw => "thaw",
        }
    }
}

impl Order {
    /// Whether it can be an order at all.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn check(&self) -> Result<(), Unfit> {
        let subject = self.subject.as_str();
        match self.purpose() {
            Purpose::Unknown => return Err(Unfit::Purpose),
            Purpose::Stop | Purpose::Revert if subject.is_empty() || subject.contains('/') => {
                return Err(Unfit::Names("a gated workload has a name without slashes: say which"));
            }
            Purpose::Cut | Purpose::Restore if !subject.is_empty() && subject.split('/').count() != 3 => {
                return Err(Unfit::Names("whose traffic: namespace/kind/name, or nothing for everybody's"));
            }
            Purpose::Freeze | Purpose::Thaw if !subject.is_empty() => {
                return Err(Unfit::Names("a freeze is for all gated workloads: it names none"));
            }
            _ => {}
        }
        let fits = |name: &String| !name.is_empty() && name.len() <= NAME_BYTES_MAX;
        if self.nodes.len() > NODES_MAX || !self.nodes.iter().all(fits) {
            return Err(Unfit::Names(
                "too many nodes, or a node without a name: leave them out for all nodes",
            ));
        }
        if self.cluster.is_empty() || self.cluster.len() > NAME_BYTES_MAX {
            return Err(Unfit::Names("it names no cluster"));
        }
        if self.id.len() != ID_BYTES || subject.len() > 3 * NAME_BYTES_MAX {
            return Err(Unfit::Names("its own name or its workload's has the wrong length"));
        }
        if self.reason.is_empty() || self.reason.len() > REASON_BYTES_MAX {
            return Err(Unfit::Names("it has no reason, or one that is longer than 512 bytes"));
        }
        let life = self.not_after.checked_sub(self.not_before).map(Duration::from_secs);
        match life {
            Some(life) if !life.is_zero() && life <= LIFE_MAX => Ok(()),
            _ => Err(Unfit::Life),
        }
    }

    /// As signed.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = if self.subject.is_empty() { "everybody" } else { self.subject.as_str() };
        write!(f, "{} {subject}", self.purpose().name())?;
        match self.nodes.as_slice() {
            [] => f.write_str(" on all nodes"),
            [one] => write!(f, " on {one}"),
            many => write!(f, " on {} nodes", many.len()),
        }?;
        if self.is_test { f.write_str(" (a rehearsal)") } else { Ok(()) }
    }
}
