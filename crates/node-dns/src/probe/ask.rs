//! One question over UDP or TCP, on a socket of its own: nothing is reused that could hide a broken path.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

use super::Transport;
use super::finding::Question;

/// A path that takes longer is as good as cut: resolvers of pods give up after 5 s, and ask twice within that.
const TIMEOUT: Duration = Duration::from_secs(2);
/// An answer to a probe has some 300 octets.
const ANSWER_BYTES_MAX: usize = 4_096;

/// The answer, or why there is none.
pub(super) async fn ask(
    question: &Question,
    server: SocketAddr,
    transport: Transport,
) -> Result<Vec<u8>, String> {
    let asking = async {
        match transport {
            Transport::Udp => over_udp(&question.message, server).await,
            Transport::Tcp => over_tcp(&question.message, server).await,
        }
    };
    match tokio::time::timeout(TIMEOUT, asking).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
    }
}

/// The kernel takes only what comes from `server`; the identifier and the name are checked by who reads it.
async fn over_udp(message: &[u8], server: SocketAddr) -> io::Result<Vec<u8>> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(message).await?;
    let mut answer = vec![0; ANSWER_BYTES_MAX];
    let length = socket.recv(&mut answer).await?;
    answer.truncate(length);
    Ok(answer)
}

async fn over_tcp(message: &[u8], server: SocketAddr) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    // RFC 7766, 8: length and message in one segment.
    let length = u16::try_from(message.len()).unwrap_or(u16::MAX).to_be_bytes();
    stream.write_all(&[&length, message].concat()).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0; length.into()];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}
