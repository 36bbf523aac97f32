//! Ed25519 keys (RFC 8032): who may tell a node what to run.

use std::fmt;

use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};

use crate::hex;
use crate::limits::KEYS_MAX;

/// The first eight bytes of SHA-256 of a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 8]);

/// 32 bytes of a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub [u8; 32]);

/// A private key. Not printed, not cloned.
pub struct SigningKey(Ed25519KeyPair);

/// The keys that a node trusts, old and new while they are being changed.
#[derive(Debug, Clone, Default)]
pub struct Keyring(Vec<PublicKey>);

/// Why keys were not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not 64 hexadecimal digits.
    #[error("line {line} of the keys is not 64 hexadecimal digits")]
    NotAKey {
        /// Counted from one.
        line: usize,
    },
    /// More keys than [`KEYS_MAX`].
    #[error(
        "{0} keys are more than the {KEYS_MAX} that are trusted at once: remove those that were replaced"
    )]
    TooMany(usize),
    /// No key: nothing could be confirmed.
    #[error("there is no key: without one no revision can ever be confirmed")]
    Empty,
}

impl SigningKey {
    /// The key of 32 secret random bytes; all such bytes are keys.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`], if the library refuses.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_seed_unchecked(seed).map(Self).map_err(|_| KeyError::NotAKey { line: 1 })
    }

    /// What stands before a seed in a file, so that neither key is taken for the other.
    pub const PREFIX: &str = "private:";

    /// The key of a text: [`SigningKey::PREFIX`] and the seed in hexadecimal; `#` begins a comment.
    ///
    /// # Errors
    /// [`KeyError::NotAKey`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
        let seed = line.strip_prefix(Self::PREFIX).and_then(hex::parse);
        Self::from_seed(&seed.ok_or(KeyError::NotAKey { line: 1 })?)
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }

    /// Ed25519 of a message, 64 bytes. Who signs puts a domain before it, so that it is not taken for something else.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({:?})", self.public().id())
    }
}

impl PublicKey {
    /// Its name in a token.
    pub fn id(&self) -> KeyId {
        let mut id = [0; 8];
        id.copy_from_slice(&Sha256::digest(self.0)[..8]);
        KeyId(id)
    }

    /// Whether this key has signed this message.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex::write(&self.0, f)
    }
}

impl Keyring {
    /// These keys.
    ///
    /// # Errors
    /// None, or too many.
    pub fn new(keys: Vec<PublicKey>) -> Result<Self, KeyError> {
        match keys.len() {
            0 => Err(KeyError::Empty),
            many if many > KEYS_MAX => Err(KeyError::TooMany(many)),
            _ => Ok(Self(keys)),
        }
    }

    /// The keys of a text: one a line, in hexadecimal; `#` begins a comment.
    ///
    /// # Errors
    /// The line that is none; none at all; too many.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let key = hex::parse(line).ok_or(KeyError::NotAKey { line: at + 1 })?;
            keys.push(PublicKey(key));
        }
        Self::new(keys)
    }

    pub(crate) fn find(&self, id: &[u8]) -> Option<&PublicKey> {
        self.0.iter().find(|key| key.id().0 == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_lines_of_hexadecimal() {
        let key = SigningKey::from_seed(&[7; 32]).expect("a key").public();
        let check = |text: &str, expected: Result<usize, KeyError>| {
            assert_eq!(Keyring::parse(text).map(|ring| ring.0.len()), expected, "{text:?}");
        };
        check("", Err(KeyError::Empty));
        check("# none\n\n", Err(KeyError::Empty));
        check(&format!("{key}\n"), Ok(1));
        check(&format!("# old\n{key} # 2026\n\n{key}\n"), Ok(2));
        check(&format!("{key}\nabc\n"), Err(KeyError::NotAKey { line: 2 }));
        check(&format!("{key}\n").repeat(5), Err(KeyError::TooMany(5)));
    }

    #[test]
    fn a_private_key_is_no_public_one_and_the_other_way_round() {
        let private = format!("# the hub's\n{}{}\n", SigningKey::PREFIX, "07".repeat(32));
        let key = SigningKey::parse(&private).expect("a key");
        assert_eq!(key.public(), SigningKey::from_seed(&[7; 32]).expect("a key").public());
        assert!(Keyring::parse(&private).is_err());
        assert!(SigningKey::parse(&format!("{}\n", key.public())).is_err());
    }

    #[test]
    fn a_private_key_is_not_printed() {
        let key = SigningKey::from_seed(&[7; 32]).expect("a key");
        assert!(!format!("{key:?}").contains("7, 7"));
    }
}
