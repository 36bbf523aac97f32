//! dnstap: protocol buffers in frame streams over a Unix socket (dnstap.info; the framing is that of fstrm).

use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use environment::Clock;
use prometheus_client::metrics::counter::Counter;
use prost::Message as _;

use super::Seen;
use crate::metrics::Protocol;

const CONTENT_TYPE: &[u8] = b"protobuf:dnstap.Dnstap";
const ACCEPT: u32 = 1;
const START: u32 = 2;
const READY: u32 = 4;
const FIELD_CONTENT_TYPE: u32 = 1;
/// A control frame of the other side has a type and a few content types.
const CONTROL_BYTES_MAX: usize = 512;
/// A reader that takes nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two tries to reach a reader.
const RETRY: Duration = Duration::from_secs(1);

const TYPE_MESSAGE: i32 = 1;
const CLIENT_QUERY: i32 = 5;
const CLIENT_RESPONSE: i32 = 6;

/// How messages are written.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) full: bool,
    pub(super) identity: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Frame {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub(super) identity: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "2")]
    pub(super) version: Option<Vec<u8>>,
    #[prost(message, optional, tag = "14")]
    pub(super) message: Option<Tapped>,
    #[prost(int32, tag = "15")]
    pub(super) kind: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Tapped {
    #[prost(int32, tag = "1")]
    pub(super) kind: i32,
    #[prost(int32, optional, tag = "2")]
    pub(super) socket_family: Option<i32>,
    #[prost(int32, optional, tag = "3")]
    pub(super) socket_protocol: Option<i32>,
    #[prost(bytes = "vec", optional, tag = "4")]
    pub(super) query_address: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "6")]
    pub(super) query_port: Option<u32>,
    #[prost(uint64, optional, tag = "8")]
    pub(super) query_time_sec: Option<u64>,
    #[prost(fixed32, optional, tag = "9")]
    pub(super) query_time_nsec: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "10")]
    pub(super) query_message: Option<Vec<u8>>,
    #[prost(uint64, optional, tag = "12")]
    pub(super) response_time_sec: Option<u64>,
    #[prost(fixed32, optional, tag = "13")]
    pub(super) response_time_nsec: Option<u32>,
    #[prost(bytes = "vec", optional, tag = "14")]
    pub(super) response_message: Option<Vec<u8>>,
}

/// The query and its response, which ended `now` (since the epoch).
pub(super) fn messages(settings: &Settings, seen: &Seen<'_>, now: Duration) -> [Vec<u8>; 2] {
    let asked = now.saturating_sub(seen.took);
    let (family, address) = match seen.client.ip() {
        IpAddr::V4(address) => (1, address.octets().to_vec()),
        IpAddr::V6(address) => (2, address.octets().to_vec()),
    };
    let common = Tapped {
        socket_family: Some(family),
        socket_protocol: Some(match seen.protocol {
            Protocol::Udp => 1,
            Protocol::Tcp => 2,
        }),
        query_address: Some(address),
        query_port: Some(seen.client.port().into()),
        query_time_sec: Some(asked.as_secs()),
        query_time_nsec: Some(asked.subsec_nanos()),
        ..Tapped::default()
    };
    let octets = |message: &[u8]| settings.full.then(|| message.to_vec());
    let query = Tapped { kind: CLIENT_QUERY, query_message: octets(seen.query), ..common.clone() };
    let response = Tapped {
        kind: CLIENT_RESPONSE,
        response_time_sec: Some(now.as_secs()),
        response_time_nsec: Some(now.subsec_nanos()),
        response_message: octets(seen.response),
        ..common
    };
    [query, response].map(|message| {
        let frame = Frame {
            identity: Some(settings.identity.clone()),
            version: Some(concat!("plimsoll ", env!("CARGO_PKG_VERSION")).into()),
            message: Some(message),
            kind: TYPE_MESSAGE,
        };
        frame.encode_to_vec()
    })
}

/// Writes messages to whoever listens on `socket`, until their senders are gone.
pub(super) fn write(socket: &Path, messages: &Receiver<Vec<u8>>, dropped: &Counter, clock: &dyn Clock) {
    let mut stream: Option<UnixStream> = None;
    let mut next_try = Duration::ZERO;
    while let Ok(message) = messages.recv() {
        if stream.is_none() && clock.monotonic() >= next_try {
            stream = connect(socket)
                .inspect_err(|failed| tracing::debug!(error = %failed, "nobody reads dnstap"))
                .ok();
            next_try = clock.monotonic() + RETRY;
        }
        let sent = stream.as_mut().is_some_and(|stream| data(stream, &message).is_ok());
        if !sent {
            stream = None;
            dropped.inc();
        }
    }
}

fn connect(socket: &Path) -> io::Result<UnixStream> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    control(&mut stream, READY)?;
    let mut escape = [0; 8];
    stream.read_exact(&mut escape)?;
    let length = u32::from_be_bytes([escape[4], escape[5], escape[6], escape[7]]) as usize;
    if escape[..4] != [0; 4] || !(4..=CONTROL_BYTES_MAX).contains(&length) {
        return Err(io::Error::other("no frame stream"));
    }
    let mut frame = vec![0; length];
    stream.read_exact(&mut frame)?;
    if frame[..4] != ACCEPT.to_be_bytes() {
        return Err(io::Error::other("the reader does not accept dnstap"));
    }
    control(&mut stream, START)?;
    Ok(stream)
}

fn control(stream: &mut UnixStream, kind: u32) -> io::Result<()> {
    let mut frame = kind.to_be_bytes().to_vec();
    frame.extend_from_slice(&FIELD_CONTENT_TYPE.to_be_bytes());
    frame.extend_from_slice(&(CONTENT_TYPE.len() as u32).to_be_bytes());
    frame.extend_from_slice(CONTENT_TYPE);
    let mut out = vec![0; 4];
    out.extend_from_slice(&(frame.len() as u32).to_be_bytes());
    out.extend_from_slice(&frame);
    stream.write_all(&out)
}

fn data(stream: &mut UnixStream, message: &[u8]) -> io::Result<()> {
    let mut out = (message.len() as u32).to_be_bytes().to_vec();
    out.extend_from_slice(message);
    stream.write_all(&out)
}
