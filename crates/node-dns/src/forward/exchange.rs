//! One question to one upstream: UDP, then TCP when the answer did not fit; TCP and TLS connections kept for the next one.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dns_message::MESSAGE_BYTES_MAX;
use environment::Entropy;
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};
use tokio::time::Instant;

use super::outgoing::{Outgoing, Verdict, Wanted};
use super::tls::Tls;

/// We offer 1232 octets; an upstream that sends more than this is not listening.
const DATAGRAM_BYTES_MAX: usize = 4096;

/// Replies over UDP that are not the answer, before the attempt ends: a forger gets this many tries, not as many as fit
/// into the time. RFC 5452, 9.3 leaves the number open; the chance of one try is 1 in 2^16 ids x 28,000 ports.
const WRONG_REPLIES_MAX: u32 = 16;

/// Idle connections to one upstream when the Corefile sets no limit: each may cost 64 KiB of TLS buffers.
const IDLE_CONNECTIONS_MAX: usize = 64;

/// How to reach one upstream.
pub(crate) struct Transport {
    pub(crate) address: SocketAddr,
    pub(crate) tls: Option<Tls>,
    pub(crate) force_tcp: bool,
    pub(crate) source: Option<IpAddr>,
    /// Idle connections are closed after this time.
    pub(crate) expire: Duration,
    /// And any connection after this.
    pub(crate) age_max: Option<Duration>,
    pub(crate) idle_max: Option<usize>,
    idle: Mutex<Vec<Idle>>,
    /// It sends the question back as it came. Until it is seen not to, over a connection that nobody can forge.
    keeps_case: AtomicBool,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExchangeError {
    #[error("no answer in time")]
    Timeout,
    #[error("{0}")]
    Network(#[from] io::Error),
    #[error("{0} replies that were not the answer")]
    WrongReplies(u32),
    #[error("a reply on a connection that was not the answer")]
    WrongReply,
}

/// What came back, and how.
pub(crate) struct Came {
    pub(crate) reply: Vec<u8>,
    /// Replies that were not the answer, before it.
    pub(crate) ignored: u32,
    /// A connection was there already.
    pub(crate) reused: Option<bool>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

struct Idle {
    stream: Box<dyn Stream>,
    opened: Instant,
    since: Instant,
}

enum Datagram {
    Answer(Came),
    /// Ask over TCP.
    Connect,
}

impl Transport {
    pub(crate) fn new(address: SocketAddr, tls: Option<Tls>, forward: &corefile::Forward) -> Self {
        Self {
            address,
            tls,
            force_tcp: forward.force_tcp,
            source: forward.source_address,
            expire: forward.expire,
            age_max: forward.max_age,
            idle_max: forward.max_idle_connections.map(|most| most as usize),
            idle: Mutex::new(Vec::new()),
            keeps_case: AtomicBool::new(true),
        }
    }

    /// Asks, for no longer than `patience`.
    pub(crate) async fn ask(
        &self,
        wanted: &Wanted,
        patience: Duration,
        entropy: &dyn Entropy,
    ) -> Result<Came, ExchangeError> {
        tokio::time::timeout(patience, self.ask_patiently(wanted, entropy))
            .await
            .unwrap_or(Err(ExchangeError::Timeout))
    }

    async fn ask_patiently(&self, wanted: &Wanted, entropy: &dyn Entropy) -> Result<Came, ExchangeError> {
        if self.tls.is_none() && !self.force_tcp {
            let random_case = self.keeps_case.load(Ordering::Relaxed);
            let outgoing = Outgoing::new(wanted, random_case, entropy);
            if let Datagram::Answer(came) = self.datagram(&outgoing, random_case).await? {
                return Ok(came);
            }
        }
        self.connection(wanted, entropy).await
    }

    /// A socket for this question alone: its port is one that the kernel draws at random, and only `address` is heard.
    async fn datagram(&self, outgoing: &Outgoing, exact_case: bool) -> Result<Datagram, ExchangeError> {
        let socket = UdpSocket::bind((self.local(), 0)).await?;
        socket.connect(self.address).await?;
        socket.send(&outgoing.message).await?;
        let mut buffer = vec![0; DATAGRAM_BYTES_MAX];
        let mut ignored = 0;
        loop {
            let length = socket.recv(&mut buffer).await?;
            match outgoing.judge(&buffer[..length], exact_case) {
                Verdict::Answer => {
                    buffer.truncate(length);
                    return Ok(Datagram::Answer(Came { reply: buffer, ignored, reused: None }));
                }
                Verdict::Truncated | Verdict::OtherCase => return Ok(Datagram::Connect),
                Verdict::Ignore => ignored += 1,
            }
            if ignored >= WRONG_REPLIES_MAX {
                return Err(ExchangeError::WrongReplies(ignored));
            }
        }
    }

    async fn connection(&self, wanted: &Wanted, entropy: &dyn Entropy) -> Result<Came, ExchangeError> {
        // Over a connection nobody can forge; random case would only tell whether the upstream keeps it, which is worth
        // knowing for the next datagram.
        let outgoing = Outgoing::new(wanted, true, entropy);
        while let Some(idle) = self.take_idle() {
            // The upstream may have closed it just now: that is no failure of the upstream.
            if let Ok(reply) = self.over(idle.stream, idle.opened, &outgoing).await {
                return Ok(Came { reply, ignored: 0, reused: Some(true) });
            }
        }
        let stream = self.open().await?;
        let reply = self.over(stream, Instant::now(), &outgoing).await?;
        Ok(Came { reply, ignored: 0, reused: Some(false) })
    }

    async fn over(
        &self,
        mut stream: Box<dyn Stream>,
        opened: Instant,
        outgoing: &Outgoing,
    ) -> Result<Vec<u8>, ExchangeError> {
        let length = u16::try_from(outgoing.message.len()).map_err(|_| ExchangeError::WrongReply)?;
        let mut framed = length.to_be_bytes().to_vec();
        framed.extend_from_slice(&outgoing.message);
        stream.write_all(&framed).await?;
        stream.flush().await?;
        let length = usize::from(stream.read_u16().await?).min(MESSAGE_BYTES_MAX);
        let mut reply = vec![0; length];
        stream.read_exact(&mut reply).await?;
        match outgoing.judge(&reply, true) {
            Verdict::Answer => {}
            Verdict::OtherCase if outgoing.judge(&reply, false) == Verdict::Answer => {
                self.keeps_case.store(false, Ordering::Relaxed);
            }
            // What else comes on it could be for any question: it is not used again.
            _ => return Err(ExchangeError::WrongReply),
        }
        self.keep_idle(stream, opened);
        Ok(reply)
    }

    async fn open(&self) -> io::Result<Box<dyn Stream>> {
        let socket = if self.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(source) = self.source {
            socket.bind(SocketAddr::new(source, 0))?;
        }
        let stream: TcpStream = socket.connect(self.address).await?;
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(Box::new(stream)),
            Some(tls) => Ok(Box::new(tls.connector.connect(tls.name.clone(), stream).await?)),
        }
    }

    fn local(&self) -> IpAddr {
        self.source.unwrap_or(match self.address {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        })
    }

    /// The one that was used last; those that are too old are closed.
    fn take_idle(&self) -> Option<Idle> {
        let now = Instant::now();
        let mut idle = self.idle.lock();
        idle.retain(|one| {
            now.duration_since(one.since) < self.expire
                && self.age_max.is_none_or(|most| now.duration_since(one.opened) < most)
        });
        idle.pop()
    }

    fn keep_idle(&self, stream: Box<dyn Stream>, opened: Instant) {
        let mut idle = self.idle.lock();
        if idle.len() < self.idle_max.unwrap_or(IDLE_CONNECTIONS_MAX) {
            idle.push(Idle { stream, opened, since: Instant::now() });
        }
    }
}
