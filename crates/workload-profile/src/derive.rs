//! From single requests to classes, one at a time and in constant memory.

mod class;
mod instance;
mod numbers;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::document::DocumentError;
use crate::observation::Observation;
use crate::profile::{ApiVersion, Kind, Profile, Recorded, Source, Workload};
use crate::shape::{Asked, Shape};
use class::Seen;

/// Shapes of one workload that are told apart; the largest controllers have some eighty.
const SHAPES_MAX: usize = 400;
/// Copies that are told apart: enough to see who does what. One that is seen after that is counted only.
const INSTANCES_MAX: usize = 256;

/// What is known about the recording beyond the requests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Whose requests these are.
    pub workload: Workload,
    /// The API server's version.
    pub version: Option<String>,
    /// Nodes of the cluster.
    pub cluster_nodes: Option<u32>,
    /// Objects of each resource there.
    pub objects: BTreeMap<String, u64>,
    /// Further sentences about what could not be known.
    pub unknown: Vec<String>,
}

/// Takes requests, gives a profile.
#[derive(Debug)]
pub struct Collector {
    source: Source,
    shapes: BTreeMap<Shape, Seen>,
    /// Copies, by when their first request came.
    instances: BTreeMap<String, f64>,
    uncounted_instances: u64,
    first: Option<f64>,
    last: f64,
    /// Requests of shapes beyond the limit, and of none.
    shapeless: u64,
    users: BTreeSet<String>,
    accept_unknown: bool,
}

impl Collector {
    /// Empty.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self {
            source,
            shapes: BTreeMap::new(),
            instances: BTreeMap::new(),
            uncounted_instances: 0,
            first: None,
            last: 0.0,
            shapeless: 0,
            users: BTreeSet::new(),
            accept_unknown: false,
        }
    }

    /// Takes one request. They may come a little out of order, as answers do.
    pub fn take(&mut self, seen: &Observation) {
        let first = *self.first.get_or_insert(seen.at_seconds);
        self.first = Some(first.min(seen.at_seconds));
        self.last = self.last.max(seen.at_seconds + seen.took_seconds);
        let asked = Asked::of(&seen.method, &seen.uri, seen.accept.as_deref(), seen.gzip.unwrap_or(false));
        let Some(asked) = asked else {
            self.shapeless += 1;
            return;
        };
        if !self.shapes.contains_key(&asked.shape) && self.shapes.len() >= SHAPES_MAX {
            self.shapeless += 1;
            return;
        }
        self.accept_unknown |= seen.accept.is_none();
        if let (Some(user), true) = (&seen.user, self.users.len() < 2) {
            self.users.insert(user.clone());
        }
        let started = self.started(seen);
        self.shapes.entry(asked.shape).or_default().take(seen, asked.timeout_seconds, started);
    }

    /// Requests so far, by shape: for progress.
    #[must_use]
    pub fn shapes(&self) -> usize {
        self.shapes.len()
    }

    /// The profile.
    ///
    /// # Errors
    /// [`DocumentError`] when nothing was seen, and for what a profile cannot be.
    pub fn finish(self, facts: Facts) -> Result<Profile, DocumentError> {
        if self.shapes.is_empty() {
            return Err(DocumentError::at(
                "requests",
                "no request was seen; nothing can be said about the workload",
            ));
        }
        let unknown = self.unknown(&facts);
        let instances = self.instances.len();
        let duration = self.first.map_or(0.0, |first| (self.last - first).max(0.0));
        let mut requests: Vec<_> = self
            .shapes
            .iter()
            .map(|(shape, seen)| seen.class(shape, instances, duration, &facts, self.accept_unknown))
            .collect();
        numbered(&mut requests);
        let mut workload = facts.workload;
        if workload.user.is_none() && self.users.len() == 1 {
            name_by_user(&mut workload, self.users.first().map_or("", String::as_str));
        }
        let profile = Profile {
            api_version: ApiVersion::V1,
            kind: Kind::Profile,
            workload,
            recorded: Recorded {
                source: self.source,
                version: facts.version,
                cluster_nodes: facts.cluster_nodes,
                instances: u32::try_from(instances).ok(),
                duration: crate::Span::seconds(duration.round()),
                objects: facts.objects,
            },
            requests,
            unknown,
        };
        profile.check()?;
        Ok(profile)
    }

    /// When the copy's first request came; `None` for copies beyond the limit.
    fn started(&mut self, seen: &Observation) -> Option<f64> {
        if let Some(started) = self.instances.get_mut(&seen.instance) {
            *started = started.min(seen.at_seconds);
            return Some(*started);
        }
        if self.instances.len() >= INSTANCES_MAX {
            self.uncounted_instances += 1;
            return None;
        }
        self.instances.insert(seen.instance.clone(), seen.at_seconds);
        Some(seen.at_seconds)
    }

    fn unknown(&self, facts: &Facts) -> Vec<String> {
        let mut unknown = facts.unknown.clone();
        if self.shapeless > 0 {
            unknown.push(format!(
                "{} requests are in no class: they are none of Kubernetes' API, or of too many kinds",
                self.shapeless
            ));
        }
        if self.uncounted_instances > 0 {
            unknown.push(format!(
                "more than {INSTANCES_MAX} copies were seen; how often each asks is that of these"
            ));
        }
        if self.accept_unknown {
            unknown.push(
                "the source does not say how answers were encoded; JSON is assumed, the dearest".to_owned(),
            );
        }
        if self.instances.len() == 1 {
            unknown.push("one copy was seen: whether each node, each replica or one of them asks is a guess (each node is assumed)".to_owned());
        }
        unknown
    }
}

fn name_by_user(workload: &mut Workload, user: &str) {
    let account = user.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    match account {
        Some((namespace, name)) => {
            workload.namespace.get_or_insert_with(|| namespace.to_owned());
            workload.service_account.get_or_insert_with(|| name.to_owned());
        }
        None => workload.user = Some(user.to_owned()),
    }
}

/// Classes of one name get numbers.
fn numbered(classes: &mut [crate::RequestClass]) {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for class in classes {
        let number = seen.entry(class.id.clone()).or_default();
        *number += 1;
        if *number > 1 {
            class.id = format!("{}-{number}", class.id);
        }
    }
}
