//! An upstream that does what a closure says.

use std::net::SocketAddr;
use std::sync::Arc;

use dns_message::{Builder, Class, Flags, Message, Name, Opt, Rcode, Rdata, RecordType, Section};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio_rustls::TlsAcceptor;

/// A query as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    pub(super) tcp: bool,
    pub(super) from: SocketAddr,
}

impl Received {
    pub(super) fn message(&self) -> Message<'_> {
        Message::parse(&self.bytes).unwrap()
    }

    pub(super) fn name(&self) -> String {
        self.message().question().unwrap().name.to_string()
    }

    /// The question's name in lower case.
    pub(super) fn lower(&self) -> String {
        self.name().to_ascii_lowercase()
    }
}

type Script = dyn Fn(&Received) -> Vec<Vec<u8>> + Send + Sync;

/// Listens on one port over UDP and TCP until it is dropped. What the script returns is sent, in order; nothing at all over
/// TCP closes the connection.
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Upstream {
    pub(super) async fn new(script: impl Fn(&Received) -> Vec<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::with_tls(None, script).await
    }

    pub(super) async fn with_tls(
        tls: Option<TlsAcceptor>,
        script: impl Fn(&Received) -> Vec<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let (udp, tcp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            // The same port over UDP may be taken: then another.
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
                break (udp, tcp);
            }
        };
        let address = tcp.local_addr().unwrap();
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let script: Arc<Script> = Arc::new(script);
        let tasks = vec![
            environment::spawn("udp", over_udp(udp, Arc::clone(&script), Arc::clone(&received))),
            environment::spawn("tcp", over_tcp(tcp, tls, script, Arc::clone(&received))),
        ];
        Self { address, received, tasks }
    }

    /// Queries that are no health checks.
    pub(super) fn received(&self) -> Vec<Received> {
        let is_check = |received: &&Received| {
            received.message().question().is_some_and(|question| question.record_type == RecordType::NS)
        };
        self.received.lock().iter().filter(|received| !is_check(received)).cloned().collect()
    }

    /// All queries.
    pub(super) fn count(&self) -> usize {
        self.received.lock().len()
    }
}

async fn over_udp(socket: UdpSocket, script: Arc<Script>, received: Arc<Mutex<Vec<Received>>>) {
    let mut buffer = vec![0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        let query = Received { bytes: buffer[..length].to_vec(), tcp: false, from };
        received.lock().push(query.clone());
        for reply in script(&query) {
            let _ = socket.send_to(&reply, from).await;
        }
    }
}

async fn over_tcp(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    script: Arc<Script>,
    received: Arc<Mutex<Vec<Received>>>,
) {
    while let Ok((stream, from)) = listener.accept().await {
        let (script, received, tls) = (Arc::clone(&script), Arc::clone(&received), tls.clone());
        environment::spawn("connection", async move {
            match tls {
                None => serve(stream, from, &*script, &received).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, from, &*script, &received).await;
                    }
                }
            }
        });
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    from: SocketAddr,
    script: &Script,
    received: &Mutex<Vec<Received>>,
) {
    while let Ok(length) = stream.read_u16().await {
        let mut bytes = vec![0; usize::from(length)];
        if stream.read_exact(&mut bytes).await.is_err() {
            return;
        }
        let query = Received { bytes, tcp: true, from };
        received.lock().push(query.clone());
        let replies = script(&query);
        if replies.is_empty() {
            return;
        }
        for reply in replies {
            let framed = [&(reply.len() as u16).to_be_bytes()[..], &reply].concat();
            if stream.write_all(&framed).await.is_err() {
                return;
            }
        }
    }
}

/// How a reply differs from NOERROR with one address.
pub(super) struct Shape<'a> {
    pub(super) rcode: Rcode,
    pub(super) flags: u16,
    pub(super) addresses: &'a [[u8; 4]],
    pub(super) ttl: u32,
    pub(super) soa_minimum: Option<u32>,
    pub(super) opt: Option<Opt<'a>>,
}

impl Default for Shape<'_> {
    fn default() -> Self {
        Self {
            rcode: Rcode::NOERROR,
            flags: 0,
            addresses: &[[192, 0, 2, 1]],
            ttl: 60,
            soa_minimum: None,
            opt: Some(Opt::default()),
        }
    }
}

/// A reply to `query`, whose question it repeats as it came.
pub(super) fn shaped(query: &Received, shape: &Shape<'_>) -> Vec<u8> {
    let message = query.message();
    let question = message.question().unwrap();
    let name = question.name.to_name();
    let flags = message
        .header()
        .flags
        .of_response()
        .with(Flags::RECURSION_AVAILABLE | shape.flags)
        .with_rcode(shape.rcode);
    let mut out = Vec::new();
    let (id, record_type) = (message.header().id, question.record_type);
    let mut builder = Builder::query(id, flags, &name, record_type, Class::IN, shape.opt, &mut out);
    if record_type == RecordType::A {
        for address in shape.addresses {
            let data = Rdata::A((*address).into());
            builder.record(Section::Answer, &name, Class::IN, shape.ttl, &data);
        }
    }
    if let Some(minimum) = shape.soa_minimum {
        let root = Name::root();
        let soa = dns_message::Soa {
            server: &root,
            mailbox: &root,
            serial: 1,
            refresh: 1,
            retry: 1,
            expire: 1,
            minimum,
        };
        builder.record(Section::Authority, &root, Class::IN, shape.ttl, &Rdata::Soa(soa));
    }
    builder.finish();
    out
}

/// NOERROR with this address.
pub(super) fn answer(query: &Received, last: u8) -> Vec<u8> {
    shaped(query, &Shape { addresses: &[[192, 0, 2, last]], ..Shape::default() })
}

/// Without records.
pub(super) fn code(query: &Received, rcode: Rcode) -> Vec<u8> {
    shaped(query, &Shape { rcode, addresses: &[], ..Shape::default() })
}
