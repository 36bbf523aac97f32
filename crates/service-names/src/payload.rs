//! What the hub tells every node: the least from which the names can be made.
//!
//! Endpoints that are not ready are left out by the hub (`conditions.ready` absent counts as ready, as the API says;
//! `publishNotReadyAddresses` works because the slice controller then writes `ready: true`). Addresses are octets, not text,
//! and sorted: one order on all replicas of the hub, and no change where only the order changed.

mod from_objects;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use prost::Message;

/// `core/v1 Service`.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct ServiceItem {
    /// See [`ServiceKind`].
    #[prost(enumeration = "ServiceKind", tag = "1")]
    pub kind: i32,
    /// `clusterIPs` of IPv4, 4 octets each.
    #[prost(bytes = "bytes", tag = "2")]
    pub v4: Bytes,
    /// `clusterIPs` of IPv6, 16 octets each.
    #[prost(bytes = "bytes", tag = "3")]
    pub v6: Bytes,
    /// `externalName`, as it stands there.
    #[prost(string, tag = "4")]
    pub external_name: String,
    /// `ports`.
    #[prost(message, repeated, tag = "5")]
    pub ports: Vec<PortItem>,
}

/// What the name of a service stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum ServiceKind {
    /// Its own addresses (types ClusterIP, NodePort and LoadBalancer).
    ClusterIp = 0,
    /// Its endpoints (`clusterIP: None`).
    Headless = 1,
    /// Another name.
    ExternalName = 2,
}

/// A port of a service or of a slice.
#[derive(Clone, PartialEq, Eq, Hash, prost::Message)]
pub struct PortItem {
    /// Empty for an unnamed one.
    #[prost(string, tag = "1")]
    pub name: String,
    /// See [`Protocol`].
    #[prost(enumeration = "Protocol", tag = "2")]
    pub protocol: i32,
    /// Number.
    #[prost(uint32, tag = "3")]
    pub port: u32,
}

/// Transport of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum Protocol {
    /// `_tcp`.
    Tcp = 0,
    /// `_udp`.
    Udp = 1,
    /// `_sctp`.
    Sctp = 2,
}

/// `discovery.k8s.io/v1 EndpointSlice`: what of it is ready.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct EndpointSliceItem {
    /// Name of the service, from the label `kubernetes.io/service-name`.
    #[prost(string, tag = "1")]
    pub service: String,
    /// `ports`.
    #[prost(message, repeated, tag = "2")]
    pub ports: Vec<PortItem>,
    /// IPv4 addresses of ready endpoints without a hostname, 4 octets each.
    #[prost(bytes = "bytes", tag = "3")]
    pub v4: Bytes,
    /// IPv6 addresses of ready endpoints without a hostname, 16 octets each.
    #[prost(bytes = "bytes", tag = "4")]
    pub v6: Bytes,
    /// Ready endpoints with a hostname.
    #[prost(message, repeated, tag = "5")]
    pub hosts: Vec<HostItem>,
}

/// Ready endpoints with the same hostname.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, prost::Message)]
pub struct HostItem {
    /// `hostname`.
    #[prost(string, tag = "1")]
    pub name: String,
    /// 4 octets each.
    #[prost(bytes = "bytes", tag = "2")]
    pub v4: Bytes,
    /// 16 octets each.
    #[prost(bytes = "bytes", tag = "3")]
    pub v6: Bytes,
}

/// `core/v1 Namespace`: that it exists.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct NamespaceItem {}

/// The addresses of a `core/v1 Pod` that runs.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct PodAddressItem {
    /// 4 octets each.
    #[prost(bytes = "bytes", tag = "1")]
    pub v4: Bytes,
    /// 16 octets each.
    #[prost(bytes = "bytes", tag = "2")]
    pub v6: Bytes,
}

/// The newest heartbeat: an object that the hub writes through the API server and publishes when the watch brings it back.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct HeartbeatItem {
    /// When the hub wrote it, in milliseconds since the epoch by the hub's clock.
    #[prost(uint64, tag = "1")]
    pub written_unix_ms: u64,
    /// When the watch brought it back, by the same clock.
    #[prost(uint64, tag = "2")]
    pub seen_unix_ms: u64,
    /// Its resource version.
    #[prost(uint64, tag = "3")]
    pub version: u64,
    /// UID of the cluster: that of the namespace `kube-system`.
    #[prost(string, tag = "4")]
    pub cluster: String,
}

/// An item's value on the wire.
pub trait Item: Message + Default {
    /// The value.
    fn to_value(&self) -> Bytes {
        self.encode_to_vec().into()
    }

    /// The item of a value.
    ///
    /// # Errors
    /// The bytes are no such message.
    fn from_value(value: Bytes) -> Result<Self, prost::DecodeError> {
        Self::decode(value)
    }
}

impl Item for ServiceItem {}
impl Item for EndpointSliceItem {}
impl Item for NamespaceItem {}
impl Item for PodAddressItem {}
impl Item for HeartbeatItem {}

/// The key of an object with a namespace: `namespace/name`.
pub fn key(namespace: &str, name: &str) -> String {
    format!("{namespace}/{name}")
}
