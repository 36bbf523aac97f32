//! Everything that is known, without a clock and without I/O.

use std::collections::BTreeMap;

use api_cost::CostModel;
use apiserver_metrics::{Family, Reading};
use change_points::{Rate, SAMPLE_SECONDS};
use load_attribution::{Attribution, Prices, cluster};
use workload_profile::Observation;

use crate::alerts::Alerts;
use crate::outlook::outlook;
use crate::report::{AlertName, AuditReport, Flow, Report};

/// Flow schemas that are told apart; clusters have some twenty.
const FLOWS_MAX: usize = 200;
/// Verbs whose answers are watched: one object, many, and writes.
const LATENCIES: [(&str, &[&str]); 3] =
    [("GET", &["GET"]), ("LIST", &["LIST"]), ("writes", &["POST", "PUT", "PATCH", "DELETE", "APPLY"])];

/// Answers between two readings whose mean says something: the mean of one or two is theirs alone.
const ANSWERS_MIN: f64 = 5.0;

/// Readings and requests come in, a [`Report`] goes out.
#[derive(Debug, Default)]
pub(crate) struct Core {
    reading: Reading,
    read_at: Option<f64>,
    rates: BTreeMap<String, Rate>,
    flows: Vec<Flow>,
    cores: f64,
    requests: f64,
    rejects: f64,
    alerts: Alerts,
    attribution: Attribution,
    prices: Option<Prices>,
    /// Whether requests are seen one by one.
    pub(crate) audited: bool,
}

impl Core {
    /// The API server's metrics, as read at `now` in seconds.
    pub(crate) fn read(&mut self, now: f64, reading: Reading) {
        // Another process: its counters are not the former's. The balancer may also have led to another server.
        if self.reading.started_at.to_bits() != reading.started_at.to_bits() {
            self.rates.clear();
        }
        self.alerts.round();
        self.attribution.advance(now);
        self.load(now, &reading);
        self.latencies(now, &reading);
        if let Some(rate) = self.rate(now, "terminations", reading.terminated_watches) {
            self.alerts.take(now, AlertName::WatchTerminations, "", rate);
        }
        self.alerts.take(now, AlertName::EtcdSizeChanged, "", reading.etcd_bytes);
        self.flows = self.flows(now, &reading);
        self.costs(now);
        self.prices = Some(Prices::new(cluster(&reading), CostModel::shipped()));
        self.reading = reading;
        self.read_at = Some(now);
    }

    /// A request that has ended. It stands for `weight` of them. Before the first reading, nothing is known of its price.
    pub(crate) fn request(&mut self, now: f64, seen: &Observation, weight: u32) {
        if let Some(prices) = &mut self.prices {
            self.attribution.take(now, seen, weight, prices);
        }
    }

    pub(crate) fn report(&self, now: f64, audit: Option<AuditReport>) -> Report {
        let nodes = self.reading.objects.get("nodes").copied().filter(|nodes| *nodes > 0);
        #[expect(clippy::cast_precision_loss, reason = "a number of nodes")]
        let nodes = nodes.map(|nodes| nodes as f64);
        let who = self.attribution.rows(nodes.unwrap_or(1.0));
        Report {
            age_seconds: self.read_at.map(|read| now - read),
            nodes,
            apiserver_cores: self.cores,
            requests_per_second: self.requests,
            rejects_per_second: self.rejects,
            watches: self.reading.watches,
            dimensions: nodes
                .map(|nodes| outlook(&self.reading, self.cores, nodes, &who))
                .unwrap_or_default(),
            alerts: self.alerts.raised(now),
            who,
            flows: self.flows.clone(),
            audit,
        }
    }

    fn load(&mut self, now: f64, reading: &Reading) {
        if let Some(cores) = self.rate(now, "cpu", reading.cpu_seconds) {
            self.cores = cores;
            self.alerts.take(now, AlertName::ApiserverCpuChanged, "", cores);
        }
        if let Some(requests) = self.rate(now, "requests", sum(&reading.requests)) {
            self.requests = requests;
        }
        if let Some(rejects) = self.rate(now, "rejects", sum(&reading.rejects)) {
            self.rejects = rejects;
            self.alerts.take(now, AlertName::ApiserverRejects, "", rejects);
        }
    }

    fn latencies(&mut self, now: f64, reading: &Reading) {
        for (name, verbs) in LATENCIES {
            let of = |family: &Family| verbs.iter().filter_map(|verb| family.get(*verb)).sum::<f64>();
            let seconds = self.rate(now, &format!("seconds {name}"), of(&reading.answer_seconds));
            let answers = self.rate(now, &format!("answers {name}"), of(&reading.answers));
            let enough = |answers: &f64| answers * SAMPLE_SECONDS >= ANSWERS_MIN;
            if let (Some(seconds), Some(answers)) = (seconds, answers.filter(enough)) {
                self.alerts.take(now, AlertName::ApiserverLatencyChanged, name, seconds / answers);
            }
        }
    }

    fn flows(&mut self, now: f64, reading: &Reading) -> Vec<Flow> {
        let mut flows = Vec::new();
        for (name, dispatched) in reading.dispatched.iter().take(FLOWS_MAX) {
            let of = |family: &Family| family.get(name).copied().unwrap_or(0.0);
            let requests = self.rate(now, &format!("dispatched {name}"), *dispatched);
            let executing = self.rate(now, &format!("executing {name}"), of(&reading.execution_seconds));
            let rejects = self.rate(now, &format!("rejects {name}"), of(&reading.rejects));
            flows.push(Flow {
                flow_schema: name.clone(),
                requests_per_second: requests.unwrap_or(0.0),
                executing: executing.unwrap_or(0.0),
                rejects_per_second: rejects.unwrap_or(0.0),
            });
        }
        flows.sort_by(|one, other| other.executing.total_cmp(&one.executing));
        flows
    }

    /// Of workloads where requests are seen, else of flow schemas.
    fn costs(&mut self, now: f64) {
        let costs = match self.audited {
            true => self.attribution.last_window(),
            false => self.flows.iter().map(|flow| (flow.flow_schema.as_str(), flow.executing)).collect(),
        };
        self.alerts.costs(now, costs);
    }

    fn rate(&mut self, now: f64, name: &str, value: f64) -> Option<f64> {
        self.rates.entry(name.to_owned()).or_default().take(now, value)
    }
}

fn sum(family: &Family) -> f64 {
    family.values().sum()
}

#[cfg(test)]
mod tests;
