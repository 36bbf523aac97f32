//! Every bound of this crate, with its arithmetic.

use std::time::Duration;

/// Rollouts that one hub steers: 64 workloads of a node (`workload-gate`) at most.
pub const ROLLOUTS_MAX: usize = 64;
/// A document: a revision of 1 MiB, written in YAML.
pub const DOCUMENT_BYTES_MAX: usize = 4 << 20;
/// A kept state: two waves, hashes, sentences.
pub const STATE_BYTES_MAX: usize = 64 * 1024;
/// Revisions that a rollout remembers (`revisionHistoryLimit` of a Deployment).
pub const HISTORY_MAX: usize = 10;
/// How often rollouts look at what is known.
pub const TICK: Duration = Duration::from_secs(1);
/// How often files are read again: a person who aborts waits no longer than this and a tick.
pub const RELOAD: Duration = Duration::from_secs(2);
/// A node that has said nothing for so long does not count as running anything: three of its reports (15 s).
pub const SILENT: Duration = Duration::from_secs(45);
/// A directive may be accepted for so long by nodes that have not heard it; it is signed again at half of that.
pub const VALID: Duration = Duration::from_secs(3_600);
/// Answers of gates that wait for a tick: 32 gates, one answer a second each at most.
pub const ANSWERS: usize = 256;
