//! What the drills must show.

use drill::{Fault, Report, Scenario, run};

/// Seconds.
const CONFIRM_TIMEOUT: f64 = 600.0;
const REVERT_SPREAD: f64 = 60.0;

fn scenario(name: &str) -> Scenario {
    Scenario::find(name).expect("it is in the catalogue")
}

fn fault_at(scenario: &Scenario, fault: Fault) -> f64 {
    let found = scenario.faults.iter().find(|(_, what)| *what == fault);
    found.expect("it is planned").0.as_secs_f64()
}

fn nodes_at(report: &Report, second: f64) -> u32 {
    report.seconds[second as usize - 1].nodes
}

#[test]
fn a_bad_first_install_stops_within_a_minute_at_four_nodes_and_harms_nobody() {
    for seed in 0..20 {
        let report = run(&Scenario { seed, ..scenario("bad-install") });
        let took = report.stopped_at.expect("stopped") - report.first_start.expect("started");
        assert!(took <= 60.0, "seed {seed}: {took} s");
        assert!(report.most_nodes <= 4, "seed {seed}: {} nodes", report.most_nodes);
        assert!(report.latency_p99 <= report.latency_before * 1.1, "seed {seed}: {} ms", report.latency_p99);
        assert_eq!((report.nodes_at_end, report.phase.as_str()), (0, "Degraded"), "seed {seed}");
    }
}

#[test]
fn the_same_by_a_daemonset_alone_reaches_every_node_and_harms_everybody() {
    let report = run(&scenario("bad-install-daemonset"));
    assert_eq!(report.most_nodes, report.nodes);
    assert!(report.latency_p99 > report.latency_before * 10.0, "{} ms", report.latency_p99);
}

#[test]
fn what_is_dear_only_together_is_foreseen() {
    let report = run(&scenario("superlinear"));
    assert!(report.stopped.is_some() && report.most_nodes <= 8, "{:?}", report.story);
    assert_eq!(report.nodes_running, report.nodes, "all are back on the old revision");
}

#[test]
fn nodes_that_are_alone_go_back_by_their_deadline_without_a_request() {
    let scenario = scenario("alone");
    let died = fault_at(&scenario, Fault::ApiServerDies);
    let report = run(&scenario);
    assert!(nodes_at(&report, died) > 1, "the fault came in mid-step");
    let last = report.last_unconfirmed_at.expect("some were unconfirmed");
    assert!(last > died && last <= died + CONFIRM_TIMEOUT + REVERT_SPREAD, "{last} s");
    assert_eq!((report.on_trial_at_end, report.workload_requests), (0, 0));
    assert_eq!(report.nodes_at_end, 1, "the confirmed node goes on");
    assert_eq!(report.nodes_running, report.nodes);
}

#[test]
fn a_dead_api_server_is_seen_by_a_hub_that_lives() {
    let scenario = scenario("api-dies");
    let died = fault_at(&scenario, Fault::ApiServerDies);
    let report = run(&scenario);
    let took = report.last_unconfirmed_at.expect("some were unconfirmed") - died;
    assert!(took <= 30.0, "{took} s");
    assert_eq!(report.nodes_running, report.nodes);
}

#[test]
fn a_failure_behind_caches_is_seen_within_half_a_minute_and_no_further_node_is_touched() {
    let scenario = scenario("masked");
    let died = fault_at(&scenario, Fault::ClusterDnsDies);
    let report = run(&scenario);
    let took = report.stopped_at.expect("stopped") - died;
    assert!(took <= 30.0, "{took} s");
    assert_eq!(report.most_nodes, nodes_at(&report, died));
}

#[test]
fn without_a_probe_the_bake_outlasts_the_caches() {
    let report = run(&scenario("masked-without-probe"));
    assert_eq!((report.stopped.as_deref(), report.nodes_at_end), (Some("MeasuredOverBudget"), 0));
    assert!(report.most_nodes <= 8, "{}", report.most_nodes);
}

#[test]
fn a_good_update_arrives_everywhere() {
    for nodes in [1, 2, 3, 10, 777] {
        let report = run(&Scenario { nodes, ..scenario("calm") });
        assert_eq!((report.phase.as_str(), report.nodes_at_end), ("Healthy", nodes), "{:?}", report.story);
    }
}

#[test]
fn a_wave_is_one_word_however_many_nodes_hear_it() {
    let [ten, thousand, many] = [10, 1_000, 50_000].map(|nodes| {
        let report = run(&Scenario { nodes, ..scenario("calm") });
        assert_eq!((report.phase.as_str(), report.nodes_at_end), ("Healthy", nodes));
        report
    });
    assert!(ten.signed_bytes <= thousand.signed_bytes);
    // A threshold takes a byte more or less.
    assert!(
        many.signed_bytes.abs_diff(thousand.signed_bytes) < 500,
        "{} {}",
        many.signed_bytes,
        thousand.signed_bytes
    );
    assert!(many.token_bytes < 2_048, "{} bytes", many.token_bytes);
    assert_eq!((many.api_writes, many.tokens), (thousand.api_writes, thousand.tokens));
    // Of ten nodes, some steps are no more nodes than the step before.
    assert!(ten.api_writes <= many.api_writes && ten.tokens <= many.tokens);
}

#[test]
fn the_same_drill_gives_the_same_report() {
    let scenario = scenario("alone");
    assert_eq!(run(&scenario), run(&scenario));
}
