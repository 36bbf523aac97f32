//! An authority for people in an emergency: its key is encrypted, or opened by k of n people; its certificates are short-lived and
//! made without any network.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SerialNumber,
};
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

use crate::jail::GROUP;
use crate::secret::{self, Secret, SecretError};
use crate::share::{self, Share, ShareError};

/// Its certificate: what API servers trust (`--client-ca-file`).
pub const CERTIFICATE: &str = "authority.crt";
/// Its key, encrypted.
pub const KEY: &str = "authority.key";
/// How long a certificate may hold: it cannot be taken back, only waited for (Kubernetes knows no revocation).
pub const TTL_MAX: Duration = Duration::from_secs(24 * 3600);
/// At least this long.
pub const TTL_MIN: Duration = Duration::from_secs(60);
/// An API server's clock may be behind by this.
const BACKDATE: Duration = Duration::from_secs(3600);
/// The authority itself: ten years.
const AUTHORITY: Duration = Duration::from_secs(3650 * 24 * 3600);
/// A lifeboat's certificate: a year, and the rehearsal says when it has expired.
const SERVING: Duration = Duration::from_secs(365 * 24 * 3600);
/// Beyond all checks of Kubernetes: only if asked.
pub const MASTERS: &str = "system:masters";
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

/// An opened authority. Its key is wiped when it is dropped, as far as the libraries that it passes through do so.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// A certificate for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Who: letters, digits, dots and dashes.
    pub name: String,
    /// For how long.
    pub ttl: Duration,
    /// In the group [`MASTERS`], whom nothing is forbidden, in place of [`GROUP`].
    pub masters: bool,
}

/// A certificate and its key, for one kubeconfig.
pub struct Issued {
    /// PEM.
    pub certificate: String,
    /// PEM, in the clear: it holds as long as the certificate.
    pub key: Zeroizing<String>,
    /// Hexadecimal.
    pub serial: String,
    /// The user, as audit logs name them.
    pub user: String,
    /// Their group.
    pub group: String,
    /// Seconds since 1970.
    pub not_after: u64,
}

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

fn disk(path: &Path) -> impl FnOnce(io::Error) -> AuthorityError {
    let path = path.to_owned();
    move |source| AuthorityError::Disk { path, source }
}

/// Makes an authority in a folder; with shares, these are what is to be handed out, and are kept nowhere.
///
/// # Errors
/// [`AuthorityError`].
pub fn init(folder: &Path, keeper: &Keeper, wall: Duration) -> Result<Vec<Share>, AuthorityError> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
        .map_err(|error| AuthorityError::NotOne(error.to_string()))?;
    let secret = Secret::new(key.serialize_der());
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + (wall.saturating_sub(BACKDATE));
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + (wall + AUTHORITY);
    let id: String = params.key_identifier(&key).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("Plimsoll break-glass {id}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate =
        params.self_signed(&key).map_err(|error| AuthorityError::NotOne(error.to_string()))?.pem();
    store(folder, &certificate, &secret, &id, keeper)
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
    let pair = KeyPair::from_pem(&pem).map_err(|_| {
        AuthorityError::NotOne(format!("{}: not a private key in PEM that is not encrypted", key.display()))
    })?;
    let id = identity(&certificate, Some(pair.public_key_raw()))?;
    store(folder, &certificate, &Secret::new(pair.serialize_der()), &id, keeper)
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
    let not_one = || AuthorityError::NotOne("the authority's certificate is none (PEM, X.509)".to_owned());
    let (_, pem) = x509_parser::pem::parse_x509_pem(certificate.as_bytes()).map_err(|_| not_one())?;
    let (_, parsed) = X509Certificate::from_der(&pem.contents).map_err(|_| not_one())?;
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
        let opener = match opener {
            Opener::Passphrase(passphrase) => &Secret::new(passphrase.bytes().to_vec()),
            Opener::Shares(lines) => &share::combine(lines, &of(&certificate)?)?,
        };
        let key = secret::open(&closed, opener)?;
        let not_one = |error: rcgen::Error| AuthorityError::NotOne(error.to_string());
        let pair = KeyPair::try_from(key.bytes()).map_err(not_one)?;
        identity(&certificate, Some(pair.public_key_raw()))?;
        let issuer = Issuer::from_ca_cert_pem(&certificate, pair).map_err(not_one)?;
        Ok(Self { issuer, certificate })
    }

    /// What API servers are to trust.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// A certificate for a person.
    ///
    /// # Errors
    /// [`AuthorityError::Wish`].
    pub fn issue(&self, wanted: &Wanted, wall: Duration) -> Result<Issued, AuthorityError> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_@".contains(&byte);
        if wanted.name.is_empty() || wanted.name.len() > 63 || !wanted.name.bytes().all(fits) {
            return Err(AuthorityError::Wish(
                "a person's name has up to 63 letters, digits, dots and dashes",
            ));
        }
        if !(TTL_MIN..=TTL_MAX).contains(&wanted.ttl) {
            return Err(AuthorityError::Wish(
                "a certificate holds for a minute to a day: it cannot be taken back",
            ));
        }
        let serial = Secret::random(16)?;
        let serial_text = confirmation::hex::encode(serial.bytes());
        // The serial in the name: two certificates of one person are two users in audit logs.
        let user = format!("{GROUP}:{}:{}", wanted.name, &serial_text[..8]);
        let group = if wanted.masters { MASTERS } else { GROUP }.to_owned();
        let not_after = wall + wanted.ttl;
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from_slice(serial.bytes()));
        params.not_before = rcgen::date_time_ymd(1970, 1, 1) + (wall.saturating_sub(BACKDATE));
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + not_after;
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, user.clone());
        params.distinguished_name.push(DnType::OrganizationName, group.clone());
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let not_one = |error: rcgen::Error| AuthorityError::NotOne(error.to_string());
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(not_one)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(not_one)?.pem();
        Ok(Issued {
            certificate,
            key: Zeroizing::new(key.serialize_pem()),
            serial: serial_text,
            user,
            group,
            not_after: not_after.as_secs(),
        })
    }
}

impl Authority {
    /// A lifeboat's own certificate, for its addresses, and a key for tokens that nobody has. In the clear: they are a server's.
    ///
    /// # Errors
    /// [`AuthorityError::Wish`].
    pub fn serve(
        &self,
        addresses: &[std::net::IpAddr],
        names: &[String],
        wall: Duration,
    ) -> Result<Serving, AuthorityError> {
        if addresses.is_empty() {
            return Err(AuthorityError::Wish("a lifeboat has an address: say which"));
        }
        let not_one = |error: rcgen::Error| AuthorityError::NotOne(error.to_string());
        let mut params = CertificateParams::new(names.to_vec()).map_err(not_one)?;
        params.subject_alt_names.extend(addresses.iter().copied().map(rcgen::SanType::IpAddress));
        params.not_before = rcgen::date_time_ymd(1970, 1, 1) + wall.saturating_sub(BACKDATE);
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + (wall + SERVING);
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, crate::lifeboat::NAME);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let generate = || KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(not_one);
        let (key, tokens) = (generate()?, generate()?);
        let certificate = params.signed_by(&key, &self.issuer).map_err(not_one)?.pem();
        let pem = |pair: &KeyPair| Zeroizing::new(pair.serialize_pem());
        let tokens_public = tokens.public_key_pem();
        Ok(Serving { certificate, key: pem(&key), tokens: pem(&tokens), tokens_public })
    }
}

/// What a lifeboat needs of its own; PEM.
pub struct Serving {
    /// Its certificate.
    pub certificate: String,
    /// Its key.
    pub key: Zeroizing<String>,
    /// The key for tokens of service accounts.
    pub tokens: Zeroizing<String>,
    /// Its public half.
    pub tokens_public: String,
}

fn of(certificate: &str) -> Result<String, AuthorityError> {
    identity(certificate, None)
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
