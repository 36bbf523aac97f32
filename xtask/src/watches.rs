//! Many watches at once, over HTTP/1.1 with a connection each: what a fleet's agents are to a server.
//!
//! Written without any of our own crates: what is measured must not be what measures.
#![expect(
    clippy::disallowed_methods,
    reason = "holds connections for a real time; nothing else depends on it"
)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

/// From a server that is busy with the other watches, the first line may take this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Opens `count` watches of `path` at `server`, waits until each has had its answer's head, tells so, and holds them for `seconds`.
pub(crate) fn hold(server: &str, path: &str, count: &str, seconds: &str, tell: fn(&str)) -> Result<()> {
    let count: usize = count.parse().context("the number of watches")?;
    let seconds: u64 = seconds.parse().context("the number of seconds")?;
    let mut open = Vec::with_capacity(count);
    for _ in 0..count {
        let mut stream = TcpStream::connect(server).context("cannot connect; is `ulimit -n` high enough?")?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: {server}\r\nUser-Agent: watches\r\nAccept: application/json\r\n\r\n"
        )?;
        open.push(stream);
    }
    for stream in &mut open {
        let mut line = String::new();
        // A buffer of one line's size: what it reads beyond is an event's, which nobody needs.
        BufReader::with_capacity(256, &mut *stream).read_line(&mut line).context("no answer")?;
        ensure!(line.starts_with("HTTP/1.1 200"), "the answer to a watch was {line:?}");
    }
    tell(&format!("{count} watches are open\n"));
    std::thread::sleep(Duration::from_secs(seconds));
    Ok(())
}
