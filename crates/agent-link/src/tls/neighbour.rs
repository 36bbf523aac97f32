//! TLS between two nodes: both ends show an agent's certificate. Such a certificate is for clients, so the end that dials
//! checks the other one by the rules for clients: issued by our authority, in time, and with an agent's name in it. Which node
//! it is does not matter: all of them have the same names of the cluster.

use std::sync::Arc;

use environment::Clock;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ClientConfig, DigitallySignedStruct, Error, ServerConfig, SignatureScheme};
use rustls_pki_types::CertificateDer;

use super::{CA_CERTIFICATE, CertificateError, Files, check, provider, time};
use crate::identity;

/// The two ends of this protocol, and no end of another one.
const PROTOCOL: &[u8] = b"plimsoll-neighbour/1";

/// The node that is asked.
pub(crate) fn server(files: &Files, clock: &Arc<dyn Clock>) -> Result<ServerConfig, CertificateError> {
    let mut config = super::server(files, clock)?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(config)
}

/// The node that asks.
pub(crate) fn client(files: &Files, clock: &Arc<dyn Clock>) -> Result<ClientConfig, CertificateError> {
    check::check(files, clock.wall())?;
    let rules = WebPkiClientVerifier::builder_with_provider(Arc::new(files.roots()?), provider())
        .build()
        .map_err(|_| CertificateError::NotPem { file: files.path(CA_CERTIFICATE) })?;
    let mut config = ClientConfig::builder_with_details(provider(), time(clock))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| CertificateError::tls(files, error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnAgent { rules }))
        .with_client_auth_cert(files.chain()?, files.private_key()?)
        .map_err(|error| CertificateError::tls(files, error))?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// Accepts an agent of our authority, by whatever address it was reached.
#[derive(Debug)]
struct AnAgent {
    rules: Arc<dyn ClientCertVerifier>,
}

impl ServerCertVerifier for AnAgent {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.rules.verify_client_cert(end_entity, intermediates, now)?;
        match identity::agent(end_entity) {
            Some(_) => Ok(ServerCertVerified::assertion()),
            None => Err(Error::General("its certificate is not for an agent".to_owned())),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.rules.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.rules.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.rules.supported_verify_schemes()
    }
}
