//! Audit events of a known cluster.

use api_cost::{Cluster, CostModel, Count, Resource};
use workload_profile::audit::{Events, Line};

use super::*;

fn prices(nodes: f64) -> Prices {
    let mut cluster = Cluster::usual(nodes);
    let pods =
        Resource { objects: Count::fixed(30.0 * nodes), stored_bytes: Some(5800.0), ..Resource::default() };
    cluster.resources.insert("pods".to_owned(), pods);
    Prices::new(cluster, CostModel::shipped())
}

fn seen(user: &str, address: &str, uri: &str, code: u16) -> Observation {
    let event = format!(
        r#"{{"auditID":"a","stage":"ResponseComplete","verb":"list","requestURI":"{uri}","user":{{"username":"{user}"}},
            "sourceIPs":["{address}"],"userAgent":"curl/8","responseStatus":{{"code":{code}}},
            "requestReceivedTimestamp":"2026-11-27T08:00:00.000000Z","stageTimestamp":"2026-11-27T08:00:01.000000Z"}}"#
    );
    match Events::default().take(event.as_bytes()) {
        Line::Request(seen) => *seen,
        other => panic!("{other:?}"),
    }
}

/// The outage's service: on each of 100 nodes, a LIST of all pods every 7.5 s. A controller that lists once as often.
#[test]
fn what_every_node_asks_grows_with_the_square() {
    let (mut attribution, mut prices) = (Attribution::default(), prices(100.0));
    for window in 0..9 {
        let now = f64::from(window) * 7.5;
        for node in 0..100 {
            let agent = seen(
                "system:serviceaccount:telemetry:agent",
                &format!("10.0.0.{node}"),
                "/api/v1/pods?resourceVersion=0",
                200,
            );
            attribution.take(now, &agent, 1, &mut prices);
        }
        let controller = seen("system:serviceaccount:shop:operator", "10.1.0.1", "/api/v1/pods", 200);
        attribution.take(now, &controller, 1, &mut prices);
        let own = seen(
            "system:node:a",
            "10.0.0.1",
            "/api/v1/pods?fieldSelector=spec.nodeName%3Da&resourceVersion=0",
            200,
        );
        attribution.take(now, &own, 1, &mut prices);
    }
    let rows = attribution.rows(100.0);
    let names: Vec<&str> = rows.iter().map(|row| row.who.as_str()).collect();
    assert_eq!(names, ["telemetry/agent", "shop/operator", "kubelets"]);
    assert_eq!((rows[0].copies, rows[0].requests_per_second.round()), (100, 13.0));
    assert!((rows[0].exponent - 2.0).abs() < 0.05, "{:?}", rows[0]);
    assert!((rows[1].exponent - 1.0).abs() < 0.05, "{:?}", rows[1]);
    assert!((rows[2].exponent - 1.0).abs() < 0.1, "{:?}", rows[2]);
    assert!(rows[0].apiserver_cores > 50.0 * rows[1].apiserver_cores, "{rows:?}");
    assert_eq!(rows[0].dearest, "LIST pods");
}

#[test]
fn a_minute_later_nobody_is_there() {
    let (mut attribution, mut prices) = (Attribution::default(), prices(10.0));
    attribution.take(5.0, &seen("jane", "10.0.0.1", "/api/v1/pods", 200), 1, &mut prices);
    attribution.advance(8.0);
    assert_eq!(attribution.rows(10.0)[0].who, "jane (curl)");
    assert!(attribution.last_window()[0].1 > 0.0);
    attribution.advance(90.0);
    assert!(attribution.rows(10.0).is_empty());
}

#[test]
fn who_is_bounded_and_refused_requests_cost_nothing() {
    let (mut attribution, mut prices) = (Attribution::default(), prices(10.0));
    for number in 0..3000 {
        let user = format!("system:serviceaccount:ns-{number}:default");
        attribution.take(1.0, &seen(&user, "10.0.0.1", "/api/v1/pods", 429), 1, &mut prices);
    }
    attribution.advance(8.0);
    let rows = attribution.rows(10.0);
    assert_eq!(rows.len(), WHO_MAX + 1);
    assert!(rows.iter().all(|row| row.apiserver_cores == 0.0 && row.failed == 1.0));
    let others = rows.iter().find(|row| row.who == OTHERS).expect("the rest");
    assert_eq!(others.requests_per_second.round(), 267.0);
}
