//! A connection as its client sees it, over an in-memory socket and paused time.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use flate2::read::GzDecoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep};

use super::*;
use crate::Routes;
use crate::metrics::{Timeout, TimeoutKind};

const CHUNK: usize = 64 << 10;

fn routes() -> Routes {
    Routes::new()
        .get("/metrics", |_: &Request| {
            Reply::chunks("text/plain", (0..3).map(|n| Bytes::from(format!("line {n}\n"))))
        })
        .get("/large", |_: &Request| {
            Reply::chunks("text/plain", (0..64).map(|_| Bytes::from(vec![b'a'; CHUNK])))
        })
        .get("/full", |_: &Request| Reply::text(200, "x".repeat(200_000)))
        .get("/small", |_: &Request| Reply::text(200, "ok\n"))
        .get("/empty", |_: &Request| Reply::text(204, ""))
        .get("/panics", |_: &Request| -> Reply { panic!("on purpose") })
        .get("/breaks", |_: &Request| {
            Reply::chunks(
                "text/plain",
                (0..3).map(|n| if n == 1 { panic!("on purpose") } else { Bytes::from("part\n") }),
            )
        })
}

/// A client's end of a connection that the server works on.
fn connect(handler: impl Handler, metrics: &Metrics, stop: &CancellationToken) -> DuplexStream {
    let (client, server) = tokio::io::duplex(4 << 10);
    let serving = connection(server, Arc::new(handler), Limits::default(), metrics.clone(), stop.clone());
    environment::spawn("test connection", serving);
    client
}

/// Head and body of the answer to `request` on a connection of its own; the body as it is on the wire.
async fn exchange(request: &str) -> (String, Vec<u8>) {
    let mut client = connect(routes(), &Metrics::default(), &CancellationToken::new());
    let request = format!("{request}\r\nhost: test\r\nconnection: close\r\n\r\n");
    client.write_all(request.as_bytes()).await.unwrap();
    let mut raw = Vec::new();
    client.read_to_end(&mut raw).await.unwrap();
    let split = raw.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let body = raw.split_off(split + 4);
    (String::from_utf8(raw).unwrap(), body)
}

fn unchunk(mut wire: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = wire.windows(2).position(|two| two == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&wire[..end]).ok()?, 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(wire.get(end + 2..end + 2 + length)?);
        wire = &wire[end + 4 + length..];
    }
}

#[tokio::test(start_paused = true)]
async fn answers() {
    async fn check(request: &str, status: &str, body: &str) {
        let (head, wire) = exchange(request).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {head}");
        let got = if head.contains("transfer-encoding: chunked") { unchunk(&wire).unwrap() } else { wire };
        assert_eq!(String::from_utf8(got).unwrap(), body, "{request}");
    }
    let known = "there is /metrics, /large, /full, /small, /empty, /panics, /breaks";
    check("GET /metrics HTTP/1.1", "200", "line 0\nline 1\nline 2\n").await;
    check("GET /small?a=b HTTP/1.1", "200", "ok\n").await;
    check("GET /empty HTTP/1.1", "204", "").await;
    check("GET / HTTP/1.1", "404", &format!("nothing at this path; {known}\n")).await;
    check("POST /metrics HTTP/1.1", "405", "this path answers GET, HEAD only\n").await;
    check("DELETE /metrics HTTP/1.1", "405", "this path answers GET, HEAD only\n").await;
    check("GET /panics HTTP/1.1", "500", "this handler failed: a bug of Plimsoll, its log has the place\n")
        .await;
}

#[tokio::test(start_paused = true)]
async fn head_has_no_body_and_pulls_nothing() {
    for path in ["/metrics", "/full", "/small"] {
        let (head, body) = exchange(&format!("HEAD {path} HTTP/1.1")).await;
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(body.is_empty(), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn gzip_when_asked_for_and_worth_it() {
    async fn check(path: &str, compressed: bool, bytes: usize) {
        let (head, wire) = exchange(&format!("GET {path} HTTP/1.1\r\naccept-encoding: deflate, gzip")).await;
        assert_eq!(head.contains("content-encoding: gzip"), compressed, "{path}: {head}");
        let body = if head.contains("transfer-encoding: chunked") { unchunk(&wire).unwrap() } else { wire };
        if !compressed {
            return assert_eq!(body.len(), bytes);
        }
        let mut plain = Vec::new();
        GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain.len(), bytes, "{path}");
        assert!(body.len() < bytes / 2 + 64, "{path}: {} bytes", body.len());
    }
    check("/large", true, 64 * CHUNK).await;
    check("/full", true, 200_000).await;
    check("/metrics", true, 21).await;
    check("/small", false, 3).await;
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_mid_body_cuts_the_connection() {
    let (head, wire) = exchange("GET /breaks HTTP/1.1").await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(unchunk(&wire), None, "the client must see that the body is not whole");
}

#[tokio::test(start_paused = true)]
async fn chunks_wait_for_the_client() {
    static PULLED: AtomicUsize = AtomicUsize::new(0);
    let handler = |_: &Request| {
        let chunks = (0..1000).map(|_| {
            PULLED.fetch_add(1, Ordering::Relaxed);
            Bytes::from(vec![b'a'; CHUNK])
        });
        Reply::chunks("text/plain", chunks)
    };
    let mut client = connect(handler, &Metrics::default(), &CancellationToken::new());
    client.write_all(b"GET / HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert!(
        PULLED.load(Ordering::Relaxed) < 4,
        "{} chunks pulled for nobody",
        PULLED.load(Ordering::Relaxed)
    );
}

/// Seconds until the server closed the connection after the client did `sent`, and the counter that must say so.
async fn closed_after(sent: &[u8], kind: TimeoutKind, read_first: bool) -> u64 {
    let metrics = Metrics::default();
    let mut client = connect(routes(), &metrics, &CancellationToken::new());
    client.write_all(sent).await.unwrap();
    let start = Instant::now();
    if !read_first {
        while metrics.timeouts.get_or_create(&Timeout { kind }).get() == 0 {
            sleep(Duration::from_millis(100)).await;
        }
    }
    let _ = client.read_to_end(&mut Vec::new()).await;
    assert_eq!(metrics.timeouts.get_or_create(&Timeout { kind }).get(), 1);
    start.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn slow_clients_are_dropped() {
    let request = b"GET /small HTTP/1.1\r\nhost: test\r\n\r\n";
    assert_eq!(closed_after(b"", TimeoutKind::header, true).await, 5);
    assert_eq!(closed_after(b"GET / HT", TimeoutKind::header, true).await, 5);
    assert_eq!(closed_after(request, TimeoutKind::idle, true).await, 300);
    let large = b"GET /large HTTP/1.1\r\nhost: test\r\n\r\n";
    assert_eq!(closed_after(large, TimeoutKind::write, false).await, 60);
}

#[tokio::test(start_paused = true)]
async fn a_scraper_that_comes_every_minute_keeps_its_connection() {
    let mut client = connect(routes(), &Metrics::default(), &CancellationToken::new());
    for _ in 0..3 {
        client.write_all(b"GET /small HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
        let mut got = Vec::new();
        while !got.ends_with(b"\r\n\r\nok\n") {
            assert_ne!(client.read_buf(&mut got).await.unwrap(), 0, "closed");
        }
        sleep(Duration::from_secs(60)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_a_scrape_finish_and_closes_idle_connections() {
    let stop = CancellationToken::new();
    let mut scraping = connect(routes(), &Metrics::default(), &stop);
    let mut idle = connect(routes(), &Metrics::default(), &stop);
    scraping.write_all(b"GET /large HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    let mut raw = vec![0; 1024];
    scraping.read_exact(&mut raw).await.unwrap();
    stop.cancel();
    assert_eq!(idle.read_to_end(&mut Vec::new()).await.unwrap(), 0);
    scraping.read_to_end(&mut raw).await.unwrap();
    assert!(raw.ends_with(b"0\r\n\r\n"), "the body must be whole");
}

#[tokio::test]
async fn past_the_limit_connections_are_told() {
    let listener = crate::bind("127.0.0.1:0".parse().unwrap(), false).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, metrics) = (CancellationToken::new(), Metrics::default());
    let limits = Limits { connections_max: 1, ..Limits::default() };
    let serving = serve_measured(listener, Arc::new(routes()), limits, metrics.clone(), stop.clone());
    let serving = environment::spawn("test server", serving);

    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(b"GET /small HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    first.read_exact(&mut [0; 16]).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    let mut told = String::new();
    second.read_to_string(&mut told).await.unwrap();

    assert!(told.starts_with("HTTP/1.1 503 "), "{told}");
    let (head, body) = told.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())), "{told}");
    assert_eq!(metrics.refused.get(), 1);
    stop.cancel();
    serving.await.unwrap();
}
