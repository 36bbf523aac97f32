//! The answer.

use serde::Serialize;
use workload_profile::{Actor, Confidence, Verb};

use crate::advice::{Advice, advice};
use crate::coefficients::{CostModel, Spread};
use crate::load::{load, rates};
use crate::load_line::{Line, load_line};
use crate::mode::Mode;
use crate::polynomial::{Formula, exponent, formula};
use crate::question::Question;
use crate::queues::{ModeQueues, queues};
use crate::read_path::CacheState;
use crate::sizes::resource_name;
use crate::strain::{Strain, strains};
use crate::work::{Situation, Work, event_bytes, event_cpu, work};

/// Fields without which a forecast is a guess.
const ESSENTIAL: [&str; 5] = ["every", "verb", "resource", "returns", "actor"];

/// Everything that `preflight predict` says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    /// Nodes at which it is to run.
    pub nodes: f64,
    /// Whether it can.
    pub verdict: Verdict,
    /// Up to how many nodes it can.
    pub load_line: Line,
    /// One request of each class, on the given cluster.
    pub requests: Vec<RequestCost>,
    /// All limits, in all modes, at `nodes`.
    pub at_nodes: Vec<ModeStrains>,
    /// What APF does to its requests and to the cluster's own, at `nodes`.
    pub queues: Vec<ModeQueues>,
    /// What the workload costs in steady operation.
    pub cost: Cost,
    /// What to change, the best first.
    pub advice: Vec<Advice>,
    /// What was assumed.
    pub assumptions: Vec<String>,
    /// What could not be known.
    pub unknown: Vec<String>,
}

/// Whether a workload can run at a number of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The number is at most p10 of the load line.
    Below,
    /// It is over p90, or a written limit is broken.
    Over,
    /// It is between.
    Near,
    /// It would be `Below`, but what matters was not seen.
    Incomplete,
}

/// One request of a class.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestCost {
    /// Of the class.
    pub id: String,
    /// Kubernetes' verb.
    pub verb: Verb,
    /// `pods`, `deployments.apps`.
    pub resource: String,
    /// Who sends it.
    pub actor: Actor,
    /// Seats that it takes (APF); none where APF does not count it.
    pub seats: Option<u32>,
    /// The work.
    #[serde(flatten)]
    pub work: Work,
    /// Requests a second of all actors in steady operation.
    pub per_second: f64,
    /// Of a watch: what one change costs that one watcher gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventCost>,
}

/// One change on its way to one watcher.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventCost {
    /// CPU seconds of the API server.
    pub apiserver_cpu_seconds: f64,
    /// Where the watch's selector drops it.
    pub dropped_cpu_seconds: f64,
    /// Bytes.
    pub bytes: f64,
}

/// All limits in one mode.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModeStrains {
    /// Which.
    pub mode: Mode,
    /// Of the busiest API server.
    pub strains: Vec<Strain>,
}

/// What the workload costs in steady operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// CPU seconds of the API servers a second, at `nodes`.
    pub apiserver_cores: f64,
    /// What they need without it.
    pub base_cores: f64,
    /// Bytes a second.
    pub response_bytes_per_second: f64,
    /// Requests a second.
    pub requests_per_second: f64,
    /// CPU as a function of N.
    pub formula: Formula,
    /// By how much it grows where N grows: 1 is linear, 2 is quadratic.
    pub exponent: f64,
}

/// The forecast for a workload on a cluster of that many nodes. The same seed gives the same answer.
#[must_use]
pub fn forecast(question: &Question<'_>, model: &CostModel, nodes: f64, seed: u64) -> Forecast {
    let of = &model.coefficients;
    let line = load_line(question, model, seed);
    let steady = load(question, of, nodes, Mode::Steady);
    let cores = |nodes: f64| load(question, of, nodes, Mode::Steady).workload_cores;
    let verdict = verdict(question, &line, nodes);
    let at_nodes =
        Mode::ALL.into_iter().map(|mode| ModeStrains { mode, strains: strains(question, of, nodes, mode) });
    Forecast {
        nodes,
        verdict,
        requests: requests(question, model, nodes),
        at_nodes: at_nodes.collect(),
        queues: queues(question, of, nodes, seed),
        cost: Cost {
            apiserver_cores: steady.workload_cores,
            base_cores: steady.base_cores,
            response_bytes_per_second: steady.bytes_per_second,
            requests_per_second: steady.requests_per_second,
            formula: formula(&cores, nodes),
            exponent: exponent(&cores, nodes),
        },
        advice: advice(question, of, nodes),
        assumptions: assumptions(question, model),
        unknown: question.profile.unknown.clone(),
        load_line: line,
    }
}

fn verdict(question: &Question<'_>, line: &Line, nodes: f64) -> Verdict {
    if nodes > line.nodes.p90 {
        return Verdict::Over;
    }
    if nodes > line.nodes.p10 {
        return Verdict::Near;
    }
    let unseen = |class: &workload_profile::RequestClass| {
        ESSENTIAL.iter().any(|field| class.confidence.get(*field) == Some(&Confidence::Unseen))
    };
    match question.classes.iter().any(|(class, _)| unseen(class)) {
        true => Verdict::Incomplete,
        false => Verdict::Below,
    }
}

fn requests(question: &Question<'_>, model: &CostModel, nodes: f64) -> Vec<RequestCost> {
    let of = &model.coefficients;
    let one = |(class, known): &(workload_profile::RequestClass, crate::Known)| {
        let watchers = crate::load::watchers(question, class, nodes);
        let at =
            Situation { coefficients: of, gates: &question.gates, nodes, cache: CacheState::Fresh, watchers };
        let (asked, resumed) = rates(question, class, nodes, Mode::Steady);
        RequestCost {
            id: class.id.clone(),
            verb: class.verb,
            resource: resource_name(class),
            actor: class.actor,
            seats: question.seats(class, known, nodes),
            work: work(class, known, &at),
            per_second: asked + resumed,
            event: (class.verb == Verb::Watch).then(|| {
                let (apiserver_cpu_seconds, dropped_cpu_seconds) = event_cpu(class, known, of);
                EventCost { apiserver_cpu_seconds, dropped_cpu_seconds, bytes: event_bytes(class, known) }
            }),
        }
    };
    question.classes.iter().map(one).collect()
}

fn assumptions(question: &Question<'_>, model: &CostModel) -> Vec<String> {
    let mut said = Vec::new();
    if question.version.marked {
        said.push(format!(
            "{} is not known here: the read paths and seats are those of {}, the nearest that is",
            question.cluster.version, question.version.version
        ));
    }
    if model.spread == Spread::Default {
        said.push("the coefficients are the shipped ones, from another machine: calibrate (`plimsoll preflight calibrate`) to narrow p10 to p90".to_owned());
    }
    let mut guessed: Vec<String> = question
        .classes
        .iter()
        .filter(|(class, known)| known.guessed && !class.resource.is_empty())
        .map(|(class, known)| {
            format!(
                "the cluster does not say how many {} it has: {} is assumed",
                resource_name(class),
                known.objects
            )
        })
        .collect();
    guessed.sort();
    guessed.dedup();
    said.extend(guessed);
    for (class, _) in &question.classes {
        for (field, confidence) in &class.confidence {
            if *confidence == Confidence::Unseen {
                said.push(format!("{}: {field} was not seen; the worst is assumed", class.id));
            }
        }
    }
    said.push(
        "webhooks, decryption of Secrets, audit policies and aggregated APIs are not counted".to_owned(),
    );
    said
}
