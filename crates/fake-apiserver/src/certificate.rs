//! A self-made certificate for loopback.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, SanType};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What TLS needs, and what clients must trust.
pub(crate) struct SelfMade {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) certificate_pem: String,
}

/// The certificate or the TLS configuration could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// rcgen failed.
    #[error("cannot make a certificate")]
    Make(#[from] rcgen::Error),
    /// rustls did not take it.
    #[error("cannot configure TLS")]
    Configure(#[from] rustls::Error),
}

/// For this address, `localhost` and both loopback addresses; HTTP/2 and HTTP/1.1 by ALPN.
pub(crate) fn self_made(address: IpAddr) -> Result<SelfMade, CertificateError> {
    let mut params =
        CertificateParams::new(vec!["localhost".to_owned(), "kubernetes.default.svc".to_owned()])?;
    let loopback = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0u16, 0, 0, 0, 0, 0, 0, 1])];
    let mut addresses = loopback.to_vec();
    if !addresses.contains(&address) && !address.is_unspecified() {
        addresses.push(address);
    }
    params.subject_alt_names.extend(addresses.into_iter().map(SanType::IpAddress));
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut server =
        builder.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], private)?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(SelfMade { server: Arc::new(server), certificate_pem: certificate.pem() })
}
