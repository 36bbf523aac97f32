//! Every bound of this crate, with its arithmetic.

use std::time::Duration;

/// Nodes that a wave names: the first waves, which are exact. 16 UIDs of 36 bytes are 600 bytes, and two waves go to every
/// node; larger waves are a threshold.
pub const NAMED_NODES_MAX: usize = 16;
/// Revisions that a directive or a node remembers as bad. 64 hashes are 2 KiB; the oldest is dropped at a node, a
/// controller refuses to sign more.
pub const QUARANTINED_MAX: usize = 64;
/// A token: two waves of UIDs (1.2 KiB), hashes (2 KiB), names (under 1 KiB); twice that.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// A record: one directive, hashes, a trial.
pub const RECORD_BYTES_MAX: usize = TOKEN_BYTES_MAX + 16 * 1024;
/// Command, environment and files of a revision. A ConfigMap has at most 1 MiB; what is larger belongs in an image.
pub const REVISION_BYTES_MAX: usize = 1 << 20;
/// Good revisions that a node keeps: the one that runs, the one before, and one for a revert of that.
pub const GOOD_MAX: usize = 3;
/// Failed attempts that a node remembers: those of the last 16 directives.
pub const FAILED_MAX: usize = 16;
/// Keys that a node trusts at once: the old one, the new one, and room for a rotation that was begun twice.
pub const KEYS_MAX: usize = 4;

/// A failed write, or a revision that could not be fetched, is tried again after this.
pub const RETRY: Duration = Duration::from_secs(5);
/// A workload that ends is started again after this, doubled for each end in a row, as the kubelet does.
pub const RESTART_BACKOFF: Duration = Duration::from_secs(10);
/// Where that doubling ends: five minutes, as the kubelet's.
pub const RESTART_BACKOFF_MAX: Duration = Duration::from_secs(300);
/// A workload that ran for this long is not in a row of ends any more (the kubelet's ten minutes).
pub const RESTART_RESET: Duration = Duration::from_secs(600);
/// How far a directive's time of issue may lie ahead of a node's clock: clocks kept by NTP differ by far less.
pub const CLOCK_SKEW: Duration = Duration::from_secs(300);
/// A confirm timeout that a node accepts: from ten seconds to a day.
pub const CONFIRM_TIMEOUT: std::ops::RangeInclusive<u64> = 10..=86_400;
