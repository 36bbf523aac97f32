//! LIST bodies and watch streams, cut into objects as the bytes arrive.
//!
//! Feed chunks of any size; each complete object is handed over as a slice, which is part of the chunk where possible. What is
//! held between two chunks is at most one object. The encoding is told from the first byte: a server may answer in
//! another than it was asked for.

mod event;
mod frames;
mod gather;
mod json_list;
mod json_value;
mod list;
mod protobuf_list;
mod watch;

pub use event::WatchEvent;
pub use list::{ListDecoder, ListEnd, ListItem};
pub use watch::WatchDecoder;

/// One object at most. etcd refuses requests beyond 1.5 MiB by default and its documentation advises against more than
/// 8 MiB; JSON with escapes can be twice the stored protobuf. 16 MiB is what no healthy server ever sends.
pub const OBJECT_BYTES_MAX: u64 = 16 << 20;

/// One watch event at most: an object and its envelope (type, apiVersion, kind: well below 64 KiB).
pub const FRAME_BYTES_MAX: u64 = OBJECT_BYTES_MAX + (64 << 10);

/// A frame that claims to be longer than this is not skipped but ends the stream: its length is not to be believed.
/// Four times the largest object.
pub const FRAME_SKIP_BYTES_MAX: u64 = 4 * OBJECT_BYTES_MAX;

/// `ListMeta` and `TypeMeta`. A continue token is the longest part: a base64 key, below 2 KiB.
pub const LIST_META_BYTES_MAX: u64 = 64 << 10;

/// "0" means "any": a watch that resumed from it would get every object once more and never hear which are gone.
fn names_a_state(resource_version: &str) -> bool {
    !resource_version.is_empty() && resource_version != "0"
}

/// Why a stream cannot be read any further. What was handed over before stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StreamError {
    /// The bytes are not what they should be.
    #[error("damaged stream: {0}")]
    Damaged(&'static str),
    /// The body ended in the middle of something.
    #[error("the body ended early")]
    Truncated,
    /// The body is of another kind than a list.
    #[error("expected a list, got a {0}")]
    NotAList(String),
    /// The list does not say which state of the cluster it shows.
    #[error("the list has no resourceVersion")]
    NoResourceVersion,
    /// Something other than an object of a list is over its limit.
    #[error("{what} of {bytes} bytes is over the limit of {bytes_max}")]
    Oversized {
        /// What it is.
        what: &'static str,
        /// Its size, as far as it is known.
        bytes: u64,
        /// The limit that it breaks.
        bytes_max: u64,
    },
}
