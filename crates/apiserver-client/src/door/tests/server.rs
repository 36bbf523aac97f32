//! An API server that plays a script, over connections in memory: no socket, so that paused time decides alone.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::Instant;

/// What the server does about one request, in order. After the last act the connection is closed.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// The head of an answer, with these headers, and a chunked body to come.
    Head(u16, &'static str),
    /// A chunk of the body.
    Chunk(Vec<u8>),
    /// The body is complete.
    End,
    /// Seconds of silence.
    Pause(u64),
    /// Silence for good.
    Hang,
}

/// The words that the request must contain, and what it gets.
pub(super) type Exchange = (&'static str, Vec<Act>);

#[derive(Clone)]
pub(super) struct Server(Arc<State>);

struct State {
    began: Instant,
    script: Mutex<VecDeque<Exchange>>,
    log: Mutex<Vec<String>>,
    refuse_seconds: u64,
}

pub(super) struct Pipe(TokioIo<DuplexStream>);

impl Server {
    /// Refuses connections for so many seconds.
    pub(super) fn new(script: Vec<Exchange>, refuse_seconds: u64) -> Self {
        let script = Mutex::new(script.into());
        Self(Arc::new(State { began: Instant::now(), script, log: Mutex::default(), refuse_seconds }))
    }

    /// The requests so far: second, resource, call.
    pub(super) fn log(&self) -> Vec<String> {
        self.0.log.lock().clone()
    }

    fn note(&self, text: &str) {
        // Timers have whole milliseconds, rounded up: several in a row add up to a hundredth.
        let seconds = (self.0.began.elapsed().as_secs_f64() * 20.0).round() / 20.0;
        self.0.log.lock().push(format!("{seconds:.2} {text}"));
    }

    async fn serve(self, mut pipe: DuplexStream) {
        let mut received = Vec::new();
        loop {
            let Some(request) = read_request(&mut pipe, &mut received).await else { return };
            self.note(&summary(&request));
            let exchange = {
                let mut script = self.0.script.lock();
                let fits = |words: &str| words.split(' ').all(|word| request.contains(word));
                let found = script.iter().position(|(words, _)| fits(words));
                found.and_then(|position| script.remove(position))
            };
            let Some((_, acts)) = exchange else {
                self.note(&format!("unexpected: {request}"));
                return std::future::pending().await;
            };
            if !play(&mut pipe, acts).await {
                return;
            }
        }
    }
}

/// Plays the acts; false when the connection is to be closed.
async fn play(pipe: &mut DuplexStream, acts: Vec<Act>) -> bool {
    let mut complete = false;
    for act in acts {
        let bytes = match act {
            Act::Head(code, headers) => {
                format!("HTTP/1.1 {code} X\r\nTransfer-Encoding: chunked\r\n{headers}\r\n").into_bytes()
            }
            Act::Chunk(data) => [format!("{:x}\r\n", data.len()).as_bytes(), &data, b"\r\n"].concat(),
            Act::End => {
                complete = true;
                b"0\r\n\r\n".to_vec()
            }
            Act::Pause(seconds) => {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                continue;
            }
            Act::Hang => return std::future::pending().await,
        };
        if pipe.write_all(&bytes).await.is_err() {
            return false;
        }
    }
    complete
}

async fn read_request(pipe: &mut DuplexStream, received: &mut Vec<u8>) -> Option<String> {
    loop {
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let head: Vec<u8> = received.drain(..end + 4).collect();
            let mut request = String::from_utf8(head).unwrap();
            let length = request.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            while received.len() < length.unwrap_or(0) {
                if pipe.read_buf(received).await.ok()? == 0 {
                    return None;
                }
            }
            let body: Vec<u8> = received.drain(..length.unwrap_or(0)).collect();
            request.push_str(std::str::from_utf8(&body).unwrap());
            return Some(request);
        }
        if pipe.read_buf(received).await.ok()? == 0 {
            return None;
        }
    }
}

/// "GET /api/v1/pods?limit=500 HTTP/1.1 …" -> "pods FirstPage".
fn summary(request: &str) -> String {
    let target = request.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let value = |name: &str| {
        let pair = query.split('&').find_map(|pair| pair.strip_prefix(name));
        pair.and_then(|rest| rest.strip_prefix('=')).unwrap_or_default().to_owned()
    };
    let call = match query {
        query if query.contains("sendInitialEvents=true") => "WatchList".to_owned(),
        query if query.contains("watch=true") => format!("Watch {}", value("resourceVersion")),
        query if query.contains("continue=") => format!("NextPage {}", value("continue")),
        _ if request.starts_with("PATCH ") => "Beat".to_owned(),
        _ => "FirstPage".to_owned(),
    };
    format!("{} {call}", path.rsplit('/').next().unwrap_or_default())
}

impl tower::Service<http::Uri> for Server {
    type Response = Pipe;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<Pipe>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Uri) -> Self::Future {
        if self.0.began.elapsed() < Duration::from_secs(self.0.refuse_seconds) {
            self.note("refused");
            return std::future::ready(Err(io::ErrorKind::ConnectionRefused.into()));
        }
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        environment::spawn("scripted-server", self.clone().serve(ours));
        std::future::ready(Ok(Pipe(TokioIo::new(theirs))))
    }
}

impl Connection for Pipe {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl hyper::rt::Read for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl hyper::rt::Write for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
