//! What can be wrong with a certificate, in one sentence that names the file and the remedy.

use std::io;
use std::path::PathBuf;

use super::Files;

/// A certificate or key cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant says what its fields are")]
pub enum CertificateError {
    #[error("{} does not exist: make it with plimsoll certs init {}, or point --tls-dir at the right folder",
        file.display(), file.parent().unwrap_or(file).display())]
    Missing { file: PathBuf },
    #[error("cannot read {}: {source}", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("cannot write {}: {source}", file.display())]
    Unwritable { file: PathBuf, source: io::Error },
    #[error("{} exists already: plimsoll certs renew makes new certificates with the same authority, --force replaces all",
        file.display())]
    Exists { file: PathBuf },
    #[error("{} holds no usable PEM: expected a certificate in a .crt, a private key in a .key", file.display())]
    NotPem { file: PathBuf },
    #[error("{} is not the key of {}: copy both from the same place", key.display(), certificate.display())]
    WrongKey { certificate: PathBuf, key: PathBuf },
    #[error("{} expired at {at}: renew it with plimsoll certs renew, and check this machine's clock", file.display())]
    Expired { file: PathBuf, at: String },
    #[error("{} is not valid before {at}: check this machine's clock", file.display())]
    NotYetValid { file: PathBuf, at: String },
    #[error("{} was not issued by the authority in {}: take both from the same folder", file.display(), ca.display())]
    ForeignAuthority { file: PathBuf, ca: PathBuf },
    #[error("{} is not for this end: {wanted}; make it with plimsoll certs init or renew", file.display())]
    WrongUse { file: PathBuf, wanted: &'static str },
    #[error("{} cannot be used: {detail}", file.display())]
    Other { file: PathBuf, detail: String },
    #[error("{name} is no name that a certificate can bear: give a DNS name, an IP address or a node name")]
    BadName { name: String },
}

impl CertificateError {
    pub(crate) fn read(file: PathBuf, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { file },
            _ => Self::Unreadable { file, source },
        }
    }

    pub(super) fn tls(files: &Files, error: rustls::Error) -> Self {
        let certificate = files.path(files.end.certificate());
        match error {
            rustls::Error::InconsistentKeys(_) => {
                Self::WrongKey { certificate, key: files.path(files.end.key()) }
            }
            error => Self::Other { file: certificate, detail: error.to_string() },
        }
    }
}
