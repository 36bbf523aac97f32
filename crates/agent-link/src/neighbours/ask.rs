//! The node that asks.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use environment::Clock;
use prost::Message as _;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{ASKED, FILES_MAX, GO, HEAD_BYTES_MAX, Head, STEP, TRANSFER, TRANSFER_BYTES_MAX};
use crate::config::Transport;
use crate::error::LinkError;
use crate::resolve::{HubAddress, Resolve, SystemResolver};
use crate::tls::{End, Files, neighbour};

/// Where neighbours are.
pub struct Neighbours {
    asked_for: String,
    address: HubAddress,
    resolver: Arc<dyn Resolve>,
    tls: Option<Arc<ClientConfig>>,
}

/// What is wanted of them.
#[derive(Clone, Copy)]
pub struct Wish<'a> {
    /// Of which zone, say; others are of no use.
    pub subject: &'a str,
    /// Whether a file of this name is wanted; names are those of plain files.
    pub name: fn(&str) -> bool,
    /// By this node's clock: nobody is newer than that.
    pub now_unix_ms: u64,
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// From whom.
    pub from: SocketAddr,
    /// When it was last known to be current, as they say.
    pub proven_unix_ms: u64,
    /// How much.
    pub bytes: u64,
}

/// A neighbour that has what is wanted.
struct Candidate {
    from: SocketAddr,
    stream: Box<dyn Stream>,
    head: Head,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Neighbours {
    /// With the certificates as they are now; `address` is `host:port`: a name with an address for each node, or one address behind which they take turns.
    ///
    /// # Errors
    /// It cannot be read, or is no loopback address without TLS; a certificate is missing or wrong.
    pub fn new(address: &str, transport: &Transport, clock: &Arc<dyn Clock>) -> Result<Self, LinkError> {
        let bad = || LinkError::BadNeighbours { neighbours: address.to_owned() };
        let parsed = HubAddress::parse(address).ok_or_else(bad)?;
        let tls = match transport {
            Transport::Mutual { dir } => {
                Some(Arc::new(neighbour::client(&Files::read(dir, End::Agent)?, clock)?))
            }
            Transport::InsecureLoopback if parsed.is_loopback() => None,
            Transport::InsecureLoopback => {
                return Err(LinkError::NotLoopback { address: address.to_owned() });
            }
        };
        let resolver = Arc::new(SystemResolver);
        Ok(Self { asked_for: address.to_owned(), address: parsed, resolver, tls })
    }

    /// Asks some neighbours and puts the files of the newest into `folder`, which is there and empty.
    ///
    /// # Errors
    /// Nobody has what is wanted, or nobody who has it gives it: the last reason.
    pub async fn fetch(&mut self, wish: Wish<'_>, folder: &Path) -> Result<Fetched, String> {
        let (mut candidates, mut last) = (Vec::new(), String::new());
        for _ in 0..ASKED {
            match self.ask(wish).await {
                Ok(candidate) => candidates.push(candidate),
                Err(error) => last = error,
            }
        }
        let age = |candidate: &Candidate| wish.now_unix_ms.saturating_sub(candidate.head.proven_unix_ms);
        candidates.sort_by_key(age);
        for Candidate { from, mut stream, head } in candidates {
            match tokio::time::timeout(TRANSFER, receive(&mut stream, &head, folder)).await {
                Ok(Ok(bytes)) => return Ok(Fetched { from, proven_unix_ms: head.proven_unix_ms, bytes }),
                Ok(Err(error)) => last = format!("{from}: {error}"),
                Err(_) => last = format!("{from}: not done within {} s", TRANSFER.as_secs()),
            }
        }
        Err(format!("no neighbour at {}: {last}", self.asked_for))
    }

    async fn ask(&mut self, wish: Wish<'_>) -> Result<Candidate, String> {
        let addresses = self.address.addresses(&*self.resolver).await.map_err(|error| error.to_string())?;
        let mut last = String::new();
        for from in addresses {
            if self.tls.is_none() && !from.ip().is_loopback() {
                last = format!("{from} is no loopback address, and --insecure-loopback was given");
                continue;
            }
            let asked = tokio::time::timeout(2 * STEP, head(self.tls.clone(), from)).await;
            match asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
                Err(error) => last = format!("{from}: {error}"),
                Ok(candidate) => match check(&candidate.head, wish) {
                    Ok(()) => return Ok(candidate),
                    Err(error) => last = format!("{from}: {error}"),
                },
            }
        }
        Err(last)
    }
}

async fn head(tls: Option<Arc<ClientConfig>>, from: SocketAddr) -> io::Result<Candidate> {
    let stream = TcpStream::connect(from).await?;
    let mut stream: Box<dyn Stream> = match tls {
        None => Box::new(stream),
        Some(tls) => {
            // Its certificate is looked at for what it is, not for where it was reached.
            let name = ServerName::IpAddress(from.ip().into());
            Box::new(tokio_rustls::TlsConnector::from(tls).connect(name, stream).await?)
        }
    };
    let length = stream.read_u32().await?;
    if length > HEAD_BYTES_MAX {
        return Err(io::Error::other("it does not speak as a neighbour does"));
    }
    let mut head = vec![0; length as usize];
    stream.read_exact(&mut head).await?;
    let head = Head::decode(head.as_slice()).map_err(io::Error::other)?;
    Ok(Candidate { from, stream, head })
}

fn check(head: &Head, wish: Wish<'_>) -> Result<(), String> {
    let total = head.files.iter().try_fold(0u64, |sum, file| sum.checked_add(file.bytes));
    if head.files.is_empty() {
        return Err("it knows nothing either".to_owned());
    }
    if head.subject != wish.subject {
        return Err(format!("it has {} and not {}", head.subject, wish.subject));
    }
    if head.files.len() > FILES_MAX || total.is_none_or(|total| total > TRANSFER_BYTES_MAX) {
        return Err("it offers more than a node may hold".to_owned());
    }
    match head.files.iter().find(|file| !(wish.name)(&file.name)) {
        Some(_) => Err("it offers files of other names".to_owned()),
        None => Ok(()),
    }
}

/// Returns how much came.
async fn receive(stream: &mut Box<dyn Stream>, head: &Head, folder: &Path) -> io::Result<u64> {
    stream.write_all(&[GO]).await?;
    stream.flush().await?;
    let mut total = 0;
    for wanted in &head.files {
        let mut file = tokio::fs::File::create(folder.join(&wanted.name)).await?;
        let came = tokio::io::copy(&mut (&mut *stream).take(wanted.bytes), &mut file).await?;
        file.flush().await?;
        if came != wanted.bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        total += came;
    }
    Ok(total)
}
