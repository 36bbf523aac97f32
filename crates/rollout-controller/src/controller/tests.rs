//! What nodes are given, as the link counts it.

use agent_link::{HubLink, HubLinkConfig, Transport};
use environment::{ManualClock, SeededEntropy};
use prometheus_client::registry::Registry;

use super::*;

const DOCUMENT: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: DaemonRollout
metadata: {name: w, namespace: ns}
spec:
  workload: w
  revision: {template: one}
  maskingHorizon: 0s
  gates: [{name: a, prometheus: {address: 'http://127.0.0.1:1', query: x}, max: 1}]
";

fn document(text: &str) -> Document {
    Document { origin: "ns/w".to_owned(), text: Ok(text.to_owned()), kept: None }
}

#[tokio::test]
async fn a_controller_that_does_not_lead_takes_nothing_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = ManualClock::default();
    let listen = HubLinkConfig::new("127.0.0.1:0".parse().expect("an address"), Transport::InsecureLoopback);
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let entropy = Arc::new(SeededEntropy::new(1));
    let link =
        HubLink::bind(&listen, shared.clone(), entropy, &mut Registry::default()).expect("a free port");
    let given: Arc<Mutex<Option<Vec<Document>>>> = Arc::default();
    let documents = given.clone();
    let nodes = ["a", "b"].map(|name| {
        let node = Node { name: name.to_owned(), uid: format!("uid-{name}"), goes_last: false };
        (node, String::new(), String::new())
    });
    let view = ClusterView { uid: Some("c".to_owned()), nodes: nodes.to_vec() };
    let config = Config {
        documents: Documents::Given(Arc::new(move || documents.lock().clone())),
        state: folder.path().to_owned(),
        key: SigningKey::from_seed(&[7; 32]).expect("a key"),
    };
    let cluster: Cluster = Arc::new(move || view.clone());
    let mut controller =
        Controller::new(config, cluster, link.handle(), shared, Seen::default()).expect("a controller");
    let mut items_with = |documents: Option<Vec<Document>>| {
        *given.lock() = documents;
        clock.advance(RELOAD);
        controller.tick();
        link.handle().stats().items
    };
    assert_eq!(items_with(None), 0, "it has never led");
    let steered = items_with(Some(vec![document(DOCUMENT)]));
    assert!(steered > 2, "{steered} items: who each node is, and its directive");
    assert_eq!(items_with(None), steered, "what was said last stays");
    assert_eq!(items_with(Some(vec![document(DOCUMENT)])), steered, "it leads again");
    assert_eq!(items_with(Some(vec![document("kind: Nothing")])), steered, "a slip of the hand");
    assert_eq!(items_with(Some(Vec::new())), 2, "the rollout is gone: who each node is remains");
}
