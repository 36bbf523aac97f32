//! A hash whose collisions cannot be prepared: names and labels are written by tenants, and a table full of equal hashes is a
//! list that costs its length at each look-up.

use std::hash::BuildHasher;

use siphasher::sip::SipHasher13;

/// Builds SipHash-1-3 with this key. The key comes from whoever has chance; the same key gives the same hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seeded(u64);

impl Seeded {
    /// With this key.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }
}

impl BuildHasher for Seeded {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_decides() {
        let hash = |seed, text| Seeded::new(seed).hash_one(text);
        assert_eq!(hash(7, "app=web"), hash(7, "app=web"));
        assert_ne!(hash(7, "app=web"), hash(8, "app=web"));
        assert_ne!(hash(7, "app=web"), hash(7, "app=wet"));
    }
}
