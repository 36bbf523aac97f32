//! The recording proxy between raw ends: what passes is what was sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use apiserver_client::config::Source;
use environment::SystemClock;
use preflight::record::{Config, Recorded, assemble};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use workload_profile::{Facts, RetryLaw, Verb};

/// A proxy in front of `server`, and what ends it.
async fn proxy(
    server: SocketAddr,
    folder: &tempfile::TempDir,
) -> (SocketAddr, CancellationToken, JoinHandle<Recorded>) {
    proxy_that(server, folder, false).await
}

async fn proxy_that(
    server: SocketAddr,
    folder: &tempfile::TempDir,
    provoke: bool,
) -> (SocketAddr, CancellationToken, JoinHandle<Recorded>) {
    let kubeconfig = folder.path().join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{{name: a, cluster: {{server: 'http://{server}'}}}}]\n\
         users: [{{name: a, user: {{token: of-the-kubeconfig}}}}]\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\n"
    );
    std::fs::write(&kubeconfig, text).expect("written");
    let config = Config {
        credentials: Source::Kubeconfig { path: kubeconfig, context: None },
        listen: "127.0.0.1:0".parse().expect("an address"),
        copies: 1,
        command: Vec::new(),
        duration: None,
        write_kubeconfig: None,
        provoke,
        facts: Facts::default(),
    };
    let recording = assemble(config, Arc::new(SystemClock::new())).await.expect("a recording");
    let address = recording.url().trim_start_matches("http://").parse().expect("an address");
    let stop = CancellationToken::new();
    let running = environment::spawn("recording", {
        let stop = stop.clone();
        async move { recording.run(stop).await.expect("something was seen") }
    });
    (address, stop, running)
}

/// A server that takes one connection, hands over what it reads up to an empty line, and says `answer`.
async fn once(answer: &'static [u8]) -> (SocketAddr, JoinHandle<(String, TcpStream)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = environment::spawn("server", async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let head = head(&mut stream).await;
        stream.write_all(answer).await.expect("written");
        // What the proxy asks for itself, when it ends, gets no answer.
        drop(listener);
        (head, stream)
    });
    (address, serving)
}

async fn head(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(stream.read_u8().await.expect("a head"));
    }
    String::from_utf8(read).expect("text")
}

async fn sent(to: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(to).await.expect("the proxy");
    stream.write_all(request.as_bytes()).await.expect("written");
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgraded_connection_is_spliced() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, serving) =
        once(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\n").await;
    let (address, stop, running) = proxy(server, &folder).await;
    let uri = "/api/v1/namespaces/a/pods/b/exec?command=sh&stdin=true";
    let mut client = sent(
        address,
        &format!("POST {uri} HTTP/1.1\r\nHost: x\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\n"),
    )
    .await;
    assert!(head(&mut client).await.starts_with("HTTP/1.1 101 "));
    let (asked, mut upstream) = serving.await.expect("served");
    assert!(asked.starts_with(&format!("POST {uri} HTTP/1.1\r\n")), "{asked}");
    assert!(asked.to_ascii_lowercase().contains("\r\nupgrade: spdy/3.1\r\n"), "{asked}");
    let mut buffer = [0; 5];
    client.write_all(b"there").await.expect("written");
    upstream.read_exact(&mut buffer).await.expect("read");
    assert_eq!(&buffer, b"there");
    upstream.write_all(b"back!").await.expect("written");
    client.read_exact(&mut buffer).await.expect("read");
    assert_eq!(&buffer, b"back!");
    drop((client, upstream));
    tokio::time::sleep(Duration::from_millis(50)).await;
    stop.cancel();
    let recorded = running.await.expect("recorded");
    assert_eq!(recorded.profile.requests[0].verb, Verb::Connect);
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_and_bytes_are_kept() {
    let check = async |own: &str, expected: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\nX-Kubernetes-Pf-Flowschema-Uid: u\r\n\r\n{\"items\":[{}]}";
        let (server, serving) = once(answer).await;
        let (address, stop, running) = proxy(server, &folder).await;
        let uri = "/api/v1/pods?labelSelector=a%3Db&limit=5";
        let mut client =
            sent(address, &format!("GET {uri} HTTP/1.1\r\nHost: x\r\nX-Own: Kept\r\n{own}\r\n")).await;
        let answered = head(&mut client).await;
        assert!(
            answered.to_ascii_lowercase().contains("\r\nx-kubernetes-pf-flowschema-uid: u\r\n"),
            "{answered}"
        );
        let mut body = [0; 14];
        client.read_exact(&mut body).await.expect("a body");
        assert_eq!(&body, b"{\"items\":[{}]}");
        let (asked, _) = serving.await.expect("served");
        assert!(asked.starts_with(&format!("GET {uri} HTTP/1.1\r\n")), "{asked}");
        let asked = asked.to_ascii_lowercase();
        assert!(
            asked.contains(&format!("\r\nauthorization: {expected}\r\n")) && asked.contains("x-own: kept"),
            "{asked}"
        );
        stop.cancel();
        let recorded = running.await.expect("recorded");
        let seen = recorded.profile.requests[0].observed.clone().expect("seen");
        assert_eq!((seen.requests, seen.objects, seen.response_bytes), (1, Some(1.0), Some(14.0)));
    };
    check("", "bearer of-the-kubeconfig").await;
    check("Authorization: Bearer of-the-workload\r\n", "bearer of-the-workload").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_takes_its_request_along() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, serving) = once(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{}\n\n\r\n").await;
    let (address, stop, running) = proxy(server, &folder).await;
    let mut client = sent(address, "GET /api/v1/pods?watch=true HTTP/1.1\r\nHost: x\r\n\r\n").await;
    head(&mut client).await;
    // An event comes at once, not when there are more.
    let mut chunk = [0; 9];
    client.read_exact(&mut chunk).await.expect("an event");
    assert_eq!(&chunk, b"4\r\n{}\n\n\r\n");
    let (_, mut upstream) = serving.await.expect("served");
    drop(client);
    let mut rest = Vec::new();
    upstream.read_to_end(&mut rest).await.expect("the end of the connection");
    stop.cancel();
    let recorded = running.await.expect("recorded");
    assert_eq!(recorded.profile.requests[0].verb, Verb::Watch);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_a_status_to_the_client() {
    let folder = tempfile::tempdir().expect("a folder");
    // A port that nobody listens on.
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let server = listener.local_addr().expect("an address");
    drop(listener);
    let (address, stop, running) = proxy(server, &folder).await;
    let mut client =
        sent(address, "GET /api/v1/nodes HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    let mut answered = String::new();
    client.read_to_string(&mut answered).await.expect("an answer");
    assert!(answered.starts_with("HTTP/1.1 502 ") && answered.contains("\"kind\":\"Status\""), "{answered}");
    stop.cancel();
    let recorded = running.await.expect("recorded");
    assert_eq!(recorded.profile.requests[0].observed.as_ref().map(|seen| seen.failed), Some(1));
}

/// `--provoke`: the API server sees none of the refused requests, and the profile has the law of the retries.
#[tokio::test(flavor = "multi_thread")]
async fn provoked_refusals_show_how_a_client_retries() {
    let folder = tempfile::tempdir().expect("a folder");
    let (server, serving) =
        once(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}").await;
    let (address, stop, running) = proxy_that(server, &folder, true).await;
    let ask = |uri: &'static str| async move {
        let mut stream =
            sent(address, &format!("GET {uri} HTTP/1.1\r\nHost: a\r\nUser-Agent: agent\r\n\r\n")).await;
        head(&mut stream).await
    };
    for _ in 0..3 {
        let refused = ask("/api/v1/pods?limit=1").await.to_lowercase();
        assert!(refused.starts_with("http/1.1 429") && refused.contains("retry-after: 3"), "{refused}");
    }
    assert!(ask("/api/v1/pods?limit=1").await.starts_with("HTTP/1.1 200"));
    serving.await.expect("one request came");
    assert!(ask("/api/v1/pods?limit=1").await.starts_with("HTTP/1.1 503"));
    stop.cancel();
    let recorded = running.await.expect("a profile");
    assert_eq!((recorded.provoked, recorded.requests), (4, 5));
    let retry = recorded.profile.requests[0].retry.clone().expect("a law");
    assert_eq!((retry.law, retry.honours_retry_after), (RetryLaw::Immediate, false));
}
