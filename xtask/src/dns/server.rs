//! One server to ask, over UDP or TCP.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::message::{Answer, Question};

/// No answer on loopback within this long is none.
const TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    Udp,
    Tcp,
}

/// Sockets to one server.
pub(super) struct Server {
    address: SocketAddr,
    udp: UdpSocket,
    tcp: Option<TcpStream>,
    next_id: u16,
}

impl Server {
    pub(super) fn connect(address: SocketAddr) -> Result<Self> {
        let udp = UdpSocket::bind(if address.is_ipv4() { "127.0.0.1:0" } else { "[::1]:0" })?;
        udp.connect(address)?;
        udp.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self { address, udp, tcp: None, next_id: 1 })
    }

    pub(super) fn ask(&mut self, question: &Question, transport: Transport) -> Result<Answer> {
        self.next_id = self.next_id.wrapping_add(1);
        let query = question.encode(self.next_id)?;
        let bytes = match transport {
            Transport::Udp => self.over_udp(&query)?,
            // A server may close an idle connection: once more on a new one.
            Transport::Tcp => self.over_tcp(&query).or_else(|_| {
                self.tcp = None;
                self.over_tcp(&query)
            })?,
        };
        let read = Answer::decode(&bytes, self.next_id);
        read.with_context(|| format!("{}: a bad answer to {question:?}", self.address))
    }

    fn over_udp(&self, query: &[u8]) -> Result<Vec<u8>> {
        self.udp.send(query)?;
        let mut buffer = vec![0; usize::from(u16::MAX)];
        loop {
            let length =
                self.udp.recv(&mut buffer).with_context(|| format!("{}: no answer", self.address))?;
            // What is late belongs to an earlier question.
            if buffer[..length].starts_with(&query[..2]) {
                buffer.truncate(length);
                return Ok(buffer);
            }
        }
    }

    fn over_tcp(&mut self, query: &[u8]) -> Result<Vec<u8>> {
        let mut stream = match self.tcp.take() {
            Some(stream) => stream,
            None => TcpStream::connect(self.address)?,
        };
        stream.set_read_timeout(Some(TIMEOUT))?;
        let Ok(length) = u16::try_from(query.len()) else { bail!("a query of {} bytes", query.len()) };
        stream.write_all(&[&length.to_be_bytes(), query].concat())?;
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut answer)?;
        self.tcp = Some(stream);
        Ok(answer)
    }
}
