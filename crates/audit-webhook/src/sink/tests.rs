//! The webhook on loopback: batches, floods, and what it refuses.

use environment::SystemClock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;

async fn post(address: SocketAddr, body: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    let head = format!(
        "POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    answer.lines().next().unwrap_or_default().to_owned()
}

fn config(listen: &str) -> AuditConfig {
    AuditConfig { listen: listen.parse().expect("an address"), tls_dir: None }
}

#[tokio::test]
async fn events_are_taken_sampled_and_dropped_and_never_refused() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let (sink, counts, mut from) = Sink::bind(&config("127.0.0.1:0"), &clock).await.expect("free");
    let address = sink.address().expect("bound");
    let stop = CancellationToken::new();
    environment::spawn("sink", sink.serve(stop.clone()));

    assert_eq!(post(address, r#"{"items":[{"a":1},{"a":2}]}"#).await, "HTTP/1.1 200 OK");
    assert_eq!(
        from.recv().await.map(|(weight, event)| (weight, event.get().to_owned())),
        Some((1, r#"{"a":1}"#.to_owned()))
    );
    assert_eq!(post(address, "no events").await, "HTTP/1.1 200 OK");
    assert_eq!((counts.counted().events, counts.counted().refused), (2, 1));

    // Nobody takes them out: half of the room is filled one by one, the rest with one in ten, and then they are dropped.
    let many = format!(r#"{{"items":[{}]}}"#, vec!["{}"; 4000].join(","));
    for _ in 0..14 {
        assert_eq!(post(address, &many).await, "HTTP/1.1 200 OK");
    }
    let report = counts.counted();
    assert_eq!(report.events, 2 + 14 * 4000);
    assert!(report.sampled > 40_000 && report.dropped > 100, "{report:?}");
    let mut stood_for = 0;
    while let Ok((weight, _)) = from.try_recv() {
        stood_for += u64::from(weight);
    }
    assert!(stood_for > 40_000, "{stood_for}");
    stop.cancel();
}

#[tokio::test]
async fn an_open_port_needs_certificates() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let Err(refused) = Sink::bind(&config("0.0.0.0:0"), &clock).await else { panic!("it listens") };
    assert!(refused.to_string().contains("--tls-dir"), "{refused}");
}
