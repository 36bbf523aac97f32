//! Pods on this node, from the local sources that know them: the kubelet's Pods API (each change as it happens), the
//! container runtime (asked once a second), the kubelet's read-only port (likewise).
//!
//! Never the kubelet's token port: it makes the kubelet ask the API server about each token.

mod channel;
mod cri;
mod follow;
mod kubelet;
mod pod;
mod readonly;
mod workload;

pub use follow::{FollowConfig, PodSink, follow};
pub use pod::{Container, Pod, Source, Workload};
pub use workload::{from_labels, from_owners};

/// Pods of one node. The kubelet's default limit is 110, the largest in the field are about 1,000.
pub const PODS_MAX: usize = 4_096;

/// Why a source gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// No socket, no port.
    #[error("cannot connect to {0}: {1}")]
    Connect(String, String),
    /// An answer that is an error.
    #[error("{0}: {1}")]
    Answer(&'static str, String),
    /// A deadline.
    #[error("{0} gave no answer within {1} s")]
    Late(&'static str, u64),
    /// The stream ended, as it does when the kubelet restarts.
    #[error("the stream of pods ended")]
    Ended,
}
