//! Two octets of length before each message (RFC 1035, 4.2.2).

use std::io;

use bytes::BufMut;
use tokio::net::TcpStream;

/// Octets of the length.
const LENGTH_BYTES: usize = 2;
/// Read at once; more than nearly every query has.
const READ_BYTES: usize = 512;

/// What has been read and not been answered. Without a query under way it holds no memory.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    taken: usize,
}

impl Inbox {
    /// Whether no octet waits.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.len() == self.taken
    }

    /// Reads what is there; 0 when the client ended its side.
    pub(super) fn read(&mut self, stream: &TcpStream) -> io::Result<usize> {
        self.bytes.reserve(READ_BYTES.max(self.missing()));
        stream.try_read_buf(&mut (&mut self.bytes).limit(usize::from(u16::MAX) + LENGTH_BYTES))
    }

    /// The next whole message.
    pub(super) fn next(&mut self) -> Option<&[u8]> {
        let (length, rest) = self.bytes.get(self.taken..)?.split_first_chunk::<LENGTH_BYTES>()?;
        let length = usize::from(u16::from_be_bytes(*length));
        let message = rest.get(..length)?;
        self.taken += LENGTH_BYTES + length;
        Some(message)
    }

    /// Forgets what was taken.
    pub(super) fn tidy(&mut self) {
        if self.is_empty() {
            self.bytes = Vec::new();
        } else {
            self.bytes.drain(..self.taken);
        }
        self.taken = 0;
    }

    /// Octets that the message under way lacks.
    fn missing(&self) -> usize {
        let waiting = &self.bytes[self.taken..];
        let Some((length, rest)) = waiting.split_first_chunk::<LENGTH_BYTES>() else { return 0 };
        usize::from(u16::from_be_bytes(*length)).saturating_sub(rest.len())
    }
}

/// Begins a message; its octets are appended next.
pub(super) fn begin(outbox: &mut Vec<u8>) -> usize {
    let start = outbox.len();
    outbox.extend_from_slice(&[0; LENGTH_BYTES]);
    start
}

/// Writes the length of the message that began at `start`.
pub(super) fn end(outbox: &mut [u8], start: usize) {
    let length = outbox.len() - start - LENGTH_BYTES;
    // Nobody writes messages of more than 65,535 octets.
    let length = u16::try_from(length).unwrap_or(u16::MAX);
    outbox[start..start + LENGTH_BYTES].copy_from_slice(&length.to_be_bytes());
}

/// Appends a whole message.
pub(super) fn push(outbox: &mut Vec<u8>, message: &[u8]) {
    let start = begin(outbox);
    outbox.extend_from_slice(message);
    end(outbox, start);
}
