//! Events of kube-apiserver's audit log (`audit.k8s.io/v1`), one at a time.
//!
//! An event of the level Metadata has all that is needed but encodings and sizes. Bodies, which higher levels carry, are skipped.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::observation::{Ending, Observation};

/// Requests without an end yet that are remembered: watches of a fleet.
const OPEN_MAX: usize = 200_000;

/// One event, as far as it matters here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(rename = "auditID", default)]
    id: String,
    stage: Stage,
    verb: String,
    #[serde(rename = "requestURI")]
    uri: String,
    #[serde(default)]
    user: User,
    #[serde(default)]
    impersonated_user: Option<User>,
    #[serde(default)]
    user_agent: Option<String>,
    #[serde(rename = "sourceIPs", default)]
    source_addresses: Vec<String>,
    #[serde(default)]
    response_status: Option<Status>,
    request_received_timestamp: jiff::Timestamp,
    stage_timestamp: jiff::Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Stage {
    RequestReceived,
    ResponseStarted,
    ResponseComplete,
    Panic,
}

#[derive(Debug, Default, Deserialize)]
struct User {
    #[serde(default)]
    username: String,
    #[serde(default)]
    extra: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Status {
    #[serde(default)]
    code: u16,
}

/// What a line was.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// A request that has ended.
    Request(Box<Observation>),
    /// The beginning of one.
    Begun,
    /// No event: cut off, or something else.
    NoEvent,
}

/// Makes requests of events, in constant memory.
#[derive(Debug, Default)]
pub struct Events {
    open: BTreeMap<String, Observation>,
    /// Beginnings that were not remembered.
    forgotten: u64,
}

impl Events {
    /// Takes one line of a log, or one element of an `EventList`.
    #[must_use]
    pub fn take(&mut self, line: &[u8]) -> Line {
        let Ok(event) = serde_json::from_slice::<Event>(line) else { return Line::NoEvent };
        let stage = event.stage;
        let id = event.id.clone();
        let observation = event.observation();
        match stage {
            Stage::RequestReceived | Stage::ResponseStarted => {
                if self.open.len() < OPEN_MAX || self.open.contains_key(&id) {
                    self.open.insert(id, observation);
                } else {
                    self.forgotten += 1;
                }
                Line::Begun
            }
            Stage::ResponseComplete | Stage::Panic => {
                self.open.remove(&id);
                Line::Request(Box::new(observation))
            }
        }
    }

    /// Those that have not ended, and how many more there were.
    #[must_use]
    pub fn open(self) -> (Vec<Observation>, u64) {
        (self.open.into_values().collect(), self.forgotten)
    }
}

impl Event {
    fn observation(self) -> Observation {
        let user = self.impersonated_user.filter(|user| !user.username.is_empty()).unwrap_or(self.user);
        let extra = |name: &str| user.extra.get(name).and_then(|values| values.first()).cloned();
        // A pod is a copy for certain; an address may be a balancer's, but is all that there is.
        let instance = extra("authentication.kubernetes.io/pod-name")
            .or_else(|| extra("authentication.kubernetes.io/node-name"))
            .or_else(|| self.source_addresses.first().cloned())
            .unwrap_or_default();
        let took = self.stage_timestamp.duration_since(self.request_received_timestamp).as_secs_f64();
        let code = self.response_status.map(|status| status.code).filter(|code| *code > 0);
        let open = matches!(self.stage, Stage::RequestReceived | Stage::ResponseStarted);
        Observation {
            at_seconds: self.request_received_timestamp.as_duration().as_secs_f64(),
            took_seconds: if open { 0.0 } else { took.max(0.0) },
            instance,
            user: Some(user.username).filter(|name| !name.is_empty()),
            user_agent: self.user_agent,
            method: self.verb,
            uri: self.uri,
            accept: None,
            gzip: None,
            status: code.or(open.then_some(200)),
            retry_after_seconds: None,
            request_bytes: None,
            response_bytes: None,
            wire_bytes: None,
            objects: None,
            events: None,
            ending: match self.stage {
                Stage::ResponseComplete => Ending::Complete,
                Stage::Panic => Ending::ServerGone,
                Stage::RequestReceived | Stage::ResponseStarted => Ending::Open,
            },
        }
    }
}

#[cfg(test)]
mod tests;
