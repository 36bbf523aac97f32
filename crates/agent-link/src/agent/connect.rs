//! From a name to an open stream, once.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fanout::{AgentMessage, HubMessage};
use http::Uri;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tonic::Streaming;
use tonic::body::Body;

use crate::config::AgentLinkConfig;
use crate::error::LinkError;
use crate::resolve::{HubAddress, Resolve};
use crate::tls::Reloading;
use crate::wire::{self, OUTBOUND_MESSAGES_MAX};

/// A kernel answers at once, also for a hub that is busy.
const TCP_TIMEOUT: Duration = Duration::from_secs(3);
/// A hub that is met by its whole fleet works off the handshakes one by one: to give up early would double its work.
/// With the lookup and three addresses an attempt takes 44 s at most; the subscriber waits 45 s.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that failed says why at once.
const VERDICT_TIMEOUT: Duration = Duration::from_millis(200);
/// HTTP/2 windows: what the hub may send before we read; one window of chunks.
const RECEIVE_WINDOW_BYTES: u32 = 256 * 1024;

const ALERT: &str = "received fatal alert: ";

/// What is needed for an attempt.
pub(super) struct Dialer {
    address: HubAddress,
    resolver: Arc<dyn Resolve>,
    ends: Ends,
}

/// What an attempt needs once it has an address.
struct Ends {
    tls: Option<Arc<Reloading<ClientConfig>>>,
    name: ServerName<'static>,
    origin: Uri,
}

/// An open stream. Dropping it closes the connection.
pub(super) struct Stream {
    pub(super) outbound: mpsc::Sender<AgentMessage>,
    pub(super) inbound: Streaming<HubMessage>,
    connection: JoinHandle<()>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

impl Dialer {
    pub(super) fn new(
        address: HubAddress,
        config: &AgentLinkConfig,
        tls: Option<Arc<Reloading<ClientConfig>>>,
    ) -> Result<Self, LinkError> {
        let bad = || LinkError::BadHub { hub: config.hub.clone() };
        let name = config.hub_name.clone().unwrap_or_else(|| address.host().to_owned());
        let name = ServerName::try_from(name).map_err(|_| bad())?;
        // Only the path of a request matters to the hub; the authority is the same for every hub.
        let scheme = if tls.is_some() { "https" } else { "http" };
        let origin = Uri::builder().scheme(scheme).authority("plimsoll-hub").path_and_query("/").build();
        let ends = Ends { tls, name, origin: origin.map_err(|_| bad())? };
        Ok(Self { address, resolver: config.resolver.clone(), ends })
    }

    /// One attempt: each address in turn.
    pub(super) async fn dial(&mut self) -> Result<Stream, String> {
        let host = self.address.host().to_owned();
        let addresses = self.address.addresses(&*self.resolver).await;
        let addresses = addresses.map_err(|error| format!("cannot resolve {host}: {error}"))?;
        let mut last = String::new();
        for address in addresses {
            if self.ends.tls.is_none() && !address.ip().is_loopback() {
                last = format!("{host} is {address}: no loopback address, and --insecure-loopback was given");
                continue;
            }
            match self.ends.dial(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = format!("hub {host} at {address}: {error}"),
            }
        }
        Err(last)
    }
}

impl Ends {
    async fn dial(&self, address: SocketAddr) -> Result<Stream, String> {
        let stream = match tokio::time::timeout(TCP_TIMEOUT, TcpStream::connect(address)).await {
            Ok(stream) => stream.map_err(|error| error.to_string())?,
            Err(_) => return Err("no connection within 3 s".to_owned()),
        };
        let _ = stream.set_nodelay(true);
        let opened = tokio::time::timeout(OPEN_TIMEOUT, self.secure(stream)).await;
        opened.unwrap_or_else(|_| Err("no stream within 10 s".to_owned()))
    }

    async fn secure(&self, stream: TcpStream) -> Result<Stream, String> {
        let Some(tls) = &self.tls else { return self.open(stream).await };
        let connector = tokio_rustls::TlsConnector::from(tls.config());
        let stream = connector.connect(self.name.clone(), stream).await.map_err(|error| explain(&error))?;
        self.open(stream).await
    }

    async fn open<S>(&self, stream: S) -> Result<Stream, String>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (requests, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_stream_window_size(RECEIVE_WINDOW_BYTES)
            .initial_connection_window_size(RECEIVE_WINDOW_BYTES)
            .handshake::<_, Body>(TokioIo::new(stream))
            .await
            .map_err(|error| explain(&error))?;
        let (failure, failed) = tokio::sync::oneshot::channel();
        let connection = environment::spawn("hub-connection", async move {
            if let Err(error) = connection.await {
                let _ = failure.send(explain(&error));
            }
        });
        let (outbound, receiver) = mpsc::channel(OUTBOUND_MESSAGES_MAX);
        match wire::open(requests, self.origin.clone(), receiver).await {
            Ok(inbound) => Ok(Stream { outbound, inbound, connection }),
            Err(status) => {
                // With TLS 1.3 the hub's verdict on our certificate comes after the handshake, as an error of the connection.
                let reason = tokio::time::timeout(VERDICT_TIMEOUT, failed).await;
                Err(reason.ok().and_then(Result::ok).unwrap_or_else(|| explain(&status)))
            }
        }
    }
}

/// The deepest cause, in words that name the remedy where TLS is the cause.
pub(super) fn explain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    let mut last = error.to_string();
    while let Some(error) = cause {
        let tls = error.downcast_ref::<rustls::Error>();
        // `io::Error::source` skips what it wraps.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(tls) = tls.or_else(|| wrapped.and_then(|wrapped| wrapped.downcast_ref())) {
            return explain_tls(tls);
        }
        last = error.to_string();
        cause = error.source();
    }
    // HTTP/2 keeps only the text of what happened below it.
    explain_alert(&last)
}

fn explain_tls(error: &rustls::Error) -> String {
    use rustls::{CertificateError as Reason, Error};
    let text = match error {
        Error::InvalidCertificate(Reason::UnknownIssuer | Reason::BadSignature) => {
            "the hub's certificate was issued by another authority than the one in ca.crt: take hub and agent certificates \
             from one authority"
        }
        Error::InvalidCertificate(Reason::Expired | Reason::ExpiredContext { .. }) => {
            "the hub's certificate has expired: renew it (plimsoll certs renew), and check this machine's clock"
        }
        Error::InvalidCertificate(Reason::NotValidYet | Reason::NotValidYetContext { .. }) => {
            "the hub's certificate is not valid yet: check this machine's clock"
        }
        Error::InvalidCertificate(Reason::NotValidForName | Reason::NotValidForNameContext { .. }) => {
            return format!(
                "{error}: make the hub's certificate with --hub-name, or dial a name that it has (--hub-name of the agent)"
            );
        }
        Error::AlertReceived(alert) => return explain_alert(&format!("{ALERT}{alert:?}")),
        error => return error.to_string(),
    };
    text.to_owned()
}

/// The hub's verdict on this agent's certificate: a TLS alert, as rustls words it.
fn explain_alert(text: &str) -> String {
    let Some((_, alert)) = text.split_once(ALERT) else { return text.to_owned() };
    let words = match alert {
        "UnknownCA" | "DecryptError" => {
            "the hub does not accept this agent's certificate: another authority issued it than the one in the hub's ca.crt"
        }
        "CertificateExpired" => {
            "the hub says that this agent's certificate has expired: renew it (plimsoll certs renew), and check both clocks"
        }
        "CertificateRequired" | "BadCertificate" => "the hub does not accept this agent's certificate",
        _ => return text.to_owned(),
    };
    words.to_owned()
}
