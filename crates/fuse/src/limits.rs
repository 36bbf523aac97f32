//! Every bound of the fuse.

use std::time::Duration;

/// The table of nf_tables, family `inet`. Ours, and the only one that is touched.
pub const TABLE: &str = "plimsoll-fuse";

/// How often counters are read and orders looked at. One process `nft` each time, which with 200 workloads takes more than
/// ten milliseconds: `bench/fuse-cost.sh` says what that comes to.
pub const LOOK: Duration = Duration::from_secs(3);

/// Over how long a workload's use is averaged before it is compared with its share: a start's burst of a second is none of it.
pub const WINDOW: Duration = Duration::from_secs(10);

/// A workload that is over its share at most this many looks ago stays limited.
pub const HOLD: Duration = Duration::from_secs(600);

/// How long everybody with a share is held to it after the last sign of an overloaded API server.
pub const OVERLOAD_HOLD: Duration = Duration::from_secs(60);

/// Connections that must have been tried within [`WINDOW`] before their fate says something of the API server.
pub const ATTEMPTS_MIN: u64 = 5;

/// What the kernel itself forgets a limit or a cut after, if no agent renews it.
pub const EXPIRY: Duration = Duration::from_secs(600);

/// How often it is renewed: ten chances before [`EXPIRY`].
pub const RENEW: Duration = Duration::from_secs(60);

/// After a failure of `nft`, how long nothing is tried.
pub const AGAIN: Duration = Duration::from_secs(30);

/// `nft` answers in milliseconds; one that hangs is killed.
pub const NFT_DEADLINE: Duration = Duration::from_secs(5);

/// An answer of `nft`: 256 workloads with four counters of some 130 bytes are 130 KiB.
pub const NFT_BYTES_MAX: usize = 1 << 20;

/// Workloads of one node; those beyond are not counted, and the status says how many.
pub const GROUPS_MAX: usize = 256;

/// Addresses and cgroups: 500 pods with two addresses each.
pub const PLACES_MAX: usize = 1_024;

/// Addresses of API servers: a Service's two and nine servers' two.
pub const SERVERS_MAX: usize = 20;

/// How deep a pod's cgroup may stand: `kubelet.slice/kubelet-kubepods.slice/<quality>/<pod>` are 4, and one to spare.
pub const LEVELS: usize = 5;

/// What a token bucket holds beyond one second's worth: two packets as segmentation offload makes them, of 64 KiB.
pub const BURST_BYTES: u64 = 128 * 1024;

/// Orders that lie in the folder; more are refused as a whole.
pub const ORDERS_MAX: usize = 64;

/// One order.
pub const ORDER_BYTES_MAX: usize = 4 * 1024;
