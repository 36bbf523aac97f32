//! Connection tracking, kept away from DNS: an entry for each question fills the kernel's table and, when it is full, drops
//! packets of everybody. NodeLocal DNSCache sets NOTRACK rules for its addresses; here they are one table of nf_tables of our
//! own, replaced as a whole at each start and removed as a whole at the end.
//!
//! Nothing is accepted by it that another table drops: a firewall that is closed for DNS stays closed.

mod rules;
#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd as _, OwnedFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt,
    socket, sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike as _};

use self::rules::Batch;

/// The kernel answers at once; a second of silence is none.
const PATIENCE_SECONDS: i64 = 1;
/// An acknowledgement repeats the header of what it is about, an error all of it.
const ANSWER_BYTES_MAX: usize = 16 << 10;

/// Why there are no rules.
#[derive(Debug, thiserror::Error)]
pub enum UntrackedError {
    /// Rules for every address would be rules for other people's DNS.
    #[error("--notrack needs the addresses that are served; name them with --listen instead of {0}")]
    Wildcard(SocketAddr),
    /// Not allowed.
    #[error(
        "cannot set rules against connection tracking: that needs the capability NET_ADMIN; grant it, or leave out --notrack"
    )]
    NotPermitted,
    /// Anything else.
    #[error(
        "cannot set rules against connection tracking ({0}); look whether this kernel has nf_tables, or leave out --notrack"
    )]
    Failed(io::Error),
}

/// The table.
#[derive(Debug)]
pub(crate) struct Untracked {
    table: String,
}

impl Untracked {
    /// Sets the rules for the addresses of `listen`, in place of those that are there from a process before.
    ///
    /// # Errors
    /// [`UntrackedError`].
    pub(crate) fn ensure(listen: &[SocketAddr]) -> Result<Option<Self>, UntrackedError> {
        let Some(first) = listen.first() else { return Ok(None) };
        if let Some(wildcard) = listen.iter().find(|address| address.ip().is_unspecified()) {
            return Err(UntrackedError::Wildcard(*wildcard));
        }
        // Of its first address: two servers of one machine have different ones. nft(8) takes letters, digits and dashes.
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        let table = format!("plimsoll-dns-{}", first.to_string().chars().map(plain).collect::<String>());
        let said = say(&rules::replace(&table, listen));
        said.map_err(|failed| match failed.kind() {
            io::ErrorKind::PermissionDenied => UntrackedError::NotPermitted,
            _ => UntrackedError::Failed(failed),
        })?;
        Ok(Some(Self { table }))
    }

    /// Takes them away.
    pub(crate) fn remove(self) {
        if let Err(error) = say(&rules::remove(&self.table)) {
            let table = &self.table;
            tracing::warn!(%error, "the rules against connection tracking stay; `nft delete table inet {table}` removes them");
        }
    }
}

/// All or nothing: the kernel takes a batch as one change.
fn say(batch: &Batch) -> io::Result<()> {
    let protocol = SockProtocol::NetlinkNetFilter;
    let socket: OwnedFd = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
    bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
    setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::seconds(PATIENCE_SECONDS))?;
    send(socket.as_raw_fd(), &batch.bytes, MsgFlags::empty())?;
    let mut answer = vec![0; ANSWER_BYTES_MAX];
    let mut acknowledged = 0;
    while acknowledged < batch.acknowledged {
        let bytes = recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
        for code in rules::codes(&answer[..bytes]) {
            match code {
                0 => acknowledged += 1,
                code => return Err(io::Error::from_raw_os_error(-code)),
            }
        }
    }
    Ok(())
}
