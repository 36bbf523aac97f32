//! What a node keeps on its disk: a record for each workload, and revisions by content hash.
//!
//! ```text
//! STATE/records/NAME          confirmation::Record, with its checksum
//! STATE/revisions/HASH        confirmation::Revision, as it came
//! STATE/unpacked/HASH/...     its files, for the workload to read
//! ```

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use confirmation::{Record, Revision, RevisionHash, limits::RECORD_BYTES_MAX, limits::REVISION_BYTES_MAX};
use environment::files;

use crate::limits::{NAME_BYTES_MAX, REVISIONS_MAX};

/// The folder of a node.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// The folder, made if it is not there.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn open(dir: &Path) -> io::Result<Self> {
        for folder in ["records", "revisions", "unpacked"] {
            std::fs::create_dir_all(dir.join(folder))?;
        }
        // Workloads that are not root read their files; who does not know a revision's name does not find it.
        std::fs::set_permissions(dir.join("unpacked"), Permissions::from_mode(0o711))?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// The names of all workloads that were ever here.
    pub(crate) fn workloads(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for path in files::oldest_first(&self.dir.join("records"))? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if is_name(name) {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    /// A workload's record; an empty one if there is none. A damaged one is put aside.
    pub(crate) fn record(&self, workload: &str) -> io::Result<Record> {
        let path = self.record_path(workload);
        let mut bytes = Vec::new();
        match files::read_into(&path, &mut bytes, RECORD_BYTES_MAX) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Record::default()),
            Err(error) if error.kind() != io::ErrorKind::FileTooLarge => return Err(error),
            Err(_) => bytes.clear(),
        }
        Record::from_bytes(&bytes).or_else(|corrupt| {
            tracing::error!(workload, "{corrupt}");
            std::fs::rename(&path, path.with_extension("damaged"))?;
            Ok(Record::default())
        })
    }

    /// [`Store::write_record`] on a thread of its own: a disk that hangs must not hold up the agent.
    pub(crate) async fn write_aside(&self, workload: &str, record: Box<Record>) -> io::Result<()> {
        let (store, workload) = (self.clone(), workload.to_owned());
        let writing = tokio::task::spawn_blocking(move || store.write_record(&workload, &record));
        writing.await.unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
    }

    /// Writes it, with fsync.
    pub(crate) fn write_record(&self, workload: &str, record: &Record) -> io::Result<()> {
        files::write_atomic(&self.record_path(workload), |file| file.write_all(&record.to_bytes()))
    }

    /// The revisions that are here.
    pub(crate) fn revisions(&self) -> Vec<RevisionHash> {
        let found = files::oldest_first(&self.dir.join("revisions")).unwrap_or_default();
        let hash = |path: &PathBuf| path.file_name()?.to_str()?.parse().ok();
        found.iter().filter_map(hash).collect()
    }

    /// Takes a revision that hashes to its name. The oldest that is not among `used` makes room.
    pub(crate) fn add(&self, bytes: &[u8], used: &[RevisionHash]) -> io::Result<RevisionHash> {
        let hash = RevisionHash::of(bytes);
        let here = self.revisions();
        if here.contains(&hash) {
            return Ok(hash);
        }
        if Revision::open(bytes, hash).is_none() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "these bytes are no revision"));
        }
        if here.len() >= REVISIONS_MAX {
            let oldest = here.iter().find(|hash| !used.contains(hash)).ok_or(io::ErrorKind::StorageFull)?;
            std::fs::remove_file(self.revision_path(*oldest))?;
            let _ = std::fs::remove_dir_all(self.unpacked(*oldest));
        }
        files::write_atomic(&self.revision_path(hash), |file| file.write_all(bytes))?;
        Ok(hash)
    }

    /// Reads a revision and puts its files where the workload reads them. Damaged ones are removed: they come again.
    pub(crate) fn unpack(&self, hash: RevisionHash) -> io::Result<(Revision, PathBuf)> {
        let mut bytes = Vec::new();
        files::read_into(&self.revision_path(hash), &mut bytes, REVISION_BYTES_MAX)?;
        let Some(revision) = Revision::open(&bytes, hash) else {
            std::fs::remove_file(self.revision_path(hash))?;
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the revision is damaged on the disk"));
        };
        let dir = self.unpacked(hash);
        for (path, content) in &revision.files {
            let path = dir.join(inside(path)?);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            files::write_atomic(&path, |file| file.write_all(content))?;
            std::fs::set_permissions(&path, Permissions::from_mode(0o644))?;
        }
        std::fs::create_dir_all(&dir)?;
        Ok((revision, dir))
    }

    fn record_path(&self, workload: &str) -> PathBuf {
        self.dir.join("records").join(workload)
    }

    fn revision_path(&self, hash: RevisionHash) -> PathBuf {
        self.dir.join("revisions").join(hash.to_string())
    }

    fn unpacked(&self, hash: RevisionHash) -> PathBuf {
        self.dir.join("unpacked").join(hash.to_string())
    }
}

/// Whether it can name a workload, and so a file: a DNS label.
pub fn is_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty()
        && name.len() <= NAME_BYTES_MAX
        && name.chars().all(inner)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// A revision writes into its own folder and nowhere else.
fn inside(path: &str) -> io::Result<&Path> {
    let path = Path::new(path);
    let ordinary = |part: Component<'_>| matches!(part, Component::Normal(_));
    if path.as_os_str().is_empty() || !path.components().all(ordinary) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{} leads out of the revision's folder", path.display()),
        ));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dns_labels() {
        let check = |name: &str, expected: bool| assert_eq!(is_name(name), expected, "{name:?}");
        check("vector", true);
        check("a-1", true);
        check("", false);
        check("..", false);
        check("a/b", false);
        check("-a", false);
        check("A", false);
        check(&"a".repeat(64), false);
    }

    #[test]
    fn a_revision_stays_in_its_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        for (path, expected) in
            [("a/b", true), ("../a", false), ("/etc/passwd", false), ("a/../../b", false), ("", false)]
        {
            let revision =
                Revision { files: [(path.to_owned(), b"x".to_vec())].into(), ..Default::default() };
            let hash = store.add(&revision.encode_bounded().expect("small"), &[]).expect("kept");
            assert_eq!(store.unpack(hash).is_ok(), expected, "{path:?}");
        }
    }

    #[test]
    fn the_disk_is_bounded_and_what_is_used_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let revision = |n: usize| Revision { template: n.to_string(), ..Default::default() };
        let first = revision(0).hash();
        for n in 0..REVISIONS_MAX + 5 {
            store.add(&revision(n).encode_bounded().expect("small"), &[first]).expect("room");
        }
        let here = store.revisions();
        assert_eq!(here.len(), REVISIONS_MAX);
        assert!(here.contains(&first));
    }

    #[test]
    fn a_damaged_record_is_put_aside() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        std::fs::write(folder.path().join("records/w"), b"nonsense").expect("written");
        assert_eq!(store.record("w").expect("readable"), Record::default());
        assert!(folder.path().join("records/w.damaged").exists());
        assert_eq!(store.workloads().expect("readable"), Vec::<String>::new());
    }
}
