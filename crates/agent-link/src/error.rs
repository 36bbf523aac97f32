//! Why an end cannot start. Each is one sentence: what, where, what to do.

use std::io;
use std::net::SocketAddr;

use crate::tls::CertificateError;

/// An end of the link could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The hub cannot listen.
    #[error("cannot listen for agents on {address}: {source}; choose another address with --agents-listen")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// `--insecure-loopback` with another address.
    #[error(
        "--insecure-loopback allows loopback addresses only (127.0.0.1, [::1], localhost), not {address}: give --tls-dir \
         (plimsoll certs init DIR makes such a folder)"
    )]
    NotLoopback {
        /// What was asked for.
        address: String,
    },
    /// A node cannot listen for its neighbours.
    #[error(
        "cannot listen for neighbours on {address}: {source}; choose another address with --neighbour-listen"
    )]
    ListenNeighbours {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// `--neighbours` cannot be read.
    #[error("--neighbours {neighbours} is no host:port, such as 10.96.0.20:9154")]
    BadNeighbours {
        /// What was given.
        neighbours: String,
    },
    /// `--hub` cannot be read.
    #[error("--hub {hub} is no host:port, such as plimsoll-hub.plimsoll.svc:8443")]
    BadHub {
        /// What was given.
        hub: String,
    },
    /// A certificate is missing or wrong.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}
