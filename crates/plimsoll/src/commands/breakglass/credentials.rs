//! The authority, certificates for people, and keys for sealed orders.

use std::path::Path;

use emergency_access::authority::{self, Authority, Keeper, Opener, Wanted, write};
use emergency_access::kubeconfig;
use emergency_access::secret::new_signer;
use serde_json::json;
use zeroize::Zeroizing;

use super::Place;
use super::levers::{begin, note};
use crate::commands::person;
use crate::flags::{InitFlags, IssueFlags, OpenFlags, PassphraseFlags};
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// A bundle of a few authorities.
const CA_BYTES_MAX: usize = 1 << 20;

pub(super) fn init(place: &Place, flags: &InitFlags) -> Outcome {
    let keeper = match (flags.shares, flags.threshold) {
        (Some(of), Some(needed)) => Keeper::Shares { of, needed },
        _ => Keeper::Passphrase(new_passphrase(&flags.passphrase)?),
    };
    let shares = match (&flags.ca_cert, &flags.ca_key) {
        (Some(certificate), Some(key)) => authority::adopt(&place.dir, certificate, key, &keeper),
        _ => authority::init(&place.dir, &keeper, place.clock.wall()),
    }
    .map_err(Failure::usage)?;
    let mut log = begin(place)?;
    note(place, &mut log, "init", json!({"shares": flags.shares, "threshold": flags.threshold}))?;
    let certificate = place.dir.join(authority::CERTIFICATE);
    terminal::print(&format!(
        "{}: API servers are to trust it (add it to --client-ca-file), lifeboats trust nothing else\n",
        certificate.display()
    ));
    for share in &shares {
        terminal::print(&share.to_text());
        terminal::print("\n");
    }
    if !shares.is_empty() {
        terminal::complain("these shares are kept nowhere: hand each to one person, now");
    }
    Ok(())
}

pub(super) fn issue(place: &Place, flags: &IssueFlags) -> Outcome {
    if flags.reason.trim().is_empty() {
        return Err(Failure::Usage(
            "--reason is empty: the audit log is for those who come after".to_owned(),
        ));
    }
    let mut trusted = String::new();
    for file in &flags.server_ca {
        let mut bytes = Vec::new();
        environment::files::read_into(file, &mut bytes, CA_BYTES_MAX)
            .map_err(|error| Failure::Usage(format!("--server-ca {}: {error}", file.display())))?;
        let pem = String::from_utf8_lossy(&bytes);
        if !pem.contains("-----BEGIN CERTIFICATE-----") {
            return Err(Failure::Usage(format!("--server-ca {}: no certificate in PEM", file.display())));
        }
        trusted.push_str(pem.trim_end());
        trusted.push('\n');
    }
    let authority = open(place, &flags.open)?;
    trusted.push_str(authority.certificate());
    let wanted = Wanted { name: flags.name.clone(), ttl: flags.ttl, masters: flags.masters };
    let issued = authority.issue(&wanted, place.clock.wall()).map_err(Failure::usage)?;
    // What cannot be written down is not handed out: nobody's life depends on a second certificate.
    let mut log = begin(place)?;
    let data = json!({
        "user": issued.user, "group": issued.group, "serial": issued.serial,
        "notAfter": issued.not_after, "reason": flags.reason,
    });
    note(place, &mut log, "issue", data)?;
    let text = Zeroizing::new(kubeconfig::text(&flags.server, &issued, &trusted, &flags.tls_server_name));
    kubeconfig::save(&flags.out, &text).map_err(Failure::usage)?;
    terminal::print(&format!(
        "{}: {} in {}, for {} min\n",
        flags.out.display(),
        issued.user,
        issued.group,
        flags.ttl.as_secs() / 60
    ));
    terminal::complain("(nobody was asked: no network was needed). It cannot be taken back, only waited for");
    Ok(())
}

pub(super) fn signer(name: &str, out: &Path, flags: &PassphraseFlags) -> Outcome {
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(Failure::Usage(
            "a signer's name is one word: it stands in a line of the roster".to_owned(),
        ));
    }
    let passphrase = new_passphrase(flags)?;
    let (public, pem) = new_signer(&passphrase).map_err(Failure::usage)?;
    write(out, &pem, 0o600).map_err(Failure::usage)?;
    terminal::print(&format!("signer {public} {name}\n"));
    terminal::complain("this line goes into the roster, beside `cluster UID` and `threshold K`");
    Ok(())
}

/// The authority, opened by whatever was given.
pub(super) fn open(place: &Place, flags: &OpenFlags) -> Result<Authority, Failure> {
    let opener = if flags.shares_file.is_empty() {
        let prompt = format!("passphrase of {}", place.dir.join(authority::KEY).display());
        Opener::Passphrase(person::passphrase(flags.passphrase.passphrase_file.as_deref(), &prompt)?)
    } else {
        let mut lines = Zeroizing::new(String::new());
        for file in &flags.shares_file {
            lines.push_str(&person::read(file)?);
            lines.push('\n');
        }
        Opener::Shares(lines)
    };
    Authority::open(&place.dir, &opener).map_err(Failure::usage)
}

/// Typed twice: nobody can ask for it again.
fn new_passphrase(flags: &PassphraseFlags) -> Result<emergency_access::secret::Secret, Failure> {
    let file = flags.passphrase_file.as_deref();
    let first = person::passphrase(file, "a new passphrase")?;
    first.check_passphrase().map_err(Failure::usage)?;
    if file.is_none() && person::passphrase(None, "again")?.bytes() != first.bytes() {
        return Err(Failure::Usage("the two passphrases differ: nothing was made".to_owned()));
    }
    Ok(first)
}
