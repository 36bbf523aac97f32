//! An authority, what it issues, and everything that does not open it.

use super::*;

const WALL: Duration = Duration::from_secs(1_800_000_000);

fn passphrase(text: &str) -> Secret {
    Secret::new(text.as_bytes().to_vec())
}

fn wanted() -> Wanted {
    Wanted { name: "ann".to_owned(), ttl: Duration::from_secs(3600), masters: false }
}

fn with_passphrase() -> (tempfile::TempDir, Authority) {
    let folder = tempfile::tempdir().expect("a folder");
    let keeper = Keeper::Passphrase(passphrase("correct horse battery"));
    assert!(init(folder.path(), &keeper, WALL).expect("made").is_empty());
    let opener = Opener::Passphrase(passphrase("correct horse battery"));
    let authority = Authority::open(folder.path(), &opener).expect("opened");
    (folder, authority)
}

#[test]
fn a_certificate_is_for_one_person_and_a_short_time() {
    let (_folder, authority) = with_passphrase();
    let issued = authority.issue(&wanted(), WALL).expect("issued");
    let (_, pem) = x509_parser::pem::parse_x509_pem(issued.certificate.as_bytes()).expect("PEM");
    let (_, certificate) = X509Certificate::from_der(&pem.contents).expect("X.509");
    let of = |oid: &str| -> Vec<String> {
        let attributes = certificate.subject().iter_attributes();
        attributes
            .filter(|attribute| attribute.attr_type().to_id_string() == oid)
            .map(|attribute| attribute.as_str().expect("text").to_owned())
            .collect()
    };
    assert_eq!(of("2.5.4.3"), std::slice::from_ref(&issued.user));
    assert_eq!(of("2.5.4.10"), ["plimsoll:breakglass"]);
    assert!(issued.user.starts_with("plimsoll:breakglass:ann:"));
    let wall = i64::try_from(WALL.as_secs()).expect("small");
    assert_eq!(certificate.validity().not_before.timestamp(), wall - 3600);
    assert_eq!(certificate.validity().not_after.timestamp(), wall + 3600);
    assert!(!certificate.is_ca());
    let usage = certificate.extended_key_usage().expect("read").expect("there");
    assert!(usage.value.client_auth && !usage.value.server_auth);
    // The authority has signed it, and another has not.
    let verifies = |authority: &str| {
        let (_, pem) = x509_parser::pem::parse_x509_pem(authority.as_bytes()).expect("PEM");
        let (_, authority) = X509Certificate::from_der(&pem.contents).expect("X.509");
        certificate.issuer() == authority.subject()
            && signed(&certificate, authority.public_key().subject_public_key.data.as_ref())
    };
    assert!(verifies(authority.certificate()));
    let (_other_folder, other) = with_passphrase();
    assert!(!verifies(other.certificate()));
    assert_ne!(authority.issue(&wanted(), WALL).expect("issued").user, issued.user);
}

/// ECDSA with P-256 and SHA-256, over the part that is signed.
fn signed(certificate: &X509Certificate<'_>, public: &[u8]) -> bool {
    use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, public);
    key.verify(certificate.tbs_certificate.as_ref(), certificate.signature_value.data.as_ref()).is_ok()
}

#[test]
fn masters_only_if_asked() {
    let (_folder, authority) = with_passphrase();
    let issued = authority.issue(&Wanted { masters: true, ..wanted() }, WALL).expect("issued");
    assert_eq!(issued.group, "system:masters");
    assert_eq!(authority.issue(&wanted(), WALL).expect("issued").group, "plimsoll:breakglass");
}

#[test]
fn wishes_that_are_refused() {
    let (_folder, authority) = with_passphrase();
    let check = |wanted: Wanted, is_fine: bool| {
        assert_eq!(authority.issue(&wanted, WALL).is_ok(), is_fine, "{wanted:?}");
    };
    for (seconds, is_fine) in [(59, false), (60, true), (86_400, true), (86_401, false)] {
        check(Wanted { ttl: Duration::from_secs(seconds), ..wanted() }, is_fine);
    }
    for (name, is_fine) in [("ann.b-c@d", true), ("", false), ("a b", false), ("a:b", false), ("ä", false)] {
        check(Wanted { name: name.to_owned(), ..wanted() }, is_fine);
    }
    check(Wanted { name: "a".repeat(64), ..wanted() }, false);
}

#[test]
fn any_two_of_three_people_open_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let shares = init(folder.path(), &Keeper::Shares { of: 3, needed: 2 }, WALL).expect("made");
    let text = |which: &[usize]| {
        let lines: Vec<String> = which.iter().map(|at| shares[*at].to_text().to_string()).collect();
        Opener::Shares(Zeroizing::new(lines.join("\n")))
    };
    for two in [[0, 1], [1, 2], [2, 0]] {
        assert!(Authority::open(folder.path(), &text(&two)).is_ok());
    }
    let refused =
        |opener: Opener| Authority::open(folder.path(), &opener).map(drop).expect_err("refused").to_string();
    assert!(refused(text(&[0])).contains("1 of 2 shares: find 1 more people"));
    assert!(refused(Opener::Passphrase(passphrase("correct horse battery"))).contains("do not open"));
    let other = tempfile::tempdir().expect("a folder");
    let foreign = init(other.path(), &Keeper::Shares { of: 2, needed: 2 }, WALL).expect("made");
    let lines: Vec<String> = foreign.iter().map(|share| share.to_text().to_string()).collect();
    assert!(refused(Opener::Shares(Zeroizing::new(lines.join("\n")))).contains("a share of"));
}

#[test]
fn what_lies_on_the_disk_is_encrypted_and_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (folder, authority) = with_passphrase();
    let path = folder.path().join(KEY);
    let text = fs::read_to_string(&path).expect("there");
    assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
    let mut names: Vec<String> = fs::read_dir(folder.path())
        .expect("a folder")
        .map(|entry| entry.expect("one").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, [CERTIFICATE, KEY]);
    drop(authority);
    let again = init(folder.path(), &Keeper::Passphrase(passphrase("correct horse battery")), WALL);
    assert!(matches!(again, Err(AuthorityError::Exists(_))));
}

#[test]
fn an_authority_that_exists_is_taken_over_with_its_own_key_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let make = |name: &str| {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key");
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("signed");
        let at = |end: &str| folder.path().join(format!("{name}.{end}"));
        fs::write(at("crt"), certificate.pem()).expect("written");
        fs::write(at("key"), key.serialize_pem()).expect("written");
        (at("crt"), at("key"))
    };
    let ((certificate, key), (_, other)) = (make("own"), make("other"));
    let keeper = || Keeper::Passphrase(passphrase("correct horse battery"));
    let into = |name: &str| folder.path().join(name);
    let wrong =
        adopt(&into("a"), &certificate, &other, &keeper()).map(drop).expect_err("refused").to_string();
    assert!(wrong.contains("the key is not the certificate's"), "{wrong}");
    adopt(&into("b"), &certificate, &key, &keeper()).expect("taken over");
    let authority = Authority::open(&into("b"), &Opener::Passphrase(passphrase("correct horse battery")));
    assert!(authority.expect("opened").issue(&wanted(), WALL).is_ok());
}
