//! What an authority issues: certificates for people, for a short time, and those of lifeboats.

use std::net::IpAddr;
use std::time::Duration;

use rcgen::{
    Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, Issuer,
    KeyUsagePurpose, SanType, SerialNumber,
};
use zeroize::Zeroizing;

use super::{Authority, AuthorityError, BACKDATE, Wiped, not_one};
use crate::jail::GROUP;
use crate::lifeboat;
use crate::secret::Secret;

/// How long a certificate may hold: it cannot be taken back, only waited for (Kubernetes knows no revocation).
pub const TTL_MAX: Duration = Duration::from_secs(24 * 3600);
/// At least this long.
pub const TTL_MIN: Duration = Duration::from_secs(60);
/// A lifeboat's certificate: a year, and the rehearsal says when it has expired.
const SERVING: Duration = Duration::from_secs(365 * 24 * 3600);
/// Beyond all checks of Kubernetes: only if asked.
pub const MASTERS: &str = "system:masters";

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

impl Authority {
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
        let mut params = CertificateParams::default();
        params.serial_number = Some(SerialNumber::from_slice(serial.bytes()));
        params.distinguished_name = named(&user);
        params.distinguished_name.push(DnType::OrganizationName, group.clone());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = Wiped::generate()?;
        let certificate = self.sign(params, &key, wall, wanted.ttl)?.pem();
        let not_after = (wall + wanted.ttl).as_secs();
        Ok(Issued { certificate, key: key.pem(), serial: serial_text, user, group, not_after })
    }

    /// A lifeboat's own certificate, for its addresses, and a key for tokens that nobody has. In the clear: they are a server's.
    ///
    /// # Errors
    /// [`AuthorityError::Wish`].
    pub fn serve(
        &self,
        addresses: &[IpAddr],
        names: &[String],
        wall: Duration,
    ) -> Result<Serving, AuthorityError> {
        if addresses.is_empty() {
            return Err(AuthorityError::Wish("a lifeboat has an address: say which"));
        }
        let mut params = CertificateParams::new(names.to_vec()).map_err(not_one)?;
        params.subject_alt_names.extend(addresses.iter().copied().map(SanType::IpAddress));
        params.distinguished_name = named(lifeboat::NAME);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let (key, tokens) = (Wiped::generate()?, Wiped::generate()?);
        let certificate = self.sign(params, &key, wall, SERVING)?.pem();
        let tokens_public = tokens.0.public_key_pem();
        Ok(Serving { certificate, key: key.pem(), tokens: tokens.pem(), tokens_public })
    }

    fn sign(
        &self,
        mut params: CertificateParams,
        key: &Wiped,
        wall: Duration,
        lasts: Duration,
    ) -> Result<Certificate, AuthorityError> {
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        params.not_before = epoch + wall.saturating_sub(BACKDATE);
        params.not_after = epoch + (wall + lasts);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let issuer = Issuer::from_ca_cert_pem(self.certificate(), &self.key.0).map_err(not_one)?;
        params.signed_by(&key.0, &issuer).map_err(not_one)
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}
