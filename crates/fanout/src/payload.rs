//! What the items mean: written by the hub, read by the agent, opaque to everything in between.

use bytes::Bytes;
use prost::Message;

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
