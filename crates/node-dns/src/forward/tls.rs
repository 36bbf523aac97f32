//! DNS over TLS (RFC 7858): whom we trust, and who we are.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use environment::Clock;
use rustls::crypto::CryptoProvider;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::TlsConnector;

use super::settings::SettingsError;

/// Where distributions keep the certificates of the authorities.
const AUTHORITIES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

/// A bundle of all authorities has about 300 KiB; sixteen times that.
const FILE_BYTES_MAX: usize = 5 << 20;

/// How to open a connection to one upstream.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) connector: TlsConnector,
    pub(crate) name: ServerName<'static>,
}

/// From the files that the Corefile names.
pub(crate) fn client(tls: &corefile::Tls, clock: &Arc<dyn Clock>) -> Result<TlsConnector, SettingsError> {
    let provider: Arc<CryptoProvider> = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_details(provider, Arc::new(WallClock(Arc::clone(clock))))
        .with_safe_default_protocol_versions()
        .map_err(|error| SettingsError::Tls(error.to_string()))?
        .with_root_certificates(authorities(tls.authorities.as_deref())?);
    let config = match &tls.identity {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => {
            let chain = certificates(certificate)?;
            let key = PrivateKeyDer::from_pem_slice(&read(key)?)
                .map_err(|_| SettingsError::NotPem { file: key.clone() })?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|error| SettingsError::Tls(error.to_string()))?
        }
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The name on the certificate; an address, when no name is known.
pub(crate) fn server_name(name: Option<&str>, address: IpAddr) -> Result<ServerName<'static>, SettingsError> {
    match name {
        None => Ok(ServerName::from(address)),
        Some(name) => ServerName::try_from(name.to_owned())
            .map_err(|_| SettingsError::Tls(format!("{name} cannot stand on a certificate"))),
    }
}

fn authorities(file: Option<&str>) -> Result<RootCertStore, SettingsError> {
    let file = match file {
        Some(file) => file,
        None => AUTHORITIES
            .into_iter()
            .find(|file| Path::new(file).exists())
            .ok_or(SettingsError::NoAuthorities { looked: AUTHORITIES.join(", ") })?,
    };
    let mut store = RootCertStore::empty();
    let (added, _) = store.add_parsable_certificates(certificates(file)?);
    if added == 0 {
        return Err(SettingsError::NotPem { file: file.to_owned() });
    }
    Ok(store)
}

fn certificates(file: &str) -> Result<Vec<CertificateDer<'static>>, SettingsError> {
    let pem = read(file)?;
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    parsed.ok().filter(|found| !found.is_empty()).ok_or(SettingsError::NotPem { file: file.to_owned() })
}

fn read(file: &str) -> Result<Vec<u8>, SettingsError> {
    let mut bytes = Vec::new();
    environment::files::read_into(Path::new(file), &mut bytes, FILE_BYTES_MAX).map_err(
        |error: io::Error| SettingsError::File { file: file.to_owned(), error: error.to_string() },
    )?;
    Ok(bytes)
}

struct WallClock(Arc<dyn Clock>);

impl TimeProvider for WallClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(self.0.wall()))
    }
}

impl std::fmt::Debug for WallClock {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("WallClock")
    }
}
