//! Every bound of this crate, with its arithmetic.

use std::time::Duration;

/// Gated workloads of one node. A node has some tens of DaemonSets; each keeps one record of at most 24 KiB in memory.
pub const WORKLOADS_MAX: usize = 64;
/// A workload's name is a file's name: a DNS label (RFC 1123).
pub const NAME_BYTES_MAX: usize = 63;
/// One message on a socket: a revision of 1 MiB in hexadecimal, and its frame.
pub const LINE_BYTES_MAX: usize = 2 * confirmation::limits::REVISION_BYTES_MAX + 16 * 1024;
/// A file that a person brings: a token or a revision.
pub const FILE_BYTES_MAX: usize = confirmation::limits::REVISION_BYTES_MAX;
/// Messages that wait for one workload. A gate sends one at a time, people fewer.
pub const QUEUE: usize = 16;
/// Connections at once: one for each gate, and some people.
pub const CONNECTIONS_MAX: usize = WORKLOADS_MAX + 16;
/// Revisions on the disk. Three good ones, one on trial and one to come for each of a dozen workloads; 64 MiB at most.
pub const REVISIONS_MAX: usize = 64;

/// A gate without an agent asks again after this, and later up to [`RECONNECT_MAX`].
pub const RECONNECT: Duration = Duration::from_millis(500);
/// The longest pause between two tries.
pub const RECONNECT_MAX: Duration = Duration::from_secs(5);
/// From SIGTERM to SIGKILL. Less than a pod's 30 s (`terminationGracePeriodSeconds`), so that the gate outlives its process.
pub const GRACE: Duration = Duration::from_secs(20);
/// A gate that is gone takes its process with it; this is for the kernel to do it.
pub const GONE: Duration = Duration::from_secs(1);
/// How often clocks and the sentinel file are looked at: timers do not run while a machine is suspended.
pub const LOOK: Duration = Duration::from_secs(1);
/// A person's command waits this long for the agent's answer.
pub const PATIENCE: Duration = Duration::from_secs(10);
