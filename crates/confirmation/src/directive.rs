//! What a controller says about one workload: a state, of which the newest counts.

use prost::Message;

use crate::input::Now;
use crate::limits::{CLOCK_SKEW, CONFIRM_TIMEOUT, NAMED_NODES_MAX, QUARANTINED_MAX};
use crate::revision::RevisionHash;
use crate::slot::Node;
use crate::wave::Wave;

/// One rollout as it stands. Signed as a whole ([`crate::Token`]); its size does not depend on the number of nodes.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Directive {
    /// UID of the namespace `kube-system`: a directive of another cluster is refused.
    #[prost(string, tag = "1")]
    pub cluster: String,
    /// `namespace/name` of the `DaemonRollout`.
    #[prost(string, tag = "2")]
    pub rollout: String,
    /// The name that the workload gave to `plimsoll gate`.
    #[prost(string, tag = "3")]
    pub workload: String,
    /// Grows with each directive of a rollout; a smaller one than a node has seen is old and ignored.
    #[prost(uint64, tag = "4")]
    pub serial: u64,
    /// Seconds since the Unix epoch.
    #[prost(uint64, tag = "5")]
    pub issued: u64,
    /// Seconds since the Unix epoch; not accepted later than this. What was accepted stays.
    #[prost(uint64, tag = "6")]
    pub not_after: u64,
    /// The revision that is being rolled out, 32 bytes.
    #[prost(bytes = "vec", tag = "7")]
    pub revision: Vec<u8>,
    /// Counts the tries of this revision: a node that gave it up, or whose trial was broken off, takes it again only under
    /// another number.
    #[prost(uint32, tag = "8")]
    pub attempt: u32,
    /// What all other nodes run, 32 bytes; empty on a first install.
    #[prost(bytes = "vec", tag = "9")]
    pub stable: Vec<u8>,
    /// Nodes that run the revision, on trial unless they are confirmed.
    #[prost(message, required, tag = "10")]
    pub assigned: Wave,
    /// Nodes for which it is confirmed.
    #[prost(message, required, tag = "11")]
    pub confirmed: Wave,
    /// Revisions that no node runs, whoever asks for them, 32 bytes each.
    #[prost(bytes = "vec", repeated, tag = "12")]
    pub quarantined: Vec<Vec<u8>>,
    /// No node starts what it does not run already; also new nodes don't.
    #[prost(bool, tag = "13")]
    pub frozen: bool,
    /// Seconds from the first start on a node to its revert.
    #[prost(uint64, tag = "14")]
    pub confirm_timeout: u64,
    /// Seconds over which the nodes of a wave start, each at its own moment.
    #[prost(uint64, tag = "15")]
    pub start_spread: u64,
    /// Seconds over which nodes that revert start the old revision. They stop the new one at once.
    #[prost(uint64, tag = "16")]
    pub revert_spread: u64,
    /// Starts that a revision on trial has on a node.
    #[prost(uint32, tag = "17")]
    pub tries: u32,
}

/// What a directive asks of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Nothing: a node goes on with what it knows to be good, if there is something.
    Nothing,
    /// Run this; it is known to be good.
    Good(RevisionHash),
    /// Run this until it is confirmed or its time is up.
    Trial(RevisionHash),
}

/// Why a directive that was signed by a trusted key is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Of another cluster.
    #[error("the directive is for another cluster")]
    ForeignCluster,
    /// Past its `not_after`.
    #[error("the directive has expired")]
    Expired,
    /// Issued ahead of this node's clock.
    #[error("the directive was issued in the future of this node's clock")]
    FromTheFuture,
    /// A newer one was seen.
    #[error("a newer directive is known")]
    Superseded,
    /// Two directives with one serial: two controllers, or a stolen key. The first one stays.
    #[error("another directive with the same serial is known")]
    Conflicting,
    /// A field that no controller writes.
    #[error("the directive contradicts itself")]
    Malformed,
}

impl Directive {
    /// What it asks of this node.
    pub fn wanted(&self, node: &Node) -> Wanted {
        let revision = RevisionHash::from_bytes(&self.revision).filter(|hash| !self.quarantines(*hash));
        let stable = RevisionHash::from_bytes(&self.stable).filter(|hash| !self.quarantines(*hash));
        match (revision, stable) {
            (Some(revision), _) if self.confirmed.contains(&self.rollout, node) => Wanted::Good(revision),
            (Some(revision), _) if self.assigned.contains(&self.rollout, node) => Wanted::Trial(revision),
            (_, Some(stable)) => Wanted::Good(stable),
            (_, None) => Wanted::Nothing,
        }
    }

    /// Whether no node may run this revision.
    pub fn quarantines(&self, hash: RevisionHash) -> bool {
        self.quarantined.iter().any(|bad| bad == hash.as_bytes())
    }

    /// Whether its fields make sense together.
    pub fn is_well_formed(&self) -> bool {
        let hash = |bytes: &Vec<u8>| bytes.len() == 32;
        hash(&self.revision)
            && (self.stable.is_empty() || hash(&self.stable))
            && self.quarantined.iter().all(hash)
            && self.quarantined.len() <= QUARANTINED_MAX
            && [&self.assigned, &self.confirmed].iter().all(|wave| wave.nodes.len() <= NAMED_NODES_MAX)
            && CONFIRM_TIMEOUT.contains(&self.confirm_timeout)
            && self.tries > 0
            && self.issued <= self.not_after
            && !self.rollout.is_empty()
            && !self.workload.is_empty()
    }

    /// Whether a node of `cluster` may follow it now. `known` is the directive that it follows already, `floor` the latest
    /// time of issue that it has seen: a clock that was set back makes no expired directive good again.
    ///
    /// # Errors
    /// The reason why not.
    pub fn admit(&self, cluster: &str, known: Option<&Self>, floor: u64, now: Now) -> Result<(), Refusal> {
        if self.cluster != cluster {
            return Err(Refusal::ForeignCluster);
        }
        if !self.is_well_formed() {
            return Err(Refusal::Malformed);
        }
        // A directive that is known already is no news, however old: it was good when it came.
        if known == Some(self) {
            return Ok(());
        }
        let wall = now.wall.as_secs().max(floor);
        if wall > self.not_after {
            return Err(Refusal::Expired);
        }
        if self.issued > wall + CLOCK_SKEW.as_secs() {
            return Err(Refusal::FromTheFuture);
        }
        match known.filter(|known| known.rollout == self.rollout) {
            Some(known) if known.serial > self.serial => Err(Refusal::Superseded),
            Some(known) if known.serial == self.serial => Err(Refusal::Conflicting),
            // Another rollout took the workload over: by time of issue, because serials are of one rollout.
            None if known.is_some_and(|known| known.issued >= self.issued) => Err(Refusal::Superseded),
            _ => Ok(()),
        }
    }

    /// Whether it is the same word but for its serial and its times.
    pub fn says_the_same(&self, other: &Self) -> bool {
        let Self { serial, issued, not_after, .. } = *other;
        Self { serial, issued, not_after, ..self.clone() } == *other
    }

    /// The bytes that are signed.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}
