//! An authority for people in an emergency: its key is encrypted, or opened by k of n people; its certificates are short-lived and
//! made without any network.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
};
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::{Zeroize as _, Zeroizing};

use crate::secret::{self, Secret, SecretError};
use crate::share::{self, Share, ShareError};

mod issue;

pub use issue::{Issued, MASTERS, Serving, TTL_MAX, TTL_MIN, Wanted};

/// Its certificate: what API servers trust (`--client-ca-file`).
pub const CERTIFICATE: &str = "authority.crt";
/// Its key, encrypted.
pub const KEY: &str = "authority.key";
/// An API server's clock may be behind by this.
const BACKDATE: Duration = Duration::from_secs(3600);
/// The authority itself: ten years.
const AUTHORITY: Duration = Duration::from_secs(3650 * 24 * 3600);
const FILE_BYTES_MAX: usize = 64 * 1024;

/// Who can open the key.
pub enum Keeper {
    /// Whoever knows it.
    Passphrase(Secret),
    /// Any so many of so many people.
    Shares {
        /// Of so many.
        of: u8,
        /// So many.
        needed: u8,
    },
}

/// What opens it.
pub enum Opener {
    /// The passphrase.
    Passphrase(Secret),
    /// Lines of shares.
    Shares(Zeroizing<String>),
}

/// An opened authority.
pub struct Authority {
    key: Wiped,
    certificate: String,
}

/// A key whose bytes are wiped when it is dropped. What ring has made of them is freed, not wiped.
struct Wiped(KeyPair);

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The disk.
    #[error("{}: {source}", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is one already.
    #[error("{} exists: an authority that is replaced leaves what it issued behind; choose another folder", .0.display())]
    Exists(PathBuf),
    /// Passphrase or key.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Shares.
    #[error(transparent)]
    Share(#[from] ShareError),
    /// A certificate or key that is none.
    #[error("{0}")]
    NotOne(String),
    /// What was asked for.
    #[error("{0}")]
    Wish(&'static str),
}

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Wiped {
    /// ECDSA with P-256, which every API server takes.
    fn generate() -> Result<Self, AuthorityError> {
        KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map(Self).map_err(not_one)
    }

    fn pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.serialize_pem())
    }

    fn secret(&self) -> Secret {
        Secret::new(self.0.serialize_der())
    }
}

fn not_one(error: rcgen::Error) -> AuthorityError {
    AuthorityError::NotOne(error.to_string())
}

fn disk(path: &Path) -> impl FnOnce(io::Error) -> AuthorityError {
    let path = path.to_owned();
    move |source| AuthorityError::Disk { path, source }
}

/// Makes an authority in a folder; with shares, these are what is to be handed out, and are kept nowhere.
///
/// # Errors
/// [`AuthorityError`].
pub fn init(folder: &Path, keeper: &Keeper, wall: Duration) -> Result<Vec<Share>, AuthorityError> {
    let key = Wiped::generate()?;
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + (wall.saturating_sub(BACKDATE));
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + (wall + AUTHORITY);
    let id: String = params.key_identifier(&key.0).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("Plimsoll break-glass {id}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key.0).map_err(not_one)?.pem();
    store(folder, &certificate, &key.secret(), &id, keeper)
}

/// Takes an authority over that exists: the cluster's own, whose key this encrypts.
///
/// # Errors
/// [`AuthorityError`].
pub fn adopt(
    folder: &Path,
    certificate: &Path,
    key: &Path,
    keeper: &Keeper,
) -> Result<Vec<Share>, AuthorityError> {
    let certificate = read(certificate)?.to_string();
    let pem = read(key)?;
    let key = KeyPair::from_pem(&pem).map(Wiped).map_err(|_| {
        AuthorityError::NotOne(format!("{}: not a private key in PEM that is not encrypted", key.display()))
    })?;
    let id = identity(&certificate, Some(key.0.public_key_raw()))?;
    store(folder, &certificate, &key.secret(), &id, keeper)
}

fn store(
    folder: &Path,
    certificate: &str,
    key: &Secret,
    id: &str,
    keeper: &Keeper,
) -> Result<Vec<Share>, AuthorityError> {
    fs::create_dir_all(folder).map_err(disk(folder))?;
    for name in [CERTIFICATE, KEY] {
        if folder.join(name).exists() {
            return Err(AuthorityError::Exists(folder.join(name)));
        }
    }
    let (closed, shares) = match keeper {
        Keeper::Passphrase(passphrase) => {
            passphrase.check_passphrase()?;
            (secret::close(key, passphrase)?, Vec::new())
        }
        Keeper::Shares { of, needed } => {
            let opener = Secret::random(32)?;
            let shares = share::split(&opener, id, *of, *needed)?;
            (secret::close(key, &opener)?, shares)
        }
    };
    write(&folder.join(KEY), &closed, 0o600)?;
    write(&folder.join(CERTIFICATE), certificate, 0o644)?;
    Ok(shares)
}

/// The authority's name: the beginning of its key's hash. With `public`, also whether that is its key.
fn identity(certificate: &str, public: Option<&[u8]>) -> Result<String, AuthorityError> {
    let none = || AuthorityError::NotOne("the authority's certificate is none (PEM, X.509)".to_owned());
    let (_, pem) = x509_parser::pem::parse_x509_pem(certificate.as_bytes()).map_err(|_| none())?;
    let (_, parsed) = X509Certificate::from_der(&pem.contents).map_err(|_| none())?;
    if !parsed.is_ca() {
        return Err(AuthorityError::NotOne("the certificate is not an authority's (CA: TRUE)".to_owned()));
    }
    let own = parsed.public_key().subject_public_key.data.as_ref();
    if public.is_some_and(|public| public != own) {
        return Err(AuthorityError::NotOne("the key is not the certificate's".to_owned()));
    }
    use sha2::Digest as _;
    Ok(confirmation::hex::encode(&sha2::Sha256::digest(parsed.public_key().raw)[..4]))
}

impl Authority {
    /// Opens the authority of a folder.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn open(folder: &Path, opener: &Opener) -> Result<Self, AuthorityError> {
        let certificate = read(&folder.join(CERTIFICATE))?.to_string();
        let closed = read(&folder.join(KEY))?;
        let key = match opener {
            Opener::Passphrase(passphrase) => secret::open(&closed, passphrase)?,
            Opener::Shares(lines) => {
                secret::open(&closed, &share::combine(lines, &identity(&certificate, None)?)?)?
            }
        };
        let key = KeyPair::try_from(key.bytes()).map(Wiped).map_err(not_one)?;
        identity(&certificate, Some(key.0.public_key_raw()))?;
        Ok(Self { key, certificate })
    }

    /// What API servers are to trust.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }
}

fn read(path: &Path) -> Result<Zeroizing<String>, AuthorityError> {
    let mut bytes = Vec::new();
    environment::files::read_into(path, &mut bytes, FILE_BYTES_MAX).map_err(disk(path))?;
    String::from_utf8(bytes)
        .map(Zeroizing::new)
        .map_err(|_| AuthorityError::NotOne(format!("{}: not text", path.display())))
}

/// A new file that nobody else can read in between.
///
/// # Errors
/// There is one already, or the disk.
pub fn write(path: &Path, text: &str, mode: u32) -> Result<(), AuthorityError> {
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(mode).open(path).map_err(disk(path))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(disk(path))
}

#[cfg(test)]
mod tests;
