//! What a node writes down about one workload.

use std::time::Duration;

use prost::Message;

use crate::directive::Directive;
use crate::limits::{FAILED_MAX, GOOD_MAX, QUARANTINED_MAX, RECORD_BYTES_MAX};
use crate::revision::RevisionHash;
use crate::trial::{Attempt, Trial};

/// The whole memory of a [`crate::Slot`]; a slot made of it goes on where the last one was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// The directive that is followed (`assigned`).
    pub directive: Option<Directive>,
    /// The latest time of issue seen, seconds since the epoch.
    pub floor: u64,
    /// The trial that is on.
    pub trial: Option<Trial>,
    /// Revisions that were confirmed here, newest first: the first that is not quarantined is the last known good.
    pub good: Vec<RevisionHash>,
    /// Tries that were given up here, newest first.
    pub failed: Vec<Attempt>,
    /// What a person at this node quarantined, newest first.
    pub quarantined: Vec<RevisionHash>,
    /// A person at this node said stop.
    pub held: bool,
}

/// A record that was damaged on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record is damaged: it is put aside, and the node begins as one that knows nothing")]
pub struct Corrupt;

#[derive(Clone, PartialEq, prost::Message)]
struct Stored {
    #[prost(message, optional, tag = "1")]
    directive: Option<Directive>,
    #[prost(uint64, tag = "2")]
    floor: u64,
    #[prost(message, optional, tag = "3")]
    trial: Option<StoredTrial>,
    #[prost(bytes = "vec", repeated, tag = "4")]
    good: Vec<Vec<u8>>,
    #[prost(message, repeated, tag = "5")]
    failed: Vec<StoredAttempt>,
    #[prost(bytes = "vec", repeated, tag = "6")]
    quarantined: Vec<Vec<u8>>,
    #[prost(bool, tag = "7")]
    held: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredAttempt {
    #[prost(bytes = "vec", tag = "1")]
    revision: Vec<u8>,
    #[prost(uint32, tag = "2")]
    number: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredTrial {
    #[prost(message, required, tag = "1")]
    attempt: StoredAttempt,
    #[prost(uint32, tag = "2")]
    tries_left: u32,
    #[prost(uint64, tag = "3")]
    timeout_nanos: u64,
    /// Sixteen bytes; empty before the first start.
    #[prost(bytes = "vec", tag = "4")]
    boot: Vec<u8>,
    #[prost(uint64, tag = "5")]
    begun_nanos: u64,
}

impl Record {
    /// The revision to go back to.
    pub fn last_known_good(&self) -> Option<RevisionHash> {
        self.good.iter().copied().find(|hash| !self.quarantines(*hash))
    }

    /// Whether this node must not run it.
    pub fn quarantines(&self, hash: RevisionHash) -> bool {
        self.quarantined.contains(&hash) || self.directive.as_ref().is_some_and(|said| said.quarantines(hash))
    }

    /// As written: the encoding and its CRC-32.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Stored::from(self).encode_to_vec();
        bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// As read.
    ///
    /// # Errors
    /// [`Corrupt`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Corrupt> {
        if bytes.len() > RECORD_BYTES_MAX {
            return Err(Corrupt);
        }
        let (body, checksum) = bytes.split_last_chunk::<4>().ok_or(Corrupt)?;
        if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
            return Err(Corrupt);
        }
        let stored = Stored::decode(body).map_err(|_| Corrupt)?;
        Self::try_from(stored)
    }

    pub(crate) fn give_up(&mut self, attempt: Attempt) {
        remember(&mut self.failed, attempt, FAILED_MAX);
    }

    pub(crate) fn keep(&mut self, hash: RevisionHash) {
        remember(&mut self.good, hash, GOOD_MAX);
    }

    pub(crate) fn quarantine(&mut self, hash: RevisionHash) {
        remember(&mut self.quarantined, hash, QUARANTINED_MAX);
    }
}

/// Puts it first, once, and drops the oldest past `max`.
fn remember<T: PartialEq>(list: &mut Vec<T>, item: T, max: usize) {
    list.retain(|known| *known != item);
    list.insert(0, item);
    list.truncate(max);
}

fn hashes(list: &[RevisionHash]) -> Vec<Vec<u8>> {
    list.iter().map(|hash| hash.as_bytes().to_vec()).collect()
}

fn parsed(list: &[Vec<u8>]) -> Result<Vec<RevisionHash>, Corrupt> {
    list.iter().map(|bytes| RevisionHash::from_bytes(bytes).ok_or(Corrupt)).collect()
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

impl From<Attempt> for StoredAttempt {
    fn from(attempt: Attempt) -> Self {
        Self { revision: attempt.revision.as_bytes().to_vec(), number: attempt.number }
    }
}

impl TryFrom<&StoredAttempt> for Attempt {
    type Error = Corrupt;

    fn try_from(stored: &StoredAttempt) -> Result<Self, Corrupt> {
        let revision = RevisionHash::from_bytes(&stored.revision).ok_or(Corrupt)?;
        Ok(Self { revision, number: stored.number })
    }
}

impl From<&Trial> for StoredTrial {
    fn from(trial: &Trial) -> Self {
        Self {
            attempt: trial.attempt.into(),
            tries_left: trial.tries_left,
            timeout_nanos: nanos(trial.timeout),
            boot: trial.begun.map(|(boot, _)| boot.to_be_bytes().to_vec()).unwrap_or_default(),
            begun_nanos: trial.begun.map(|(_, up)| nanos(up)).unwrap_or_default(),
        }
    }
}

impl TryFrom<&StoredTrial> for Trial {
    type Error = Corrupt;

    fn try_from(stored: &StoredTrial) -> Result<Self, Corrupt> {
        let begun = match stored.boot.as_slice() {
            [] => None,
            boot => {
                let boot = u128::from_be_bytes(boot.try_into().map_err(|_| Corrupt)?);
                Some((boot, Duration::from_nanos(stored.begun_nanos)))
            }
        };
        Ok(Self {
            attempt: Attempt::try_from(&stored.attempt)?,
            tries_left: stored.tries_left,
            timeout: Duration::from_nanos(stored.timeout_nanos),
            begun,
        })
    }
}

impl From<&Record> for Stored {
    fn from(record: &Record) -> Self {
        Self {
            directive: record.directive.clone(),
            floor: record.floor,
            trial: record.trial.as_ref().map(Into::into),
            good: hashes(&record.good),
            failed: record.failed.iter().map(|attempt| (*attempt).into()).collect(),
            quarantined: hashes(&record.quarantined),
            held: record.held,
        }
    }
}

impl TryFrom<Stored> for Record {
    type Error = Corrupt;

    fn try_from(stored: Stored) -> Result<Self, Corrupt> {
        Ok(Self {
            trial: stored.trial.as_ref().map(TryInto::try_into).transpose()?,
            good: parsed(&stored.good)?,
            failed: stored.failed.iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            quarantined: parsed(&stored.quarantined)?,
            directive: stored.directive,
            floor: stored.floor,
            held: stored.held,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Now;

    #[test]
    fn what_is_written_is_what_is_read_and_damage_is_seen() {
        let hash = RevisionHash::of(b"a");
        let attempt = Attempt { revision: hash, number: 2 };
        let mut trial = Trial::new(attempt, 3, Duration::from_secs(600));
        trial.count_down(Now { boot: 7, up: Duration::from_millis(1_234), wall: Duration::ZERO });
        let record = Record {
            trial: Some(trial),
            good: vec![hash],
            failed: vec![attempt],
            quarantined: vec![hash],
            held: true,
            floor: 9,
            directive: Some(Directive { serial: 4, ..Default::default() }),
        };
        let bytes = record.to_bytes();
        assert_eq!(Record::from_bytes(&bytes), Ok(record));
        assert_eq!(Record::from_bytes(&Record::default().to_bytes()), Ok(Record::default()));
        for cut in 0..bytes.len() {
            assert_eq!(Record::from_bytes(&bytes[..cut]), Err(Corrupt), "cut at {cut}");
            let mut flipped = bytes.clone();
            flipped[cut] ^= 1;
            assert_eq!(Record::from_bytes(&flipped), Err(Corrupt), "flipped at {cut}");
        }
    }
}
