//! What is said on the two sockets of a node: JSON, one message a line.

use std::collections::BTreeMap;
use std::io;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_stream::StreamExt;
use tokio_util::codec::{FramedRead, LinesCodec};

use crate::limits::LINE_BYTES_MAX;

/// A gate to its agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "camelCase")]
pub enum FromGate {
    /// The first message.
    Hello {
        /// `plimsoll gate --name`.
        workload: String,
        /// What runs under this gate, if something does.
        running: Option<Running>,
    },
    /// The process has ended, however.
    Ended {
        /// [`Start::id`]: an end that is told twice is not the end of what came after.
        id: u64,
        /// For people: exit status, or why it could not be started.
        how: String,
    },
}

/// An agent to a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "camelCase")]
pub enum ToGate {
    /// Start this; nothing runs.
    Start(Start),
    /// What runs is no longer on trial.
    Keep {
        /// [`Start::id`].
        id: u64,
    },
    /// Stop what runs; answered by [`FromGate::Ended`], also if it has ended before.
    Stop {
        /// [`Start::id`].
        id: u64,
    },
    /// Leave the API server alone, or ask it again. Passed on as the file `quiesce` beside the revision's files.
    Quiesce {
        /// Whether to.
        on: bool,
    },
    /// The agent does not take this gate.
    Refused {
        /// A sentence.
        why: String,
    },
}

/// A process that is up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// The revision's name.
    pub revision: String,
    /// [`Start::id`].
    pub id: u64,
}

/// What to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Start {
    /// Counts the starts of a workload.
    pub id: u64,
    /// The revision's name.
    pub revision: String,
    /// Program and arguments; empty: those of the gate.
    pub command: Vec<String>,
    /// Added to the gate's environment.
    pub environment: BTreeMap<String, String>,
    /// The folder with the revision's files (`PLIMSOLL_REVISION_DIR`).
    pub directory: String,
    /// On trial: stop it after so many milliseconds, whoever is dead by then.
    pub left_ms: Option<u64>,
}

/// A person to the agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "camelCase")]
pub enum Verb {
    /// What each workload is at.
    Status,
    /// Run nothing of it until [`Verb::Allow`].
    Stop {
        /// Which.
        workload: String,
    },
    /// Give up what runs; go back to the last known good.
    Revert {
        /// Which.
        workload: String,
    },
    /// Never run this revision.
    Quarantine {
        /// Which workload.
        workload: String,
        /// Which revision.
        revision: String,
    },
    /// Undo [`Verb::Stop`], and of a revision [`Verb::Quarantine`] and what failed.
    Allow {
        /// Which workload.
        workload: String,
        /// Which revision.
        revision: Option<String>,
    },
    /// Start nothing on this node that has not run before, or that ends. Forgotten by a restart of the agent.
    Freeze {
        /// Begin, or end.
        frozen: bool,
    },
    /// A controller's signed word, brought by hand, in hexadecimal.
    Tell {
        /// An encoded `confirmation::Token`.
        token: String,
    },
    /// A revision, brought by hand, in hexadecimal.
    Load {
        /// An encoded `confirmation::Revision`.
        revision: String,
    },
}

/// The agent to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "camelCase")]
pub enum Answer {
    /// To [`Verb::Status`].
    Status {
        /// All gated workloads, by name.
        workloads: Vec<WorkloadStatus>,
    },
    /// It was done.
    Done {
        /// A sentence.
        what: String,
    },
    /// It was not.
    Refused {
        /// A sentence.
        why: String,
    },
}

/// One workload on this node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadStatus {
    /// Its name.
    pub name: String,
    /// Idle, Waiting, Trial, Good, Held, or NoGate.
    pub phase: String,
    /// What runs.
    pub revision: Option<String>,
    /// What it is to run, whether it does or not.
    pub wanted: Option<String>,
    /// What it goes back to.
    pub last_known_good: Option<String>,
    /// Seconds until an unconfirmed revision is stopped.
    pub confirm_seconds_left: Option<u64>,
    /// How often this node has given a try up since the agent's start.
    #[serde(default)]
    pub reverts: u64,
    /// Starts that it has left.
    pub tries_left: Option<u32>,
    /// `namespace/name` of the rollout that is followed, and its serial.
    pub rollout: Option<String>,
    /// Its serial.
    pub serial: Option<u64>,
    /// Its number of tries, and whether this node gave it up in that one.
    pub attempt: Option<u32>,
    /// See `attempt`.
    pub reverted: bool,
    /// A person said stop.
    pub held: bool,
    /// All waves are frozen.
    pub frozen: bool,
    /// It was told to leave the API server alone.
    pub quiesced: bool,
    /// Revisions that are never run here.
    pub quarantined: Vec<String>,
    /// Tries that were given up here.
    pub failed: Vec<String>,
    /// Why the last word was not followed.
    pub refused: Option<String>,
    /// How the process ended last.
    pub last_end: Option<String>,
}

/// The messages that come in on a connection.
pub(crate) struct Messages<R> {
    lines: FramedRead<R, LinesCodec>,
}

impl<R: AsyncRead + Unpin> Messages<R> {
    pub(crate) fn of(reading: R) -> Self {
        Self { lines: FramedRead::new(reading, LinesCodec::new_with_max_length(LINE_BYTES_MAX)) }
    }

    /// The next one; none at the end of the connection. Nothing is lost if it is not waited for.
    ///
    /// # Errors
    /// Those of the socket; a line that is too long or no such message.
    pub(crate) async fn next<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let invalid = |error: String| io::Error::new(io::ErrorKind::InvalidData, error);
        let Some(line) = self.lines.next().await else { return Ok(None) };
        let line = line.map_err(|error| invalid(error.to_string()))?;
        serde_json::from_str(&line).map(Some).map_err(|error| invalid(error.to_string()))
    }
}

/// Sends one message.
///
/// # Errors
/// Those of the socket.
pub(crate) async fn send(to: &mut (impl AsyncWrite + Unpin), message: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    to.write_all(&line).await
}
