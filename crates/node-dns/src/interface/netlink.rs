//! The few words of rtnetlink(7) that a dummy interface takes.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, socket,
};

const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_NEWADDR: u16 = 20;
const NLMSG_ERROR: u16 = 2;

const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;

const IFLA_IFNAME: u16 = 3;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFF_UP: u32 = 1;
/// An address that nobody else can have needs no search for duplicates, and can be bound at once.
const IFA_F_NODAD: u8 = 2;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const EEXIST: i32 = 17;

const HEADER_BYTES: usize = 16;
/// A request has some 80 octets, an acknowledgement repeats it.
const MESSAGE_BYTES_MAX: usize = 1024;

/// A conversation with the kernel.
pub(super) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
}

impl Netlink {
    pub(super) fn open() -> io::Result<Self> {
        let protocol = SockProtocol::NetlinkRoute;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        Ok(Self { socket, sequence: 0 })
    }

    /// The number of an interface that exists.
    pub(super) fn index(&self, name: &str) -> Option<u32> {
        let text = std::fs::read_to_string(format!("/sys/class/net/{name}/ifindex")).ok()?;
        text.trim().parse().ok()
    }

    pub(super) fn add_dummy(&mut self, name: &str) -> io::Result<()> {
        let mut body = link(0, IFF_UP);
        attribute(&mut body, IFLA_IFNAME, &[name.as_bytes(), &[0]].concat());
        let mut kind = Vec::new();
        attribute(&mut kind, IFLA_INFO_KIND, b"dummy");
        attribute(&mut body, IFLA_LINKINFO, &kind);
        self.ask(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &body)
    }

    pub(super) fn up(&mut self, index: u32) -> io::Result<()> {
        self.ask(RTM_NEWLINK, 0, &link(index, IFF_UP))
    }

    pub(super) fn add_address(&mut self, index: u32, address: IpAddr) -> io::Result<()> {
        let (family, bits, flags, octets) = match address {
            IpAddr::V4(address) => (AF_INET, 32, 0, address.octets().to_vec()),
            IpAddr::V6(address) => (AF_INET6, 128, IFA_F_NODAD, address.octets().to_vec()),
        };
        // struct ifaddrmsg: family, prefix length, flags, scope (0: global), index.
        let mut body = vec![family, bits, flags, 0];
        body.extend_from_slice(&index.to_ne_bytes());
        attribute(&mut body, IFA_LOCAL, &octets);
        attribute(&mut body, IFA_ADDRESS, &octets);
        self.ask(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &body)
    }

    pub(super) fn remove(&mut self, index: u32) -> io::Result<()> {
        self.ask(RTM_DELLINK, 0, &link(index, 0))
    }

    /// Sends a request and waits for its acknowledgement. What exists already is no error.
    fn ask(&mut self, kind: u16, flags: u16, body: &[u8]) -> io::Result<()> {
        self.sequence += 1;
        let length = (HEADER_BYTES + body.len()) as u32;
        let mut message = length.to_ne_bytes().to_vec();
        message.extend_from_slice(&kind.to_ne_bytes());
        message.extend_from_slice(&(NLM_F_REQUEST | NLM_F_ACK | flags).to_ne_bytes());
        message.extend_from_slice(&self.sequence.to_ne_bytes());
        message.extend_from_slice(&[0; 4]);
        message.extend_from_slice(body);
        send(self.socket.as_raw_fd(), &message, MsgFlags::empty())?;
        let mut answer = [0; MESSAGE_BYTES_MAX];
        let bytes = recv(self.socket.as_raw_fd(), &mut answer, MsgFlags::empty())?;
        match error(&answer[..bytes]) {
            Some(0) => Ok(()),
            Some(code) if code == -EEXIST => Ok(()),
            Some(code) => Err(io::Error::from_raw_os_error(-code)),
            None => Err(io::Error::other("the kernel's answer is no acknowledgement")),
        }
    }
}

/// struct ifinfomsg: family, padding, type, index, flags, which flags change.
fn link(index: u32, flags: u32) -> Vec<u8> {
    let mut body = vec![0; 4];
    body.extend_from_slice(&index.to_ne_bytes());
    body.extend_from_slice(&flags.to_ne_bytes());
    body.extend_from_slice(&flags.to_ne_bytes());
    body
}

/// struct rtattr: length and type, then the value, padded to four octets.
fn attribute(body: &mut Vec<u8>, kind: u16, value: &[u8]) {
    body.extend_from_slice(&((4 + value.len()) as u16).to_ne_bytes());
    body.extend_from_slice(&kind.to_ne_bytes());
    body.extend_from_slice(value);
    body.resize(body.len().next_multiple_of(4), 0);
}

/// The error code of an acknowledgement.
fn error(answer: &[u8]) -> Option<i32> {
    let kind = answer.get(4..6)?.first_chunk::<2>()?;
    let code = answer.get(HEADER_BYTES..)?.first_chunk::<4>()?;
    (u16::from_ne_bytes(*kind) == NLMSG_ERROR).then(|| i32::from_ne_bytes(*code))
}
