//! Sealed orders: written, signed, shown, sent.

use std::path::Path;

use confirmation::hex;
use emergency_access::offender;
use emergency_access::secret::{Secret, open_signer};
use sealed_order::limits::ID_BYTES;
use sealed_order::{Order, Place as Where, Purpose, Sealed, Spent};
use serde_json::json;
use telemetry_export::FetchError;

use super::Place;
use super::levers::{begin, note};
use crate::commands::agent_orders::roster;
use crate::commands::orders::{PATH, QUERY};
use crate::commands::{node_order, person, runtime};
use crate::flags::OrderVerb;
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// A sentence.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

pub(super) fn run(place: &Place, verb: OrderVerb) -> Outcome {
    match verb {
        OrderVerb::New {
            purpose,
            subject,
            roster: file,
            reason,
            ttl,
            node,
            test,
            system: _,
            confirm,
            out,
        } => {
            let roster = roster("--roster", &file)?;
            if purpose == Purpose::Cut && !test {
                offender::check(subject.as_deref().unwrap_or_default(), confirm.as_deref())
                    .map_err(Failure::usage)?;
            }
            let order = Order {
                cluster: roster.cluster().to_owned(),
                id: Secret::random(ID_BYTES).map_err(Failure::usage)?.bytes().to_vec(),
                purpose: purpose.into(),
                subject: subject.unwrap_or_default(),
                nodes: node,
                not_before: place.now().saturating_sub(60),
                not_after: place.now() + ttl.as_secs() - 60,
                reason,
                is_test: test,
            };
            let sealed = Sealed::new(&order).map_err(Failure::usage)?;
            emergency_access::authority::write(&out, &sealed.to_text(), 0o600).map_err(Failure::usage)?;
            terminal::print(&format!(
                "{}: {order}; {} people must sign it: plimsoll breakglass order sign {} --key FILE\n",
                out.display(),
                roster.threshold(),
                out.display()
            ));
            Ok(())
        }
        OrderVerb::Sign { file, key, passphrase } => {
            let mut sealed = read(&file)?;
            let order = sealed.order().map_err(|why| Failure::Usage(format!("{}: {why}", file.display())))?;
            // On the terminal before the passphrase is typed: it is what is signed.
            terminal::complain(&format!(
                "{order}\n  because: {}\n  until {}",
                order.reason,
                time(order.not_after)
            ));
            let pem = person::read(&key)?;
            let prompt = format!("passphrase of {}", key.display());
            let passphrase = person::passphrase(passphrase.passphrase_file.as_deref(), &prompt)?;
            let signer = open_signer(&pem, &passphrase)
                .map_err(|why| Failure::Usage(format!("{}: {why}", key.display())))?;
            sealed.sign(&signer);
            let mut log = begin(place)?;
            let by = hex::encode(&signer.public().id().0);
            note(
                place,
                &mut log,
                "sign",
                json!({"order": order.to_string(), "id": hex::encode(&order.id), "key": by}),
            )?;
            environment::files::write_atomic(&file, |to| to.write_all(sealed.to_text().as_bytes()))?;
            terminal::print(&format!("{}: signed\n", file.display()));
            Ok(())
        }
        OrderVerb::Show { file, roster: people } => show(place, &file, &people),
        OrderVerb::Send { file, hub } => {
            // What is no order is said here, and not by each hub.
            let text = read(&file)?.to_text();
            let mut log = begin(place)?;
            note(place, &mut log, "send", json!({"order": text.trim(), "to": hub}))?;
            runtime::one_thread(async {
                let mut is_taken = false;
                for hub in hub {
                    let says = post(&hub, &text).await;
                    is_taken |= says.is_ok();
                    let says = says.unwrap_or_else(|why| format!("NOT TAKEN: {why}"));
                    terminal::print(&format!("{hub}: {says}\n"));
                }
                terminal::complain("(the API server was not needed)");
                if is_taken { Ok(()) } else { Err(Failure::Verdict(1)) }
            })
        }
    }
}

fn show(place: &Place, file: &Path, people: &Path) -> Outcome {
    let (sealed, roster) = (read(file)?, roster("--roster", people)?);
    let order = sealed.order().map_err(Failure::usage)?;
    terminal::print(&format!(
        "{order}\n  because: {}\n  from {} to {}\n",
        order.reason,
        time(order.not_before),
        time(order.not_after)
    ));
    let here = Where { node: None, now: place.now() };
    let verdict = sealed
        .signers(&roster)
        .map(|names| names.join(", "))
        .and_then(|names| sealed.admit(&roster, here, &mut Spent::default()).map(|_| names));
    match verdict {
        Ok(names) => {
            terminal::print(&format!("  signed by {names}: nodes follow it\n"));
            Ok(())
        }
        Err(why) => Err(Failure::Usage(format!("nodes would not follow it: {why}"))),
    }
}

fn read(file: &Path) -> Result<Sealed, Failure> {
    Sealed::parse(&node_order::read(file)?)
        .map_err(|why| Failure::Usage(format!("{}: {why}", file.display())))
}

/// Gives an order to a hub; what it says.
pub(super) async fn post(hub: &str, order: &str) -> Result<String, String> {
    let path = format!("{PATH}?{QUERY}{}", order.trim());
    let says = |body: &[u8]| String::from_utf8_lossy(body).trim().to_owned();
    match telemetry_export::post(hub, &path, ANSWER_BYTES_MAX).await {
        Ok(body) => Ok(says(&body)),
        Err(FetchError::Refused { status, body }) => Err(format!("{status}: {}", says(&body))),
        Err(error) => Err(error.to_string()),
    }
}

pub(super) fn time(seconds: u64) -> String {
    rollout_objects::seconds_time(std::time::Duration::from_secs(seconds))
}
