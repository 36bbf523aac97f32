//! An upgrade without a lost query: the new process takes the sockets themselves over a Unix socket in the data folder, the
//! old one goes on reading them until the new one does.
//!
//! ```text
//! new: connect, Take ->
//!                       old: stops writing to the disk and following the hub
//!                    <- old: Sockets of one address, with descriptors ... then End
//! new: reads the disk, starts its threads, Serving ->
//!                       old: stops reading, answers what it has, leaves
//! ```
//! A datagram that waits in a socket waits for whoever reads next. When the new process fails before it serves, the old one
//! goes on as if nothing had been. Nobody but the same user (or root) is given anything.

mod conversation;
mod give;
mod take;
#[cfg(test)]
mod tests;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub(crate) use self::give::{Door, Request};
pub(crate) use self::take::{Taken, take};
use crate::server::sockets::Sockets;

/// The socket's name in the data folder.
const FILE: &str = "handover.sock";
/// The other side has this long for each step but the last; each takes it microseconds.
const STEP: Duration = Duration::from_secs(5);
/// The new process has this long from the sockets to its first answer: it reads the zone from the disk meanwhile.
const START: Duration = Duration::from_secs(30);

/// Why the sockets of a running process could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// Talking to it failed.
    #[error(
        "the process that serves {0} does not hand over its sockets ({1}); stop it, or give this one another --data-dir"
    )]
    Failed(PathBuf, String),
}

/// What goes from one process to the next.
#[derive(Debug, Default)]
pub(crate) struct Handed {
    pub(crate) sockets: Vec<Sockets>,
    /// Where metrics and health are served.
    pub(crate) http: Vec<(SocketAddr, TcpListener)>,
}

fn path(folder: &Path) -> PathBuf {
    folder.join(FILE)
}
