//! What a scrape shows while the store changes under it.

use std::sync::Arc;
use std::time::Duration;

use apiserver_client::Change;
use environment::ManualClock;
use objects::node::Node;
use objects::{Meta, Object};
use telemetry_export::Body;

use super::*;

fn node(number: usize) -> Object {
    let meta = Meta { name: format!("node-{number}").into(), ..Meta::default() };
    Object::Node(Arc::new(Node { meta, ..Node::default() }))
}

fn store() -> Arc<Store> {
    Arc::new(Store::new(Arc::new(ManualClock::default()), objects::Seeded::default()))
}

fn replay(store: &Store, nodes: std::ops::Range<usize>) {
    store.apply(Resource::Nodes, Change::ReplayStarted);
    for number in nodes {
        store.apply(Resource::Nodes, Change::Applied(node(number)));
    }
    store.apply(Resource::Nodes, Change::ReplayFinished { resource_version: "1".to_owned() });
}

fn metrics(store: &Arc<Store>) -> StateMetrics {
    StateMetrics::new(store.clone(), &[Resource::Nodes, Resource::Namespaces], &Options::default())
}

fn text(reply: Reply) -> String {
    let Body::Chunks(chunks) = reply.body else { panic!("a scrape is streamed") };
    chunks.map(|chunk| String::from_utf8(chunk.to_vec()).unwrap()).collect()
}

fn nodes(body: &str) -> usize {
    body.lines().filter(|line| line.starts_with("kube_node_info{")).count()
}

#[test]
fn a_relist_is_never_seen_in_part() {
    let store = store();
    let metrics = metrics(&store);
    let scrape = || nodes(&text(metrics.handle(&Request::get("/metrics"))));
    store.apply(Resource::Nodes, Change::ReplayStarted);
    store.apply(Resource::Nodes, Change::Applied(node(0)));
    assert_eq!(scrape(), 0, "the first replay is not whole yet");
    replay(&store, 0..100);
    assert_eq!(scrape(), 100);
    store.apply(Resource::Nodes, Change::ReplayStarted);
    for number in 50..100 {
        store.apply(Resource::Nodes, Change::Applied(node(number)));
        assert_eq!(scrape(), 100, "in mid-relist, after node {number}");
    }
    store.apply(Resource::Nodes, Change::ReplayFinished { resource_version: "2".to_owned() });
    assert_eq!(scrape(), 50);
}

#[test]
fn a_scrape_under_way_keeps_the_state_it_began_with() {
    let store = store();
    replay(&store, 0..1_000);
    let Body::Chunks(mut chunks) = metrics(&store).handle(&Request::get("/metrics")).body else {
        panic!("streamed")
    };
    let mut body = String::from_utf8(chunks.next().unwrap().to_vec()).unwrap();
    replay(&store, 0..1);
    chunks.for_each(|chunk| body.push_str(std::str::from_utf8(&chunk).unwrap()));
    assert_eq!(nodes(&body), 1_000);
    assert_eq!(body.lines().filter(|line| line.starts_with("kube_node_created{")).count(), 0);
}

#[test]
fn formats_and_selections() {
    let store = store();
    replay(&store, 0..2);
    store.restore(Resource::Namespaces, {
        let meta = Meta { name: "default".into(), created: 5, ..Meta::default() };
        Object::Namespace(Arc::new(objects::node::Namespace { meta, ..Default::default() }))
    });
    store.restored(Resource::Namespaces, "1".to_owned(), Duration::ZERO);
    let metrics = metrics(&store);
    let check = |path: &str, accept: &str, expected_nodes: usize, namespaces: bool| {
        let request = Request { accept: accept.to_owned(), ..Request::get(path) };
        let reply = metrics.handle(&request);
        assert_eq!(
            reply.content_type.starts_with("application/openmetrics-text"),
            accept.contains("openmetrics")
        );
        let body = text(reply);
        assert_eq!(body.ends_with("# EOF\n"), accept.contains("openmetrics"), "{path}");
        assert_eq!(nodes(&body), expected_nodes, "{path}");
        assert_eq!(body.contains("\nkube_namespace_created{"), namespaces, "{path}");
    };
    check("/metrics", "", 2, true);
    check("/metrics", "application/openmetrics-text;version=1.0.0", 2, true);
    check("/metrics?resources=nodes", "", 2, false);
    check("/metrics?resources=namespaces,jobs", "", 0, true);
    check("/metrics?resources=nodes%2Cnamespaces", "", 2, true);
    check("/metrics?exclude_resources=nodes", "", 0, true);
}
