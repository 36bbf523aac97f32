//! When a server that is being started gives its first right answer.
#![expect(clippy::disallowed_methods, reason = "measures real time; nothing else depends on it")]

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};

use super::message::{Answer, Question};

/// How often it is asked.
const POLL: Duration = Duration::from_millis(1);

/// `dns-seen SERVER NAME SECONDS`: asks for the name's addresses until there are some, and prints the time of day, in seconds,
/// at which there were.
pub(crate) fn seen(server: &str, name: &str, seconds: &str) -> Result<String> {
    let (server, limit): (SocketAddr, u64) = (server.parse()?, seconds.parse()?);
    let query = Question { name: name.to_owned(), kind: 1, class: 1, edns: None }.encode(1)?;
    let begun = Instant::now();
    while begun.elapsed().as_secs() < limit {
        if answered(server, &query).unwrap_or(false) {
            return Ok(format!("{:.6}\n", SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64()));
        }
        std::thread::sleep(POLL);
    }
    bail!("{server} does not know {name} after {limit} s")
}

/// A port that nobody listens on refuses at once; a server that is not ready may keep silent.
fn answered(server: SocketAddr, query: &[u8]) -> Result<bool> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(server)?;
    socket.set_read_timeout(Some(Duration::from_millis(20)))?;
    socket.send(query)?;
    let mut buffer = [0; 1500];
    let length = socket.recv(&mut buffer)?;
    Ok(!Answer::decode(&buffer[..length], 1)?.sections[0].is_empty())
}
