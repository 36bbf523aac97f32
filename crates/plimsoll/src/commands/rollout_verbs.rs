//! `plimsoll rollout` on the cluster's objects, with a person's own credentials.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use apiserver_client::calls::Custom;
use apiserver_client::{Door, DoorConfig, Named as Object, failure::Failure as ApiFailure};
use environment::{Clock as _, SystemClock, SystemEntropy};
use prometheus_client::registry::Registry;
use serde_json::{Value, json};

use crate::commands::runtime;
use crate::flags::{Named, RolloutVerb};
use crate::outcome::{Failure, Outcome};
use crate::terminal;

/// Between two looks, as `docs/api-calls.md` says.
const LOOK: Duration = Duration::from_secs(2);
/// A rollout has stopped.
const EXIT_STOPPED: u8 = 1;
/// It is neither healthy nor stopped, and the time is over.
const EXIT_UNDECIDED: u8 = 2;

/// A change that a verb makes, from the object as it is.
type Change = fn(&Value) -> Value;

/// The change, and what it means.
fn change(verb: &RolloutVerb) -> Option<(&Named, Change, &'static str)> {
    Some(match verb {
        RolloutVerb::Pause(of) => (of, |_| json!({"paused": true}), "no further step begins"),
        RolloutVerb::Resume(of) => (of, |_| json!({"paused": false}), "it goes on"),
        RolloutVerb::Promote { of, full: false } => {
            (of, |spec| json!({"promote": following(&spec["promote"])}), "the pause that it is at ends")
        }
        RolloutVerb::Promote { of, full: true } => (
            of,
            |_| json!({"promoteFull": true}),
            "no pauses and short bakes from now on; gates hold all the same",
        ),
        RolloutVerb::Abort(of) => (
            of,
            |_| json!({"aborted": true}),
            "nodes give the revision up and go back to what was good; it is quarantined",
        ),
        RolloutVerb::Retry(of) => (
            of,
            |spec| json!({"aborted": false, "retry": following(&spec["retry"])}),
            "it begins again with its first step",
        ),
        RolloutVerb::Freeze(of) => (of, |_| json!({"frozen": true}), "nothing begins, also not on new nodes"),
        RolloutVerb::Unfreeze(of) => (of, |_| json!({"frozen": false}), "it goes on"),
        _ => return None,
    })
}

fn following(number: &Value) -> u64 {
    number.as_u64().unwrap_or_default() + 1
}

pub(crate) fn run(kubeconfig: Option<PathBuf>, verb: &RolloutVerb) -> Outcome {
    runtime::one_thread(async {
        let door = door(kubeconfig).await?;
        if let Some((of, change, means)) = change(verb) {
            return make(&door, of, change, means).await;
        }
        match verb {
            RolloutVerb::Get { of, watch } => get(&door, of, *watch).await,
            RolloutVerb::History(of) => history(&door, of).await,
            RolloutVerb::Undo { of, to_revision, clear } => {
                undo(&door, of, to_revision.as_deref(), *clear).await
            }
            RolloutVerb::Status { of, timeout } => status(&door, of, Duration::from_secs(*timeout)).await,
            _ => Ok(()),
        }
    })
}

async fn door(kubeconfig: Option<PathBuf>) -> Result<Door, Failure> {
    let config = DoorConfig::from_kubeconfig(kubeconfig);
    let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SystemEntropy::new()));
    Door::connect(config, clock, entropy, &mut Registry::default()).await.map_err(Failure::usage)
}

async fn make(door: &Door, of: &Named, change: Change, means: &str) -> Outcome {
    let named = named(of)?;
    let Object { namespace, name, .. } = named;
    let before = door.custom_object(named).await.map_err(|failure| refused(named, &failure))?;
    let spec = change(&before["spec"]);
    // Only over what was read: two people who retry at once do it once.
    let version = &before["metadata"]["resourceVersion"];
    let patch = json!({"metadata": {"resourceVersion": version}, "spec": spec});
    // An abort waits for nobody, and overwrites whatever has come between.
    let patch = if spec["aborted"] == true { json!({"spec": spec}) } else { patch };
    door.patch_custom_object(named, &patch).await.map_err(|failure| refused(named, &failure))?;
    terminal::print(&format!("{namespace}/{name}: {means}; the hub that leads hears of it within 5 s\n"));
    terminal::complain("(the API server was needed; on a node, `plimsoll node` works without it)");
    Ok(())
}

async fn get(door: &Door, of: &Named, watch: bool) -> Outcome {
    let named = named(of)?;
    let Object { namespace, name, .. } = named;
    let object = door.custom_object(named).await.map_err(|failure| refused(named, &failure))?;
    terminal::print(&picture(&object["status"], namespace, name));
    terminal::complain("(the API server was needed)");
    if !watch {
        return Ok(());
    }
    let mut last = line(&object["status"]);
    loop {
        tokio::time::sleep(LOOK).await;
        // A person who watches wants to see it when it is back, too.
        let Ok(object) = door.custom_object(named).await else { continue };
        let now = line(&object["status"]);
        if now != last {
            terminal::print(&format!("{now}\n"));
            last = now;
        }
    }
}

async fn history(door: &Door, of: &Named) -> Outcome {
    let named = named(of)?;
    let object = door.custom_object(named).await.map_err(|failure| refused(named, &failure))?;
    let mut text = format!("{:<66}{:<24}{}\n", "REVISION", "OUTCOME", "SINCE");
    for past in object["status"]["history"].as_array().into_iter().flatten() {
        let at = Duration::from_secs(past["at"].as_u64().unwrap_or_default());
        let word = |field: &str| past[field].as_str().unwrap_or("-");
        let at = rollout_objects::seconds_time(at);
        text.push_str(&format!("{:<66}{:<24}{at}\n", word("revision"), word("outcome")));
    }
    terminal::print(&text);
    terminal::complain("(the API server was needed)");
    Ok(())
}

async fn undo(door: &Door, of: &Named, to: Option<&str>, clear: bool) -> Outcome {
    let named = named(of)?;
    let Object { namespace, name, .. } = named;
    let object = door.custom_object(named).await.map_err(|failure| refused(named, &failure))?;
    let revision = match clear {
        true => Value::Null,
        false => json!(
            older(&object["status"], to)
                .map_err(|why| Failure::Usage(format!("{namespace}/{name}: {why}")))?
        ),
    };
    let version = &object["metadata"]["resourceVersion"];
    let patch = json!({"metadata": {"resourceVersion": version}, "spec": {"undoTo": revision}});
    door.patch_custom_object(named, &patch).await.map_err(|failure| refused(named, &failure))?;
    let means = match revision.as_str() {
        Some(revision) => {
            format!("revision {revision} is rolled out from the first step; `undo --clear` ends that")
        }
        None => "the revision that the object says is rolled out".to_owned(),
    };
    terminal::print(&format!("{namespace}/{name}: {means}\n"));
    terminal::complain("(the API server was needed)");
    Ok(())
}

/// A revision of the history: by the beginning of its name, or the last one that was healthy before the present.
fn older(status: &Value, to: Option<&str>) -> Result<String, String> {
    let present = status["updateRevision"].as_str().unwrap_or_default();
    let all: Vec<(&str, &str)> = status["history"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|past| Some((past["revision"].as_str()?, past["outcome"].as_str()?)))
        .collect();
    let mut found: Vec<&str> = match to {
        Some(beginning) => {
            all.iter().map(|(name, _)| *name).filter(|name| name.starts_with(beginning)).collect()
        }
        None => {
            let is_it = |(name, outcome): &&(&str, &str)| *outcome == "Healthy" && *name != present;
            all.iter().find(is_it).map(|(name, _)| *name).into_iter().collect()
        }
    };
    found.sort_unstable();
    found.dedup();
    match (found[..].first(), found.len(), to) {
        (Some(one), 1, _) => Ok((*one).to_owned()),
        (None, _, Some(beginning)) => Err(format!(
            "no revision of its history begins with {beginning:?}; `plimsoll rollout history` lists them"
        )),
        (None, _, None) => Err("its history has no other healthy revision; say --to-revision".to_owned()),
        (Some(_), _, _) => Err(format!("{} revisions begin so; say more of the name", found.len())),
    }
}

async fn status(door: &Door, of: &Named, timeout: Duration) -> Outcome {
    let named = named(of)?;
    let clock = SystemClock::new();
    loop {
        let object = door.custom_object(named).await.map_err(|failure| refused(named, &failure))?;
        let phase = object["status"]["phase"].as_str().unwrap_or("Pending");
        let is_current = object["status"]["observedGeneration"] == object["metadata"]["generation"];
        let is_over = clock.monotonic() >= timeout;
        let decided = match phase {
            "Healthy" if is_current => Some(None),
            "Degraded" | "Reverting" | "Refused" if is_current => Some(Some(EXIT_STOPPED)),
            _ => is_over.then_some(Some(EXIT_UNDECIDED)),
        };
        let Some(code) = decided else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        terminal::print(&format!("{}\n", line(&object["status"])));
        terminal::complain("(the API server was needed)");
        return code.map_or(Ok(()), |code| Err(Failure::Verdict(code)));
    }
}

fn named(of: &Named) -> Result<Object<'_>, Failure> {
    let object = |namespace, name| Object { kind: Custom::DaemonRollout, namespace, name };
    match (of.name.split_once('/'), &of.namespace) {
        (Some((namespace, name)), None) => Ok(object(namespace, name)),
        (None, namespace) => Ok(object(namespace.as_deref().unwrap_or("default"), of.name.as_str())),
        (Some(_), Some(_)) => {
            Err(Failure::Usage(format!("{:?} has a namespace already: leave out -n", of.name)))
        }
    }
}

fn refused(Object { namespace, name, .. }: Object<'_>, failure: &ApiFailure) -> Failure {
    let what = format!("DaemonRollout {namespace}/{name}");
    match failure.code() {
        Some(404) => Failure::Usage(format!(
            "{what}: there is none; `kubectl get daemonrollouts -A` lists them, deploy/rollout/crds.yaml brings the kind"
        )),
        Some(401 | 403) => Failure::Usage(format!("{what}: these credentials may not: {failure}")),
        Some(409) => {
            Failure::Environment(anyhow::anyhow!("{what}: somebody has changed it meanwhile; say it again"))
        }
        _ => Failure::Environment(anyhow::anyhow!(
            "{what}: {failure}; if the API server is gone, unconfirmed nodes go back by themselves, and `plimsoll node` works on each"
        )),
    }
}

fn line(status: &Value) -> String {
    let number = |field: &str| status[field].as_u64().unwrap_or_default();
    let mut text = format!(
        "{}: step {} of {} ({}), {} of {} nodes may run it, {} do, {} gave it up",
        status["phase"].as_str().unwrap_or("Pending"),
        number("currentStepIndex"),
        number("steps"),
        status["step"].as_str().unwrap_or("-"),
        number("assignedNodes"),
        number("nodes"),
        number("activeNodes"),
        number("revertedNodes"),
    );
    if let Some(message) = status["message"].as_str() {
        text.push_str(": ");
        text.push_str(message);
    }
    text
}

fn picture(status: &Value, namespace: &str, name: &str) -> String {
    let mut text = format!("{namespace}/{name}\n  {}\n", line(status));
    for condition in status["conditions"].as_array().into_iter().flatten() {
        let word = |field: &str| condition[field].as_str().unwrap_or("-");
        text.push_str(&format!(
            "  {:<16}{:<7}{:<24}since {}\n",
            word("type"),
            word("status"),
            word("reason"),
            word("lastTransitionTime")
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_back_to() {
        let status = json!({
            "updateRevision": "cc11",
            "history": [
                {"revision": "cc11", "outcome": "InProgress"},
                {"revision": "bb22", "outcome": "NodesReverted"},
                {"revision": "aa33", "outcome": "Healthy"},
                {"revision": "aa44", "outcome": "Healthy"},
            ],
        });
        let check = |to: Option<&str>, expected: Result<&str, &str>| match (older(&status, to), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{to:?}"),
            (Err(why), Err(expected)) => assert!(why.contains(expected), "{to:?}: {why}"),
            (found, _) => panic!("{to:?}: {found:?}"),
        };
        check(None, Ok("aa33"));
        check(Some("bb"), Ok("bb22"));
        check(Some("aa"), Err("2 revisions begin so"));
        check(Some("dd"), Err("no revision"));
        let none = json!({"updateRevision": "cc11", "history": [{"revision": "cc11", "outcome": "Healthy"}]});
        assert!(older(&none, None).is_err_and(|why| why.contains("no other healthy")));
        assert!(older(&json!({}), None).is_err());
    }
}
