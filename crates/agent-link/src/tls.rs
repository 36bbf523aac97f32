//! Certificates in a folder, and TLS configurations made from them: checked when they are read, not when a peer connects.

mod check;
mod error;
mod mutual;
pub(crate) mod neighbour;
mod reload;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use environment::Clock;
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::UnixTime;
use rustls::server::WebPkiClientVerifier;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

pub use error::CertificateError;
pub use mutual::MutualServer;
pub(crate) use reload::Reloading;

/// The authority's certificate (or several, while one replaces the other).
pub const CA_CERTIFICATE: &str = "ca.crt";
/// The authority's key: needed to make certificates, never by a hub or an agent.
pub const CA_KEY: &str = "ca.key";

/// PEM files have some KiB; a bundle of authorities may have more.
const FILE_BYTES_MAX: usize = 1024 * 1024;
const HTTP2: &[u8] = b"h2";

/// Which end a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// `hub.crt`, `hub.key`.
    Hub,
    /// `agent.crt`, `agent.key`.
    Agent,
}

impl End {
    /// Name of the certificate's file.
    pub fn certificate(self) -> &'static str {
        match self {
            Self::Hub => "hub.crt",
            Self::Agent => "agent.crt",
        }
    }

    /// Name of the key's file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Hub => "hub.key",
            Self::Agent => "agent.key",
        }
    }
}

/// The bytes of an end's three files.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Files {
    dir: PathBuf,
    end: End,
    ca: Vec<u8>,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    pub(crate) fn read(dir: &Path, end: End) -> Result<Self, CertificateError> {
        let read = |name: &str| {
            let (path, mut bytes) = (dir.join(name), Vec::new());
            match environment::files::read_into(&path, &mut bytes, FILE_BYTES_MAX) {
                Ok(()) => Ok(bytes),
                Err(source) => Err(CertificateError::read(path, source)),
            }
        };
        Ok(Self {
            ca: read(CA_CERTIFICATE)?,
            certificate: read(end.certificate())?,
            key: read(end.key())?,
            dir: dir.to_owned(),
            end,
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    fn roots(&self) -> Result<RootCertStore, CertificateError> {
        let path = self.path(CA_CERTIFICATE);
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&self.ca, &path)? {
            roots.add(certificate).map_err(|_| CertificateError::NotPem { file: path.clone() })?;
        }
        Ok(roots)
    }

    fn chain(&self) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
        certificates(&self.certificate, &self.path(self.end.certificate()))
    }

    fn private_key(&self) -> Result<PrivateKeyDer<'static>, CertificateError> {
        PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| CertificateError::NotPem { file: self.path(self.end.key()) })
    }

    /// The certificate's end, in seconds since the epoch.
    pub(crate) fn not_after(&self) -> Option<i64> {
        check::not_after(self.chain().ok()?.first()?)
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("dir", &self.dir).field("end", &self.end).finish_non_exhaustive()
    }
}

fn certificates(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match parsed {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(CertificateError::NotPem { file: path.to_owned() }),
    }
}

/// The hub's side: demands a certificate of the agent.
pub(crate) fn server(files: &Files, clock: &Arc<dyn Clock>) -> Result<ServerConfig, CertificateError> {
    check::check(files, clock.wall())?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(files.roots()?), provider())
        .build()
        .map_err(|_| CertificateError::NotPem { file: files.path(CA_CERTIFICATE) })?;
    let mut config = ServerConfig::builder_with_details(provider(), time(clock))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| CertificateError::tls(files, error))?
        .with_client_cert_verifier(verifier)
        .with_single_cert(files.chain()?, files.private_key()?)
        .map_err(|error| CertificateError::tls(files, error))?;
    config.alpn_protocols = vec![HTTP2.to_vec()];
    // A resumed session would not look at the certificate again.
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// The agent's side: presents its certificate, and demands one of the hub's authority.
pub(crate) fn client(files: &Files, clock: &Arc<dyn Clock>) -> Result<ClientConfig, CertificateError> {
    check::check(files, clock.wall())?;
    let mut config = ClientConfig::builder_with_details(provider(), time(clock))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| CertificateError::tls(files, error))?
        .with_root_certificates(files.roots()?)
        .with_client_auth_cert(files.chain()?, files.private_key()?)
        .map_err(|error| CertificateError::tls(files, error))?;
    config.alpn_protocols = vec![HTTP2.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Explicit, so that nothing depends on which part of the process installed a default.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

struct WallClock(Arc<dyn Clock>);

fn time(clock: &Arc<dyn Clock>) -> Arc<dyn TimeProvider> {
    Arc::new(WallClock(clock.clone()))
}

impl TimeProvider for WallClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(self.0.wall()))
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WallClock")
    }
}
