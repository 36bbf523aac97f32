//! Many datagrams in one system call, in memory that is allocated once.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd;

use nix::cmsg_space;
use nix::errno::Errno;
use nix::libc::{in_pktinfo, in6_pktinfo};
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrIn, SockaddrIn6, SockaddrLike,
    recvmmsg, sendmmsg, sendmsg,
};

/// Datagrams a system call: at 64 what a call costs beside its datagrams is below 2 %.
pub(crate) const BATCH: usize = 64;
/// The longest query over UDP: a name of 255 B, and room for the options that resolvers add. A longer one is cut by the
/// kernel, and refused as malformed.
pub(crate) const QUERY_BYTES_MAX: usize = 4096;

/// Addresses of one family, as the kernel has them.
pub(crate) trait Family: SockaddrLike + Copy + 'static {
    fn to_std(&self) -> SocketAddr;
}

/// The address of ours that a datagram was sent to, on a socket that has all of them.
#[derive(Clone, Copy)]
pub(crate) enum Local {
    /// The socket's own.
    Bound,
    V4(in_pktinfo),
    V6(in6_pktinfo),
}

/// What came in.
#[derive(Clone, Copy)]
pub(crate) struct Datagram<S> {
    pub(crate) from: S,
    pub(crate) local: Local,
    bytes: usize,
}

/// Room for one batch in and one out.
pub(crate) struct Batch<S: Family> {
    wildcard: bool,
    receive: MultiHeaders<S>,
    send: MultiHeaders<S>,
    input: Box<[[u8; QUERY_BYTES_MAX]]>,
    datagrams: Vec<Datagram<S>>,
    /// Answers, each with the datagram that it answers; their memory is used again.
    answers: Vec<(usize, Vec<u8>)>,
    filled: usize,
}

impl<S: Family> Batch<S> {
    /// `wildcard`: the socket has every address of this machine, and was told to say which one was meant.
    pub(crate) fn new(wildcard: bool) -> Self {
        let control = || wildcard.then(|| cmsg_space!(in6_pktinfo));
        Self {
            wildcard,
            receive: MultiHeaders::preallocate(BATCH, control()),
            send: MultiHeaders::preallocate(BATCH, None),
            input: vec![[0; QUERY_BYTES_MAX]; BATCH].into_boxed_slice(),
            datagrams: Vec::with_capacity(BATCH),
            answers: vec![(0, Vec::with_capacity(dns_message::UDP_BYTES_MAX)); BATCH],
            filled: 0,
        }
    }

    /// Waits for datagrams: at least one, or the socket's timeout; then takes what is there.
    ///
    /// # Errors
    /// Those of recvmmsg(2); `WouldBlock` when the time is over.
    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        self.datagrams.clear();
        self.filled = 0;
        let mut buffers = self.input.iter_mut();
        let mut slices: [[IoSliceMut<'_>; 1]; BATCH] = std::array::from_fn(|_| {
            [IoSliceMut::new(buffers.next().map_or(&mut [], |buffer| &mut buffer[..]))]
        });
        let messages = recvmmsg(
            socket.as_raw_fd(),
            &mut self.receive,
            slices.iter_mut(),
            MsgFlags::MSG_WAITFORONE,
            None,
        )?;
        for message in messages {
            let Some(from) = message.address else { continue };
            let local = if self.wildcard {
                message.cmsgs().ok().and_then(|mut all| all.find_map(local)).unwrap_or(Local::Bound)
            } else {
                Local::Bound
            };
            self.datagrams.push(Datagram { from, local, bytes: message.bytes.min(QUERY_BYTES_MAX) });
        }
        Ok(self.datagrams.len())
    }

    /// Calls `answer` with each datagram and an empty buffer; what it writes there is sent by [`Batch::send`].
    pub(crate) fn answer(&mut self, mut answer: impl FnMut(&[u8], &Datagram<S>, &mut Vec<u8>)) {
        for (at, (datagram, bytes)) in self.datagrams.iter().zip(&self.input).enumerate() {
            let Some((to, out)) = self.answers.get_mut(self.filled) else { return };
            out.clear();
            answer(&bytes[..datagram.bytes], datagram, out);
            *to = at;
            self.filled += usize::from(!out.is_empty());
        }
    }

    /// Sends the answers; says how many could not be sent.
    pub(crate) fn send(&mut self, socket: &UdpSocket) -> usize {
        if self.wildcard {
            return self.send_each(socket);
        }
        let mut lost = 0;
        let mut sent = 0;
        while sent < self.filled {
            match self.send_some(socket, sent) {
                // The kernel answers for the first of them; the others have not been tried.
                Err(Errno::EINTR) => {}
                Ok(0) | Err(_) => {
                    lost += 1;
                    sent += 1;
                }
                Ok(some) => sent += some,
            }
        }
        lost
    }

    fn send_some(&mut self, socket: &UdpSocket, first: usize) -> nix::Result<usize> {
        let answers = &self.answers[first..self.filled];
        let slices: [[IoSlice<'_>; 1]; BATCH] =
            std::array::from_fn(|at| [IoSlice::new(answers.get(at).map_or(&[], |(_, bytes)| bytes))]);
        let addresses: [Option<S>; BATCH] = std::array::from_fn(|at| {
            answers.get(at).and_then(|(to, _)| self.datagrams.get(*to)).map(|datagram| datagram.from)
        });
        let sent = sendmmsg(
            socket.as_raw_fd(),
            &mut self.send,
            slices[..answers.len()].iter(),
            addresses,
            [],
            MsgFlags::empty(),
        )?;
        Ok(sent.count())
    }

    /// One call for each: nix gives all datagrams of a call the same source address.
    fn send_each(&mut self, socket: &UdpSocket) -> usize {
        let answers = self.answers[..self.filled].iter();
        answers
            .filter(|(to, bytes)| {
                let Some(datagram) = self.datagrams.get(*to) else { return true };
                send_one(socket, bytes, &datagram.from, &datagram.local, MsgFlags::empty()).is_err()
            })
            .count()
    }
}

/// Sends an answer that comes later; never waits.
///
/// # Errors
/// Those of sendmsg(2).
pub(crate) fn send_later(socket: &UdpSocket, bytes: &[u8], to: SocketAddr, local: &Local) -> io::Result<()> {
    match to {
        SocketAddr::V4(to) => send_one(socket, bytes, &SockaddrIn::from(to), local, MsgFlags::MSG_DONTWAIT)?,
        SocketAddr::V6(to) => send_one(socket, bytes, &SockaddrIn6::from(to), local, MsgFlags::MSG_DONTWAIT)?,
    }
    Ok(())
}

fn send_one<S: Family>(
    socket: &UdpSocket,
    bytes: &[u8],
    to: &S,
    local: &Local,
    flags: MsgFlags,
) -> nix::Result<()> {
    let slices = [IoSlice::new(bytes)];
    let control: &[ControlMessage<'_>] = match local {
        Local::Bound => &[],
        Local::V4(info) => &[ControlMessage::Ipv4PacketInfo(info)],
        Local::V6(info) => &[ControlMessage::Ipv6PacketInfo(info)],
    };
    sendmsg(socket.as_raw_fd(), &slices, control, flags, Some(to)).map(drop)
}

/// Where an answer has to come from. The interface stays open: the route back decides.
fn local(message: ControlMessageOwned) -> Option<Local> {
    match message {
        ControlMessageOwned::Ipv4PacketInfo(info) => Some(Local::V4(in_pktinfo { ipi_ifindex: 0, ..info })),
        ControlMessageOwned::Ipv6PacketInfo(info) => Some(Local::V6(info)),
        _ => None,
    }
}

impl Family for SockaddrIn {
    fn to_std(&self) -> SocketAddr {
        SocketAddrV4::from(*self).into()
    }
}

impl Family for SockaddrIn6 {
    fn to_std(&self) -> SocketAddr {
        SocketAddrV6::from(*self).into()
    }
}
