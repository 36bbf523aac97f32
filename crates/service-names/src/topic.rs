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
/// Which cluster the items are about, by an empty key: the UID of the namespace `kube-system`, as text. Not for the zone: who
/// feeds it looks at this, so that the names of another cluster don't take the place of its own.
pub const CLUSTER: Topic = Topic(21);

/// All that a zone is made of.
pub const ALL: [Topic; 5] = [SERVICES, ENDPOINT_SLICES, NAMESPACES, POD_ADDRESSES, HEARTBEAT];
