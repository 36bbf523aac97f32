//! Connections on loopback.

use tokio::io::AsyncReadExt;

use super::connections::CONNECTIONS_MAX;
use super::*;
use crate::metrics::Writers;
use crate::pipeline::tests::{query, shared};

const PATIENCE: Duration = Duration::from_secs(3600);

struct Served {
    address: SocketAddr,
    server: Arc<TcpServer>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

async fn serve() -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let shared = shared();
    let tally = shared.metrics.tally("dns://x", Protocol::Tcp, false, Writers::Many);
    let server = Arc::new(TcpServer::new(shared, tally));
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let task = environment::spawn("tcp", server.clone().serve(listener, stop.clone()));
    Served { address, server, stop, task }
}

impl Served {
    async fn end(self) {
        self.stop.cancel();
        self.task.await.unwrap();
        assert_eq!(self.server.shared.metrics.tcp_connections.get(), 0);
    }
}

fn framed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    framing::push(&mut out, message);
    out
}

async fn read(stream: &mut TcpStream) -> Vec<u8> {
    let length = stream.read_u16().await.unwrap();
    let mut message = vec![0; usize::from(length)];
    stream.read_exact(&mut message).await.unwrap();
    message
}

/// Sends `pieces`, one after the other, then ends its side; the ids of the answers in order of arrival, and whether the
/// server closed the connection then.
async fn check(pieces: &[&[u8]], expected: &[u16]) {
    let served = serve().await;
    let mut stream = TcpStream::connect(served.address).await.unwrap();
    for piece in pieces {
        stream.write_all(piece).await.unwrap();
        tokio::task::yield_now().await;
    }
    stream.shutdown().await.unwrap();
    let mut found = Vec::new();
    for _ in expected {
        let message = read(&mut stream).await;
        found.push(u16::from_be_bytes([message[0], message[1]]));
    }
    found.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0, "it goes on");
    served.end().await;
}

#[tokio::test]
async fn many_queries_on_one_connection_in_any_pieces() {
    let one = framed(&query(1, "a.at-once", None));
    let later = framed(&query(2, "many.later", None));
    let many = framed(&query(3, "many.at-once", None));
    check(&[&one], &[1]).await;
    check(&[&[&one[..], &later[..], &many[..]].concat()], &[1, 2, 3]).await;
    check(&[&one[..1], &one[1..7], &one[7..], &later[..20], &later[20..]], &[1, 2]).await;
    // Malformed but a query: an answer. No query: the end.
    check(&[&framed(&[0, 9, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]), &one], &[1, 9]).await;
    check(&[&framed(b"no query")], &[]).await;
    check(&[&[0, 0]], &[]).await;
    // The longest message there is: a query with octets behind it, which are ignored.
    let mut longest = query(4, "a.at-once", None);
    longest.resize(dns_message::MESSAGE_BYTES_MAX, 0);
    check(&[&framed(&longest)], &[4]).await;
    // More than are asked at the same time.
    let hundred: Vec<u8> = (100..200).flat_map(|id| framed(&query(id, "a.later", None))).collect();
    check(&[&hundred], &(100..200).collect::<Vec<u16>>()).await;
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_or_too_slowly_goes() {
    let served = serve().await;
    let mut idle = TcpStream::connect(served.address).await.unwrap();
    let mut slow = TcpStream::connect(served.address).await.unwrap();
    slow.write_all(&[0, 200, 1, 2, 3]).await.unwrap();
    for stream in [&mut slow, &mut idle] {
        let closed = tokio::time::timeout(PATIENCE, stream.read(&mut [0])).await.expect("it is closed");
        assert_eq!(closed.unwrap_or(0), 0);
    }
    served.end().await;
}

#[tokio::test]
async fn the_longest_idle_makes_room() {
    let shared = shared();
    let connections = Arc::new(Connections::new(shared.metrics.clone()));
    let slots: Vec<_> = (0..CONNECTIONS_MAX).map(|_| connections.open().unwrap()).collect();
    slots[0].used();
    let _one_more = connections.open().unwrap();
    // The first was used after all others, so the second goes.
    slots[1].evicted().await;
    let first = tokio::time::timeout(Duration::ZERO, slots[0].evicted()).await;
    assert!(first.is_err(), "the first stays");
    drop(slots);
    assert_eq!(shared.metrics.tcp_connections.get(), 1);
}
