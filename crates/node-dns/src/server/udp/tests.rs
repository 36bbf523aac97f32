//! Datagrams on loopback.

use std::net::UdpSocket;

use super::*;
use crate::pipeline::tests::{query, shared};
use crate::server::later;
use crate::server::sockets::Sockets;

/// A client's patience; no test waits for its end.
const PATIENCE: Duration = Duration::from_secs(20);

struct Served {
    address: SocketAddr,
    server: UdpServer,
    shared: Arc<Shared>,
    queue: mpsc::Receiver<Later>,
}

fn serve(listen: &str) -> Served {
    let sockets = Sockets::bind(listen.parse().unwrap(), 2).unwrap();
    let shared = shared();
    let (sender, queue) = mpsc::channel(QUEUE_QUERIES);
    let server = UdpServer::start(sockets.address, sockets.udp, "dns://x", &shared, &sender).unwrap();
    drop(sender);
    Served { address: sockets.address, server, shared, queue }
}

fn client(local: &str) -> UdpSocket {
    let client = UdpSocket::bind(local).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

/// Sends `count` queries at once, and receives as many answers from where they were sent to.
fn check(listen: &str, from: &str, to: &str, count: u16) {
    let served = serve(listen);
    let client = client(from);
    let to = SocketAddr::new(to.parse().unwrap(), served.address.port());
    for id in 0..count {
        client.send_to(&query(id, "a.at-once", None), to).unwrap();
    }
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..count {
        let mut answer = [0; 1500];
        let (bytes, source) = client.recv_from(&mut answer).unwrap();
        assert_eq!(source, to);
        assert!(bytes > 12);
        seen.insert(u16::from_be_bytes([answer[0], answer[1]]));
    }
    assert_eq!(seen.len(), usize::from(count), "{listen}");
    served.server.stop();
    served.server.join();
}

#[test]
fn every_query_is_answered_from_the_address_that_was_asked() {
    // More than two batches, and no more answers than a client's receive buffer holds (208 KB at some 768 B each).
    check("127.0.0.1:0", "127.0.0.1:0", "127.0.0.1", 150);
    check("0.0.0.0:0", "127.0.0.1:0", "127.0.0.3", 10);
    check("[::1]:0", "[::1]:0", "::1", 70);
    check("[::]:0", "[::1]:0", "::1", 10);
}

#[tokio::test]
async fn what_has_to_be_asked_comes_later_from_the_same_socket() {
    let Served { address, server, shared, queue } = serve("127.0.0.1:0");
    let later = environment::spawn("later", later::run(shared, queue));
    let client = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    client.connect(address).await.unwrap();
    client.send(&query(77, "a.later", None)).await.unwrap();
    let mut answer = [0; 1500];
    tokio::time::timeout(PATIENCE, client.recv(&mut answer)).await.unwrap().unwrap();
    assert_eq!(answer[..2], [0, 77]);
    server.stop();
    tokio::task::spawn_blocking(|| server.join()).await.unwrap();
    later.await.unwrap();
}

#[test]
fn a_full_queue_says_servfail() {
    let sockets = Sockets::bind("127.0.0.1:0".parse().unwrap(), 1).unwrap();
    let shared = shared();
    let (sender, queue) = mpsc::channel(1);
    let server = UdpServer::start(sockets.address, sockets.udp, "dns://x", &shared, &sender).unwrap();
    let client = client("127.0.0.1:0");
    client.connect(sockets.address).unwrap();
    for id in 0..2 {
        client.send(&query(id, "a.later", None)).unwrap();
    }
    let mut answer = [0; 1500];
    client.recv(&mut answer).unwrap();
    // The second: the first one waits for ever.
    assert_eq!((answer[1], answer[3] & 15), (1, 2));
    assert_eq!(shared.metrics.overloaded.get(), 1);
    drop(queue);
    server.stop();
    server.join();
}
