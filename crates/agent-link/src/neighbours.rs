//! From node to node, when there is no hub: a node that knows the names of the cluster gives its files to one that knows
//! nothing yet. Over mTLS, with the certificates that agents have anyway; what is in the files does not matter here.
//!
//! ```text
//! asking: connect, TLS      ->
//!                          <- asked: Head (how old, which files, how large); nothing in it when nothing is known
//! asking: one octet         -> (to the newest of those that it asked; the others are let go)
//!                          <- asked: the files, one behind the other
//! ```
//! A node is asked by new nodes only. What it costs: a head is some hundred octets; a transfer is what the node has on its
//! disk, at most [`TRANSFERS_MAX`] of them at once.

mod ask;
mod serve;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::time::Duration;

pub use ask::{Fetched, Neighbours, Wish};
pub use serve::NeighbourServer;

/// Transfers and questions that a node serves at once: a fleet that starts over without a hub takes turns.
pub const TRANSFERS_MAX: usize = 4;
/// Nodes that are asked before the newest is taken.
pub const ASKED: usize = 3;
/// Files of one transfer: a snapshot and its logs, mostly two.
pub const FILES_MAX: usize = 16;
/// Octets of one transfer: 100,000 endpoints are some 20 MB, and a log is written anew at 16 MiB or the snapshot's size.
pub const TRANSFER_BYTES_MAX: u64 = 512 << 20;
/// Octets of a head: 16 names of 64 octets, and numbers.
const HEAD_BYTES_MAX: u32 = 4096;
/// A handshake, a head, the word to go on: each has this long.
const STEP: Duration = Duration::from_secs(5);
/// A whole transfer: 512 MiB at 5 MB/s take 107 s.
const TRANSFER: Duration = Duration::from_secs(120);
/// The word to go on.
const GO: u8 = 1;

/// What a node has.
#[derive(Debug)]
pub struct Offer {
    /// When it was last known to be current, in milliseconds since the epoch.
    pub proven_unix_ms: u64,
    /// Of which zone, say.
    pub subject: String,
    /// Names, and how much of each.
    pub files: Vec<(String, File, u64)>,
}

/// Where a node's offer comes from.
pub trait Offers: Send + Sync + 'static {
    /// What there is now; it may read the disk. `None`: nothing is known here either.
    fn offer(&self) -> Option<Offer>;
}

#[derive(Clone, PartialEq, prost::Message)]
struct Head {
    #[prost(fixed64, tag = "1")]
    proven_unix_ms: u64,
    #[prost(string, tag = "2")]
    subject: String,
    #[prost(message, repeated, tag = "3")]
    files: Vec<FileHead>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct FileHead {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint64, tag = "2")]
    bytes: u64,
}
