//! An authority and certificates for trials: what `plimsoll certs init` and `plimsoll certs renew` do.
//!
//! The folder holds `ca.crt`, `ca.key`, `hub.crt`, `hub.key`, `agent.crt`, `agent.key`. A hub needs `ca.crt` and its own
//! two, an agent `ca.crt` and its own two; `ca.key` belongs on neither. Keys are ECDSA P-256 with mode 0600.
//! A production fleet takes them from its own authority, with the same file names and the same names inside.

#[cfg(test)]
mod tests;

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use environment::Clock;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use crate::identity::{AGENT_PREFIX, ANY_NODE};
use crate::tls::{CA_CERTIFICATE, CA_KEY, CertificateError, End};

/// Names of the hub that are always in its certificate.
const HUB_NAMES: [&str; 6] =
    ["localhost", "127.0.0.1", "::1", "plimsoll-hub", "plimsoll-hub.plimsoll", "plimsoll-hub.plimsoll.svc"];
const DAY: Duration = Duration::from_secs(24 * 3600);
/// Clocks of freshly booted machines differ.
const BACKDATE: Duration = Duration::from_secs(3600);
const KEY_MODE: u32 = 0o600;
const CERTIFICATE_MODE: u32 = 0o644;
const FILE_BYTES_MAX: usize = 1024 * 1024;

/// What the certificates say.
#[derive(Debug, Clone)]
pub struct Options {
    /// More DNS names or addresses of the hub (`--hub-name`).
    pub hub_names: Vec<String>,
    /// The agent's node; all nodes when `None`.
    pub node: Option<String>,
    /// Validity of the hub's and the agent's certificate.
    pub days: u32,
    /// Validity of the authority.
    pub authority_days: u32,
    /// Replace what is there.
    pub force: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { hub_names: Vec::new(), node: None, days: 365, authority_days: 3650, force: false }
    }
}

/// Makes an authority, and a certificate for the hub and one for agents. Returns the files that were written.
///
/// # Errors
/// A file exists and `force` is not set; the folder cannot be written; a name is no name.
pub fn init(dir: &Path, options: &Options, clock: &dyn Clock) -> Result<Vec<PathBuf>, CertificateError> {
    fs::create_dir_all(dir)
        .map_err(|source| CertificateError::Unwritable { file: dir.to_owned(), source })?;
    let names = [
        CA_CERTIFICATE,
        CA_KEY,
        End::Hub.certificate(),
        End::Hub.key(),
        End::Agent.certificate(),
        End::Agent.key(),
    ];
    if !options.force
        && let Some(file) = names.iter().map(|name| dir.join(name)).find(|file| file.exists())
    {
        return Err(CertificateError::Exists { file });
    }
    let hub_names: Vec<SanType> = HUB_NAMES
        .iter()
        .map(|name| (*name).to_owned())
        .chain(options.hub_names.iter().cloned())
        .map(|name| hub_name(&name))
        .collect::<Result<_, _>>()?;
    let agent_names = vec![agent_name(options.node.as_deref().unwrap_or(ANY_NODE))?];

    let key = generate(dir)?;
    let mut params = valid(options.authority_days, clock);
    // Its own name for each authority: who has two of them sees which is which.
    let id: String = params.key_identifier(&key).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name.push(DnType::CommonName, format!("Plimsoll authority {id}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key).map_err(|error| other(dir, CA_CERTIFICATE, &error))?;
    let authority = Issuer::new(params, key);
    let written = [
        write(dir, CA_KEY, KEY_MODE, &authority.key().serialize_pem())?,
        write(dir, CA_CERTIFICATE, CERTIFICATE_MODE, &certificate.pem())?,
    ];
    let mut written = written.to_vec();
    written.extend(issue(dir, End::Hub, hub_names, options.days, &authority, clock)?);
    written.extend(issue(dir, End::Agent, agent_names, options.days, &authority, clock)?);
    Ok(written)
}

/// Makes new keys and certificates for hub and agent with the same names and the authority that is there. Running hubs
/// and agents take them within seconds. Returns the files that were written.
///
/// # Errors
/// A file of the folder is missing or cannot be read; the folder cannot be written.
pub fn renew(dir: &Path, days: u32, clock: &dyn Clock) -> Result<Vec<PathBuf>, CertificateError> {
    let key = KeyPair::from_pem(&read(dir, CA_KEY)?)
        .map_err(|_| CertificateError::NotPem { file: dir.join(CA_KEY) })?;
    let authority = Issuer::from_ca_cert_pem(&read(dir, CA_CERTIFICATE)?, key)
        .map_err(|_| CertificateError::NotPem { file: dir.join(CA_CERTIFICATE) })?;
    let mut written = Vec::new();
    for end in [End::Hub, End::Agent] {
        let names = names(dir, end)?;
        written.extend(issue(dir, end, names, days, &authority, clock)?);
    }
    Ok(written)
}

fn issue(
    dir: &Path,
    end: End,
    names: Vec<SanType>,
    days: u32,
    authority: &Issuer<'_, KeyPair>,
    clock: &dyn Clock,
) -> Result<[PathBuf; 2], CertificateError> {
    let key = generate(dir)?;
    let mut params = valid(days, clock);
    params.subject_alt_names = names;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let (common, usage) = match end {
        End::Hub => ("plimsoll-hub", ExtendedKeyUsagePurpose::ServerAuth),
        End::Agent => ("plimsoll-agent", ExtendedKeyUsagePurpose::ClientAuth),
    };
    params.distinguished_name.push(DnType::CommonName, common);
    params.extended_key_usages = vec![usage];
    let certificate =
        params.signed_by(&key, authority).map_err(|error| other(dir, end.certificate(), &error))?;
    Ok([
        write(dir, end.key(), KEY_MODE, &key.serialize_pem())?,
        write(dir, end.certificate(), CERTIFICATE_MODE, &certificate.pem())?,
    ])
}

fn valid(days: u32, clock: &dyn Clock) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    params.not_before = epoch + clock.wall().saturating_sub(BACKDATE);
    params.not_after = epoch + (clock.wall() + DAY * days);
    params
}

fn hub_name(name: &str) -> Result<SanType, CertificateError> {
    if let Ok(ip) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(ip));
    }
    let bad = || CertificateError::BadName { name: name.to_owned() };
    rustls_pki_types::DnsName::try_from(name.trim_start_matches("*.").to_owned()).map_err(|_| bad())?;
    Ok(SanType::DnsName(name.try_into().map_err(|_| bad())?))
}

fn agent_name(node: &str) -> Result<SanType, CertificateError> {
    let bad = || CertificateError::BadName { name: node.to_owned() };
    if node.is_empty() || node.contains(char::is_whitespace) {
        return Err(bad());
    }
    Ok(SanType::URI(format!("{AGENT_PREFIX}{node}").try_into().map_err(|_| bad())?))
}

/// The alternative names of the certificate that is there.
fn names(dir: &Path, end: End) -> Result<Vec<SanType>, CertificateError> {
    let file = dir.join(end.certificate());
    let pem = read(dir, end.certificate())?;
    let unreadable = || CertificateError::NotPem { file: file.clone() };
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| unreadable())?;
    let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| unreadable())?;
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.into_iter().flat_map(|names| &names.value.general_names);
    let names: Option<Vec<SanType>> = names
        .map(|name| match name {
            GeneralName::DNSName(name) => hub_name(name).ok(),
            GeneralName::URI(uri) => Some(SanType::URI((*uri).try_into().ok()?)),
            GeneralName::IPAddress(bytes) => {
                let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
                v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok().map(SanType::IpAddress)
            }
            _ => None,
        })
        .collect();
    names.filter(|names| !names.is_empty()).ok_or_else(unreadable)
}

fn generate(dir: &Path) -> Result<KeyPair, CertificateError> {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)
        .map_err(|error| CertificateError::Other { file: dir.to_owned(), detail: error.to_string() })
}

fn other(dir: &Path, name: &str, error: &rcgen::Error) -> CertificateError {
    CertificateError::Other { file: dir.join(name), detail: error.to_string() }
}

fn read(dir: &Path, name: &str) -> Result<String, CertificateError> {
    let (file, mut bytes) = (dir.join(name), Vec::new());
    match environment::files::read_into(&file, &mut bytes, FILE_BYTES_MAX) {
        Ok(()) => String::from_utf8(bytes).map_err(|_| CertificateError::NotPem { file }),
        Err(source) => Err(CertificateError::read(file, source)),
    }
}

/// The file has mode 0600 from its first byte (as temporary files have); a certificate is opened up afterwards.
fn write(dir: &Path, name: &str, mode: u32, text: &str) -> Result<PathBuf, CertificateError> {
    let file = dir.join(name);
    environment::files::write_atomic(&file, |out| out.write_all(text.as_bytes()))
        .and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(mode)))
        .map_err(|source| CertificateError::Unwritable { file: file.clone(), source })?;
    Ok(file)
}
