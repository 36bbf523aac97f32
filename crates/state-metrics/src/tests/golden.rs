//! kube-state-metrics' own output for given objects, where a copy is at hand: `KSM_GOLDEN=<folder> cargo test -p
//! state-metrics golden`. The cases are upstream's and no part of this project; without them the test says so and passes.
//!
//! They were recorded from v2.18.0. What v2.20.0 prints differently is listed below, rule by rule.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use exposition::{Format, Limits, Line, Lines};
use objects::decode::{self, Encoding, Keep};
use objects::{Interner, Resource};
use serde_json::Value;

use crate::{AllowList, Options, families, render};

/// Families that v2.18.0 does not have.
const SINCE_2_19: [&str; 6] = [
    "kube_node_spec_pod_cidrs",
    "kube_pod_init_container_state_started",
    "kube_pod_init_container_status_last_terminated_exitcode",
    "kube_pod_init_container_status_last_terminated_timestamp",
    "kube_pod_resourceclaim_info",
    "kube_pod_status_disruption_reason",
];

/// Reasons that v2.18.0 does not know.
const REASONS_SINCE_2_19: [&str; 4] =
    ["Other", "PreemptionByScheduler", "SchedulingGated", "TerminationByKubelet"];

type Labels = BTreeMap<String, String>;
type Series = (String, Labels, String);

#[test]
fn golden() {
    let Some(folder) = folder() else {
        return say(
            "skipped: KSM_GOLDEN is not set and there is no ../shared/ksm-golden beside the repository",
        );
    };
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let (mut passed, mut failed) = (BTreeMap::<&str, usize>::new(), Vec::new());
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let case: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let Some(resource) = resource(case["go_type"].as_str().unwrap()) else {
            continue;
        };
        let (expected, ours) = (expected(&case), ours(resource, &case));
        if expected == ours {
            *passed.entry(resource.plural()).or_default() += 1;
            continue;
        }
        let missing =
            expected.iter().filter(|series| !ours.contains(series)).map(|series| format!("\n- {series:?}"));
        let surplus =
            ours.iter().filter(|series| !expected.contains(series)).map(|series| format!("\n+ {series:?}"));
        failed.push(format!("{}{}", path.display(), missing.chain(surplus).collect::<String>()));
    }
    say(&format!("{} cases passed: {passed:?}", passed.values().sum::<usize>()));
    assert!(failed.is_empty(), "{} cases failed:\n{}", failed.len(), failed.join("\n"));
}

#[expect(clippy::print_stderr, reason = "a test that was skipped must not look like one that was not")]
fn say(text: &str) {
    eprintln!("golden: {text}");
}

fn folder() -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os("KSM_GOLDEN") {
        return Some(PathBuf::from(folder));
    }
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/ksm-golden");
    beside.is_dir().then_some(beside)
}

fn resource(go_type: &str) -> Option<Resource> {
    let kind = go_type.strip_prefix("*v1.")?;
    Resource::ALL.into_iter().find(|resource| resource.info().kind == kind && !families(*resource).is_empty())
}

fn ours(resource: Resource, case: &Value) -> Vec<Series> {
    let json = case["object"].to_string();
    let keep = Keep { annotations: true };
    let object =
        decode::object(resource, Encoding::Json, json.as_bytes(), keep, &Interner::default()).unwrap();
    let allow = |list: &Value| {
        let keys: Vec<_> = list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        AllowList::parse(&format!("{}=[{}]", resource.plural(), keys.join(","))).unwrap()
    };
    let options = Options {
        labels: allow(&case["allow_labels"]),
        annotations: allow(&case["allow_annotations"]),
        ..Options::default()
    };
    let mut out = Vec::new();
    for family in families(resource).iter().filter(|family| !SINCE_2_19.contains(&family.name)) {
        render(family, std::slice::from_ref(&object), &options, &mut out);
    }
    let mut ours = series(&String::from_utf8(out).unwrap());
    for (name, labels, _) in &mut ours {
        // v2.19 gave the families of volume claims a label more.
        if name.starts_with("kube_pod_spec_volumes_") {
            labels.remove("ephemeral");
        }
    }
    ours.retain(|(name, labels, _)| {
        let is_new = labels.get("reason").is_some_and(|reason| REASONS_SINCE_2_19.contains(&reason.as_str()));
        !(name == "kube_pod_status_reason" && is_new)
    });
    // The API server fills podIPs from podIP, and so does our decoder; the case has an object that no server would send.
    let status = &case["object"]["status"];
    if status["podIPs"].is_null() && !status["podIP"].is_null() {
        ours.retain(|(name, _, _)| name != "kube_pod_ips");
    }
    ours
}

fn expected(case: &Value) -> Vec<Series> {
    let mut expected = series(case["full_output"].as_str().unwrap());
    // v2.20 prints only the reason that is set.
    expected.retain(|(name, _, value)| !(name == "kube_pod_status_reason" && value == "0"));
    expected
}

/// Sorted; values as they are written, labels without their order.
fn series(text: &str) -> Vec<Series> {
    let mut series = Vec::new();
    let samples = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in samples {
        let terminated = format!("{line}\n");
        let Some(Ok(Line::Sample(sample))) = Lines::new(&terminated, Format::Text, Limits::default()).next()
        else {
            panic!("{line}");
        };
        let labels = sample.labels.iter().map(|(name, value)| ((*name).to_owned(), value.to_string()));
        let value = line.rsplit(' ').next().unwrap_or_default();
        series.push((sample.name.to_owned(), labels.collect(), value.to_owned()));
    }
    series.sort();
    series
}
