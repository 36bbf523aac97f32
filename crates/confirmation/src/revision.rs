//! A revision: what a gated workload runs, named by its content.

use std::fmt;
use std::str::FromStr;

use prost::Message;
use sha2::{Digest, Sha256};

use crate::hex;
use crate::limits::REVISION_BYTES_MAX;

/// SHA-256 of a revision's encoding.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevisionHash([u8; 32]);

/// Command, environment and files. An image is not part of it: what has one is started by the kubelet, and can only be
/// stopped here.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Revision {
    /// Program and arguments. Empty: the command that the gate was started with.
    #[prost(string, repeated, tag = "1")]
    pub command: Vec<String>,
    /// Environment variables, sorted by name.
    #[prost(btree_map = "string, string", tag = "2")]
    pub environment: std::collections::BTreeMap<String, String>,
    /// Files by path relative to the revision's folder, sorted by path.
    #[prost(btree_map = "string, bytes", tag = "3")]
    pub files: std::collections::BTreeMap<String, Vec<u8>>,
    /// What else tells this revision from another (the hash of a pod template, an image's digest): not used to start it.
    #[prost(string, tag = "4")]
    pub template: String,
}

/// A revision past [`REVISION_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a revision of {bytes} bytes is more than a node keeps ({REVISION_BYTES_MAX}): put large files into an image"
)]
pub struct TooLarge {
    /// Its size.
    pub bytes: usize,
}

impl Revision {
    /// The bytes that are hashed, sent and stored.
    ///
    /// # Errors
    /// [`TooLarge`].
    pub fn encode_bounded(&self) -> Result<Vec<u8>, TooLarge> {
        let bytes = self.encoded_len();
        if bytes > REVISION_BYTES_MAX {
            return Err(TooLarge { bytes });
        }
        Ok(self.encode_to_vec())
    }

    /// The revision of these bytes, if they are one and hash to `hash`.
    pub fn open(bytes: &[u8], hash: RevisionHash) -> Option<Self> {
        if bytes.len() > REVISION_BYTES_MAX || RevisionHash::of(bytes) != hash {
            return None;
        }
        Self::decode(bytes).ok()
    }

    /// Its name.
    pub fn hash(&self) -> RevisionHash {
        RevisionHash::of(&self.encode_to_vec())
    }
}

impl RevisionHash {
    /// The hash of an encoded revision.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// As bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The hash in these bytes, if there are 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

/// Sixty-four hexadecimal digits.
impl fmt::Display for RevisionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, f)
    }
}

impl fmt::Debug for RevisionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0[..4], f)
    }
}

impl FromStr for RevisionHash {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        hex::parse(text).map(Self).ok_or_else(|| format!("a revision is 64 hexadecimal digits, not {text:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_its_content() {
        let one = Revision { command: vec!["vector".into()], ..Default::default() };
        let two = Revision { files: [("a".to_owned(), b"b".to_vec())].into(), ..one.clone() };
        assert_ne!(one.hash(), two.hash());
        let bytes = two.encode_bounded().expect("small");
        assert_eq!(Revision::open(&bytes, two.hash()), Some(two.clone()));
        assert_eq!(Revision::open(&bytes, one.hash()), None);
        assert_eq!(two.hash().to_string().parse(), Ok(two.hash()));
        for text in ["", "zz", &"g".repeat(64), &"é".repeat(32)] {
            assert!(text.parse::<RevisionHash>().is_err(), "{text}");
        }
    }

    #[test]
    fn five_hundred_megabytes_are_refused_by_a_sentence() {
        let large = Revision {
            files: [("core".to_owned(), vec![0; REVISION_BYTES_MAX])].into(),
            ..Default::default()
        };
        let refused = large.encode_bounded().expect_err("too large");
        assert!(refused.to_string().contains("put large files into an image"));
    }
}
