//! Streams sample by sample.

use super::*;

fn raised(alerts: &Alerts) -> Vec<(AlertName, String)> {
    alerts.raised(0.0).into_iter().map(|alert| (alert.name, alert.subject)).collect()
}

#[test]
fn a_newcomer_that_costs_is_a_change() {
    let mut alerts = Alerts::default();
    for round in 0..40_u32 {
        alerts.round();
        let now = f64::from(round) * 7.5;
        let mut costs = vec![("a/old", 1.0)];
        if round >= 30 {
            costs.push(("b/new", 0.4));
        }
        alerts.costs(now, costs);
        let expected = if round >= 32 {
            vec![(AlertName::ApiserverCostChanged, "b/new".to_owned())]
        } else {
            Vec::new()
        };
        assert_eq!(raised(&alerts), expected, "round {round}");
    }
    // It goes, and its alert with it.
    alerts.round();
    alerts.costs(300.0, vec![("a/old", 1.0)]);
    assert!(raised(&alerts).is_empty());
}

#[test]
fn who_is_watched_is_bounded() {
    let mut alerts = Alerts::default();
    let names: Vec<String> = (0..100).map(|number| format!("ns/{number}")).collect();
    for _ in 0..20 {
        alerts.round();
        alerts.costs(0.0, names.iter().map(|name| (name.as_str(), 1.0)).collect());
    }
    assert_eq!(alerts.streams.len(), SUBJECTS_MAX);
}

#[test]
fn what_it_was_before_stays_what_it_was() {
    let mut alerts = Alerts::default();
    for sample in [0.0; 20].into_iter().chain([5.0, 5.0, 5.0, 7.0]) {
        alerts.take(1.0, AlertName::ApiserverRejects, "", sample);
    }
    let [alert] = &alerts.raised(11.0)[..] else { panic!() };
    assert_eq!((alert.from, alert.to, alert.since_seconds), (0.0, 7.0, 10.0));
}
