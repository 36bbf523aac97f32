//! A `DaemonRollout` as it is written in a file, and what follows from it.

use std::collections::BTreeMap;
use std::time::Duration;

use confirmation::{Revision, RevisionHash};
use rollout_plan::{Bound, Gate, NodeCount, Plan, Step};
use serde::Deserialize;

use crate::page;

/// `apiVersion` of this shape.
pub const API_VERSION: &str = "plimsoll.dev/v1alpha1";
/// Its kind.
pub const KIND: &str = "DaemonRollout";

/// The whole document.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Document {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: Spec,
    /// The cluster's own word on it; not ours to read here.
    #[serde(default, rename = "status")]
    _status: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Metadata {
    name: String,
    #[serde(default = "default_namespace")]
    namespace: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Spec {
    workload: String,
    revision: RevisionSpec,
    strategy: Option<Strategy>,
    gates: Vec<GateSpec>,
    #[serde(default)]
    paused: bool,
    #[serde(default)]
    frozen: bool,
    #[serde(default)]
    aborted: bool,
    #[serde(default)]
    retry: u64,
    #[serde(default)]
    promote: u64,
    #[serde(default)]
    promote_full: bool,
    undo_to: Option<String>,
    masking_horizon: Option<Span>,
    progress_deadline_seconds: Option<u64>,
    #[serde(default)]
    confirm: Confirm,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevisionSpec {
    #[serde(default)]
    command: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    files: BTreeMap<String, String>,
    #[serde(default)]
    template: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strategy {
    canary: Canary,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Canary {
    steps: Vec<StepSpec>,
    max_unavailable: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StepSpec {
    set_nodes: Option<Count>,
    bake: Option<Bake>,
    pause: Option<Pause>,
}

/// `1` or `10%`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Count {
    Number(u32),
    Text(String),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Bake {
    at_least: Option<Span>,
    min_samples: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pause {
    duration: Option<Span>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Confirm {
    timeout: Option<Span>,
    tries: Option<u32>,
    start_spread: Option<Span>,
    revert_spread: Option<Span>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GateSpec {
    name: String,
    prometheus: Option<Query>,
    metric: Option<Page>,
    max: Option<f64>,
    min: Option<f64>,
    hard: Option<f64>,
    interval: Option<Span>,
    #[serde(default)]
    failure_limit: u32,
    #[serde(default)]
    predict: bool,
}

/// A PromQL instant query.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// `http://host:port` of a Prometheus API.
    pub address: String,
    /// What has one number as its answer.
    pub query: String,
}

/// A series of a page of metrics.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// `http://host:port/metrics`.
    pub url: String,
    /// `name` or `name{label="value"}`; several are added up.
    pub series: String,
    /// What it counts as if the page does not have it. Without this, that is no answer.
    pub absent: Option<f64>,
}

/// Where a gate's answers come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// PromQL.
    Prometheus(Query),
    /// A page.
    Page(Page),
}

/// `90s`, `10m`, `1h30m`, or seconds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
enum Span {
    Seconds(u64),
    Text(String),
}

/// A document that can be meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// `namespace/name`.
    pub rollout: String,
    /// The name that gates say.
    pub workload: String,
    /// What is to run.
    pub revision: Revision,
    /// What is to run in its place: a revision of the rollout's history.
    pub undo_to: Option<RevisionHash>,
    /// How.
    pub plan: Plan,
    /// Where each gate's answers come from, as in the plan.
    pub sources: Vec<Source>,
    /// How long DNS caches could hide a dead control plane, as `plimsoll dns horizon` says.
    pub horizon: Option<Duration>,
    /// What a person wants of it now.
    pub wishes: Wishes,
}

/// The fields that people change while a rollout is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wishes {
    /// `spec.paused`.
    pub paused: bool,
    /// `spec.frozen`.
    pub frozen: bool,
    /// `spec.aborted`: wins over everything.
    pub aborted: bool,
    /// `spec.retry`: each larger number is one more try after a stop.
    pub retry: u64,
    /// `spec.promote`: each larger number leaves one pause.
    pub promote: u64,
    /// `spec.promoteFull`: no pauses, short bakes; gates hold all the same.
    pub promote_full: bool,
}

fn default_namespace() -> String {
    "default".to_owned()
}

/// What kind of document it is; empty if it does not say.
pub fn kind(text: &str) -> String {
    #[derive(Deserialize)]
    struct Kind {
        kind: String,
    }
    serde_saphyr::from_str::<Kind>(text).map(|document| document.kind).unwrap_or_default()
}

/// The rollout of a YAML document.
///
/// # Errors
/// A sentence with the place and what to do.
pub fn parse(text: &str) -> Result<Wanted, String> {
    let document: Document = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    if document.api_version != API_VERSION || document.kind != KIND {
        return Err(format!("it is {} {}, not {API_VERSION} {KIND}", document.api_version, document.kind));
    }
    let Document { metadata, spec, .. } = document;
    let bytes = |files: BTreeMap<String, String>| {
        files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect()
    };
    let RevisionSpec { command, environment, files, template } = spec.revision.clone();
    let revision = Revision { command, environment, files: bytes(files), template };
    revision.encode_bounded().map_err(|error| format!("spec.revision: {error}"))?;
    let gates: Vec<Gate> = spec.gates.iter().map(gate).collect::<Result<_, _>>()?;
    let sources = spec.gates.iter().map(source).collect::<Result<_, _>>()?;
    let plan = plan(&spec, gates)?;
    plan.check().map_err(|error| format!("spec: {error}"))?;
    Ok(Wanted {
        rollout: format!("{}/{}", metadata.namespace, metadata.name),
        workload: spec.workload,
        revision,
        undo_to: spec.undo_to.as_deref().map(hash).transpose()?,
        plan,
        sources,
        horizon: spec.masking_horizon.map(|span| span.read("spec.maskingHorizon")).transpose()?,
        wishes: Wishes {
            paused: spec.paused,
            frozen: spec.frozen,
            aborted: spec.aborted,
            retry: spec.retry,
            promote: spec.promote,
            promote_full: spec.promote_full,
        },
    })
}

fn hash(text: &str) -> Result<RevisionHash, String> {
    text.parse().map_err(|_| format!("spec.undoTo: {text:?} is no revision: 64 hexadecimal digits, as `plimsoll rollout history` prints them"))
}

fn plan(spec: &Spec, gates: Vec<Gate>) -> Result<Plan, String> {
    let mut plan = Plan::doubling(gates);
    if let Some(Strategy { canary }) = &spec.strategy {
        let numbered = canary.steps.iter().enumerate();
        plan.steps = numbered.map(|(at, one)| step(at + 1, one)).collect::<Result<_, _>>()?;
        plan.max_unavailable = canary.max_unavailable.unwrap_or(plan.max_unavailable);
    }
    if let Some(seconds) = spec.progress_deadline_seconds {
        plan.progress_deadline = Duration::from_secs(seconds);
    }
    let set = |span: &Option<Span>, field, into: &mut Duration| -> Result<(), String> {
        if let Some(span) = span {
            *into = span.read(field)?;
        }
        Ok(())
    };
    set(&spec.confirm.timeout, "spec.confirm.timeout", &mut plan.confirm_timeout)?;
    set(&spec.confirm.start_spread, "spec.confirm.startSpread", &mut plan.start_spread)?;
    set(&spec.confirm.revert_spread, "spec.confirm.revertSpread", &mut plan.revert_spread)?;
    plan.tries = spec.confirm.tries.unwrap_or(plan.tries);
    Ok(plan)
}

fn step(number: usize, spec: &StepSpec) -> Result<Step, String> {
    let field = format!("spec.strategy.canary.steps, step {number}");
    match (&spec.set_nodes, &spec.bake, &spec.pause) {
        (Some(count), None, None) => {
            let text = match count {
                Count::Number(number) => number.to_string(),
                Count::Text(text) => text.clone(),
            };
            text.parse::<NodeCount>().map(Step::SetNodes).map_err(|error| format!("{field}: {error}"))
        }
        (None, Some(bake), None) => {
            let at_least = bake.at_least.as_ref().map(|span| span.read(&field)).transpose()?;
            Ok(Step::Bake {
                at_least: at_least.unwrap_or_default(),
                min_samples: bake.min_samples.unwrap_or(5),
            })
        }
        (None, None, Some(pause)) => {
            pause.duration.as_ref().map(|span| span.read(&field)).transpose().map(Step::Pause)
        }
        _ => Err(format!("{field}: exactly one of setNodes, bake and pause is needed")),
    }
}

fn gate(spec: &GateSpec) -> Result<Gate, String> {
    let field = format!("spec.gates, {:?}", spec.name);
    let bound = match (spec.max, spec.min) {
        (Some(max), None) => Bound::Max(max),
        (None, Some(min)) => Bound::Min(min),
        _ => return Err(format!("{field}: exactly one of max and min is needed")),
    };
    Ok(Gate {
        name: spec.name.clone(),
        bound,
        hard: spec.hard,
        interval: spec.interval.as_ref().map_or(Ok(Duration::from_secs(5)), |span| span.read(&field))?,
        failure_limit: spec.failure_limit,
        predict: spec.predict,
    })
}

fn source(spec: &GateSpec) -> Result<Source, String> {
    let field = format!("spec.gates, {:?}", spec.name);
    let is_http = |name: &str, url: &str| match url.starts_with("http://") {
        true => Ok(()),
        false => Err(format!("{field}: {name} is http://HOST:PORT, not {url:?}")),
    };
    match (&spec.prometheus, &spec.metric) {
        (Some(query), None) => {
            is_http("prometheus.address", &query.address)?;
            Ok(Source::Prometheus(query.clone()))
        }
        (None, Some(page)) => {
            is_http("metric.url", &page.url)?;
            page::check(&page.series).map_err(|why| format!("{field}: metric.series: {why}"))?;
            Ok(Source::Page(page.clone()))
        }
        _ => Err(format!("{field}: exactly one of prometheus and metric is needed")),
    }
}

impl Span {
    fn read(&self, field: &str) -> Result<Duration, String> {
        match self {
            Self::Seconds(seconds) => Ok(Duration::from_secs(*seconds)),
            Self::Text(text) => {
                let parsed =
                    text.parse::<jiff::SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
                parsed.ok_or_else(|| format!("{field}: {text:?} is no duration; write 90s, 10m or 1h30m"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: DaemonRollout
metadata: {name: vector, namespace: logs}
spec:
  workload: vector
  revision: {command: [vector, --quiet], files: {vector.yaml: 'a: b'}}
  maskingHorizon: 20m
  strategy: {canary: {steps: [{setNodes: 1}, {bake: {atLeast: 60s, minSamples: 5}}, {pause: {}}, {setNodes: 100%}]}}
  gates:
  - {name: cost, prometheus: {address: 'http://p:9090', query: 'sum(x)'}, max: 2.5, interval: 5s, predict: true}
";

    #[test]
    fn a_document_is_read() {
        let wanted = parse(GOOD).expect("it can be meant");
        assert_eq!((wanted.rollout.as_str(), wanted.plan.steps.len()), ("logs/vector", 4));
        assert_eq!(wanted.horizon, Some(Duration::from_secs(1_200)));
        assert_eq!(wanted.revision.files["vector.yaml"], b"a: b");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let check = |from: &str, to: &str, expected: &str| {
            let said = parse(&GOOD.replace(from, to)).expect_err(to);
            assert!(said.contains(expected), "{to}: {said}");
        };
        check("kind: DaemonRollout", "kind: Rollout", "not plimsoll.dev/v1alpha1 DaemonRollout");
        check("workload: vector", "workloads: vector", "workloads");
        check("{setNodes: 1}", "{setNodes: 1, pause: {}}", "step 1: exactly one of");
        check("{setNodes: 1}", "{setNodes: 7%}", "it must be 1");
        check("{setNodes: 100%}", "{setNodes: 101%}", "step 4: setNodes is a number of nodes");
        check("20m", "soon", "spec.maskingHorizon: \"soon\" is no duration");
        check("max: 2.5", "maxx: 2.5", "maxx");
        check("max: 2.5, ", "", "exactly one of max and min");
        check("max: 2.5", "max: .nan", "its limit is not a number");
        check("http://p:9090", "p:9090", "prometheus.address is http://HOST:PORT");
        check("interval: 5s", "interval: 1h", "from 1 s to 300 s");
        check("workload: vector", "workload: vector\n  undoTo: abc", "is no revision");
    }
}
