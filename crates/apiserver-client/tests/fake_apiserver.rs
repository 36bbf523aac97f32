//! The door against the embedded API server, over real sockets: whatever it does, in the end the sink holds exactly what the
//! server holds, and the door's own counts are the server's.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use apiserver_client::{Change, Door, DoorConfig, Limits, Resume, Sink, Source};
use environment::{Entropy, SeededEntropy, SystemClock};
use fake_apiserver::{ClusterPlan, Config, FakeApiserver, Fault, Rule};
use objects::Resource;
use parking_lot::Mutex;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Nothing here takes a second; a test that hangs must end.
const HANGS: Duration = Duration::from_secs(120);

const KINDS: [Resource; 5] =
    [Resource::Namespaces, Resource::Nodes, Resource::Deployments, Resource::Pods, Resource::Leases];

/// With 26 pods each: enough for every fault.
const FEW_NODES: u32 = 3;

/// No jitter: errors are retried at once, so that the test is quick. Waiting is tested in virtual time.
struct NoJitter;

impl Entropy for NoJitter {
    fn next_u64(&self) -> u64 {
        0
    }
}

/// (namespace, name, resourceVersion) of every object.
type Contents = BTreeSet<(String, String, String)>;

/// What a hub would hold.
#[derive(Default)]
struct Mirror {
    held: Mutex<BTreeMap<Resource, Held>>,
    changed: Notify,
}

#[derive(Default, Clone)]
struct Held {
    contents: Contents,
    replay: Option<Contents>,
    version: String,
    replays: u32,
    undecodable: u32,
}

impl Sink for Mirror {
    fn change(&self, resource: Resource, change: Change) {
        self.held.lock().entry(resource).or_default().take(change);
        self.changed.notify_waiters();
    }
}

impl Held {
    fn take(&mut self, change: Change) {
        let contents = self.replay.as_mut().unwrap_or(&mut self.contents);
        match change {
            Change::ReplayStarted => self.replay = Some(Contents::new()),
            Change::Applied(object) => {
                let meta = object.meta();
                let (namespace, name) = (meta.namespace.to_string(), meta.name.to_string());
                contents.retain(|held| (&held.0, &held.1) != (&namespace, &name));
                self.version = meta.resource_version.to_string();
                contents.insert((namespace, name, self.version.clone()));
            }
            Change::Deleted(object) => {
                let key = object.key();
                contents.retain(|held| (held.0.as_str(), held.1.as_str()) != (&*key.namespace, &*key.name));
                self.version = object.meta().resource_version.to_string();
            }
            Change::ReplayFinished { resource_version } => {
                self.contents = self.replay.take().expect("a replay was started");
                self.version = resource_version;
                self.replays += 1;
            }
            Change::Bookmark { resource_version } => self.version = resource_version,
            Change::Undecodable => self.undecodable += 1,
        }
    }
}

impl Mirror {
    /// Waits until `holds` does.
    async fn until(&self, what: &str, holds: impl Fn(&BTreeMap<Resource, Held>) -> bool) {
        let wait = async {
            loop {
                let changed = self.changed.notified();
                if holds(&self.held.lock()) {
                    return;
                }
                changed.await;
            }
        };
        assert!(tokio::time::timeout(HANGS, wait).await.is_ok(), "never: {what}");
    }

    /// Waits until it holds what `server` holds.
    async fn until_equal(&self, name: &str, server: &FakeApiserver) {
        // The server's objects are copied to be compared: not before there is hope.
        let same = |kind: Resource, held: &Held| {
            held.replay.is_none()
                && held.contents.len() == server.store().count(&named(kind))
                && held.contents == contents(server, kind)
        };
        let equal = |held: &BTreeMap<Resource, Held>| {
            KINDS.iter().all(|kind| held.get(kind).is_some_and(|held| same(*kind, held)))
        };
        self.until(&format!("{name}: the same contents"), equal).await;
    }

    fn resume(&self) -> Resume {
        self.held.lock().iter().map(|(resource, held)| (*resource, held.version.clone())).collect()
    }
}

/// "pods", "deployments.apps".
fn named(resource: Resource) -> String {
    let info = resource.info();
    if info.group.is_empty() { info.plural.to_owned() } else { format!("{}.{}", info.plural, info.group) }
}

fn contents(server: &FakeApiserver, resource: Resource) -> Contents {
    let text =
        |object: &Value, field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    let key =
        |object: &Value| (text(object, "namespace"), text(object, "name"), text(object, "resourceVersion"));
    server.store().objects(&named(resource), "", "", "").unwrap().iter().map(key).collect()
}

/// A door that keeps `KINDS`.
struct Running {
    door: Door,
    mirror: Arc<Mirror>,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Running {
    async fn start(server: &FakeApiserver, gzip: bool, resume: Resume) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kubeconfig");
        std::fs::write(&path, server.kubeconfig()).unwrap();
        let limits = Limits { requests_burst: 1_000, retry_burst: 1_000, ..Limits::default() };
        let config =
            DoorConfig { gzip, limits, ..DoorConfig::new(Source::Kubeconfig { path, context: None }) };
        let mut registry = Registry::default();
        let clock = Arc::new(SystemClock::new());
        let door = Door::connect(config, clock, Arc::new(NoJitter), &mut registry).await.unwrap();
        let (mirror, shutdown) = (Arc::new(Mirror::default()), CancellationToken::new());
        let keep = {
            let (door, mirror, shutdown) = (door.clone(), mirror.clone(), shutdown.clone());
            async move {
                door.keep(&KINDS, &resume, Arc::default(), Default::default(), mirror, shutdown)
                    .await
                    .unwrap();
            }
        };
        Self { door, mirror, shutdown, task: environment::spawn("keep", keep), _folder: folder }
    }

    async fn stop(self) -> Arc<Mirror> {
        self.shutdown.cancel();
        self.task.await.unwrap();
        self.mirror
    }
}

async fn server(tls: bool, nodes: u32) -> FakeApiserver {
    let mut config = Config::on_loopback(Arc::new(SystemClock::new()), Arc::new(SeededEntropy::new(7)));
    config.tls = tls;
    config.cluster = Some(ClusterPlan { nodes, pods_per_node: 26, seed: 7, churn_per_second: 0.0 });
    FakeApiserver::start(config).await.unwrap()
}

fn pod(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
        "spec": {"containers": [{"name": "main", "image": "busybox"}]}
    })
}

/// What one kind of fault is made of.
struct Row {
    name: &'static str,
    gzip: bool,
    rules: Vec<Rule>,
}

impl Row {
    fn new(name: &'static str, rules: Vec<Rule>) -> Self {
        Self { name, gzip: false, rules }
    }
}

/// Without TLS each watch has an HTTP/1.1 connection; with it, as on a real API server, all share one of HTTP/2.
async fn check(row: Row) {
    for tls in [false, true] {
        check_over(tls, &row).await;
    }
}

async fn check_over(tls: bool, row: &Row) {
    let server = server(tls, FEW_NODES).await;
    server.faults().set(row.rules.clone()).unwrap();
    let running = Running::start(&server, row.gzip, Resume::new()).await;
    running.mirror.until_equal(row.name, &server).await;
    server.store().apply(pod("late")).unwrap();
    running.mirror.until_equal(row.name, &server).await;
    server.store().delete("pods", "default", "late").unwrap();
    running.mirror.until_equal(row.name, &server).await;
    let replays: Vec<u32> = running.mirror.held.lock().values().map(|held| held.replays).collect();
    assert!(replays.iter().all(|replays| *replays <= 2), "{}: {replays:?}", row.name);
    let counted = running.door.status().budget.requests_total;
    assert_eq!(counted, server.requests_total(), "{}: own counts are exact", row.name);
    for request in server.requests() {
        assert!(request.user_agent.starts_with("plimsoll-hub/"), "{request:?}");
        assert_eq!(request.protocol, if tls { "HTTP/2.0" } else { "HTTP/1.1" }, "{}", row.name);
        let bounded = request.uri.contains("limit=500") && !request.uri.contains("resourceVersion=");
        assert!(request.verb == "watch" || (request.verb == "list" && bounded), "{request:?}");
    }
    running.stop().await;
    server.stop().await;
}

#[tokio::test]
async fn the_sink_ends_up_with_what_the_server_holds() {
    let pods = |fault: Fault, times: u64| vec![Rule::new(fault).resource("pods").times(times)];
    check(Row::new("no fault", vec![])).await;
    check(Row { gzip: true, ..Row::new("gzip", vec![]) }).await;
    let busy = Fault::Status { code: 429, retry_after_seconds: Some(0) };
    check(Row::new("429", pods(busy, 3))).await;
    check(Row::new("500", pods(Fault::Status { code: 500, retry_after_seconds: None }, 3))).await;
    check(Row::new("401", pods(Fault::Status { code: 401, retry_after_seconds: None }, 2))).await;
    check(Row::new("latency", pods(Fault::Latency { milliseconds: 20 }, 3))).await;
    check(Row::new("reset before the head", pods(Fault::Reset { after_bytes: 0 }, 2))).await;
    check(Row::new("reset in the body", pods(Fault::Reset { after_bytes: 20_000 }, 2))).await;
    check(Row::new("truncated, thrice: pages", pods(Fault::Truncate { after_bytes: 10_000 }, 3))).await;
    check(Row::new("trickle", pods(Fault::Trickle { bytes_per_second: 400_000 }, 1))).await;
    check(Row::new("go away", vec![Rule::new(Fault::GoAway)])).await;
    check(Row::new("expired versions", pods(Fault::ExpireVersions, 1))).await;
}

#[tokio::test]
async fn a_server_without_watch_lists_is_asked_once_and_gets_pages() {
    let refuse = || vec![Rule::new(Fault::RefuseWatchList)];
    check(Row::new("refused", refuse())).await;
    check(Row { gzip: true, ..Row::new("refused, gzip", refuse()) }).await;
    let server = server(false, 20).await;
    server.faults().set(refuse()).unwrap();
    let running = Running::start(&server, false, Resume::new()).await;
    running.mirror.until_equal("pages", &server).await;
    let asked = server.requests();
    assert_eq!(asked.iter().filter(|request| request.uri.contains("sendInitialEvents")).count(), 1);
    assert!(asked.iter().any(|request| request.uri.contains("continue=")), "520 pods are two pages");
    running.stop().await;
}

/// As large as etcd takes them, by each way that they can come.
#[tokio::test]
async fn pods_of_one_and_a_half_megabytes_are_pods() {
    let large = |name: &str| {
        let mut pod = pod(name);
        pod["spec"]["containers"][0]["env"] = json!([{"name": "TEXT", "value": "\"x".repeat(700_000)}]);
        pod["metadata"]["annotations"] = json!({"text": "y".repeat(100_000)});
        pod
    };
    for (gzip, pages) in [(false, false), (true, false), (false, true), (true, true)] {
        let server = server(false, FEW_NODES).await;
        if pages {
            server.faults().set(vec![Rule::new(Fault::RefuseWatchList)]).unwrap();
        }
        server.store().apply(large("early")).unwrap();
        let running = Running::start(&server, gzip, Resume::new()).await;
        running.mirror.until_equal("large pods, listed", &server).await;
        server.store().apply(large("late")).unwrap();
        running.mirror.until_equal("large pods, watched", &server).await;
        assert_eq!(running.door.status().resources["pods"].undecodable, 0);
        running.stop().await;
        server.stop().await;
    }
}

#[tokio::test]
async fn bad_objects_are_counted_and_the_others_go_on() {
    for fault in [Fault::InvalidUtf8, Fault::Garbage] {
        let server = server(false, FEW_NODES).await;
        server.faults().set(vec![Rule::new(fault.clone()).resource("pods").times(1)]).unwrap();
        let running = Running::start(&server, false, Resume::new()).await;
        let all = contents(&server, Resource::Pods).len();
        let one_less = |held: &BTreeMap<Resource, Held>| {
            held.get(&Resource::Pods)
                .is_some_and(|pods| (pods.contents.len(), pods.undecodable) == (all - 1, 1))
        };
        running.mirror.until(&format!("{fault:?}: all pods but one"), one_less).await;
        assert_eq!(running.door.status().resources["pods"].undecodable, 1);
        running.stop().await;
    }
}

#[tokio::test]
async fn a_restart_resumes_without_a_list_or_initial_events() {
    let server = server(false, FEW_NODES).await;
    let first = Running::start(&server, false, Resume::new()).await;
    first.mirror.until_equal("first run", &server).await;
    let resume = first.stop().await.resume();
    server.store().apply(pod("between")).unwrap();
    let before = server.requests().len();

    let second = Running::start(&server, false, resume).await;
    let came = |held: &BTreeMap<Resource, Held>| {
        let pods = held.get(&Resource::Pods).map(|pods| &pods.contents);
        pods.is_some_and(|pods| pods.iter().any(|pod| pod.1 == "between"))
    };
    second.mirror.until("the pod that came between", came).await;
    let replays: u32 = second.mirror.held.lock().values().map(|held| held.replays).sum();
    assert_eq!(replays, 0);
    for request in &server.requests()[before..] {
        assert!(request.verb == "watch" && !request.uri.contains("sendInitialEvents"), "{request:?}");
    }
    second.stop().await;
}
