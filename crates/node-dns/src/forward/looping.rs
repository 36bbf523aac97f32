//! Queries that come back to us: a resolver that asks itself, directly or through others, asks for ever.

use std::net::SocketAddr;

use dns_message::Name;
use environment::Entropy;
use parking_lot::Mutex;

use super::block::Block;

/// An upstream leads back to us.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoopError {
    /// It is one of our own addresses.
    #[error(
        "upstream {0} is this server itself; name another by --upstream or in the Corefile, and look into /etc/resolv.conf of the node"
    )]
    Ourselves(SocketAddr),
    /// A question that only we know came back.
    #[error(
        "a question for the zone {zone} came back from the upstreams {upstreams}; they forward to this server: name others"
    )]
    Around {
        /// Of the block.
        zone: String,
        /// Of the pool.
        upstreams: String,
    },
}

/// Names that were sent out to see whether they come back.
#[derive(Debug, Default)]
pub(super) struct Probes {
    sent: Option<Vec<u8>>,
    came_back: bool,
}

impl Probes {
    /// A query for this name (wire form, lower case) arrived. True when it is a probe of ours.
    pub(super) fn seen(&mut self, lower: &[u8]) -> bool {
        let ours = self.sent.as_deref() == Some(lower);
        self.came_back |= ours;
        ours
    }
}

/// No upstream of the block is one of `own`.
pub(super) fn not_ourselves(block: &Block, own: &[SocketAddr]) -> Result<(), LoopError> {
    let mut upstreams = block.pools().flat_map(|pool| pool.addresses());
    upstreams.find(|address| is_own(*address, own)).map_or(Ok(()), |ours| Err(LoopError::Ourselves(ours)))
}

/// Asks every pool of the block for a name that nobody else knows.
pub(super) async fn check(
    block: &Block,
    probes: &Mutex<Probes>,
    entropy: &dyn Entropy,
) -> Result<(), LoopError> {
    for pool in block.pools() {
        let zone = pool.from.as_str();
        let text = format!(
            "{:016x}.{:016x}.{}",
            entropy.next_u64(),
            entropy.next_u64(),
            zone.trim_start_matches('.')
        );
        // A zone of nearly 255 octets has no room for it: then nothing is looked for.
        let Ok(name) = Name::parse(&text) else { continue };
        *probes.lock() = Probes { sent: Some(name.to_lower().as_wire().to_vec()), came_back: false };
        pool.probe(&name).await;
        let came_back = std::mem::take(&mut *probes.lock()).came_back;
        if came_back {
            let upstreams: Vec<String> = pool.addresses().map(|address| address.to_string()).collect();
            return Err(LoopError::Around { zone: zone.to_owned(), upstreams: upstreams.join(", ") });
        }
    }
    Ok(())
}

/// The same port, and the same address or any address of this host.
fn is_own(upstream: SocketAddr, own: &[SocketAddr]) -> bool {
    own.iter().any(|listen| {
        let everywhere = listen.ip().is_unspecified() && upstream.ip().is_loopback();
        listen.port() == upstream.port() && (listen.ip() == upstream.ip() || everywhere)
    })
}
