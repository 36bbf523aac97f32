//! An end's own certificate, looked at as the other end will look at it.

use std::time::Duration;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::{ServerName, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::{CA_CERTIFICATE, CertificateError, End, Files, provider};
use crate::identity;

/// Refuses what the other end would refuse, with a sentence that the other end could not give.
pub(super) fn check(files: &Files, now: Duration) -> Result<(), CertificateError> {
    let chain = files.chain()?;
    let Some((leaf, intermediates)) = chain.split_first() else { return Ok(()) };
    in_time(files, leaf, now)?;
    let roots = files.roots()?.into();
    let file = files.path(files.end.certificate());
    let time = UnixTime::since_unix_epoch(now);
    let unusable = |error: &dyn std::fmt::Display| CertificateError::Other {
        file: files.path(CA_CERTIFICATE),
        detail: error.to_string(),
    };
    let verdict = match files.end {
        End::Agent => {
            if identity::agent(leaf).is_none() {
                let wanted =
                    "an agent's certificate has plimsoll:agent:NODE (or plimsoll:agent:*) as URI name";
                return Err(CertificateError::WrongUse { file, wanted });
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
            let verifier = verifier.build().map_err(|error| unusable(&error))?;
            verifier.verify_client_cert(leaf, intermediates, time).map(drop)
        }
        End::Hub => {
            let Some(name) = a_name(leaf) else {
                let wanted = "a hub's certificate has the hub's DNS names or addresses";
                return Err(CertificateError::WrongUse { file, wanted });
            };
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider());
            let verifier = verifier.build().map_err(|error| unusable(&error))?;
            verifier.verify_server_cert(leaf, intermediates, &name, &[], time).map(drop)
        }
    };
    verdict.map_err(|error| refused(files, error))
}

fn refused(files: &Files, error: rustls::Error) -> CertificateError {
    use rustls::CertificateError as Reason;
    let file = files.path(files.end.certificate());
    match error {
        rustls::Error::InvalidCertificate(Reason::UnknownIssuer | Reason::BadSignature) => {
            CertificateError::ForeignAuthority { file, ca: files.path(CA_CERTIFICATE) }
        }
        rustls::Error::InvalidCertificate(Reason::InvalidPurpose | Reason::InvalidPurposeContext { .. }) => {
            let wanted = match files.end {
                End::Hub => "it lacks the extended key usage serverAuth",
                End::Agent => "it lacks the extended key usage clientAuth",
            };
            CertificateError::WrongUse { file, wanted }
        }
        // The leaf's own dates were checked before.
        rustls::Error::InvalidCertificate(Reason::Expired | Reason::ExpiredContext { .. }) => {
            CertificateError::Expired { file, at: "the date of an intermediate certificate in it".to_owned() }
        }
        error => CertificateError::Other { file, detail: error.to_string() },
    }
}

fn in_time(files: &Files, leaf: &CertificateDer<'_>, now: Duration) -> Result<(), CertificateError> {
    let file = files.path(files.end.certificate());
    let Ok((_, certificate)) = X509Certificate::from_der(leaf) else {
        return Err(CertificateError::NotPem { file });
    };
    let validity = certificate.validity();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    if now > validity.not_after.timestamp() {
        return Err(CertificateError::Expired { file, at: validity.not_after.to_string() });
    }
    if now < validity.not_before.timestamp() {
        return Err(CertificateError::NotYetValid { file, at: validity.not_before.to_string() });
    }
    Ok(())
}

pub(super) fn not_after(leaf: &CertificateDer<'_>) -> Option<i64> {
    let (_, certificate) = X509Certificate::from_der(leaf).ok()?;
    Some(certificate.validity().not_after.timestamp())
}

/// Any name that the certificate bears.
fn a_name(leaf: &CertificateDer<'_>) -> Option<ServerName<'static>> {
    let (_, certificate) = X509Certificate::from_der(leaf).ok()?;
    let names = certificate.subject_alternative_name().ok()??;
    names.value.general_names.iter().find_map(|name| match name {
        GeneralName::DNSName(name) => ServerName::try_from((*name).to_owned()).ok(),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(std::net::IpAddr::from);
            let ip = v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(std::net::IpAddr::from)).ok()?;
            Some(ServerName::IpAddress(ip.into()))
        }
        _ => None,
    })
}
