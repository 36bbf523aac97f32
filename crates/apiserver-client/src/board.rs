//! What each resource's loop last said about itself.

use std::collections::BTreeMap;
use std::time::Duration;

use objects::Resource;
use parking_lot::Mutex;

use crate::reflector::Reflector;
use crate::status::{Phase, ResourceStatus};

/// One entry per resource that was started or waits for its turn.
#[derive(Debug, Default)]
pub(crate) struct Board(Mutex<BTreeMap<Resource, Entry>>);

#[derive(Debug, Default)]
struct Entry {
    status: ResourceStatus,
    contact: Option<Duration>,
}

impl Board {
    /// The resource waits for its turn.
    pub(crate) fn expect(&self, resource: Resource, resume: Option<&str>) {
        let status =
            ResourceStatus { resource_version: resume.map(str::to_owned), ..ResourceStatus::default() };
        self.0.lock().insert(resource, Entry { status, contact: None });
    }

    /// The server has said something about the resource.
    pub(crate) fn contact(&self, resource: Resource, now: Duration) {
        self.0.lock().entry(resource).or_default().contact = Some(now);
    }

    pub(crate) fn object(&self, resource: Resource) {
        self.0.lock().entry(resource).or_default().status.objects_seen += 1;
    }

    pub(crate) fn undecodable(&self, resource: Resource) {
        self.0.lock().entry(resource).or_default().status.undecodable += 1;
    }

    /// Something in the loop itself broke.
    pub(crate) fn broken(&self, resource: Resource, why: &str) {
        let mut entries = self.0.lock();
        let status = &mut entries.entry(resource).or_default().status;
        status.phase = Phase::Backoff;
        status.last_error = Some(why.to_owned());
    }

    /// Takes over what the loop says.
    pub(crate) fn publish(&self, resource: Resource, reflector: &Reflector) {
        let mut entries = self.0.lock();
        let status = &mut entries.entry(resource).or_default().status;
        status.phase = reflector.phase();
        status.synced = reflector.synced();
        status.watch_list = reflector.watch_list();
        status.last_error = reflector.last_error().map(ToString::to_string);
        let version = reflector.resource_version();
        if status.resource_version.as_deref().unwrap_or_default() != version {
            status.resource_version = (!version.is_empty()).then(|| version.to_owned());
        }
    }

    /// All entries as of `now`.
    pub(crate) fn status(&self, now: Duration) -> BTreeMap<&'static str, ResourceStatus> {
        let age = |contact: Duration| now.saturating_sub(contact).as_secs_f64();
        let entries = self.0.lock();
        let state = |entry: &Entry| ResourceStatus {
            seconds_since_contact: entry.contact.map(age),
            ..entry.status.clone()
        };
        entries.iter().map(|(resource, entry)| (resource.plural(), state(entry))).collect()
    }
}
