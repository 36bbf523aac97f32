//! What the items mean: written by the hub, read by the agent, opaque to everything in between.

use bytes::Bytes;
use prost::Message;

/// Bytes of a revision in one item: well under [`crate::limits::ITEM_BYTES_MAX`].
pub const PART_BYTES: usize = 128 * 1024;

/// Who the node is, in the cluster's words: what its own sources do not know.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct NodeItem {
    /// UID of the namespace `kube-system`.
    #[prost(string, tag = "1")]
    pub cluster_uid: String,
    /// `metadata.uid`.
    #[prost(string, tag = "2")]
    pub uid: String,
    /// Of the control plane: last in every rollout.
    #[prost(bool, tag = "3")]
    pub goes_last: bool,
}

impl NodeItem {
    /// The item's value.
    pub fn to_value(&self) -> Bytes {
        self.encode_to_vec().into()
    }

    /// The item of a value.
    ///
    /// # Errors
    /// The bytes are no such message.
    pub fn from_value(value: &[u8]) -> Result<Self, prost::DecodeError> {
        Self::decode(value)
    }
}

/// What every node is told of the API servers. It changes when they do, not when nodes or pods do.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ApiServersItem {
    /// "address:port" of each, and of the Service in front of them.
    #[prost(string, repeated, tag = "1")]
    pub addresses: Vec<String>,
    /// They answer late or not at all: who can do without them is to leave them alone.
    #[prost(bool, tag = "2")]
    pub unwell: bool,
    /// What workloads may use of them on one node.
    #[prost(message, repeated, tag = "3")]
    pub shares: Vec<ShareItem>,
}

/// What one workload may use of the API servers on one node.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ShareItem {
    /// Its namespace.
    #[prost(string, tag = "1")]
    pub namespace: String,
    /// "DaemonSet", "Deployment", …
    #[prost(string, tag = "2")]
    pub kind: String,
    /// Its name.
    #[prost(string, tag = "3")]
    pub name: String,
    /// Bytes a second, in each direction.
    #[prost(uint64, tag = "4")]
    pub bytes_per_second: u64,
    /// New connections a second.
    #[prost(uint32, tag = "5")]
    pub connections_per_second: u32,
}

impl ApiServersItem {
    /// The item's value.
    pub fn to_value(&self) -> Bytes {
        self.encode_to_vec().into()
    }

    /// The item of a value.
    ///
    /// # Errors
    /// The bytes are no such message.
    pub fn from_value(value: &[u8]) -> Result<Self, prost::DecodeError> {
        Self::decode(value)
    }
}

/// What a node says of its gated workloads ([`crate::message::Report`]).
#[derive(Clone, PartialEq, prost::Message)]
pub struct NodeReport {
    /// All of them.
    #[prost(message, repeated, tag = "1")]
    pub workloads: Vec<WorkloadReport>,
    /// Counts up every 15 s, so that a node that is alive says so.
    #[prost(uint64, tag = "2")]
    pub beat: u64,
    /// What workloads exchange with the API servers, where the fuse counts it.
    #[prost(message, repeated, tag = "3")]
    pub traffic: Vec<TrafficReport>,
}

/// What one workload's pods of a node exchange with the API servers, over the last 15 s.
#[derive(Clone, PartialEq, prost::Message)]
pub struct TrafficReport {
    /// Its namespace.
    #[prost(string, tag = "1")]
    pub namespace: String,
    /// "DaemonSet", "Deployment", …
    #[prost(string, tag = "2")]
    pub kind: String,
    /// Its name.
    #[prost(string, tag = "3")]
    pub name: String,
    /// In both directions.
    #[prost(double, tag = "4")]
    pub bytes_per_second: f64,
    /// That were asked for and let through.
    #[prost(double, tag = "5")]
    pub connections_per_second: f64,
}

/// One gated workload of a node.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct WorkloadReport {
    /// Its name.
    #[prost(string, tag = "1")]
    pub workload: String,
    /// The revision that runs, 32 bytes; empty: none.
    #[prost(bytes = "bytes", tag = "2")]
    pub running: Bytes,
    /// It runs on trial.
    #[prost(bool, tag = "3")]
    pub on_trial: bool,
    /// Of the directive that the node follows: its serial and attempt.
    #[prost(uint64, tag = "4")]
    pub serial: u64,
    /// See `serial`.
    #[prost(uint32, tag = "5")]
    pub attempt: u32,
    /// The node gave up that directive's revision in that attempt.
    #[prost(bool, tag = "6")]
    pub reverted: bool,
}

/// The key of a part of a revision: its hash, how many parts there are, which one this is.
pub fn part_key(hash: &[u8], parts: u16, part: u16) -> Vec<u8> {
    [hash, &parts.to_be_bytes(), &part.to_be_bytes()].concat()
}

/// Hash, number of parts, and part of a key.
pub fn part_of(key: &[u8]) -> Option<(&[u8], u16, u16)> {
    let (rest, part) = key.split_last_chunk::<2>()?;
    let (hash, parts) = rest.split_last_chunk::<2>()?;
    let (parts, part) = (u16::from_be_bytes(*parts), u16::from_be_bytes(*part));
    (hash.len() == 32 && part < parts).then_some((hash, parts, part))
}

/// A pod of the node, under [`crate::Topic::PODS`] with the pod's UID as key: what the node's own sources don't know, and
/// what identifies the pod there.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PodItem {
    /// `metadata.namespace`.
    #[prost(string, tag = "1")]
    pub namespace: String,
    /// `metadata.name`.
    #[prost(string, tag = "2")]
    pub name: String,
    /// `metadata.uid`.
    #[prost(string, tag = "3")]
    pub uid: String,
    /// Kind of the owning workload ("Deployment", not "ReplicaSet"); empty without one.
    #[prost(string, tag = "4")]
    pub workload_kind: String,
    /// Its name.
    #[prost(string, tag = "5")]
    pub workload_name: String,
}

impl PodItem {
    /// The item's value.
    pub fn to_value(&self) -> Bytes {
        self.encode_to_vec().into()
    }

    /// The item of a value.
    ///
    /// # Errors
    /// The bytes are no such message.
    pub fn from_value(value: &[u8]) -> Result<Self, prost::DecodeError> {
        Self::decode(value)
    }
}
