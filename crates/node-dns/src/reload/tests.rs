//! A Corefile changes under a client that never stops asking.

use std::net::SocketAddr;
use std::path::Path;

use corefile::NoSources;
use dns_message::Name;
use environment::{SeededEntropy, SystemClock};
use parking_lot::Mutex;
use tokio::net::UdpSocket;

use super::*;

const ANSWER: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(60);

/// The file: how often it was changed, and what it says.
struct File {
    text: Mutex<(u64, String)>,
    folder: tempfile::TempDir,
}

impl File {
    fn new(text: &str) -> Arc<Self> {
        Arc::new(Self { text: Mutex::new((0, text.to_owned())), folder: tempfile::tempdir().unwrap() })
    }

    fn write(&self, text: &str) {
        let mut held = self.text.lock();
        *held = (held.0 + 1, text.to_owned());
    }
}

impl Source for File {
    fn read(&self) -> Reading {
        let (fingerprint, text) = self.text.lock().clone();
        Reading { fingerprint, config: settings(&text, self.folder.path()) }
    }
}

fn settings(text: &str, data: &Path) -> Result<Config, String> {
    let mut config = Config::new(Name::parse("cluster.local").unwrap(), "127.0.0.1:0".parse().unwrap());
    let corefile = corefile::parse("Corefile", text, &NoSources).map_err(|refused| refused.to_string())?;
    let unread = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    config.apply_corefile(&corefile, &unread).map_err(|refused| refused.to_string())?;
    (config.listen, config.http) = (vec!["127.0.0.1:0".parse().unwrap()], Vec::new());
    config.feed.data_dir = Some(data.to_owned());
    config.udp_threads = 2;
    config.reload = Some(Every { interval: Duration::from_millis(20), jitter: Duration::from_millis(5) });
    Ok(config)
}

/// A running server, where it is, and its counts.
async fn start(file: &Arc<File>, stop: &CancellationToken) -> (SocketAddr, Reloads) {
    let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SeededEntropy::new(7)));
    let reading = file.read();
    let config = reading.config.unwrap();
    let reloads = config.reloads.clone();
    let server = assemble(config, clock.clone(), entropy.clone()).await.unwrap();
    let address = server.addresses().dns[0];
    let source: Arc<dyn Source> = file.clone();
    let reloading = Reloading::start(server, reading.fingerprint, source, clock, entropy, stop.clone());
    environment::spawn("reloading", async move { reloading.run().await.unwrap() });
    (address, reloads)
}

/// Asks for a.example again and again.
struct Client {
    socket: UdpSocket,
    server: SocketAddr,
}

impl Client {
    /// The last octet of its address; nothing when there is no answer.
    async fn ask(&self) -> Option<u8> {
        let mut query = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
        query.extend(b"\x01a\x07example\x00\x00\x01\x00\x01");
        self.socket.send_to(&query, self.server).await.unwrap();
        let mut answer = [0; 512];
        let length = tokio::time::timeout(ANSWER, self.socket.recv(&mut answer)).await.ok()?.unwrap();
        Some(answer[length - 1])
    }

    /// Asks until the answer is `address`; no question stays without one.
    async fn until(&self, address: u8) {
        let asking = async { while self.ask().await.expect("no question is lost") != address {} };
        assert!(tokio::time::timeout(PATIENCE, asking).await.is_ok(), "never: {address}");
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "never: {what}");
}

fn says(address: u8) -> String {
    format!(".:53 {{\n    hosts {{\n        192.0.2.{address} a.example\n    }}\n    reload\n}}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_settings_take_over_and_bad_ones_do_not() {
    let stop = CancellationToken::new();
    let file = File::new(&says(1));
    let (server, reloads) = start(&file, &stop).await;
    let client = Client { socket: UdpSocket::bind("127.0.0.1:0").await.unwrap(), server };
    client.until(1).await;
    file.write(&says(2));
    client.until(2).await;
    assert_eq!((reloads.done.get(), reloads.failed.get()), (1, 0));

    file.write(".:53 {\n    unicorn\n}");
    until("bad settings are counted", || reloads.failed.get() == 1).await;
    client.until(2).await;

    // Somebody who asks this server for everything: a loop, as soon as this one asks there, too.
    let other = File::new(&format!(".:53 {{\n    forward . {server}\n}}"));
    let (elsewhere, _) = start(&other, &stop).await;
    file.write(&format!(".:53 {{\n    forward . {elsewhere}\n    loop\n    reload\n}}"));
    until("the loop is found", || reloads.failed.get() == 2).await;
    // Between the two nobody listened for a moment.
    while client.ask().await != Some(2) {}
    file.write(&says(3));
    client.until(3).await;
    stop.cancel();
}

#[test]
fn looks_are_spread_around_the_interval() {
    let every = Every { interval: Duration::from_secs(30), jitter: Duration::from_secs(15) };
    let entropy = SeededEntropy::new(1);
    let waits: Vec<Duration> = (0..1_000).map(|_| every.wait(&entropy)).collect();
    let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
    assert!(*least >= Duration::from_secs(15) && *least < Duration::from_secs(16), "{least:?}");
    assert!(*most <= Duration::from_secs(45) && *most > Duration::from_secs(44), "{most:?}");
}
