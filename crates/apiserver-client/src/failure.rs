//! Why a request brought nothing, in words that are safe to show: codes and reasons, never a body, never a secret.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use budget::{Failed, retry_after};
use objects::Status;

/// A reason longer than this is no reason of Kubernetes ("ResourceVersionTooLarge" has 23 letters).
const REASON_BYTES_MAX: usize = 64;

/// The text of a connection's error is cut here: it goes to logs and status pages.
const TEXT_BYTES_MAX: usize = 300;

/// Why a request brought nothing, or a stream broke off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened.
    pub cause: Cause,
    /// What the server asked for, by header or by `Status.details.retryAfterSeconds`: the longer of the two.
    pub retry_after: Option<Duration>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The server said no: by its answer, or by an ERROR event in a watch.
    Status {
        /// The HTTP status code.
        code: u16,
        /// Kubernetes' word for it; empty when there was none.
        reason: String,
    },
    /// Nothing came in time.
    Timeout(Silence),
    /// There is no connection, or it broke.
    Connection(String),
    /// What came is not what was asked for.
    Garbled(String),
}

/// What did not come in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    /// The head of the answer.
    Head,
    /// More of the body.
    Body,
    /// The end of the body.
    End,
}

impl Failure {
    /// A failure without a wish of the server.
    pub fn new(cause: Cause) -> Self {
        Self { cause, retry_after: None }
    }

    /// The server's answer: code, what its body said (if it was a `Status`), and the `Retry-After` header, read by the caller.
    pub fn answered(code: u16, status: Option<&Status>, header: Option<Duration>) -> Self {
        let asked = status
            .and_then(|status| status.retry_after_seconds)
            .map(u64::from)
            .map(retry_after::from_seconds);
        let reason = status.map(|status| word(&status.reason)).unwrap_or_default();
        Self { cause: Cause::Status { code, reason }, retry_after: header.max(asked) }
    }

    /// An ERROR event in a watch.
    pub fn event(status: &Status) -> Self {
        Self::answered(u16::try_from(status.code).unwrap_or_default(), Some(status), None)
    }

    /// For the backoff. A gateway timeout, and Kubernetes' own Timeout, mean that the server has worked all that time.
    pub fn kind(&self) -> Failed {
        match &self.cause {
            Cause::Timeout(_) | Cause::Status { code: 504 | 408, .. } => Failed::Timeout,
            Cause::Status { reason, .. } if reason == "Timeout" => Failed::Timeout,
            _ => Failed::Error,
        }
    }

    /// The version, or the continue token, is too old.
    pub fn is_expired(&self) -> bool {
        match &self.cause {
            Cause::Status { code, reason } => *code == 410 || reason == "Expired" || reason == "Gone",
            _ => false,
        }
    }

    /// The answer of servers that do not know watch-lists or have them switched off: the parameters are invalid.
    pub fn is_refusal(&self) -> bool {
        matches!(self.cause, Cause::Status { code: 400 | 405 | 422 | 501, .. })
    }

    /// Priority and fairness, or a proxy before the server, had no room.
    pub fn is_congestion(&self) -> bool {
        matches!(self.cause, Cause::Status { code: 429, .. })
    }

    /// Nobody gets through, or only to a proxy with nothing behind it.
    pub fn is_outage(&self) -> bool {
        match &self.cause {
            Cause::Connection(_) | Cause::Timeout(Silence::Head) => true,
            Cause::Status { code, .. } => matches!(code, 502..=504),
            _ => false,
        }
    }

    /// The code, for [`Cause::Status`].
    pub fn code(&self) -> Option<u16> {
        match self.cause {
            Cause::Status { code, .. } => Some(code),
            _ => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Status { code, reason } if reason.is_empty() => write!(f, "answered {code}"),
            Cause::Status { code, reason } => write!(f, "answered {code} {reason}"),
            Cause::Timeout(Silence::Head) => f.write_str("no answer in time"),
            Cause::Timeout(Silence::Body) => f.write_str("the answer stalled"),
            Cause::Timeout(Silence::End) => f.write_str("the answer did not end in time"),
            Cause::Connection(text) => write!(f, "connection: {text}"),
            Cause::Garbled(text) => write!(f, "unreadable answer: {text}"),
        }?;
        match self.retry_after {
            Some(wait) => write!(f, " (asks for {} s of silence)", wait.as_secs()),
            None => Ok(()),
        }
    }
}

/// The chain of an error of the connection on one line. What a credential plugin printed is left out: it may be a token.
pub(crate) fn connection_text(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<kube::client::AuthError>() {
            return "the credentials could not be refreshed (token file or credential plugin)".to_owned();
        }
        let wrapper = matches!(error.downcast_ref(), Some(kube::Error::Service(_)));
        let part = if wrapper { String::new() } else { error.to_string() };
        // kube and hyper repeat their sources in their own text.
        if !text.contains(&part) {
            let separator = if text.is_empty() { "" } else { ": " };
            text = format!("{text}{separator}{part}");
        }
        next = error.source();
    }
    text.retain(|character| !character.is_control());
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    text
}

/// A reason is one word of letters; anything else is somebody's text and is not shown.
fn word(reason: &str) -> String {
    let plain = reason.len() <= REASON_BYTES_MAX && reason.bytes().all(|byte| byte.is_ascii_alphabetic());
    if plain { reason.to_owned() } else { String::new() }
}
