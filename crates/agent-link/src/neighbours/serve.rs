//! The node that is asked.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use environment::Clock;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use prost::Message as _;
use rustls::ServerConfig;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::{FileHead, GO, Head, Offers, STEP, TRANSFER, TRANSFERS_MAX};
use crate::config::Transport;
use crate::error::LinkError;
use crate::identity;
use crate::tls::{End, Reloading, neighbour};

/// Who comes while others are served waits here.
const BACKLOG: u32 = 128;
/// Pause after `accept` failed.
const PAUSE: Duration = Duration::from_millis(100);

/// A bound listener; [`NeighbourServer::run`] serves it.
pub struct NeighbourServer {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<Reloading<ServerConfig>>>,
    reload: Duration,
    offers: Arc<dyn Offers>,
    given: Counter,
    failed: Counter,
}

impl NeighbourServer {
    /// Reads the certificates and listens. The next process of this node may listen beside it.
    ///
    /// # Errors
    /// The address cannot be had, or is no loopback address without TLS; a certificate is missing or wrong.
    pub fn bind(
        listen: SocketAddr,
        transport: &Transport,
        reload: Duration,
        clock: &Arc<dyn Clock>,
        offers: Arc<dyn Offers>,
        registry: &mut Registry,
    ) -> Result<Self, LinkError> {
        let tls = match transport {
            Transport::Mutual { dir } => Some(Reloading::load(dir, End::Agent, neighbour::server, clock)?),
            Transport::InsecureLoopback if listen.ip().is_loopback() => None,
            Transport::InsecureLoopback => {
                return Err(LinkError::NotLoopback { address: listen.to_string() });
            }
        };
        let failed = |source| LinkError::ListenNeighbours { address: listen, source };
        let listener = bound(listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (given, failed) = (Counter::default(), Counter::default());
        let help = "Times that this node gave what it knows to a new one";
        registry.register("plimsoll_dns_neighbour_given", help, given.clone());
        let help = "Nodes that asked this one and did not get to the end";
        registry.register("plimsoll_dns_neighbour_failed", help, failed.clone());
        Ok(Self { listener, address, tls, reload, offers, given, failed })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let stop = stop.child_token();
        let _guard = stop.clone().drop_guard();
        if let Some(tls) = &self.tls {
            environment::spawn("neighbour-certificates", tls.clone().watch(self.reload, stop.clone()));
        }
        let places = Arc::new(Semaphore::new(TRANSFERS_MAX));
        let this = Arc::new(self);
        loop {
            let accepted = async {
                let place = places.clone().acquire_owned().await;
                (this.listener.accept().await, place)
            };
            let (accepted, place) = tokio::select! {
                () = stop.cancelled() => return,
                accepted = accepted => accepted,
            };
            let Ok((stream, peer)) = accepted else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let (this, stop) = (this.clone(), stop.clone());
            environment::spawn("neighbour", async move {
                let served = stop.run_until_cancelled(this.secure(stream)).await;
                match served {
                    Some(Ok(true)) => drop(this.given.inc()),
                    Some(Ok(false)) | None => {}
                    Some(Err(error)) => {
                        this.failed.inc();
                        tracing::debug!(%peer, %error, "a node asked this one and did not get to the end");
                    }
                }
                drop(place);
            });
        }
    }

    async fn secure(&self, stream: TcpStream) -> io::Result<bool> {
        let Some(tls) = &self.tls else { return self.serve(stream).await };
        let handshake = tokio_rustls::TlsAcceptor::from(tls.config()).accept(stream);
        let stream = tokio::time::timeout(STEP, handshake).await??;
        let leaf = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        if leaf.and_then(identity::agent).is_none() {
            return Err(io::Error::other("its certificate is not for an agent"));
        }
        self.serve(stream).await
    }

    /// Whether the files were wanted.
    async fn serve(&self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<bool> {
        let offers = self.offers.clone();
        // It reads a disk that may hang.
        let offer = tokio::task::spawn_blocking(move || offers.offer());
        let offer = tokio::time::timeout(STEP, offer).await?.map_err(io::Error::other)?;
        let mut head = Head::default();
        if let Some(offer) = &offer {
            (head.proven_unix_ms, head.subject) = (offer.proven_unix_ms, offer.subject.clone());
            let files = offer.files.iter();
            head.files =
                files.map(|(name, _, bytes)| FileHead { name: name.clone(), bytes: *bytes }).collect();
        }
        let head = head.encode_to_vec();
        let length = u32::try_from(head.len()).map_err(io::Error::other)?;
        let say = async {
            stream.write_u32(length).await?;
            stream.write_all(&head).await?;
            stream.flush().await?;
            let mut go = [0];
            Ok::<_, io::Error>(stream.read(&mut go).await? == 1 && go == [GO])
        };
        if !tokio::time::timeout(STEP, say).await?? {
            return Ok(false);
        }
        let give = async {
            for (_, file, bytes) in offer.into_iter().flat_map(|offer| offer.files) {
                tokio::io::copy(&mut tokio::fs::File::from_std(file).take(bytes), &mut stream).await?;
            }
            stream.shutdown().await
        };
        tokio::time::timeout(TRANSFER, give).await??;
        Ok(true)
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}
