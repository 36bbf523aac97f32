//! Listening: one TCP socket and several UDP sockets for each address.

#[cfg(test)]
mod tests;

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

/// A thread that waits for datagrams looks this often whether it shall end: four wake-ups a second when nothing happens.
pub(crate) const UDP_WAKE: Duration = Duration::from_millis(250);
/// Room for datagrams that wait for their thread: the kernel counts about 768 B for a short one, so these are some 10,900
/// of them, 27 ms at 400,000 a second (what one core answers).
const RECEIVE_BUFFER_BYTES: usize = 8 << 20;
/// Connections that wait to be accepted.
const TCP_BACKLOG: i32 = 1024;
/// Free UDP ports that are tried until TCP has the same one free too.
const FREE_PORT_TRIES: u32 = 32;

/// Why an address cannot be listened on: one sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Somebody else has it.
    #[error(
        "{0} is in use: choose another one with --listen, or stop what listens there (`ss -lunt` shows it)"
    )]
    InUse(SocketAddr),
    /// This machine does not have it.
    #[error(
        "{0} is no address of this machine: choose another one with --listen, or let --interface make it"
    )]
    NotLocal(SocketAddr),
    /// Ports below 1024.
    #[error(
        "{0} needs the capability NET_BIND_SERVICE: choose a port from 1024 on with --listen, or grant it"
    )]
    NotPermitted(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {0}: {1}; choose another address with --listen")]
    Other(SocketAddr, io::Error),
}

/// The sockets of one address.
#[derive(Debug)]
pub(crate) struct Sockets {
    /// The real one: the port is never 0.
    pub(crate) address: SocketAddr,
    /// One for each thread; the kernel spreads clients over them (SO_REUSEPORT).
    pub(crate) udp: Vec<UdpSocket>,
    pub(crate) tcp: TcpListener,
}

impl Sockets {
    /// Binds `threads` UDP sockets and a TCP socket; port 0 takes one that is free for both.
    ///
    /// # Errors
    /// [`ListenError`].
    pub(crate) fn bind(asked: SocketAddr, threads: usize) -> Result<Self, ListenError> {
        let mut left = if asked.port() == 0 { FREE_PORT_TRIES } else { 1 };
        loop {
            left -= 1;
            match Self::try_bind(asked, threads.max(1)) {
                Err(failed) if failed.kind() == io::ErrorKind::AddrInUse && left > 0 => {}
                done => return done.map_err(|failed| ListenError::of(asked, failed)),
            }
        }
    }

    fn try_bind(asked: SocketAddr, threads: usize) -> io::Result<Self> {
        // A socket that does not share finds out whether anybody is there; those that share would split the queries with
        // whatever of the same user listens already, without a word.
        let alone = udp_socket(asked, false)?;
        let address = alone.local_addr()?;
        let tcp = tcp_socket(address)?;
        drop(alone);
        let udp = (0..threads).map(|_| udp_socket(address, true)).collect::<io::Result<_>>()?;
        Ok(Self { address, udp, tcp })
    }
}

impl ListenError {
    fn of(asked: SocketAddr, failed: io::Error) -> Self {
        match failed.kind() {
            io::ErrorKind::AddrInUse => Self::InUse(asked),
            io::ErrorKind::AddrNotAvailable => Self::NotLocal(asked),
            io::ErrorKind::PermissionDenied => Self::NotPermitted(asked),
            _ => Self::Other(asked, failed),
        }
    }
}

fn udp_socket(address: SocketAddr, shared: bool) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_port(shared)?;
    // An answer has to leave from the address that was asked; with a wildcard only the datagram tells which one that is.
    if address.ip().is_unspecified() {
        match address {
            SocketAddr::V4(_) => setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?,
            SocketAddr::V6(_) => setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?,
        }
    }
    // Beyond net.core.rmem_max where we may (NET_ADMIN); up to it otherwise.
    if setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER_BYTES).is_err() {
        socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES)?;
    }
    socket.set_read_timeout(Some(UDP_WAKE))?;
    socket.set_write_timeout(Some(UDP_WAKE))?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

fn tcp_socket(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // Connections of the process before may still be closing.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(TCP_BACKLOG)?;
    Ok(socket.into())
}
