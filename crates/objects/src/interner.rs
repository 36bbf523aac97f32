//! One copy of each repeated string, and of each repeated list.

mod pool;
mod sym;

use crate::interner::pool::Pool;
use crate::meta::Owner;
use crate::pod::{Container, Toleration, VolumeClaim};
use crate::{Quantity, Seeded, Shared, Text};

pub use sym::Sym;

/// The pools of interned values. Entries that nobody uses any more are swept when a pool has doubled.
///
/// Strings repeat across a cluster, and whole lists do too: every pod of a ReplicaSet has the same labels, owners,
/// tolerations and containers. Keeping those once is what brings a pod below a kilobyte (`examples/pod_bytes.rs`).
#[derive(Debug)]
pub struct Interner {
    strings: Pool<Text>,
    labels: Pool<Box<[(Sym, Sym)]>>,
    resources: Pool<Box<[(Sym, Quantity)]>>,
    owners: Pool<Box<[Owner]>>,
    containers: Pool<Box<[Container]>>,
    tolerations: Pool<Box<[Toleration]>>,
    claims: Pool<Box<[VolumeClaim]>>,
}

impl Default for Interner {
    /// For tests and tools that read what they wrote themselves; whoever reads what tenants wrote uses [`Interner::seeded`].
    fn default() -> Self {
        Self::seeded(0)
    }
}

impl Interner {
    /// Empty. Nobody who does not know `seed` can write values that collide.
    pub fn seeded(seed: u64) -> Self {
        let hash = Seeded::new(seed);
        Self {
            strings: Pool::new(hash),
            labels: Pool::new(hash),
            resources: Pool::new(hash),
            owners: Pool::new(hash),
            containers: Pool::new(hash),
            tolerations: Pool::new(hash),
            claims: Pool::new(hash),
        }
    }

    /// The interned form of `text`.
    pub fn sym(&self, text: &str) -> Sym {
        if text.is_empty() {
            return Sym::default();
        }
        Sym::of(self.strings.intern(text, |text| text.into()))
    }

    /// The interned form of `items`; equal lists share one allocation.
    pub fn list<T: Listed>(&self, items: Vec<T>) -> Shared<T> {
        if items.is_empty() {
            return Shared::default();
        }
        Shared::of(T::pool(self).intern(items, Vec::into_boxed_slice))
    }

    /// Distinct strings held, used or not yet swept.
    pub fn len(&self) -> usize {
        self.strings.len()
    }

    /// Distinct lists held, used or not yet swept.
    pub fn lists(&self) -> usize {
        let keyed = self.labels.len() + self.resources.len() + self.owners.len();
        keyed + self.containers.len() + self.tolerations.len() + self.claims.len()
    }

    /// Whether no string is interned.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An item whose lists are interned.
pub trait Listed: sealed::Pooled {}
impl<T: sealed::Pooled> Listed for T {}

mod sealed {
    use super::{Container, Interner, Owner, Pool, Quantity, Sym, Toleration, VolumeClaim};

    pub trait Pooled: std::hash::Hash + Eq + Sized {
        fn pool(interner: &Interner) -> &Pool<Box<[Self]>>;
    }

    impl Pooled for (Sym, Sym) {
        fn pool(interner: &Interner) -> &Pool<Box<[Self]>> {
            &interner.labels
        }
    }

    impl Pooled for (Sym, Quantity) {
        fn pool(interner: &Interner) -> &Pool<Box<[Self]>> {
            &interner.resources
        }
    }

    impl Pooled for Owner {
        fn pool(interner: &Interner) -> &Pool<Box<[Self]>> {
            &interner.owners
        }
    }

    impl Pooled for Container {
        fn pool(interner: &Interner) -> &Pool<Box<[Self]>> {
            &interner.containers
        }
    }

    impl Pooled for Toleration {
        fn pool(interner: &Interner) -> &Pool<Box<[Self]>> {
            &interner.tolerations
        }
    }

    impl Pooled for VolumeClaim {
        fn pool(interner: &Interner) -> &Pool<Box<[Self]>> {
            &interner.claims
        }
    }
}

#[cfg(test)]
mod tests;
