//! Files read into one reused buffer, through handles of their folders.
//!
//! A folder's handle names that very folder for as long as it is held: a file of a cgroup that is gone is "not found", never
//! a file of another cgroup with the same path; `/proc/<pid>` of a process that ended is never that of its successor. The
//! files themselves are opened for each read: an open file of kernfs keeps a page of the kernel's memory, which 220
//! containers with twelve files each would make 10 MB.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, openat};

/// Largest file that is read whole. `/proc/stat` of 512 CPUs with their interrupts is about 100 KB, `mountinfo` of a node
/// with 110 pods about 200 KB.
pub const FILE_BYTES_MAX: usize = 4 << 20;
/// What the buffer starts with: most files have less than a page.
const BUFFER_BYTES: usize = 4 << 10;

/// A folder that is held open.
#[derive(Debug)]
pub struct Folder(OwnedFd);

/// Reads files into its buffer.
#[derive(Debug)]
pub struct Reader {
    buffer: Vec<u8>,
}

impl Folder {
    /// Opens `path`.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(rustix::fs::open(path, flags, Mode::empty())?))
    }

    /// Opens the folder `name` in this one.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn folder(&self, name: &str) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self(openat(&self.0, name, flags, Mode::empty())?))
    }

    /// Calls `each` with the name of each entry.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn entries(&self, mut each: impl FnMut(&str)) -> io::Result<()> {
        for entry in rustix::fs::Dir::read_from(self.0.as_fd())? {
            match entry?.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => each(name),
            }
        }
        Ok(())
    }
}

impl Default for Reader {
    fn default() -> Self {
        Self { buffer: vec![0; BUFFER_BYTES] }
    }
}

impl Reader {
    /// The bytes of the file `name` in `folder`.
    ///
    /// # Errors
    /// Those of the operating system; [`io::ErrorKind::FileTooLarge`] past [`FILE_BYTES_MAX`].
    pub fn read(&mut self, folder: &Folder, name: &str) -> io::Result<&[u8]> {
        // The kernel hands out long files a buffer at a time: only a read of nothing is the end.
        self.read_until(folder, name, |read, _| read == 0)
    }

    /// The same for a file that the kernel writes in one go (all of a control group's but the lists of processes): a read
    /// that leaves room is the end, which saves a system call in four.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn read_whole(&mut self, folder: &Folder, name: &str) -> io::Result<&[u8]> {
        self.read_until(folder, name, |read, room| read < room)
    }

    fn read_until(
        &mut self,
        folder: &Folder,
        name: &str,
        end: fn(usize, usize) -> bool,
    ) -> io::Result<&[u8]> {
        let file = openat(&folder.0, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        let mut filled = 0;
        loop {
            let room = self.buffer.len() - filled;
            let read = match rustix::io::read(&file, &mut self.buffer[filled..]) {
                Ok(read) => read,
                Err(rustix::io::Errno::INTR) => continue,
                Err(failed) => return Err(failed.into()),
            };
            filled += read;
            if end(read, room) {
                return Ok(&self.buffer[..filled]);
            }
            if filled == self.buffer.len() {
                self.grow()?;
            }
        }
    }

    /// The bytes of the file, or `None` for whatever reason: absent, not permitted, gone in the meantime.
    pub fn optional(&mut self, folder: &Folder, name: &str) -> Option<&[u8]> {
        self.read(folder, name).ok()
    }

    /// [`Reader::read_whole`], or `None` for whatever reason.
    pub fn whole(&mut self, folder: &Folder, name: &str) -> Option<&[u8]> {
        self.read_whole(folder, name).ok()
    }

    /// A file of one number.
    pub fn single(&mut self, folder: &Folder, name: &str) -> Option<u64> {
        crate::scan::number(self.whole(folder, name)?)
    }

    fn grow(&mut self) -> io::Result<()> {
        if self.buffer.len() >= FILE_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.buffer.resize(self.buffer.len() * 2, 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_any_size_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let mut reader = Reader::default();
        let mut check = |size: usize, fits: bool| {
            std::fs::write(folder.path().join("file"), vec![b'x'; size]).unwrap();
            let opened = Folder::open(folder.path()).unwrap();
            let read = reader.read(&opened, "file").map(<[u8]>::len);
            assert_eq!(read.ok(), fits.then_some(size), "{size}");
        };
        check(0, true);
        check(1, true);
        check(BUFFER_BYTES - 1, true);
        check(BUFFER_BYTES, true);
        check(BUFFER_BYTES + 1, true);
        check(FILE_BYTES_MAX - 1, true);
        check(FILE_BYTES_MAX + 1, false);
        check(7, true);
    }

    #[test]
    fn a_handle_outlives_its_path() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("cgroup");
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("cpu.stat"), "usage_usec 1\n").unwrap();
        let held = Folder::open(&path).unwrap();
        std::fs::remove_dir_all(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        std::fs::write(path.join("cpu.stat"), "usage_usec 2\n").unwrap();
        let mut reader = Reader::default();
        assert_eq!(reader.optional(&held, "cpu.stat"), None, "the successor must not be read");
    }
}
