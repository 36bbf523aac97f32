//! Pods: the column Status tells the most interesting thing of all its containers.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::text::{NONE, age, condition, count, each, or_none};
use super::{Printer, text, wide};

pub(super) const PRINTER: Printer = Printer {
    columns: &[
        text("Name"),
        text("Ready"),
        text("Status"),
        text("Restarts"),
        text("Age"),
        wide("IP"),
        wide("Node"),
        wide("Nominated Node"),
        wide("Readiness Gates"),
    ],
    cells,
};

fn cells(pod: &Value, now: Timestamp) -> Vec<Value> {
    let statuses = &pod["status"]["containerStatuses"];
    let all = each(&pod["spec"]["containers"]).count();
    let ready =
        each(statuses).filter(|one| one["ready"] == true && one["state"]["running"].is_object()).count();
    let gates = each(&pod["spec"]["readinessGates"]).count();
    vec![
        pod["metadata"]["name"].clone(),
        json!(format!("{ready}/{all}")),
        json!(reason(pod)),
        json!(restarts(statuses, now)),
        json!(age(&pod["metadata"]["creationTimestamp"], now)),
        json!(or_none(&pod["status"]["podIP"])),
        json!(or_none(&pod["spec"]["nodeName"])),
        json!(or_none(&pod["status"]["nominatedNodeName"])),
        json!(if gates == 0 { NONE.to_owned() } else { format!("0/{gates}") }),
    ]
}

fn restarts(statuses: &Value, now: Timestamp) -> String {
    let total: i64 = each(statuses).map(|one| count(&one["restartCount"])).sum();
    let last = each(statuses).filter_map(|one| one["lastState"]["terminated"]["finishedAt"].as_str()).max();
    match last {
        Some(last) if total > 0 => format!("{total} ({} ago)", age(&json!(last), now)),
        _ => total.to_string(),
    }
}

fn reason(pod: &Value) -> String {
    let status = &pod["status"];
    let phase = || status["phase"].as_str().unwrap_or_default().to_owned();
    let mut reason = status["reason"].as_str().map_or_else(phase, str::to_owned);
    let initializing = initializing(pod);
    if let Some(found) = &initializing {
        reason.clone_from(found);
    }
    if initializing.is_none() || condition(pod, "Initialized", "True") {
        let mut running = false;
        for one in each(&status["containerStatuses"]).collect::<Vec<_>>().into_iter().rev() {
            let state = &one["state"];
            if let Some(why) = state["waiting"]["reason"].as_str().filter(|why| !why.is_empty()) {
                reason = why.to_owned();
            } else if state["terminated"].is_object() {
                reason = terminated(&state["terminated"]);
            } else if one["ready"] == true && state["running"].is_object() {
                running = true;
            }
        }
        if reason == "Completed" && running {
            let ready = condition(pod, "Ready", "True");
            reason = if ready { "Running" } else { "NotReady" }.to_owned();
        }
    }
    let gone = !pod["metadata"]["deletionTimestamp"].is_null();
    match (gone, status["reason"].as_str()) {
        (true, Some("NodeLost")) => "Unknown".to_owned(),
        (true, _) if !matches!(status["phase"].as_str(), Some("Succeeded" | "Failed")) => {
            "Terminating".to_owned()
        }
        _ => reason,
    }
}

/// What the first unfinished init container is at.
fn initializing(pod: &Value) -> Option<String> {
    let all = each(&pod["spec"]["initContainers"]).count();
    for (place, one) in each(&pod["status"]["initContainerStatuses"]).enumerate() {
        let state = &one["state"];
        let ended = &state["terminated"];
        if ended.is_object() && count(&ended["exitCode"]) == 0 {
            continue;
        }
        if ended.is_object() {
            return Some(format!("Init:{}", terminated(ended)));
        }
        return Some(match state["waiting"]["reason"].as_str() {
            Some(why) if !why.is_empty() && why != "PodInitializing" => format!("Init:{why}"),
            _ => format!("Init:{place}/{all}"),
        });
    }
    None
}

fn terminated(state: &Value) -> String {
    match (state["reason"].as_str(), count(&state["signal"])) {
        (Some(reason), _) if !reason.is_empty() => reason.to_owned(),
        (_, 0) => format!("ExitCode:{}", count(&state["exitCode"])),
        (_, signal) => format!("Signal:{signal}"),
    }
}
