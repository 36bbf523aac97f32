//! What a handler answers.

use std::fmt;

use bytes::Bytes;

/// The media type of plain text.
pub const TEXT: &str = "text/plain; charset=utf-8";
/// The media type of the Prometheus text format.
pub const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// The media type of OpenMetrics.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status; one that is no status becomes 500.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: &'static str,
    /// Headers beside `Content-Type`, which is set already; a pair that HTTP does not allow is left out.
    pub headers: Vec<(&'static str, String)>,
    /// What follows.
    pub body: Body,
}

/// The body of an answer.
pub enum Body {
    /// All there is.
    Full(Bytes),
    /// Pulled when the socket can take more, with a yield to other tasks between two chunks: 64 KiB is a good size. An
    /// empty chunk is skipped. A panic in it breaks the connection off, so that the client knows the body is not whole.
    Chunks(Box<dyn Iterator<Item = Bytes> + Send>),
}

impl Reply {
    /// `body` with status 200.
    pub fn ok(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status: 200, content_type, headers: Vec::new(), body: Body::Full(body.into()) }
    }

    /// Pieces of a body that is never whole in memory, with status 200.
    pub fn chunks(content_type: &'static str, chunks: impl Iterator<Item = Bytes> + Send + 'static) -> Self {
        Self { status: 200, content_type, headers: Vec::new(), body: Body::Chunks(Box::new(chunks)) }
    }

    /// Plain text; end it with a line break.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self { status, ..Self::ok(TEXT, text.into()) }
    }

    /// HTML in UTF-8.
    pub fn html(body: impl Into<Bytes>) -> Self {
        Self::ok("text/html; charset=utf-8", body)
    }

    /// JSON.
    pub fn json(body: impl Into<Bytes>) -> Self {
        Self::ok("application/json", body)
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
            Self::Chunks(_) => f.write_str("Chunks(…)"),
        }
    }
}
