//! Measurements of a server whose coefficients are known give them back.

use api_cost::{Cluster, Coefficients, Count, Known, Resource, Situation, Spread};

use super::*;

/// What would be measured on a server of these coefficients: the collector's part taken out, as the meter does.
fn measured(of: &Coefficients, noise: f64) -> Measured {
    let (pods, namespace, json) = (10_000.0, 1000.0, 8000.0);
    let point =
        |cpu: f64, bytes: f64| Point { cpu: cpu * (1.0 + noise), bytes, requests: 10, ..Point::default() };
    let list =
        |objects: f64, bytes: f64, each: f64| point(of.request + objects * bytes * each, objects * bytes);
    let all = pods * of.watch_list_object;
    let points = vec![
        ("get", point(of.request + 500.0 * Coefficients::SHIPPED.list.json, 500.0)),
        ("etcd-over-cache", point(of.get_from_etcd, 0.0)),
        ("consistent-over-cached", point(of.consistent_read, 0.0)),
        ("few-json", list(30.0, json, of.list.json)),
        ("many-json", list(namespace, json, of.list.json)),
        ("few-protobuf", list(30.0, 5000.0, of.list.protobuf)),
        ("many-protobuf", list(namespace, 5000.0, of.list.protobuf)),
        ("scan", point(of.request + pods * of.scan_object, 90.0)),
        (
            "page-small",
            point(
                of.request + of.consistent_read + pods * of.page_object + 10.0 * json * of.list.json,
                10.0 * json,
            ),
        ),
        ("watch-list-none", point(of.request + all, 200.0)),
        (
            "watch-list-json",
            point(of.request + all + namespace * json * of.watch_list.json, namespace * json),
        ),
    ];
    Measured { points, collector: 2e-9, ..Measured::default() }
}

fn cluster() -> Cluster {
    let mut cluster = Cluster::usual(100.0);
    cluster
        .resources
        .insert("pods".to_owned(), Resource { objects: Count::per_node(100.0), ..Resource::default() });
    cluster
}

#[test]
fn known_coefficients_come_back() {
    let mut of = Coefficients {
        request: 1.1e-3,
        consistent_read: 2e-3,
        scan_object: 0.4e-6,
        page_object: 3e-6,
        ..Coefficients::SHIPPED
    };
    of.list.json = 20e-9;
    of.list.protobuf = 7e-9;
    of.watch_list.json = 30e-9;
    let (model, rows) = model(&measured(&of, 0.0), &cluster());
    assert_eq!(model.spread, Spread::Calibrated);
    let near = |name: &str, found: f64, expected: f64| {
        assert!((found / expected - 1.0).abs() < 0.01, "{name}: {found}, not {expected}");
    };
    let found = &model.coefficients;
    near("request", found.request, of.request);
    near("getFromEtcd", found.get_from_etcd, of.get_from_etcd);
    near("consistentRead", found.consistent_read, of.consistent_read);
    near("list.json", found.list.json, of.list.json);
    near("list.protobuf", found.list.protobuf, of.list.protobuf);
    near("scanObject", found.scan_object, of.scan_object);
    near("pageObject", found.page_object, of.page_object);
    near("watchListObject", found.watch_list_object, of.watch_list_object);
    near("watchList.json", found.watch_list.json, of.watch_list.json);
    // What was not measured stays, and the table says so.
    assert_eq!(found.write, Coefficients::SHIPPED.write);
    let table = rows.iter().find(|row| row.name == "list.table").expect("a row");
    assert_eq!(table.refused, Some("it could not be measured"));
    let read = CostModel::from_yaml(&model.to_yaml()).expect("what was written is read");
    assert_eq!(read, model);
}

/// Watchers that could not be opened do not take the writes with them.
#[test]
fn writes_are_known_without_watchers() {
    let of = Coefficients { write: 2e-3, write_byte: 1.5e-7, ..Coefficients::SHIPPED };
    let mut measured = measured(&of, 0.0);
    for (name, bytes) in [("write-small", 200.0), ("write-large", 40_000.0)] {
        let cpu = of.request + of.write + bytes * of.write_byte;
        measured.points.push((name, Point { cpu, bytes, requests: 10, ..Point::default() }));
    }
    let (model, rows) = model(&measured, &cluster());
    let found = &model.coefficients;
    assert!((found.write / of.write - 1.0).abs() < 0.01, "{}", found.write);
    assert!((found.write_byte / of.write_byte - 1.0).abs() < 0.01, "{}", found.write_byte);
    assert!(rows.iter().all(|row| row.name != "event"), "nobody watched");
}

#[test]
fn what_cannot_be_is_refused() {
    let mut bad = measured(&Coefficients::SHIPPED, 0.0);
    for (name, point) in &mut bad.points {
        match *name {
            "etcd-over-cache" => point.cpu = 0.0,
            "few-json" => point.cpu = 5.0,
            "scan" => point.spread = 3.0,
            "watch-list-none" => point.cpu = 1000.0,
            _ => {}
        }
    }
    let (model, rows) = model(&bad, &cluster());
    for (name, why) in [
        ("getFromEtcd", "nothing of it could be seen above the noise"),
        ("list.json", "nothing of it could be seen above the noise"),
        ("scanObject", "it could not be measured"),
        ("watchListObject", "it is too far from any server known"),
    ] {
        let row = rows.iter().find(|row| row.name == name).expect(name);
        assert_eq!(row.refused, Some(why), "{row:?}");
    }
    assert_eq!(model.coefficients.scan_object, Coefficients::SHIPPED.scan_object);
}

/// A forecast of a request with the fitted model is what was measured of it.
#[test]
fn the_model_predicts_its_own_measurements() {
    let (model, _) = model(&measured(&Coefficients::SHIPPED, 0.1), &cluster());
    let class = workload_profile::Asked::of("GET", "/api/v1/pods?resourceVersion=0", None, false)
        .expect("a request")
        .shape;
    let cluster = cluster();
    let gates = api_cost::Gates::of(cluster.version);
    let at = Situation {
        coefficients: &model.coefficients,
        gates: &gates,
        nodes: 10.0,
        cache: api_cost::CacheState::Fresh,
        watchers: 0.0,
    };
    let known = Known {
        encoded: api_cost::Encoded { json: Some(8000.0), ..Default::default() },
        ..Known::of(&cluster, "pods")
    };
    let work = api_cost::work(&class.class("a".to_owned()), &known, &at);
    let expected = measured(&Coefficients::SHIPPED, 0.1)
        .points
        .iter()
        .find(|(name, _)| *name == "many-json")
        .expect("it")
        .1
        .cpu;
    assert!(
        (work.apiserver_cpu_seconds / expected - 1.0).abs() < 0.02,
        "{} and {expected}",
        work.apiserver_cpu_seconds
    );
}
