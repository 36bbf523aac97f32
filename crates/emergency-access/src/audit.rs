//! The audit log: lines of JSON, each with the hash of the one before. Written before anything is done, with fsync; a lever that
//! was begun when the machine went down is in it, with what takes it back.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use confirmation::hex;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::limits::{LOG_BYTES_MAX, RECORD_BYTES_MAX};

/// One thing that was done, or was about to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// From 1, without holes.
    pub seq: u64,
    /// Seconds since 1970.
    pub at: u64,
    /// Who, as this machine knows them.
    pub who: String,
    /// "issue", "engage", "lever", "lever-done", "undo", "order", …
    pub what: String,
    /// What it was about; depends on `what`.
    pub data: Value,
    /// Hash of the record before; 64 zeros for the first.
    pub prev: String,
    /// SHA-256 of `prev` and all that stands before it here.
    pub hash: String,
}

/// The log of a folder, locked: of two engineers on one machine, one waits for the other.
pub struct Log {
    file: File,
    path: PathBuf,
    last: (u64, String),
}

/// What is wrong with a log.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The disk.
    #[error("{}: {source}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else holds it.
    #[error("{}: somebody else is engaged on this machine and holds the log; join them, or wait", .0.display())]
    Busy(PathBuf),
    /// A record was changed, left out or put in.
    #[error("{}:{line}: {what}: the log was changed from here on", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// Counted from one.
        line: usize,
        /// What does not fit.
        what: &'static str,
    },
    /// What it should end with is not in it.
    #[error("{}: the record {head} is not in it: its end was cut off, or it is another log", path.display())]
    Shortened {
        /// The file.
        path: PathBuf,
        /// What was noted down.
        head: String,
    },
}

/// The log's file in the folder of break-glass.
pub const FILE: &str = "audit.jsonl";

fn zero() -> String {
    "0".repeat(64)
}

impl Record {
    fn digest(&self) -> String {
        let data = self.data.to_string();
        let parts = [&self.prev, &self.seq.to_string(), &self.at.to_string(), &self.who, &self.what, &data];
        let mut hasher = Sha256::new();
        for part in parts {
            // With its length before it: no two records have the same bytes.
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hex::encode(&hasher.finalize())
    }
}

impl Log {
    /// Opens the log of a folder, makes it if there is none, checks the whole chain and locks it.
    ///
    /// # Errors
    /// [`AuditError`].
    pub fn open(folder: &Path) -> Result<Self, AuditError> {
        let path = folder.join(FILE);
        let disk = |source| AuditError::Disk { path: path.clone(), source };
        std::fs::create_dir_all(folder).map_err(disk)?;
        let mut options = OpenOptions::new();
        let file = options.create(true).read(true).append(true).mode(0o600).open(&path).map_err(disk)?;
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(AuditError::Busy(path));
        }
        let records = verify(&path, None)?;
        let last = records.last().map_or((0, zero()), |record| (record.seq, record.hash.clone()));
        Ok(Self { file, path, last })
    }

    /// Adds a record; it is on the disk when this returns.
    ///
    /// # Errors
    /// The disk. Whoever is about to do something goes on all the same, and says so: a full disk does not keep people out.
    pub fn add(&mut self, at: u64, who: &str, what: &str, data: Value) -> Result<Record, AuditError> {
        let (seq, prev) = (self.last.0 + 1, self.last.1.clone());
        let mut record =
            Record { seq, at, who: who.to_owned(), what: what.to_owned(), data, prev, hash: String::new() };
        record.hash = record.digest();
        let disk = |source| AuditError::Disk { path: self.path.clone(), source };
        let mut line = serde_json::to_string(&record).map_err(|error| disk(error.into()))?;
        line.push('\n');
        if line.len() > RECORD_BYTES_MAX {
            return Err(disk(io::ErrorKind::FileTooLarge.into()));
        }
        let before = self.file.metadata().map_err(disk)?.len();
        if let Err(error) = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_all()) {
            // Half a line would break the chain for good.
            let _ = self.file.set_len(before);
            return Err(disk(error));
        }
        self.last = (seq, record.hash.clone());
        Ok(record)
    }

    /// The hash that the next record builds on: to be noted somewhere else.
    pub fn head(&self) -> &str {
        &self.last.1
    }

    /// Everything in it.
    ///
    /// # Errors
    /// [`AuditError`].
    pub fn records(&self) -> Result<Vec<Record>, AuditError> {
        verify(&self.path, None)
    }
}

/// All records of a log, if its chain holds; with `head`, if it also has that record.
///
/// # Errors
/// [`AuditError`]: where it breaks.
pub fn verify(path: &Path, head: Option<&str>) -> Result<Vec<Record>, AuditError> {
    let disk = |source| AuditError::Disk { path: path.to_owned(), source };
    let mut text = String::new();
    let mut file = File::open(path).map_err(disk)?.take(LOG_BYTES_MAX as u64 + 1);
    file.read_to_string(&mut text).map_err(disk)?;
    if text.len() > LOG_BYTES_MAX {
        return Err(disk(io::ErrorKind::FileTooLarge.into()));
    }
    let mut records: Vec<Record> = Vec::new();
    let mut prev = zero();
    for (at, line) in text.lines().enumerate() {
        let broken = |what| AuditError::Broken { path: path.to_owned(), line: at + 1, what };
        let record: Record = serde_json::from_str(line).map_err(|_| broken("not a record"))?;
        if record.seq != at as u64 + 1 {
            return Err(broken("its number does not follow"));
        }
        if record.prev != prev {
            return Err(broken("it does not build on the record before it"));
        }
        if record.hash != record.digest() {
            return Err(broken("its hash is not its own"));
        }
        prev.clone_from(&record.hash);
        records.push(record);
    }
    match head.filter(|head| !records.iter().any(|record| record.hash == **head)) {
        Some(head) => Err(AuditError::Shortened { path: path.to_owned(), head: head.to_owned() }),
        None => Ok(records),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn filled(folder: &Path) -> Vec<Record> {
        let mut log = Log::open(folder).expect("a log");
        (0..4).map(|n| log.add(100 + n, "ann", "lever", json!({"n": n})).expect("added")).collect()
    }

    #[test]
    fn whatever_is_changed_is_found() {
        let folder = tempfile::tempdir().expect("a folder");
        let records = filled(folder.path());
        let path = folder.path().join(FILE);
        let good = std::fs::read_to_string(&path).expect("there");
        let lines: Vec<&str> = good.lines().collect();
        let check = |what: &str, text: String, line: Option<usize>| {
            std::fs::write(&path, text).expect("written");
            match (verify(&path, Some(&records[1].hash)), line) {
                (Ok(found), None) => assert_eq!(found.len(), 4, "{what}"),
                (Err(AuditError::Broken { line: found, .. }), Some(line)) => {
                    assert_eq!(found, line, "{what}")
                }
                (Err(AuditError::Shortened { .. }), Some(0)) => {}
                (found, _) => panic!("{what}: {found:?}"),
            }
        };
        check("nothing", good.clone(), None);
        check("a word", good.replace("\"n\":2", "\"n\":3"), Some(3));
        check("a time", good.replace("\"at\":101", "\"at\":100"), Some(2));
        check("one left out", [lines[0], lines[2], lines[3]].join("\n"), Some(2));
        check("the first left out", lines[1..].join("\n"), Some(1));
        check("two swapped", [lines[0], lines[2], lines[1], lines[3]].join("\n"), Some(2));
        check("one twice", [lines[0], lines[0]].join("\n"), Some(2));
        check("half a line", good[..good.len() - 10].to_owned(), Some(4));
        check("its end cut off before what was noted", lines[0].to_owned(), Some(0));
    }

    #[test]
    fn two_engineers_do_not_write_at_once_and_the_next_goes_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let head = filled(folder.path()).pop().expect("four").hash;
        let mut one = Log::open(folder.path()).expect("a log");
        assert!(matches!(Log::open(folder.path()), Err(AuditError::Busy(_))));
        assert_eq!(one.head(), head);
        assert_eq!(one.add(200, "bob", "undo", Value::Null).expect("added").seq, 5);
        drop(one);
        assert_eq!(Log::open(folder.path()).expect("a log").records().expect("whole").len(), 5);
    }
}
