//! The kubelet's read-only port: `GET /pods` in plain HTTP, without a token. Most clusters have it closed.

use std::net::SocketAddr;
use std::time::Duration;

use objects::decode::{self, Encoding, Keep};
use objects::stream::{ListDecoder, ListItem, StreamError};
use objects::{Interner, Object, Resource};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{PODS_MAX, Pod, PodSink, Source, SourceError};

/// What errors call it.
const NAME: &str = "the kubelet's read-only port";
/// From the connection to the last byte.
const ANSWER_SECONDS: u64 = 5;
/// 4,096 pods of 16 KB of JSON.
const BODY_BYTES_MAX: usize = 64 << 20;
/// Go writes some 150 bytes.
const HEAD_BYTES_MAX: usize = 8 << 10;
const CHUNK_BYTES: usize = 16 << 10;
/// Version 1.0: the answer comes whole and ends with the connection.
const REQUEST: &[u8] = b"GET /pods HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n\r\n";

/// The pods that the kubelet lists.
pub(super) async fn pods(
    address: SocketAddr,
    interner: &Interner,
    sink: &dyn PodSink,
) -> Result<Vec<Pod>, SourceError> {
    let late = |_| SourceError::Late(NAME, ANSWER_SECONDS);
    timeout(Duration::from_secs(ANSWER_SECONDS), fetch(address, interner, sink)).await.map_err(late)?
}

async fn fetch(
    address: SocketAddr,
    interner: &Interner,
    sink: &dyn PodSink,
) -> Result<Vec<Pod>, SourceError> {
    let failed = |error: std::io::Error| SourceError::Connect(address.to_string(), error.to_string());
    let mut stream = TcpStream::connect(address).await.map_err(failed)?;
    stream.write_all(REQUEST).await.map_err(failed)?;
    let mut answer = Answer::default();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = stream.read(&mut chunk).await.map_err(failed)?;
        if read == 0 {
            return answer.finish();
        }
        answer.feed(&chunk[..read], interner, sink)?;
    }
}

#[derive(Default)]
struct Answer {
    /// Until the empty line.
    head: Vec<u8>,
    body_begun: bool,
    body_bytes: usize,
    list: ListDecoder,
    pods: Vec<Pod>,
}

fn wrong(what: impl ToString) -> SourceError {
    SourceError::Answer(NAME, what.to_string())
}

impl Answer {
    fn feed(&mut self, chunk: &[u8], interner: &Interner, sink: &dyn PodSink) -> Result<(), SourceError> {
        if self.body_begun {
            return self.body(chunk, interner, sink);
        }
        self.head.extend_from_slice(chunk);
        let Some(end) = self.head.windows(4).position(|four| four == b"\r\n\r\n") else {
            return if self.head.len() > HEAD_BYTES_MAX { Err(wrong("a head without end")) } else { Ok(()) };
        };
        let status = self.head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        if status != b"200" {
            return Err(wrong(format!("HTTP status {}", String::from_utf8_lossy(status))));
        }
        self.body_begun = true;
        let head = std::mem::take(&mut self.head);
        self.body(&head[end + 4..], interner, sink)
    }

    fn body(&mut self, chunk: &[u8], interner: &Interner, sink: &dyn PodSink) -> Result<(), SourceError> {
        self.body_bytes += chunk.len();
        if self.body_bytes > BODY_BYTES_MAX {
            return Err(wrong("more pods than a node can have"));
        }
        let pods = &mut self.pods;
        let mut each = |item: ListItem<'_>| match pod(item, interner) {
            Some(pod) if pods.len() < PODS_MAX => pods.push(pod),
            _ => sink.undecodable(Source::ReadOnlyPort),
        };
        self.list.feed(chunk, &mut each).map_err(wrong)
    }

    fn finish(self) -> Result<Vec<Pod>, SourceError> {
        match self.list.finish() {
            // The kubelet's list has no resource version.
            Ok(_) | Err(StreamError::NoResourceVersion) => Ok(self.pods),
            Err(damaged) => Err(wrong(damaged)),
        }
    }
}

fn pod(item: ListItem<'_>, interner: &Interner) -> Option<Pod> {
    let ListItem::Object(object) = item else { return None };
    match decode::object(Resource::Pods, Encoding::Json, object.bytes, Keep::default(), interner) {
        Ok(Object::Pod(pod)) => Some(Pod::from_object(&pod)),
        _ => None,
    }
}
