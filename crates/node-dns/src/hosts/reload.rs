//! A hosts file that is read again when it changes.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use corefile::{Fallthrough, Hosts};
use parking_lot::{Mutex, RwLock};

use super::Table;

/// A block list of a million names has about 30 MiB.
const FILE_BYTES_MAX: usize = 64 << 20;

/// Entries of the Corefile and of a file.
pub(crate) struct HostsFile {
    settings: Hosts,
    table: RwLock<Arc<Table>>,
    /// What the file held; compared, because a ConfigMap's files change by links whose times say little.
    text: Mutex<Vec<u8>>,
}

impl HostsFile {
    /// Reads the file for the first time. A file that is not there is an empty one, until it is there.
    pub(crate) fn open(settings: &Hosts) -> Self {
        let file = Self {
            table: RwLock::new(Arc::new(Table::new(settings.inline.clone(), settings.reverse))),
            settings: settings.clone(),
            text: Mutex::new(Vec::new()),
        };
        file.reload();
        file
    }

    pub(crate) fn table(&self) -> Arc<Table> {
        Arc::clone(&self.table.read())
    }

    pub(crate) fn ttl_seconds(&self) -> u32 {
        self.settings.ttl_seconds
    }

    /// Names in these zones are answered here.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.settings.zones.iter().any(|zone| zone.holds(name))
    }

    pub(crate) fn fallthrough(&self) -> &Fallthrough {
        &self.settings.fallthrough
    }

    pub(crate) fn fallthrough_unsupported(&self) -> bool {
        self.settings.fallthrough_unsupported
    }

    /// How often to look; `None`: never again.
    pub(crate) fn interval(&self) -> Option<Duration> {
        Some(self.settings.reload).filter(|interval| !interval.is_zero() && self.settings.file.is_some())
    }

    /// Reads the file again. True when it had changed.
    pub(crate) fn reload(&self) -> bool {
        let Some(path) = &self.settings.file else { return false };
        let mut read = Vec::new();
        if let Err(error) = environment::files::read_into(Path::new(path), &mut read, FILE_BYTES_MAX) {
            tracing::debug!(file = path, %error, "the hosts file cannot be read; its last entries stay until it can, or is empty");
            if error.kind() != std::io::ErrorKind::NotFound {
                return false;
            }
            read.clear();
        }
        let mut text = self.text.lock();
        if *text == read {
            return false;
        }
        let entries = self.settings.inline.iter().cloned().chain({
            let parsed = String::from_utf8_lossy(&read);
            corefile::hosts_entries(&parsed).collect::<Vec<_>>()
        });
        let table = Table::new(entries, self.settings.reverse);
        *self.table.write() = Arc::new(table);
        *text = read;
        true
    }
}
