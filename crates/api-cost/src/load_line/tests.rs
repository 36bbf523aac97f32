//! Load lines of known shapes, and what the search rests on.

use proptest::prelude::*;

use super::*;
use crate::samples::{cluster, profile, request};

fn line(version: &str, words: &str) -> Line {
    let cluster = cluster(version, 5000.0);
    let profile = profile(vec![request(words)]);
    load_line(&Question::new(&profile, &cluster), &CostModel::shipped(), 1)
}

/// Research, section 6.4: N* of three API servers of 16 cores at 60 %, T = 60 s, 30 pods on a node.
#[test]
fn load_lines_of_known_shapes() {
    let check = |version: &str, words: &str, (low, high): (f64, f64)| {
        let line = line(version, words);
        let p50 = line.nodes.p50;
        assert!(
            p50 >= low && p50 <= high,
            "{version} {words}: {p50} nodes by {:?} in {:?}",
            line.binding,
            line.mode
        );
    };
    // The outage of 2024-12-11: below 1,000 nodes.
    check("1.36", "list rv0 json every=60", (400.0, 1000.0));
    check("1.30", "list json every=60", (200.0, 1000.0));
    check("1.36", "list rv0 protobuf every=60", (500.0, 1300.0));
    // The index makes it linear: the cluster's own pods fill the API servers' memory before.
    check("1.36", "list rv0 node every=60", (20_000.0, NODES_MAX));
    // The same without a version reads all of etcd up to 1.30.
    check("1.30", "list node every=60", (300.0, 1200.0));
}

#[test]
fn a_staging_of_50_nodes_shows_nothing_of_the_outage() {
    let cluster = cluster("1.36", 50.0);
    let profile = profile(vec![request("list rv0 json every=60")]);
    let question = Question::new(&profile, &cluster);
    let cores = crate::load::load(&question, &Coefficients::SHIPPED, 50.0, Mode::Steady).workload_cores;
    assert!(cores / 48.0 < 0.01, "{cores} of 48 cores");
}

#[test]
fn the_same_seed_gives_the_same_line() {
    assert_eq!(line("1.36", "list rv0 every=60"), line("1.36", "list rv0 every=60"));
}

#[test]
fn quantiles_are_in_order_and_apart() {
    let nodes = line("1.36", "list rv0 every=60").nodes;
    assert!(nodes.p10 < nodes.p50 && nodes.p50 < nodes.p90, "{nodes:?}");
}

#[test]
fn nothing_asked_sinks_nothing_by_itself() {
    let idle = line("1.36", "get cluster every=60");
    let busy = line("1.36", "list rv0 every=60");
    assert!(idle.nodes.p50 > busy.nodes.p50 * 10.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Every constraint grows with N, whatever is asked: the search by halving rests on it.
    #[test]
    fn strain_grows_with_the_nodes(
        shape in prop::sample::select(vec!["list rv0", "list", "list node", "watch initial node", "watch recent", "list limit=500", "get", "patch"]),
        version in prop::sample::select(vec!["1.30", "1.33", "1.36"]),
        every in 1u32..3600,
        nodes in 1.0f64..100_000.0,
    ) {
        let cluster = cluster(version, 100.0);
        let profile = profile(vec![request(&format!("{shape} every={every}"))]);
        let question = Question::new(&profile, &cluster);
        for mode in Mode::ALL {
            let here = worst(&question, &Coefficients::SHIPPED, nodes, mode).part();
            let further = worst(&question, &Coefficients::SHIPPED, nodes * 1.1, mode).part();
            prop_assert!(further >= here * 0.999, "{mode:?}: {here} then {further}");
        }
    }
}
