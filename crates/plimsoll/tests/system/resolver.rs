//! A resolver of a few lines.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU16, Ordering};

use dns_message::{Builder, Class, Flags, Message, Name, Opt, RecordType};

use super::process::DEADLINE;

pub(crate) struct Client {
    server: SocketAddr,
    socket: UdpSocket,
    id: AtomicU16,
}

/// What matters of a response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) rcode: String,
    pub(crate) addresses: Vec<String>,
    /// Extended errors.
    pub(crate) errors: Vec<u16>,
}

impl Client {
    pub(crate) fn new(server: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("loopback has a free port");
        socket.set_read_timeout(Some(DEADLINE)).expect("a timeout above zero");
        Self { server, socket, id: AtomicU16::new(1) }
    }

    fn query(&self, name: &str) -> (u16, Vec<u8>) {
        let id = self.id.fetch_add(1, Ordering::Relaxed);
        let mut query = Vec::new();
        let name = Name::parse(name).expect("a name");
        let flags = Flags(Flags::RECURSION_DESIRED);
        Builder::query(id, flags, &name, RecordType::A, Class::IN, Some(Opt::default()), &mut query).finish();
        (id, query)
    }

    /// Asks once; there is no second try.
    pub(crate) fn udp(&self, name: &str) -> Option<Answer> {
        let (id, query) = self.query(name);
        self.socket.send_to(&query, self.server).ok()?;
        let mut buffer = [0; 4096];
        loop {
            let bytes = self.socket.recv(&mut buffer).ok()?;
            if buffer[..2] == id.to_be_bytes() {
                return answer(&buffer[..bytes]);
            }
        }
    }

    pub(crate) fn tcp(&self, name: &str) -> Option<Answer> {
        let (_, query) = self.query(name);
        let mut stream = TcpStream::connect(self.server).ok()?;
        stream.set_read_timeout(Some(DEADLINE)).ok()?;
        let length = u16::try_from(query.len()).ok()?.to_be_bytes();
        stream.write_all(&[&length[..], &query].concat()).ok()?;
        let mut length = [0; 2];
        stream.read_exact(&mut length).ok()?;
        let mut response = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut response).ok()?;
        answer(&response)
    }
}

fn answer(response: &[u8]) -> Option<Answer> {
    let message = Message::parse(response).ok()?;
    let mut found = Answer {
        rcode: message.header().flags.rcode().to_string(),
        addresses: Vec::new(),
        errors: Vec::new(),
    };
    for record in message.records().flatten() {
        found.addresses.extend(record.address().map(|address| address.to_string()));
        if record.record_type == RecordType::OPT {
            found.errors.extend(record.extended_errors().map(|(code, _)| code.0));
        }
    }
    Some(found)
}
