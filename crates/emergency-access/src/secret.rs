//! Secrets: wiped when they are dropped, never printed, on the disk only encrypted (PKCS#8 with PBES2: scrypt, AES-256-CBC).

use std::fmt;
use std::io;

use pkcs8::der::pem::LineEnding;
use pkcs8::pkcs5::pbes2;
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument};
use zeroize::Zeroizing;

/// Shorter ones are found by trying, whatever the key derivation costs.
pub const PASSPHRASE_CHARACTERS_MIN: usize = 12;
/// scrypt (RFC 7914) with N = 2^17, r = 8, p = 1, as OWASP recommends: 128 MiB and some tenths of a second for each guess.
const SCRYPT_LOG_N: u8 = 17;
/// What stands before a PEM.
const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// Bytes that nobody sees.
pub struct Secret(Zeroizing<Vec<u8>>);

/// Why a key is not opened, or not closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Too easy.
    #[error(
        "the passphrase has fewer than {PASSPHRASE_CHARACTERS_MIN} characters: several words are easier to remember than one"
    )]
    Weak,
    /// Wrong, or the file was changed: the two cannot be told apart.
    #[error("the passphrase, or the shares, do not open this key")]
    Wrong,
    /// No encrypted key.
    #[error("not an encrypted private key (PEM, PKCS#8)")]
    NotAKey,
    /// A library gave up.
    #[error("the key cannot be encrypted")]
    Broken,
    /// The operating system has no random bytes.
    #[error("no random bytes: {0}")]
    NoChance(String),
}

impl Secret {
    /// Takes the bytes over.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// So many random bytes of the operating system.
    ///
    /// # Errors
    /// [`SecretError::NoChance`].
    pub fn random(bytes: usize) -> Result<Self, SecretError> {
        let mut secret = Self::new(vec![0; bytes]);
        fill(&mut secret.0)?;
        Ok(secret)
    }

    /// To be used, and not kept.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether it can be a passphrase.
    ///
    /// # Errors
    /// [`SecretError::Weak`].
    pub fn check_passphrase(&self) -> Result<(), SecretError> {
        let characters = String::from_utf8_lossy(&self.0).chars().count();
        if characters < PASSPHRASE_CHARACTERS_MIN { Err(SecretError::Weak) } else { Ok(()) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// A private key in PKCS#8 (DER) as an encrypted PEM.
///
/// # Errors
/// [`SecretError`].
pub fn close(key: &Secret, passphrase: &Secret) -> Result<String, SecretError> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    fill(&mut salt)?;
    fill(&mut iv)?;
    let broken = |_| SecretError::Broken;
    let cost = scrypt::Params::new(SCRYPT_LOG_N, 8, 1).map_err(|_| SecretError::Broken)?;
    let parameters = pbes2::Parameters::generate_scrypt_aes256cbc(cost, &salt, iv);
    let parameters = parameters.map_err(|_| SecretError::Broken)?;
    let key = PrivateKeyInfoRef::try_from(key.bytes()).map_err(|_| SecretError::NotAKey)?;
    let closed = key.encrypt_with_params(parameters, passphrase.bytes()).map_err(broken)?;
    let pem = closed.to_pem(LABEL, LineEnding::LF).map_err(|_| SecretError::Broken)?;
    Ok(pem.to_string())
}

/// The key of an encrypted PEM.
///
/// # Errors
/// [`SecretError`].
pub fn open(pem: &str, passphrase: &Secret) -> Result<Secret, SecretError> {
    let (label, document) = SecretDocument::from_pem(pem).map_err(|_| SecretError::NotAKey)?;
    if label != LABEL {
        return Err(SecretError::NotAKey);
    }
    let closed =
        EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|_| SecretError::NotAKey)?;
    let key = closed.decrypt(passphrase.bytes()).map_err(|_| SecretError::Wrong)?;
    Ok(Secret::new(key.as_bytes().to_vec()))
}

/// From here on this process writes no core dump, and no other process of the same user can read its memory.
///
/// # Errors
/// Those of the operating system.
pub fn guard_process() -> io::Result<()> {
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    let none = rustix::process::Rlimit { current: Some(0), maximum: Some(0) };
    Ok(rustix::process::setrlimit(rustix::process::Resource::Core, none)?)
}

pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), SecretError> {
    let mut filled = 0;
    while filled < bytes.len() {
        let got = rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty());
        filled += got.map_err(|error| SecretError::NoChance(error.to_string()))?;
    }
    Ok(())
}

/// The PKCS#8 of an Ed25519 seed (RFC 8410) is this and the seed.
const ED25519: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// A new person's key: its public half, and the encrypted PEM.
///
/// # Errors
/// [`SecretError`].
pub fn new_signer(passphrase: &Secret) -> Result<(confirmation::PublicKey, String), SecretError> {
    passphrase.check_passphrase()?;
    let seed = Secret::random(32)?;
    let key = Secret::new([&ED25519, seed.bytes()].concat());
    let public = signing_key(&key)?.public();
    Ok((public, close(&key, passphrase)?))
}

/// A person's key, from its encrypted PEM.
///
/// # Errors
/// [`SecretError`].
pub fn open_signer(pem: &str, passphrase: &Secret) -> Result<confirmation::SigningKey, SecretError> {
    signing_key(&open(pem, passphrase)?)
}

fn signing_key(key: &Secret) -> Result<confirmation::SigningKey, SecretError> {
    let seed = key.bytes().strip_prefix(&ED25519).and_then(|seed| seed.try_into().ok());
    confirmation::SigningKey::from_seed(seed.ok_or(SecretError::NotAKey)?).map_err(|_| SecretError::NotAKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Secret {
        Secret::new(text.as_bytes().to_vec())
    }

    #[test]
    fn a_key_is_opened_by_its_passphrase_and_by_no_other() {
        let right = passphrase("correct horse battery");
        let (public, pem) = new_signer(&right).expect("a key");
        assert_eq!(open_signer(&pem, &right).expect("opened").public(), public);
        assert_eq!(open(&pem, &passphrase("correct horse batterY")).map(drop), Err(SecretError::Wrong));
        assert_eq!(open("nonsense", &right).map(drop), Err(SecretError::NotAKey));
        assert_eq!(open(&pem.replace("ENCRYPTED ", ""), &right).map(drop), Err(SecretError::NotAKey));
        // One bit of what is encrypted.
        let at = pem.len() - 60;
        let other = if pem.as_bytes()[at] == b'A' { "B" } else { "A" };
        let mut changed = pem.clone();
        changed.replace_range(at..=at, other);
        assert!(open_signer(&changed, &right).is_err());
        assert!(!pem.contains(&confirmation::hex::encode(&public.0)));
    }

    #[test]
    fn a_short_passphrase_is_refused() {
        assert_eq!(new_signer(&passphrase("elevenchars")).map(drop), Err(SecretError::Weak));
        assert_eq!(new_signer(&passphrase("ääääääääääää")).map(drop), Ok(()));
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", passphrase("correct horse battery")), "Secret");
    }
}
