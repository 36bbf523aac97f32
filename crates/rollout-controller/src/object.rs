//! A rollout as the `status` of its object: conditions as `metav1.Condition` has them, and what people are told by an Event.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::status::RolloutStatus;

/// Since when each condition of each rollout has been as it is.
#[derive(Debug, Default)]
pub struct Conditions(BTreeMap<(String, &'static str), (bool, String)>);

/// An Event to be: warning or not, reason, sentence.
pub type News = (bool, &'static str, String);

const STOPPED: [&str; 2] = ["Degraded", "Reverting"];
/// Reasons of a stop that are about the API server's load.
const OVER_BUDGET: [&str; 3] = ["PredictedOverBudget", "MeasuredOverBudget", "SuperlinearCost"];

impl Conditions {
    /// The object's status. What changes with each answer of a gate is not in it: it is on the hub's page, and would be one write in
    /// five seconds for as long as a rollout lasts. A gate that has stopped it is shown as it was.
    pub fn status(&mut self, status: &RolloutStatus, generation: i64, now: &str) -> Value {
        let is_stopped = STOPPED.contains(&status.phase.as_str());
        let gates = status.gates.iter().map(|gate| {
            let mut shown = json!({"name": gate.name, "limit": gate.limit, "holds": gate.holds});
            if is_stopped {
                shown["measured"] = json!(gate.measured);
                shown["predictedAtFullSize"] = json!(gate.predicted_at_full_size);
            }
            shown
        });
        json!({
            "observedGeneration": generation,
            "phase": status.phase,
            "currentStepIndex": status.step,
            "steps": status.steps,
            "step": status.step_is,
            "nodes": status.nodes,
            "assignedNodes": status.assigned_nodes,
            "activeNodes": status.active_nodes,
            "revertedNodes": status.reverted_nodes,
            "updateRevision": status.update_revision,
            "stableRevision": status.stable_revision,
            "reason": status.reason,
            "message": status.message,
            "gates": gates.collect::<Vec<_>>(),
            "conditions": self.conditions(status, generation, now),
            "history": status.history,
            "kept": status.kept,
        })
    }

    fn conditions(&mut self, status: &RolloutStatus, generation: i64, now: &str) -> Vec<Value> {
        let phase = status.phase.as_str();
        let is_stopped = STOPPED.contains(&phase);
        let reason = status.reason.as_deref().unwrap_or(phase);
        let is_over = OVER_BUDGET.contains(&reason);
        let all: [(&'static str, bool, &str); 6] = [
            ("Progressing", matches!(phase, "Progressing" | "Baking"), phase),
            ("Paused", phase == "Paused", phase),
            ("Frozen", phase == "Frozen", phase),
            ("Degraded", is_stopped || phase == "Refused", reason),
            ("Healthy", phase == "Healthy", if phase == "Healthy" { "Completed" } else { phase }),
            ("WithinLoadLine", !is_over, if is_over { reason } else { "GatesHold" }),
        ];
        let condition = |(name, holds, reason): (&'static str, bool, &str)| {
            let known = self.0.entry((status.name.clone(), name)).or_insert_with(|| (holds, now.to_owned()));
            if known.0 != holds {
                *known = (holds, now.to_owned());
            }
            json!({
                "type": name,
                "status": if holds { "True" } else { "False" },
                "reason": if reason.is_empty() { "Unknown" } else { reason },
                "message": status.message.clone().unwrap_or_default(),
                "lastTransitionTime": known.1,
                "observedGeneration": generation,
            })
        };
        all.map(condition).into()
    }
}

/// What has happened between two looks at a rollout.
pub fn news(before: &RolloutStatus, now: &RolloutStatus) -> Vec<News> {
    let mut news = Vec::new();
    let message = || now.message.clone().unwrap_or_else(|| now.phase.clone());
    let became = |phase: &str| now.phase == phase && before.phase != phase;
    if now.update_revision == before.update_revision && now.step > before.step {
        let sentence = format!("step {} of {} is done: {}", before.step, before.steps, before.step_is);
        news.push((false, "RolloutStepCompleted", sentence));
    }
    let is_stopped = STOPPED.contains(&now.phase.as_str());
    if is_stopped && !STOPPED.contains(&before.phase.as_str()) {
        let reason = now.reason.as_deref().unwrap_or_default();
        let name = if OVER_BUDGET.contains(&reason) { "LoadLineExceeded" } else { "RolloutAborted" };
        news.push((true, name, format!("{reason}: {}", message())));
    }
    if became("Healthy") {
        news.push((false, "RolloutCompleted", format!("all {} nodes may run it", now.nodes)));
    }
    if became("Paused") {
        news.push((false, "RolloutPaused", now.step_is.clone()));
    }
    if before.phase == "Paused" && now.phase != "Paused" && !is_stopped {
        news.push((false, "RolloutResumed", now.step_is.clone()));
    }
    if now.reverted_nodes > before.reverted_nodes && now.update_revision == before.update_revision {
        news.push((
            true,
            "NodesReverted",
            format!("{} of {} nodes gave it up", now.reverted_nodes, now.nodes),
        ));
    }
    news
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(phase: &str, step: usize, reverted_nodes: u32) -> RolloutStatus {
        RolloutStatus {
            name: "ns/a".to_owned(),
            phase: phase.to_owned(),
            step,
            steps: 5,
            nodes: 100,
            reverted_nodes,
            reason: STOPPED.contains(&phase).then(|| "PredictedOverBudget".to_owned()),
            ..RolloutStatus::default()
        }
    }

    #[test]
    fn what_people_are_told() {
        let check = |before: (&str, usize, u32), now: (&str, usize, u32), expected: &[&str]| {
            let told = news(&at(before.0, before.1, before.2), &at(now.0, now.1, now.2));
            let reasons: Vec<&str> = told.iter().map(|(_, reason, _)| *reason).collect();
            assert_eq!(reasons, expected, "{before:?} {now:?}");
        };
        check(("Progressing", 1, 0), ("Progressing", 1, 0), &[]);
        check(("Progressing", 1, 0), ("Baking", 2, 0), &["RolloutStepCompleted"]);
        check(("Progressing", 4, 0), ("Healthy", 5, 0), &["RolloutStepCompleted", "RolloutCompleted"]);
        check(("Progressing", 2, 0), ("Reverting", 2, 1), &["LoadLineExceeded", "NodesReverted"]);
        check(("Reverting", 2, 1), ("Degraded", 2, 1), &[]);
        check(("Progressing", 2, 0), ("Paused", 3, 0), &["RolloutStepCompleted", "RolloutPaused"]);
        check(("Paused", 3, 0), ("Progressing", 3, 0), &["RolloutResumed"]);
        check(("Paused", 3, 0), ("Degraded", 3, 0), &["LoadLineExceeded"]);
    }

    #[test]
    fn a_condition_keeps_its_time_until_it_changes() {
        let mut conditions = Conditions::default();
        let mut time_of = |status: &RolloutStatus, name: &str, now: &str| {
            let value = conditions.status(status, 1, now);
            let all = value["conditions"].as_array().expect("conditions").clone();
            let one = all.into_iter().find(|one| one["type"] == name).expect(name);
            (one["status"].as_str().unwrap_or_default().to_owned(), one["lastTransitionTime"].clone())
        };
        let (progressing, healthy) = (at("Progressing", 1, 0), at("Healthy", 5, 0));
        assert_eq!(time_of(&progressing, "Healthy", "t1"), ("False".to_owned(), json!("t1")));
        assert_eq!(time_of(&progressing, "Healthy", "t2"), ("False".to_owned(), json!("t1")));
        assert_eq!(time_of(&healthy, "Healthy", "t3"), ("True".to_owned(), json!("t3")));
        assert_eq!(time_of(&healthy, "Healthy", "t4"), ("True".to_owned(), json!("t3")));
    }
}
