//! What an answer is kept under.

use std::hash::{BuildHasher, Hasher};

use siphasher::sip::SipHasher13;

/// A question, and the two flags that change its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key<'a> {
    /// Wire form in lower case, the root's zero included.
    pub name: &'a [u8],
    /// Type asked for.
    pub record_type: u16,
    /// Class asked for.
    pub class: u16,
    /// DO: the answer has DNSSEC records (RFC 3225).
    pub dnssec_ok: bool,
    /// CD: the answer may be one that failed validation (RFC 4035, 3.2.2).
    pub checking_disabled: bool,
}

/// Stands for all types: what NXDOMAIN is kept under (RFC 2308, 5). 0 is reserved and never asked for with success.
pub(crate) const ALL_TYPES: u16 = 0;

/// Octets after the name.
const TAIL_BYTES: usize = 5;

impl Key<'_> {
    /// The same for all types of the name.
    pub(crate) fn of_name(self) -> Self {
        Self { record_type: ALL_TYPES, ..self }
    }

    pub(crate) fn to_bytes(self) -> Box<[u8]> {
        let mut bytes = Vec::with_capacity(self.name.len() + TAIL_BYTES);
        bytes.extend_from_slice(self.name);
        bytes.extend_from_slice(&self.tail());
        bytes.into_boxed_slice()
    }

    fn tail(self) -> [u8; TAIL_BYTES] {
        let [type_high, type_low] = self.record_type.to_be_bytes();
        let [class_high, class_low] = self.class.to_be_bytes();
        [
            type_high,
            type_low,
            class_high,
            class_low,
            u8::from(self.dnssec_ok) | u8::from(self.checking_disabled) << 1,
        ]
    }

    pub(crate) fn equals(self, bytes: &[u8]) -> bool {
        bytes.split_last_chunk() == Some((self.name, &self.tail()))
    }

    pub(crate) fn hash(self, key: [u64; 2]) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(key[0], key[1]);
        hasher.write(self.name);
        hasher.write(&self.tail());
        hasher.finish()
    }
}

/// Hashes with a key that clients do not know.
#[derive(Debug, Clone)]
pub(crate) struct KeyedHash(pub(crate) [u64; 2]);

impl BuildHasher for KeyedHash {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.0[0], self.0[1])
    }
}
