//! What is written: states of objects, if they differ, and events.

use std::collections::BTreeMap;
use std::time::Duration;

use apiserver_client::calls::Custom;
use apiserver_client::{Door, Named};
use serde_json::{Value, json};

use crate::States;

/// Objects whose state is written in one round, of the budget's requests; the others come with the next.
const WRITES_MAX: usize = 16;

/// What one object is to say.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct State {
    /// `metadata.uid`, for events.
    pub uid: String,
    /// Its whole status.
    pub status: Value,
    /// What has happened since the last look, oldest first.
    pub news: Vec<News>,
}

/// Something that people are told by an Event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// It is a Warning, not Normal.
    pub is_warning: bool,
    /// A word, as Argo Rollouts has them: RolloutStepCompleted, RolloutAborted, …
    pub reason: String,
    /// A sentence.
    pub message: String,
}

/// Remembers what it wrote.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    written: BTreeMap<String, Value>,
    /// By object and reason: when it was first, and how often.
    counted: BTreeMap<(String, String), (String, u32)>,
}

impl Writer {
    pub(crate) async fn write(&mut self, door: &Door, states: &States, wall: Duration) {
        let differing: Vec<(String, State)> = {
            let states = states.lock();
            self.written.retain(|name, _| states.contains_key(name));
            self.counted.retain(|(name, _), _| states.contains_key(name));
            let is_new = |(name, state): &(&String, &State)| {
                !state.news.is_empty() || self.written.get(*name) != Some(&state.status)
            };
            states
                .iter()
                .filter(is_new)
                .map(|(name, state)| (name.clone(), state.clone()))
                .take(WRITES_MAX)
                .collect()
        };
        for (full, state) in differing {
            let Some((namespace, name)) = full.split_once('/') else { continue };
            let of = Named { kind: Custom::DaemonRollout, namespace, name };
            if self.written.get(&full) != Some(&state.status) {
                match door.patch_custom_status(of, &json!({"status": state.status})).await {
                    Ok(_) => drop(self.written.insert(full.clone(), state.status.clone())),
                    Err(failure) => {
                        tracing::warn!(rollout = full, %failure, "the status of a rollout cannot be written");
                        continue;
                    }
                }
            }
            self.tell(door, states, &full, &state, wall).await;
        }
    }

    async fn tell(&mut self, door: &Door, states: &States, full: &str, state: &State, wall: Duration) {
        let Some((namespace, name)) = full.split_once('/') else { return };
        for news in &state.news {
            let now = seconds_time(wall);
            let key = (full.to_owned(), news.reason.clone());
            let (first, count) = self.counted.entry(key).or_insert_with(|| (now.clone(), 0));
            *count += 1;
            let event = event((namespace, name), &state.uid, news, (first, &now, *count));
            let named = event["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            if let Err(failure) = door.apply_event(namespace, &named, &event).await {
                tracing::warn!(rollout = full, %failure, "an event cannot be written; it is in the status, too");
            }
        }
        if let Some(state_now) = states.lock().get_mut(full) {
            // What has come meanwhile stays.
            state_now.news.drain(..state.news.len().min(state_now.news.len()));
        }
    }
}

/// One for each rollout and reason: the same again counts up.
fn event(
    (namespace, name): (&str, &str),
    uid: &str,
    news: &News,
    (first, last, count): (&str, &str, u32),
) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": format!("{name}.{}", news.reason.to_lowercase()), "namespace": namespace},
        "involvedObject": {
            "apiVersion": "plimsoll.dev/v1alpha1", "kind": "DaemonRollout", "namespace": namespace, "name": name, "uid": uid,
        },
        "type": if news.is_warning { "Warning" } else { "Normal" },
        "reason": news.reason,
        "message": news.message,
        "firstTimestamp": first,
        "lastTimestamp": last,
        "count": count,
        "source": {"component": "plimsoll-hub"},
        "reportingComponent": "plimsoll-hub",
    })
}

/// `metav1.Time`.
pub fn seconds_time(wall: Duration) -> String {
    let seconds = i64::try_from(wall.as_secs()).unwrap_or_default();
    jiff::Timestamp::from_second(seconds).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `metav1.MicroTime`.
pub(crate) fn micro_time(wall: Duration) -> String {
    let micros = i64::try_from(wall.as_micros()).unwrap_or_default();
    jiff::Timestamp::from_microsecond(micros)
        .unwrap_or_default()
        .strftime("%Y-%m-%dT%H:%M:%S.%6fZ")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_kubernetes_has_them() {
        let wall = Duration::from_micros(1_732_752_000_000_042);
        assert_eq!(seconds_time(wall), "2024-11-28T00:00:00Z");
        assert_eq!(micro_time(wall), "2024-11-28T00:00:00.000042Z");
    }

    #[test]
    fn an_event_has_one_name_for_each_reason() {
        let news = News { is_warning: true, reason: "RolloutAborted".to_owned(), message: "m".to_owned() };
        let event = event(("ns", "agent"), "u", &news, ("a", "b", 3));
        assert_eq!(event["metadata"]["name"], "agent.rolloutaborted");
        assert_eq!((&event["count"], &event["type"]), (&json!(3), &json!("Warning")));
    }
}
