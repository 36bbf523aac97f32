//! One page as numbers.

use std::collections::BTreeMap;

use crate::page::{label, resource, sample};

/// Sums by one label.
pub type Family = BTreeMap<String, f64>;

/// What one page says. Counters are since the API server's start.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// `kubernetes_build_info`: `v1.37.2`.
    pub version: Option<String>,
    /// `kubernetes_feature_enabled` by name.
    pub features: BTreeMap<String, bool>,
    /// `process_start_time_seconds`: another one is another process, or another server behind the same address.
    pub started_at: f64,
    /// `process_cpu_seconds_total`.
    pub cpu_seconds: f64,
    /// `process_resident_memory_bytes`.
    pub resident_bytes: f64,
    /// `go_sched_gomaxprocs_threads`: cores that it may use.
    pub cores: f64,
    /// `go_gc_gomemlimit_bytes`, where one is set.
    pub memory_limit_bytes: Option<f64>,
    /// `apiserver_request_total` by verb and resource: `LIST pods`.
    pub requests: Family,
    /// Seconds of answers (`apiserver_request_duration_seconds_sum`) without watches and other long-running requests, by verb.
    pub answer_seconds: Family,
    /// Their number.
    pub answers: Family,
    /// `apiserver_flowcontrol_rejected_requests_total` by flow schema.
    pub rejects: Family,
    /// Seconds in which requests ran (`apiserver_flowcontrol_request_execution_seconds_sum`), by flow schema.
    pub execution_seconds: Family,
    /// `apiserver_flowcontrol_dispatched_requests_total` by flow schema.
    pub dispatched: Family,
    /// `apiserver_flowcontrol_current_executing_seats` by priority level.
    pub seats: Family,
    /// `apiserver_flowcontrol_nominal_limit_seats` by priority level.
    pub nominal_seats: Family,
    /// `apiserver_terminated_watchers_total`: watches that were ended because they did not keep up.
    pub terminated_watches: f64,
    /// Open watches.
    pub watches: f64,
    /// `apiserver_storage_size_bytes`: etcd's file.
    pub etcd_bytes: f64,
    /// Objects by resource (`pods`, `deployments.apps`): `apiserver_resource_objects` (1.34 and newer) or
    /// `apiserver_storage_objects`.
    pub objects: BTreeMap<String, u64>,
    /// Bytes of all of them in etcd: `apiserver_resource_size_estimate_bytes` (1.34 and newer).
    pub stored_bytes: Family,
}

impl Reading {
    /// Reads a page in one pass; what is not there is 0.
    #[must_use]
    pub fn of(page: &str) -> Self {
        let mut reading = Self::default();
        for (name, labels, value) in page.lines().filter_map(sample) {
            reading.take(name, labels, value);
        }
        reading
    }

    fn take(&mut self, name: &str, labels: &str, value: f64) {
        let by = |family: &mut Family, key: &str| {
            if let Some(of) = label(labels, key) {
                *family.entry(of.to_owned()).or_insert(0.0) += value;
            }
        };
        match name {
            "kubernetes_build_info" => self.version = label(labels, "git_version").map(str::to_owned),
            "kubernetes_feature_enabled" => {
                self.features.insert(label(labels, "name").unwrap_or_default().to_owned(), value > 0.5);
            }
            "process_start_time_seconds" => self.started_at = value,
            "process_cpu_seconds_total" => self.cpu_seconds = value,
            "process_resident_memory_bytes" => self.resident_bytes = value,
            "go_sched_gomaxprocs_threads" => self.cores = value,
            // Without a limit, Go says the largest number that there is.
            "go_gc_gomemlimit_bytes" => self.memory_limit_bytes = Some(value).filter(|limit| *limit < 1e15),
            "apiserver_request_total" => self.request(labels, value),
            "apiserver_request_duration_seconds_sum" if !is_long(labels) => {
                by(&mut self.answer_seconds, "verb")
            }
            "apiserver_request_duration_seconds_count" if !is_long(labels) => by(&mut self.answers, "verb"),
            "apiserver_flowcontrol_rejected_requests_total" => by(&mut self.rejects, "flow_schema"),
            "apiserver_flowcontrol_request_execution_seconds_sum" => {
                by(&mut self.execution_seconds, "flow_schema")
            }
            "apiserver_flowcontrol_dispatched_requests_total" => by(&mut self.dispatched, "flow_schema"),
            "apiserver_flowcontrol_current_executing_seats" => by(&mut self.seats, "priority_level"),
            "apiserver_flowcontrol_nominal_limit_seats" => by(&mut self.nominal_seats, "priority_level"),
            "apiserver_terminated_watchers_total" => self.terminated_watches += value,
            "apiserver_longrunning_requests" if label(labels, "verb") == Some("WATCH") => {
                self.watches += value
            }
            "apiserver_storage_size_bytes" => self.etcd_bytes += value,
            "apiserver_storage_objects" | "apiserver_resource_objects" => self.count(name, labels, value),
            "apiserver_resource_size_estimate_bytes" => {
                if let Some(resource) = resource(labels) {
                    self.stored_bytes.insert(resource, value);
                }
            }
            _ => {}
        }
    }

    /// Newer servers have two counts of a resource: the newer metric's stands, in whatever order they come.
    fn count(&mut self, name: &str, labels: &str, value: f64) {
        // -1 stands for unknown.
        let Some(resource) = resource(labels).filter(|_| value >= 0.0) else { return };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of objects")]
        let objects = value as u64;
        match name {
            "apiserver_resource_objects" => {
                self.objects.insert(resource, objects);
            }
            _ => {
                self.objects.entry(resource).or_insert(objects);
            }
        }
    }

    fn request(&mut self, labels: &str, value: f64) {
        let verb = label(labels, "verb").unwrap_or_default();
        let resource = resource(labels).unwrap_or_default();
        *self.requests.entry(format!("{verb} {resource}")).or_insert(0.0) += value;
    }
}

/// Requests that last until somebody ends them say nothing about how fast the server is.
fn is_long(labels: &str) -> bool {
    matches!(label(labels, "verb"), Some("WATCH" | "CONNECT" | "WATCHLIST"))
        || matches!(label(labels, "subresource"), Some("log" | "exec" | "attach" | "portforward" | "proxy"))
}

#[cfg(test)]
mod tests;
