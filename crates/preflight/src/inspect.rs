//! From manifests to a profile: what a workload will ask, as far as manifests say it.
//!
//! Knows some collectors by their image and reads their configuration; of any other program it knows what its service account may
//! list and watch, which is an upper bound. What it could not know stands in the profile.

mod classes;
mod documents;
mod programs;
mod rights;
#[cfg(test)]
mod tests;
mod workloads;

use serde_json::Value;
use workload_profile::{ApiVersion, Confidence, Kind, Profile, Recorded, RequestClass, Source};

pub use documents::InspectError;
use workloads::Declared;

/// Everything that was handed in.
#[derive(Debug, Default)]
pub struct Manifests {
    objects: Vec<Value>,
}

/// A workload and the profile that follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspected {
    /// `DaemonSet monitoring/agent`.
    pub title: String,
    /// What it was recognized as.
    pub program: &'static str,
    /// What it will ask.
    pub profile: Profile,
}

impl Manifests {
    /// Adds one file: YAML with any number of documents, or JSON; `List`s are taken apart.
    ///
    /// # Errors
    /// [`InspectError`].
    pub fn add(&mut self, text: &str) -> Result<(), InspectError> {
        documents::read(text, &mut self.objects)
    }

    /// The workloads in them, in their order.
    #[must_use]
    pub fn inspect(&self) -> Vec<Inspected> {
        workloads::declared(&self.objects).into_iter().map(|declared| self.one(&declared)).collect()
    }

    fn one(&self, declared: &Declared<'_>) -> Inspected {
        let mut asks = programs::Asks::default();
        let program = programs::recognize(declared, &self.objects, &mut asks);
        let mut unknown = asks.unknown;
        unknown.push("it was read from manifests: what the program really asks shows in a recording (`plimsoll preflight record`)".to_owned());
        let profile = Profile {
            api_version: ApiVersion::V1,
            kind: Kind::Profile,
            workload: declared.workload.clone(),
            recorded: Recorded {
                source: Source::Declared,
                version: None,
                cluster_nodes: None,
                instances: None,
                duration: None,
                objects: std::collections::BTreeMap::new(),
            },
            requests: finished(asks.classes, declared),
            unknown,
        };
        Inspected { title: declared.title(), program, profile }
    }
}

/// Ids once each, and the actor of the workload's kind.
fn finished(classes: Vec<RequestClass>, declared: &Declared<'_>) -> Vec<RequestClass> {
    let mut taken: Vec<RequestClass> = Vec::new();
    for mut class in classes {
        class.actor = declared.actor();
        let base = class.id.clone();
        let mut number = 1;
        while taken.iter().any(|other| other.id == class.id) {
            number += 1;
            class.id = format!("{base}-{number}");
        }
        class.confidence.entry("retry".to_owned()).or_insert(Confidence::Low);
        taken.push(class);
    }
    taken
}
