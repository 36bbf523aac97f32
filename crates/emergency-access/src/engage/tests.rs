//! The ladder on a cluster of a few objects that is well once the right lever was pulled.

use std::collections::BTreeMap;

use environment::ManualClock;
use parking_lot::Mutex;

use super::*;
use crate::offender::Account;
use crate::prepare::Hook;
use crate::way::{Asking, NoAnswer};
use crate::{audit, jail};

/// An API server: objects by path, merge patches, and a health that depends on what was done to it.
struct Fake {
    objects: Mutex<BTreeMap<String, Value>>,
    /// Well once something of this was written.
    cure: &'static str,
    written: Mutex<Vec<String>>,
    clock: Arc<ManualClock>,
    is_dead: bool,
}

fn merge(into: &mut Value, patch: &Value) {
    let Some(fields) = patch.as_object() else { return into.clone_from(patch) };
    if !into.is_object() {
        *into = json!({});
    }
    for (name, value) in fields {
        if value.is_null() {
            into.as_object_mut().expect("an object").remove(name);
        } else {
            merge(&mut into[name], value);
        }
    }
}

impl Fake {
    fn new(cure: &'static str) -> Self {
        let daemon_set = json!({
            "metadata": {"name": "vector", "namespace": "logs", "uid": "u1", "resourceVersion": "7"},
            "spec": {"template": {"spec": {"serviceAccountName": "vector"}}},
        });
        let subject = |name: &str| json!({"kind": "ServiceAccount", "namespace": "logs", "name": name});
        let binding = |name: &str, subjects: Value| json!({"metadata": {"name": name}, "subjects": subjects});
        let bindings = json!({"items": [
            binding("alone", json!([subject("vector")])),
            binding("shared", json!([subject("vector"), subject("other")])),
            binding("others", json!([subject("other")])),
        ]});
        let objects = [
            ("/apis/apps/v1/namespaces/logs/daemonsets/vector", daemon_set),
            ("/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas/plimsoll-jail", jail::manifests().remove(1)),
            ("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", bindings),
            ("/apis/rbac.authorization.k8s.io/v1/rolebindings", json!({"items": []})),
        ];
        Self {
            objects: Mutex::new(
                objects.into_iter().map(|(path, object)| (path.to_owned(), object)).collect(),
            ),
            cure,
            written: Mutex::default(),
            clock: Arc::default(),
            is_dead: false,
        }
    }

    fn is_well(&self) -> bool {
        self.written.lock().iter().any(|written| written.contains(self.cure))
    }

    fn answer(&self, ask: &Ask) -> Result<Value, NoAnswer> {
        let refused = |code| NoAnswer::Refused { code, says: String::new() };
        if self.is_dead {
            return Err(NoAnswer::Connection("refused".to_owned()));
        }
        let path = ask.path.split('?').next().unwrap_or_default();
        if path == "/readyz" {
            return Ok(Value::Null);
        }
        if path == "/api/v1/namespaces/kube-system" {
            return Ok(json!({}));
        }
        let mut objects = self.objects.lock();
        if ask.is_write() {
            self.written.lock().push(format!("{} {path}", ask.method));
        }
        match (ask.method.as_str(), &ask.body) {
            ("GET", _) => objects.get(path).cloned().ok_or(refused(404)),
            ("DELETE", _) => objects.remove(path).map(|_| json!({})).ok_or(refused(404)).or(Ok(json!({}))),
            ("POST", Some((_, object))) => {
                let name = object["metadata"]["name"].as_str().expect("a name");
                objects.insert(format!("{path}/{name}"), object.clone());
                Ok(object.clone())
            }
            ("PATCH", Some((_, patch))) => {
                let object = objects.entry(path.to_owned()).or_insert(json!({}));
                merge(object, patch);
                Ok(object.clone())
            }
            _ => Err(refused(405)),
        }
    }
}

impl Api for Fake {
    fn ask(&self, ask: Ask, _: Duration) -> Asking<'_> {
        self.clock.advance(Duration::from_millis(250));
        let took = Duration::from_millis(if self.is_well() { 5 } else { 900 });
        let answer = self.answer(&ask);
        Box::pin(async move {
            let body = answer?;
            Ok(crate::way::Answer { code: 200, body, took, priority_level: None, flow_schema: None })
        })
    }

    fn name(&self) -> String {
        "fake".to_owned()
    }
}

impl Outside for Fake {
    fn post(&self, order: &str) -> Told<'_> {
        self.written.lock().push(format!("POST order {order}"));
        Box::pin(async { Ok("handed on".to_owned()) })
    }

    fn run(&self, command: &[String], _: Duration) -> Told<'_> {
        self.written.lock().push(format!("run {}", command.join(" ")));
        Box::pin(async { Ok("done".to_owned()) })
    }
}

struct Story {
    fake: Fake,
    folder: tempfile::TempDir,
    heard: Vec<String>,
}

impl Story {
    fn new(cure: &'static str) -> Self {
        Self { fake: Fake::new(cure), folder: tempfile::tempdir().expect("a folder"), heard: Vec::new() }
    }

    async fn engage(&mut self, order: Order) -> Ended {
        let hook = Hook {
            name: "scale".to_owned(),
            command: vec!["scale".to_owned(), "up".to_owned()],
            undo: vec!["scale".to_owned(), "down".to_owned()],
        };
        let baggage = Baggage {
            stops: Vec::new(),
            cuts: vec!["cut".to_owned()],
            hooks: vec![hook],
            by: "ann".to_owned(),
        };
        let mut log = Log::open(self.folder.path()).expect("a log");
        let heard = &mut self.heard;
        let mut crew = crew(&self.fake, heard);
        crew.engage(&order, &baggage, &mut log).await.expect("a log")
    }

    async fn disengage(&mut self) -> (usize, usize) {
        let mut log = Log::open(self.folder.path()).expect("a log");
        let heard = &mut self.heard;
        let mut crew = crew(&self.fake, heard);
        crew.disengage(&mut log, false).await.expect("a log")
    }

    fn written(&self) -> Vec<String> {
        std::mem::take(&mut self.fake.written.lock())
    }
}

fn crew<'a>(fake: &'a Fake, heard: &'a mut Vec<String>) -> Crew<'a> {
    Crew {
        ways: vec![fake],
        patients: vec![fake],
        outside: fake,
        clock: fake.clock.clone(),
        who: "ann".to_owned(),
        tell: Box::new(|sentence| heard.push(sentence.to_owned())),
    }
}

fn order() -> Order {
    Order {
        offender: "logs/DaemonSet/vector".parse().expect("a workload"),
        levers: Lever::LADDER.to_vec(),
        dry_run: false,
        force: false,
    }
}

#[tokio::test(start_paused = true)]
async fn it_stops_at_the_first_lever_that_works() {
    let check = async |cure: &'static str, expected: Option<Lever>| {
        let mut story = Story::new(cure);
        match (story.engage(order()).await, expected) {
            (Ended::Well(by, ..), Some(lever)) => assert_eq!(by, lever, "{cure}"),
            (Ended::NotWell(_), None) => {}
            (ended, _) => panic!("{cure}: {ended:?}"),
        }
    };
    check("POST order cut", Some(Lever::Cut)).await;
    check("flowschemas", Some(Lever::Jail)).await;
    check("DELETE /apis/rbac", Some(Lever::Rbac)).await;
    check("PATCH /apis/apps", Some(Lever::Selector)).await;
    check("DELETE /apis/apps", Some(Lever::Delete)).await;
    check("run scale up", Some(Lever::Hook)).await;
    check("nothing of it", None).await;
}

#[tokio::test(start_paused = true)]
async fn who_is_well_is_left_alone_and_a_dry_run_writes_nothing() {
    let mut story = Story::new("");
    story.fake.written.lock().push("it is well from the start".to_owned());
    assert_eq!(story.engage(order()).await, Ended::WasWell);
    let mut story = Story::new("nothing");
    assert_eq!(story.engage(Order { dry_run: true, ..order() }).await, Ended::DryRun);
    assert_eq!(story.written(), Vec::<String>::new());
    let told = story.heard.join("\n");
    for lever in ["cut", "jail", "rbac", "selector", "delete", "hook"] {
        assert!(told.contains(lever), "{told}");
    }
    assert!(told.contains("system:serviceaccount:logs:vector loses alone, shared"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn everything_is_taken_back_the_last_first_and_once() {
    let mut story = Story::new("nothing");
    let before = story.fake.objects.lock().clone();
    assert!(matches!(story.engage(order()).await, Ended::NotWell(_)));
    let daemon_set = "/apis/apps/v1/namespaces/logs/daemonsets/vector";
    assert!(!story.fake.objects.lock().contains_key(daemon_set));
    let inmates = jail::inmates(&story.fake.objects.lock()[&jail::path()]);
    assert_eq!(inmates, [Account { namespace: "logs".to_owned(), name: "vector".to_owned() }]);
    story.written();
    assert_eq!(story.disengage().await, (6, 0));
    let written = story.written();
    assert!(written[0].contains("run scale down"), "{written:?}");
    let mut after = story.fake.objects.lock().clone();
    // A real server leaves an empty map away.
    let pods = &mut after.get_mut(daemon_set).expect("there")["spec"]["template"]["spec"];
    assert_eq!(pods.as_object_mut().expect("an object").remove("nodeSelector"), Some(json!({})));
    assert_eq!(jail::inmates(&after[&jail::path()]), []);
    // It is there again, and not as the one that it was.
    assert_eq!(after[daemon_set]["spec"], before[daemon_set]["spec"]);
    assert_eq!(after[daemon_set]["metadata"], json!({"name": "vector", "namespace": "logs"}));
    let binding = &after["/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/alone"];
    assert_eq!(binding["kind"], "ClusterRoleBinding");
    assert_eq!(story.disengage().await, (0, 0));
    audit::verify(&story.folder.path().join(audit::FILE), None).expect("a whole chain");
}

#[tokio::test(start_paused = true)]
async fn a_lever_that_was_begun_when_the_machine_went_down_can_be_taken_back() {
    let mut story = Story::new("nothing");
    {
        let mut log = Log::open(story.folder.path()).expect("a log");
        let undo = [Undo::Patch { path: jail::path(), body: jail::patch(&[], None) }];
        log.add(1, "ann", "lever", json!({"lever": "jail", "what": "jail", "undo": undo})).expect("added");
    }
    assert_eq!(story.disengage().await, (1, 0));
    assert_eq!(story.written(), [format!("PATCH {}", jail::path())]);
}

#[tokio::test(start_paused = true)]
async fn with_a_dead_api_levers_that_need_none_are_still_pulled() {
    let mut story = Story::new("nothing");
    story.fake.is_dead = true;
    assert!(matches!(story.engage(order()).await, Ended::NotWell(_)));
    assert_eq!(story.written(), ["POST order cut", "run scale up"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_in_the_jail_already_is_not_put_there_again() {
    let mut story = Story::new("nothing");
    let jail_only = Order { levers: vec![Lever::Jail], force: true, ..order() };
    assert!(matches!(story.engage(jail_only.clone()).await, Ended::NotWell(_)));
    story.written();
    assert!(matches!(story.engage(jail_only).await, Ended::NotWell(_)));
    assert_eq!(story.written(), Vec::<String>::new());
    assert!(story.heard.iter().any(|said| said.contains("put there by ann")));
    // One was engaged, and one is taken back.
    assert_eq!(story.disengage().await, (1, 0));
}
