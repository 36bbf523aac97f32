//! Two nodes, their certificates, and what may go wrong between them.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use environment::{Clock, SystemClock};
use prometheus_client::registry::Registry;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::certificates::{self, Options};
use crate::config::Transport;

const RELOAD: Duration = Duration::from_secs(5);

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new())
}

fn tls() -> (TempDir, Transport) {
    let dir = tempfile::tempdir().unwrap();
    certificates::init(dir.path(), &Options::default(), &SystemClock::new()).unwrap();
    let transport = Transport::Mutual { dir: dir.path().to_owned() };
    (dir, transport)
}

/// Offers the same all the time.
struct Has {
    proven_unix_ms: u64,
    subject: &'static str,
    files: Vec<(&'static str, &'static str)>,
    /// Says that each file is so much longer than it is.
    lie: u64,
}

impl Offers for Has {
    fn offer(&self) -> Option<Offer> {
        let open = |(name, text): &(&str, &str)| {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            std::io::Seek::rewind(&mut file).unwrap();
            ((*name).to_owned(), file, text.len() as u64 + self.lie)
        };
        let files = self.files.iter().map(open).collect();
        Some(Offer { proven_unix_ms: self.proven_unix_ms, subject: self.subject.to_owned(), files })
    }
}

fn has(proven_unix_ms: u64, text: &'static str) -> Has {
    Has { proven_unix_ms, subject: "zone", files: vec![("a.file", text), ("b.file", "b")], lie: 0 }
}

/// Serves until the token is dropped.
fn serve(transport: &Transport, offers: Has) -> (u16, tokio_util::sync::DropGuard) {
    let any = "127.0.0.1:0".parse().unwrap();
    let stop = CancellationToken::new();
    let mut registry = Registry::default();
    let server =
        NeighbourServer::bind(any, transport, RELOAD, &clock(), Arc::new(offers), &mut registry).unwrap();
    let port = server.address().port();
    environment::spawn("neighbour server", server.run(stop.clone()));
    (port, stop.drop_guard())
}

async fn fetch(port: u16, transport: &Transport, folder: &Path) -> Result<Fetched, String> {
    let wish = Wish { subject: "zone", name: |name| name.ends_with(".file"), now_unix_ms: 1_000 };
    let neighbours = Neighbours::new(&format!("127.0.0.1:{port}"), transport, &clock());
    neighbours.unwrap().fetch(wish, folder).await
}

async fn refused(port: u16, transport: &Transport) -> String {
    let folder = tempfile::tempdir().unwrap();
    fetch(port, transport, folder.path()).await.unwrap_err()
}

#[tokio::test]
async fn files_come_as_they_are() {
    let (_dir, transport) = tls();
    for transport in [transport, Transport::InsecureLoopback] {
        let (port, _running) = serve(&transport, has(7, "text"));
        let folder = tempfile::tempdir().unwrap();
        let fetched = fetch(port, &transport, folder.path()).await.unwrap();
        assert_eq!((fetched.proven_unix_ms, fetched.bytes), (7, 5));
        assert_eq!(std::fs::read_to_string(folder.path().join("a.file")).unwrap(), "text");
        assert_eq!(std::fs::read_to_string(folder.path().join("b.file")).unwrap(), "b");
    }
}

#[tokio::test]
async fn only_agents_of_one_authority_talk() {
    let (_ours, ours) = tls();
    let (_theirs, theirs) = tls();
    let (port, _running) = serve(&ours, has(7, "text"));
    let reason = refused(port, &theirs).await;
    assert!(reason.contains("UnknownIssuer") || reason.contains("certificate"), "{reason}");

    // A hub's certificate is of our authority, and no agent's.
    let (dir, hubs) = tls();
    for (from, to) in [("hub.crt", "agent.crt"), ("hub.key", "agent.key")] {
        std::fs::copy(dir.path().join(from), dir.path().join(to)).unwrap();
    }
    assert!(Neighbours::new("127.0.0.1:1", &hubs, &clock()).is_err());
}

#[tokio::test]
async fn what_is_not_wanted_is_not_taken() {
    let transport = Transport::InsecureLoopback;
    let check = async |offers: Has, expected: &str| {
        let (port, _running) = serve(&transport, offers);
        let reason = refused(port, &transport).await;
        assert!(reason.contains(expected), "{reason}");
    };
    check(Has { subject: "other", ..has(7, "text") }, "it has other and not zone").await;
    check(Has { files: vec![], ..has(7, "text") }, "knows nothing either").await;
    check(Has { files: vec![("../a", "x")], ..has(7, "text") }, "files of other names").await;
    check(Has { lie: TRANSFER_BYTES_MAX, ..has(7, "text") }, "more than a node may hold").await;
    check(Has { lie: 3, ..has(7, "text") }, "unexpected end of file").await;
}

/// Behind one address, as behind a Service: the newest of those that were met, though nobody is newer than now.
#[tokio::test]
async fn the_newest_is_taken() {
    let transport = Transport::InsecureLoopback;
    let servers =
        [has(10, "old"), has(900, "newest"), has(20, "middle")].map(|offers| serve(&transport, offers));
    let ports: Vec<u16> = servers.iter().map(|(port, _)| *port).collect();
    let front = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = front.local_addr().unwrap().port();
    environment::spawn("service", async move {
        for behind in ports.iter().cycle() {
            let (mut near, _) = front.accept().await.unwrap();
            let mut far = tokio::net::TcpStream::connect(("127.0.0.1", *behind)).await.unwrap();
            environment::spawn("copy", async move {
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                let _ = far.shutdown().await;
            });
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let fetched = fetch(port, &transport, folder.path()).await.unwrap();
    assert_eq!(fetched.proven_unix_ms, 900);
    assert_eq!(std::fs::read_to_string(folder.path().join("a.file")).unwrap(), "newest");
}
