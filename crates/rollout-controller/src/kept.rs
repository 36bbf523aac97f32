//! What the controller writes down, so that its next life says nothing else to the nodes.

use std::io;
use std::path::{Path, PathBuf};

use confirmation::limits::{QUARANTINED_MAX, REVISION_BYTES_MAX};
use confirmation::{RevisionHash, hex};
use environment::files;
use prost::Message;
use rollout_plan::Saved;

use crate::limits::{HISTORY_MAX, STATE_BYTES_MAX};

/// One rollout.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Kept {
    #[prost(message, required, tag = "1")]
    pub(crate) saved: Saved,
    /// Of the last directive, and of the first one of this revision.
    #[prost(uint64, tag = "2")]
    pub(crate) serial: u64,
    #[prost(uint64, tag = "3")]
    pub(crate) first_serial: u64,
    /// Revisions that were stopped, newest first, 32 bytes each.
    #[prost(bytes = "vec", repeated, tag = "4")]
    pub(crate) quarantined: Vec<Vec<u8>>,
    /// `spec.retry` and `spec.promote` that were followed.
    #[prost(uint64, tag = "5")]
    pub(crate) retry: u64,
    #[prost(uint64, tag = "6")]
    pub(crate) promote: u64,
    /// What was rolled out, newest first: [`HISTORY_MAX`] at most.
    #[prost(message, repeated, tag = "7")]
    pub(crate) history: Vec<Past>,
}

/// A revision that was rolled out.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Past {
    /// 32 bytes.
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) revision: Vec<u8>,
    /// [`IN_PROGRESS`], Healthy, or the reason of its stop.
    #[prost(string, tag = "2")]
    pub(crate) outcome: String,
    /// When it became that, in seconds since the epoch.
    #[prost(uint64, tag = "3")]
    pub(crate) at: u64,
}

/// It is under way, or something newer came before its end.
pub(crate) const IN_PROGRESS: &str = "InProgress";

/// The folder.
#[derive(Debug, Clone)]
pub(crate) struct Shelf(PathBuf);

impl Shelf {
    pub(crate) fn open(dir: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(dir.join("revisions"))?;
        std::fs::create_dir_all(dir.join("rollouts"))?;
        Ok(Self(dir.to_owned()))
    }

    /// What was kept of a rollout; damaged bytes are an error, because a controller that forgets takes nodes back.
    pub(crate) fn read(&self, rollout: &str) -> io::Result<Option<Kept>> {
        let mut bytes = Vec::new();
        match files::read_into(&self.path(rollout), &mut bytes, STATE_BYTES_MAX) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other?,
        }
        let kept = Kept::decode(bytes.as_slice());
        kept.map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
    }

    pub(crate) fn write(&self, rollout: &str, kept: &Kept) -> io::Result<()> {
        files::write_atomic(&self.path(rollout), |file| file.write_all(&kept.encode_to_vec()))
    }

    pub(crate) fn keep_revision(&self, hash: RevisionHash, bytes: &[u8]) -> io::Result<()> {
        let path = self.revision_path(hash);
        if path.exists() {
            return Ok(());
        }
        files::write_atomic(&path, |file| file.write_all(bytes))
    }

    pub(crate) fn revision(&self, hash: RevisionHash) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        files::read_into(&self.revision_path(hash), &mut bytes, REVISION_BYTES_MAX)?;
        Ok(bytes)
    }

    fn path(&self, rollout: &str) -> PathBuf {
        self.0.join("rollouts").join(rollout.replace('/', "_"))
    }

    fn revision_path(&self, hash: RevisionHash) -> PathBuf {
        self.0.join("revisions").join(hash.to_string())
    }
}

impl Kept {
    /// As it stands in the object's status.
    pub(crate) fn to_text(&self) -> String {
        hex::encode(&self.encode_to_vec())
    }

    /// What a controller before this one wrote there. Whoever may write the status can make a controller forget what it stopped,
    /// and nothing worse: nodes believe signatures only.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        Self::decode(hex::decode(text)?.as_slice()).ok()
    }

    /// Writes into the history what a revision is at. Whether that is news.
    pub(crate) fn note(&mut self, hash: RevisionHash, outcome: &str, at: u64) -> bool {
        let past = Past { revision: hash.as_bytes().to_vec(), outcome: outcome.to_owned(), at };
        match self.history.first_mut() {
            Some(newest) if newest.revision == past.revision => {
                if newest.outcome == outcome {
                    return false;
                }
                *newest = past;
            }
            _ => self.history.insert(0, past),
        }
        self.history.truncate(HISTORY_MAX);
        true
    }

    pub(crate) fn quarantines(&self, hash: RevisionHash) -> bool {
        self.quarantined.iter().any(|bad| bad == hash.as_bytes())
    }

    pub(crate) fn quarantine(&mut self, hash: RevisionHash) {
        self.quarantined.retain(|bad| bad != hash.as_bytes());
        self.quarantined.insert(0, hash.as_bytes().to_vec());
        self.quarantined.truncate(QUARANTINED_MAX);
    }
}
