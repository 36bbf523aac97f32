//! A client of the Kubernetes API over plain HTTP/1.1 on loopback: the embedded API server's, or `kubectl proxy`'s.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// An API server that takes longer is not one to measure on.
const TIMEOUT: Duration = Duration::from_secs(30);
/// One object, never a large list.
const BODY_BYTES_MAX: usize = 64 << 20;

/// One connection.
pub(super) struct Api {
    host: String,
    stream: BufReader<TcpStream>,
}

impl Api {
    /// `http://127.0.0.1:8001`, or without the scheme.
    pub(super) fn connect(url: &str) -> Result<Self> {
        let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        ensure!(!host.contains('/'), "{url}: only plain http://HOST:PORT (use kubectl proxy)");
        let stream = TcpStream::connect(&host).with_context(|| format!("cannot connect to {url}"))?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        Ok(Self { host, stream: BufReader::new(stream) })
    }

    /// Creates an object; one that is there already is left as it is.
    pub(super) fn create(&mut self, collection: &str, object: &Value) -> Result<()> {
        let (status, answer) = self.call("POST", collection, "application/json", &object.to_string())?;
        // A Service that is there already is refused for its address before its name is looked at.
        let there = status == 409 || status == 422 && self.has(collection, object)?;
        ensure!(there || matches!(status, 200..=202), "POST {collection}: {status}: {answer}");
        Ok(())
    }

    fn has(&mut self, collection: &str, object: &Value) -> Result<bool> {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        Ok(self.call("GET", &format!("{collection}/{name}"), "application/json", "")?.0 == 200)
    }

    /// A JSON merge patch (RFC 7396).
    pub(super) fn patch(&mut self, path: &str, patch: &Value) -> Result<()> {
        let (status, answer) =
            self.call("PATCH", path, "application/merge-patch+json", &patch.to_string())?;
        ensure!(status == 200, "PATCH {path}: {status}: {answer}");
        Ok(())
    }

    fn call(&mut self, method: &str, path: &str, kind: &str, body: &str) -> Result<(u16, String)> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let status = self.line()?;
        let status = status.split(' ').nth(1).context("an answer without a status")?.parse()?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(':') {
                None => break,
                Some(("content-length", value)) => length = value.trim().parse()?,
                Some(("transfer-encoding", value)) => chunked = value.contains("chunked"),
                Some(_) => {}
            }
        }
        let body = if chunked { self.chunks()? } else { self.exactly(length)? };
        Ok((status, String::from_utf8(body)?))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        ensure!(self.stream.read_line(&mut line)? > 0, "the API server closed the connection");
        Ok(line.trim_end().to_owned())
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>> {
        ensure!(length <= BODY_BYTES_MAX, "an answer of {length} bytes");
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(body)
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let length = usize::from_str_radix(self.line()?.split(';').next().unwrap_or_default(), 16)?;
            body.extend(self.exactly(length)?);
            self.line()?;
            ensure!(body.len() <= BODY_BYTES_MAX, "an answer of more than {BODY_BYTES_MAX} bytes");
            if length == 0 {
                return Ok(body);
            }
        }
    }
}
