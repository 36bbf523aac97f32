//! How long a DNS server takes at a steady rate: from just before a query is sent to when the kernel had its answer, by the
//! kernel's own stamp. What the client takes to read it is not the server's; a slower rate would only hide that.
#![expect(clippy::disallowed_methods, reason = "measures real time; nothing else depends on it")]

use std::io::IoSliceMut;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, ensure};
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;

use super::message::Question;

/// As many as the measurement of throughput has.
const CLIENTS: usize = 16;
/// Answers on their way to one client: 4 MB.
const BUFFER_BYTES: usize = 4 << 20;
/// Sent in one go when the client is behind; then it reads again.
const BURST: u64 = 32;
/// How long an answer may take; it counts as this when it does not come.
const LOST: Duration = Duration::from_secs(1);

struct Client {
    socket: UdpSocket,
    /// When the query of each id was sent, in nanoseconds since the epoch; 0: none is under way.
    sent: Vec<u64>,
    next: u16,
}

/// `dns-latency SERVER QUERIES RATE SECONDS`: sends the queries of the file again and again, so many a second. Prints what was
/// sent a second, what was lost, and microseconds: the median, the 99th percentile, the most.
pub(crate) fn latency(server: &str, queries: &str, rate: &str, seconds: &str) -> Result<String> {
    let (server, rate): (SocketAddr, f64) = (server.parse()?, rate.parse()?);
    let length = Duration::from_secs(seconds.parse()?);
    let queries = read(queries)?;
    let mut clients = (0..CLIENTS).map(|_| Client::new(server)).collect::<Result<Vec<_>>>()?;
    let mut space = nix::cmsg_space!(TimeSpec);
    let (mut took, mut sent) = (Vec::new(), 0_u64);
    let begun = Instant::now();
    while begun.elapsed() < length + LOST {
        if begun.elapsed() < length {
            let due = (begun.elapsed().as_secs_f64() * rate) as u64;
            for _ in 0..due.saturating_sub(sent).min(BURST) {
                let at = sent as usize;
                clients[at % CLIENTS].send(&queries[at % queries.len()])?;
                sent += 1;
            }
        }
        for client in &mut clients {
            client.receive(&mut space, &mut took)?;
        }
    }
    let lost = sent as usize - took.len();
    took.extend(std::iter::repeat_n(LOST.as_nanos() as u64, lost));
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize] as f64 / 1e3;
    let achieved = sent as f64 / length.as_secs_f64();
    Ok(format!("{achieved:.0} {lost} {:.1} {:.1} {:.1}\n", at(0.5), at(0.99), at(1.0)))
}

/// Lines as dnsperf has them: a name and a type, of which only A is asked for.
fn read(file: &str) -> Result<Vec<Vec<u8>>> {
    let text = std::fs::read_to_string(file)?;
    let names = text.lines().filter_map(|line| line.split_whitespace().next());
    let encode = |name: &str| Question { name: name.to_owned(), kind: 1, class: 1, edns: None }.encode(0);
    let queries = names.map(encode).collect::<Result<Vec<_>>>()?;
    ensure!(!queries.is_empty(), "{file} has no queries");
    Ok(queries)
}

impl Client {
    fn new(server: SocketAddr) -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(server)?;
        socket.set_nonblocking(true)?;
        setsockopt(&socket, sockopt::RcvBuf, &BUFFER_BYTES)?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        Ok(Self { socket, sent: vec![0; 1 << 16], next: 0 })
    }

    fn send(&mut self, query: &[u8]) -> Result<()> {
        let mut packet = [0; 512];
        packet[..query.len()].copy_from_slice(query);
        packet[..2].copy_from_slice(&self.next.to_be_bytes());
        self.sent[usize::from(self.next)] = now()?;
        self.next = self.next.wrapping_add(1);
        // A full buffer is a query that is lost.
        let _ = self.socket.send(&packet[..query.len()]);
        Ok(())
    }

    /// Everything that has come.
    fn receive(&mut self, space: &mut Vec<u8>, took: &mut Vec<u64>) -> Result<()> {
        let mut packet = [0; 2048];
        loop {
            let mut parts = [IoSliceMut::new(&mut packet)];
            let flags = MsgFlags::MSG_DONTWAIT;
            let read = recvmsg::<()>(self.socket.as_raw_fd(), &mut parts, Some(&mut *space), flags);
            let stamp = match read {
                Ok(message) => message.cmsgs()?.find_map(|control| match control {
                    ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at).as_nanos() as u64),
                    _ => None,
                }),
                Err(Errno::EAGAIN) => return Ok(()),
                Err(failed) => return Err(failed.into()),
            };
            let id = usize::from(u16::from_be_bytes([packet[0], packet[1]]));
            let sent = std::mem::take(&mut self.sent[id]);
            if let (Some(stamp), true) = (stamp, sent > 0) {
                took.push(stamp.saturating_sub(sent));
            }
        }
    }
}

fn now() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos() as u64)
}
