//! What programs and people rely on in a report.

use api_cost::{Cluster, CostModel, LoadLine};
use workload_profile::Profile;

use super::*;
use crate::predict::{Inputs, Prediction, predict};

const PROFILE: &str = "apiVersion: plimsoll/v1\nkind: Profile\n\
    workload: {kind: DaemonSet, name: '<b>node|telemetry', namespace: monitoring}\nrecorded: {source: declared}\nrequests:\n\
    - {id: 'poll<script>', on: period, every: 60s, jitter: 0s, verb: list, resource: pods, rv: \"0\"}\n\
    - {id: own, on: period, every: 60s, jitter: 60s, verb: get, resource: nodes, rv: \"0\", returns: {count: 1}}\n\
    unknown: ['it ran for an hour only & on <three> nodes']\n";

fn prediction(nodes: f64, budget: Option<&str>) -> Prediction {
    predict(Inputs {
        profile: Profile::from_yaml(PROFILE).expect("a profile"),
        cluster: Cluster::usual(5000.0),
        model: CostModel::shipped(),
        budget: budget.map(|text| LoadLine::from_yaml(text).expect("a budget")),
        nodes: Some(nodes),
        seed: 1,
    })
}

/// The names that programs rely on.
#[test]
fn the_json_has_its_stable_names() {
    let prediction = prediction(5000.0, None);
    let document: serde_json::Value = serde_json::from_str(&json(&prediction.report())).expect("JSON");
    for path in [
        "/apiVersion",
        "/kind",
        "/verdict",
        "/nodes",
        "/loadLine/nodes/p10",
        "/loadLine/nodes/p50",
        "/loadLine/nodes/p90",
        "/loadLine/binding",
        "/loadLine/mode",
        "/loadLine/collapse/p50",
        "/loadLine/modes/0/mode",
        "/requests/0/id",
        "/requests/0/apiserverCpuSeconds",
        "/requests/0/responseBytes",
        "/requests/0/seats",
        "/requests/0/perSecond",
        "/atNodes/0/strains/0/constraint",
        "/cost/apiserverCores",
        "/cost/exponent",
        "/cost/formula/quadratic",
        "/advice/0/what",
        "/advice/0/loadLine",
        "/assumptions/0",
        "/unknown/0",
    ] {
        assert!(document.pointer(path).is_some_and(|value| !value.is_null()), "{path}");
    }
    assert_eq!(document["verdict"], "over");
    assert_eq!(document["requests"][0]["seats"], 10);
}

#[test]
fn the_first_line_says_it_all() {
    let check = |nodes: f64, expected: &str| {
        let prediction = prediction(nodes, None);
        let shown = text(&prediction.report(), 80, Glyphs::Ascii);
        assert!(shown.starts_with(expected), "{nodes}: {shown}");
        assert!(shown.is_ascii(), "{shown}");
    };
    check(50.0, "PASS ");
    check(5000.0, "FAIL ");
}

#[test]
fn a_broken_budget_fails_what_the_load_line_lets_pass() {
    let budget =
        "apiVersion: plimsoll/v1\nkind: LoadLine\nlimits: {exponent: 1.2, requestsPerSecond: 1000}\n";
    let prediction = prediction(50.0, Some(budget));
    assert_eq!(prediction.forecast.verdict, Verdict::Over);
    let headline = prediction.report().headline();
    assert!(
        headline.starts_with("FAIL") && headline.ends_with("over the written budget: exponent"),
        "{headline}"
    );
    let suite = junit(&prediction.report());
    assert!(suite.contains("name=\"budget exponent\"><failure"), "{suite}");
    assert!(suite.contains("name=\"budget requestsPerSecond\"></testcase>"), "{suite}");
}

/// Names come from tenants.
#[test]
fn names_are_no_markup() {
    let prediction = prediction(5000.0, None);
    let report = prediction.report();
    for shown in [html(&report), junit(&report)] {
        assert!(
            !shown.contains("<script>") && !shown.contains("<b>") && !shown.contains("<three>"),
            "{shown}"
        );
        balanced(&shown);
    }
    let shown = markdown(&report);
    assert!(!shown.contains("<script>") && !shown.contains("node|telemetry"), "{shown}");
}

/// Every tag that begins ends, in order.
fn balanced(markup: &str) {
    const EMPTY: [&str; 3] = ["meta", "!doctype", "?xml"];
    let mut open: Vec<&str> = Vec::new();
    for tag in markup.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).expect("a tag has a name");
        match (tag.starts_with('/'), tag.ends_with('/') || EMPTY.contains(&name)) {
            (true, _) => assert_eq!(open.pop(), Some(name)),
            (false, false) => open.push(name),
            (false, true) => {}
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn numbers_for_people() {
    let check = |shown: String, expected: &str| assert_eq!(shown, expected);
    check(figures::cpu(4.123), "4.12 s");
    check(figures::cpu(0.0036), "3.6 ms");
    check(figures::cpu(0.0), "0 s");
    check(figures::bytes(250_499_999.0), "250 MB");
    check(figures::bytes(87.0), "87 B");
    check(figures::nodes(710.4), "710");
    check(figures::nodes(27_437.0), "27,400");
    check(figures::nodes(1_000_000.0), "1,000,000");
    check(figures::number(150_000.0), "150k");
    check(figures::percent(0.003), "0.3 %");
    check(figures::percent(51.8), "5,180 %");
    check(figures::factor(0.000_23), "0.00023");
    check(figures::cores(1440.0), "1,440");
}
