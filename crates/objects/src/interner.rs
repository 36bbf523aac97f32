//! One copy of each repeated string.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use hashbrown::HashTable;
use parking_lot::Mutex;
use rustc_hash::FxBuildHasher;

/// The pool is swept when it has doubled since the last sweep, but never below this many entries.
/// 4,096 entries of about 64 bytes are 256 KiB: not worth a sweep.
const SWEEP_ENTRIES_MIN: usize = 4_096;

/// An interned string. Equal strings from one [`Interner`] share their bytes; equality is by content.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sym(Option<Arc<str>>);

/// The pool of interned strings. Entries that nobody uses any more are swept when the pool has doubled.
#[derive(Debug, Default)]
pub struct Interner {
    pool: Mutex<Pool>,
}

#[derive(Debug, Default)]
struct Pool {
    table: HashTable<Arc<str>>,
    sweep_at: usize,
}

impl Interner {
    /// The interned form of `text`.
    pub fn sym(&self, text: &str) -> Sym {
        if text.is_empty() {
            return Sym(None);
        }
        let hash = FxBuildHasher.hash_one(text);
        let mut pool = self.pool.lock();
        if let Some(found) = pool.table.find(hash, |entry| **entry == *text) {
            return Sym(Some(found.clone()));
        }
        pool.sweep_if_doubled();
        let entry: Arc<str> = text.into();
        pool.table.insert_unique(hash, entry.clone(), |entry| FxBuildHasher.hash_one(&**entry));
        Sym(Some(entry))
    }

    /// Distinct strings held, used or not yet swept.
    pub fn len(&self) -> usize {
        self.pool.lock().table.len()
    }

    /// Whether nothing is interned.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Pool {
    fn sweep_if_doubled(&mut self) {
        if self.table.len() < self.sweep_at.max(SWEEP_ENTRIES_MIN) {
            return;
        }
        self.table.retain(|entry| Arc::strong_count(entry) > 1);
        self.sweep_at = self.table.len() * 2;
    }
}

impl Sym {
    /// A string outside any pool: for tests and for strings known to be few.
    pub fn new(text: &str) -> Self {
        if text.is_empty() { Self(None) } else { Self(Some(text.into())) }
    }

    /// The string.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or("")
    }
}

impl Deref for Sym {
    type Target = str;
    fn deref(&self) -> &str {
        self.as_str()
    }
}

// By content, as `Borrow<str>` demands.
impl Hash for Sym {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Borrow<str> for Sym {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Sym {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Sym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
