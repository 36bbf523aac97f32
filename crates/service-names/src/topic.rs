//! What the items of the zone are filed under in the fan-out. The numbers are part of the protocol.

use fanout::Topic;

/// [`crate::payload::ServiceItem`] by `namespace/name`.
pub const SERVICES: Topic = Topic(16);
/// [`crate::payload::EndpointSliceItem`] by `namespace/name` of the slice.
pub const ENDPOINT_SLICES: Topic = Topic(17);
/// [`crate::payload::NamespaceItem`] by name.
pub const NAMESPACES: Topic = Topic(18);
/// [`crate::payload::PodAddressItem`] by `namespace/name`; only wanted by a zone with [`crate::PodRecords::Verified`].
pub const POD_ADDRESSES: Topic = Topic(19);
/// [`crate::payload::HeartbeatItem`], one, by an empty key.
pub const HEARTBEAT: Topic = Topic(20);

/// All of them.
pub const ALL: [Topic; 5] = [SERVICES, ENDPOINT_SLICES, NAMESPACES, POD_ADDRESSES, HEARTBEAT];
