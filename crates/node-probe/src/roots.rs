//! Where the machine's files are: elsewhere in a container, and elsewhere again in a test.

use std::path::{Path, PathBuf};

/// The three roots, as node_exporter's `--path.procfs`, `--path.sysfs` and `--path.rootfs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roots {
    /// `/proc` of the host.
    pub procfs: PathBuf,
    /// `/sys` of the host.
    pub sysfs: PathBuf,
    /// `/` of the host.
    pub rootfs: PathBuf,
}

impl Default for Roots {
    fn default() -> Self {
        Self { procfs: "/proc".into(), sysfs: "/sys".into(), rootfs: "/".into() }
    }
}

impl Roots {
    /// All three below one folder: `folder/proc`, `folder/sys`, `folder` itself.
    pub fn below(folder: &Path) -> Self {
        Self { procfs: folder.join("proc"), sysfs: folder.join("sys"), rootfs: folder.to_owned() }
    }

    /// The path by which this process reaches `path` of the host.
    pub fn on_host(&self, path: &str) -> PathBuf {
        self.rootfs.join(path.trim_start_matches('/'))
    }
}
