//! `plimsoll node fuse`: orders to the fuse of this node, as files, and what came of them.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use environment::since_boot;
use fuse::limits::{LOOK, TABLE};
use fuse::policy::Why;
use fuse::status::WorkloadStatus;
use fuse::{Action, Nft, Order, Rates, Status, Whom, script};

use crate::commands::{person, runtime};
use crate::flags::{FuseVerb, Lasts, RateFlags};
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// Three looks of the agent.
const PATIENCE: Duration = Duration::from_secs(3 * LOOK.as_secs());
/// An agent that has not written for so long does not run.
const SILENT: Duration = Duration::from_secs(10 * LOOK.as_secs());

pub(crate) fn run(run_dir: &Path, verb: FuseVerb) -> Outcome {
    let folder = run_dir.join("fuse");
    match verb {
        FuseVerb::Status { json } => show(&folder, json),
        FuseVerb::Cut { workload, lasts } => order(&folder, workload, Action::Cut, lasts),
        FuseVerb::Exempt { workload, lasts } => order(&folder, workload, Action::Observe, lasts),
        FuseVerb::Limit(flags) => {
            let rates = rates(&flags);
            order(&folder, flags.workload, Action::Limit(rates), flags.lasts)
        }
        FuseVerb::Share(flags) => {
            let rates = rates(&flags);
            order(&folder, flags.workload, Action::Share(rates), flags.lasts)
        }
        FuseVerb::Restore { workload } => restore(&folder, &workload),
        FuseVerb::Remove { nft } => remove(&folder, nft),
    }?;
    terminal::complain("(the API server was not needed)");
    Ok(())
}

fn rates(flags: &RateFlags) -> Rates {
    Rates { bytes_per_second: flags.bytes_per_second, connections_per_second: flags.connections_per_second }
}

fn order(folder: &Path, subject: Whom, action: Action, lasts: Lasts) -> Outcome {
    if subject.is_system() && matches!(action, Action::Cut | Action::Limit(_)) && !lasts.system {
        let sentence = format!(
            "{subject} means parts of the cluster itself: without the API server, networking, DNS or storage of this node may stop; say --system if that is meant"
        );
        return Err(Failure::Usage(sentence));
    }
    let until = (lasts.seconds > 0).then(|| since_boot().as_secs() + lasts.seconds);
    let order = Order {
        subject: subject.clone(),
        action,
        until_up_seconds: until,
        by: person::name(),
        why: lasts.why,
    };
    let orders = folder.join("orders");
    order.write(&orders).map_err(|error| {
        Failure::Usage(format!("the order cannot be written to {}: {error}; has an agent with --fuse run here, and is this root?", orders.display()))
    })?;
    outcome(folder, &subject)
}

fn restore(folder: &Path, subject: &Whom) -> Outcome {
    let path = Order::path(&folder.join("orders"), subject);
    match std::fs::remove_file(&path) {
        Ok(()) => outcome(folder, subject),
        Err(error) => Err(Failure::Usage(format!(
            "no order on {subject} can be taken back: {}: {error}",
            path.display()
        ))),
    }
}

/// Waits until the agent has looked, and says what it made of it.
fn outcome(folder: &Path, subject: &Whom) -> Outcome {
    runtime::one_thread(async {
        let Some(status) = next_look(&folder.join("status.json")).await else {
            terminal::print(
                "the order lies there, but no agent has looked at it: it takes effect when one with --fuse runs\n",
            );
            return Ok(());
        };
        if !status.is_armed {
            let why = status.problem.unwrap_or_default();
            return Err(anyhow::anyhow!("the order lies there, but the fuse is not armed: {why}").into());
        }
        terminal::print(&match subject {
            Whom::Everybody => format!("everybody: {}\n", counts(&status)),
            Whom::One(one) => match status.workloads.get(one) {
                Some(one) => format!("{subject}: {}\n", sentence(one, since_boot())),
                None => format!("{subject}: no pod of it runs on this node; the order waits for one\n"),
            },
        });
        Ok(())
    })
}

fn counts(status: &Status) -> String {
    let mut modes = std::collections::BTreeMap::<&str, usize>::new();
    for one in status.workloads.values() {
        *modes.entry(&one.mode).or_default() += 1;
    }
    let modes: Vec<String> = modes.iter().map(|(mode, count)| format!("{mode} {count}")).collect();
    format!("workloads of this node by mode: {}", modes.join(", "))
}

/// The first state that is certainly younger than this moment; none if it does not come.
async fn next_look(path: &Path) -> Option<Status> {
    let asked = since_boot();
    while since_boot().saturating_sub(asked) <= PATIENCE {
        let status = Status::read(path).ok();
        if let Some(status) = status.filter(|status| status.up_seconds > asked.as_secs()) {
            return Some(status);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    None
}

fn remove(folder: &Path, nft: std::path::PathBuf) -> Outcome {
    let status = Status::read(&folder.join("status.json")).ok();
    if status
        .is_some_and(|status| since_boot().as_secs().saturating_sub(status.up_seconds) < SILENT.as_secs())
    {
        let sentence = "an agent with --fuse runs here and would put the table back: stop it first, or start it without --fuse";
        return Err(Failure::Usage(sentence.to_owned()));
    }
    runtime::one_thread(async { Ok(Nft::new(nft).run(&script::remove()).await?) })?;
    terminal::print(&format!(
        "the table inet {TABLE} is gone: nothing of this node is counted, limited or cut\n"
    ));
    Ok(())
}

fn show(folder: &Path, as_json: bool) -> Outcome {
    let path = folder.join("status.json");
    let status = Status::read(&path).map_err(|error| {
        Failure::Usage(format!(
            "{} cannot be read: {error}; does an agent with --fuse run here, and is this root?",
            path.display()
        ))
    })?;
    if as_json {
        terminal::print(&format!("{}\n", serde_json::to_string_pretty(&status)?));
    } else {
        terminal::print(&picture(&status, since_boot()));
    }
    Ok(())
}

fn picture(status: &Status, now: Duration) -> String {
    let age = now.as_secs().saturating_sub(status.up_seconds);
    let armed = if status.is_armed { "armed" } else { "not armed" };
    let mut text =
        format!("The fuse is {armed}, as of {age} s ago; API servers: {}\n", status.servers.join(" "));
    if let Some(problem) = &status.problem {
        let _ = writeln!(text, "Problem: {problem}");
    }
    if status.overloaded_until_up_seconds.is_some() {
        text.push_str("The API server is overloaded: workloads are held to their shares\n");
    }
    let _ = writeln!(
        text,
        "{:<48}{:>14}{:>14}{:>14}{:>8}  MAY",
        "WORKLOAD", "SENT", "RECEIVED", "DROPPED", "CONNS"
    );
    for (subject, one) in &status.workloads {
        let _ = writeln!(
            text,
            "{:<48}{:>14}{:>14}{:>14}{:>8}  {}",
            subject.to_string(),
            one.up_bytes,
            one.down_bytes,
            one.dropped_bytes,
            one.connections,
            sentence(one, now)
        );
    }
    if status.uncounted > 0 {
        let _ = writeln!(text, "{} more workloads are not counted", status.uncounted);
    }
    text
}

fn sentence(one: &WorkloadStatus, now: Duration) -> String {
    let mut text = one.mode.clone();
    match &one.why {
        Why::Observed => {}
        Why::OverShare => text.push_str(", because it used more than its share"),
        Why::Overload => text.push_str(", because the API server is overloaded"),
        Why::Order { by, why } => {
            text.push_str(", ordered");
            if !by.is_empty() {
                let _ = write!(text, " by {by}");
            }
            if !why.is_empty() {
                let _ = write!(text, " ({why})");
            }
        }
    }
    if let Some(until) = one.until_up_seconds {
        let _ = write!(text, ", for {} s more", until.saturating_sub(now.as_secs()));
    }
    text
}
