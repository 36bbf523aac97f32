//! `plimsoll rollout`.

use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use confirmation::{SigningKey, hex};
use environment::files;
use rollout_controller::{RolloutStatus, limits, load_line, spec};
use rustix::rand::{GetRandomFlags, getrandom};
use telemetry_export::fetch;

use crate::commands::{rollout_verbs, runtime};
use crate::flags::{RolloutFlags, RolloutVerb};
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// 64 rollouts of 32 gates of some 300 bytes.
const BODY_BYTES_MAX: usize = 4 << 20;

pub(crate) fn run(flags: RolloutFlags) -> Outcome {
    match flags.verb {
        RolloutVerb::Lint { file } => lint(&file),
        RolloutVerb::Keygen { dir } => keygen(&dir),
        RolloutVerb::List { json } => runtime::one_thread(async {
            let rollouts = ask(&flags.hub).await?;
            if json {
                terminal::print(&format!("{}\n", serde_json::to_string_pretty(&rollouts)?));
            } else {
                terminal::print(&table(&rollouts));
                terminal::complain("(the hub was asked; the API server was not needed)");
            }
            Ok(())
        }),
        RolloutVerb::Explain { name } => runtime::one_thread(async {
            let rollouts = ask(&flags.hub).await?;
            let Some(one) = rollouts.iter().find(|one| one.name == name) else {
                let known: Vec<&str> = rollouts.iter().map(|one| one.name.as_str()).collect();
                return Err(Failure::Usage(format!(
                    "the hub has no rollout {name:?}; it has {}",
                    known.join(", ")
                )));
            };
            terminal::print(&one.explain());
            terminal::complain("(the hub was asked; the API server was not needed)");
            Ok(())
        }),
        verb => rollout_verbs::run(flags.kubeconfig, &verb),
    }
}

async fn ask(hub: &str) -> Result<Vec<RolloutStatus>, Failure> {
    let failed = |why: String| {
        Failure::Usage(format!(
            "the hub at {hub} (--hub) does not say its rollouts: {why}; it needs `plimsoll hub --rollouts-dir`, and --hub its telemetry port"
        ))
    };
    let body = fetch(hub, "/rollouts", BODY_BYTES_MAX).await.map_err(|error| failed(error.to_string()))?;
    serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))
}

fn table(rollouts: &[RolloutStatus]) -> String {
    let mut text = format!(
        "{:<28}{:<13}{:<8}{:<8}{:<9}{:<8}{:<10}{}\n",
        "ROLLOUT", "PHASE", "STEP", "NODES", "ASSIGNED", "ACTIVE", "REVERTED", "MESSAGE"
    );
    for one in rollouts {
        let step = format!("{}/{}", one.step, one.steps);
        let _ = writeln!(
            text,
            "{:<28}{:<13}{step:<8}{:<8}{:<9}{:<8}{:<10}{}",
            one.name,
            one.phase,
            one.nodes,
            one.assigned_nodes,
            one.active_nodes,
            one.reverted_nodes,
            one.message.as_deref().unwrap_or("-"),
        );
    }
    text
}

fn lint(file: &Path) -> Outcome {
    let refused = |why: String| Failure::Usage(format!("{}: {why}", file.display()));
    let mut bytes = Vec::new();
    files::read_into(file, &mut bytes, limits::DOCUMENT_BYTES_MAX)
        .map_err(|error| refused(error.to_string()))?;
    let text = String::from_utf8_lossy(&bytes);
    if spec::kind(&text) == load_line::KIND {
        let line = load_line::parse(&text).map_err(refused)?;
        let (namespace, kind, name) = &line.workload;
        let (bytes, connections) = line.share(1_000);
        terminal::print(&format!(
            "{} can be meant: a node of 1,000 holds {namespace}/{kind}/{name} to {bytes} bytes and {connections} connections a second\n",
            line.name
        ));
        return Ok(());
    }
    let wanted = spec::parse(&text).map_err(refused)?;
    let horizon = wanted
        .horizon
        .map_or("nothing: no bake would end".to_owned(), |time| format!("{} s", time.as_secs()));
    terminal::print(&format!(
        "{} can be meant: workload {}, revision {}, {} steps, {} gates, masking horizon {horizon}\n",
        wanted.rollout,
        wanted.workload,
        wanted.revision.hash(),
        wanted.plan.steps.len(),
        wanted.plan.gates.len(),
    ));
    Ok(())
}

fn keygen(dir: &Path) -> Outcome {
    let (private, public) = (dir.join("rollout.key"), dir.join("rollout.pub"));
    if private.exists() || public.exists() {
        let there = dir.display();
        return Err(Failure::Usage(format!(
            "{there} has a key already, which nodes trust: choose another folder"
        )));
    }
    std::fs::create_dir_all(dir)?;
    let mut seed = [0; 32];
    getrandom(&mut seed, GetRandomFlags::empty())?;
    let key = SigningKey::from_seed(&seed).map_err(Failure::usage)?;
    // Temporary files have mode 0600, and the rename keeps it.
    files::write_atomic(&private, |file| writeln!(file, "{}{}", SigningKey::PREFIX, hex::encode(&seed)))?;
    files::write_atomic(&public, |file| writeln!(file, "{}", key.public()))?;
    std::fs::set_permissions(&public, Permissions::from_mode(0o644))?;
    terminal::print(&format!(
        "{} is for the hub alone, {} for every agent\n",
        private.display(),
        public.display()
    ));
    Ok(())
}
