//! The door against a scripted API server, in virtual time: what it asks for and when, and what the sink is told.

use std::io::Write as _;
use std::time::Duration;

use environment::SystemClock;
use parking_lot::Mutex;

use self::server::{Act, Exchange, Server};
use super::*;
use crate::change::Change;
use crate::status::Phase;

mod beat;
mod conduct;
mod server;
mod states;

/// Jitter of exactly one half.
struct Half;

impl Entropy for Half {
    fn next_u64(&self) -> u64 {
        1 << 63
    }
}

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Sink for Notes {
    fn change(&self, _resource: Resource, change: Change) {
        self.0.lock().push(match change {
            Change::ReplayStarted => "started".to_owned(),
            Change::Applied(object) => format!("+{}", object.key().name),
            Change::Deleted(object) => format!("-{}", object.key().name),
            Change::ReplayFinished { resource_version } => format!("finished@{resource_version}"),
            Change::Bookmark { resource_version } => format!("bookmark@{resource_version}"),
            Change::Undecodable => "undecodable".to_owned(),
        });
    }
}

/// What came of a script after some virtual seconds.
struct Outcome {
    requests: Vec<String>,
    changes: String,
    status: DoorStatus,
    metrics: String,
}

/// One scripted run.
struct Run {
    resources: &'static [Resource],
    resume: &'static [(Resource, &'static str)],
    script: Vec<Exchange>,
    refuse_seconds: u64,
    seconds: u64,
    /// Write heartbeats; the argument says whether another hub has just done so.
    beat: Option<fn() -> crate::Wanted>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            resources: &[Resource::Pods],
            resume: &[],
            script: Vec::new(),
            refuse_seconds: 0,
            seconds: 1,
            beat: None,
        }
    }
}

impl Run {
    async fn play(self) -> Outcome {
        let notes = Arc::new(Notes::default());
        let outcome = self.play_to(notes.clone()).await;
        let changes = notes.0.lock().join(" ");
        Outcome { changes, ..outcome }
    }

    async fn play_to(self, sink: Arc<dyn Sink>) -> Outcome {
        let server = Server::new(self.script, self.refuse_seconds);
        let kube_config = kube::Config::new("http://scripted:1".parse().unwrap());
        let transport = Transport::over(&kube_config, server.clone()).unwrap();
        let mut registry = Registry::default();
        let config = DoorConfig::from_kubeconfig(None);
        let clock = Arc::new(SystemClock::new());
        let place = Place { server: "http://scripted:1".into(), namespace: "own".into() };
        let door = Door::over(transport, place, &config, clock, Arc::new(Half), &mut registry).unwrap();
        let resume: Resume =
            self.resume.iter().map(|(resource, version)| (*resource, (*version).to_owned())).collect();
        let shutdown = CancellationToken::new();
        let keep = {
            let (door, shutdown) = (door.clone(), shutdown.clone());
            let resources = self.resources;
            environment::spawn("keep", async move {
                door.keep(resources, &resume, Arc::default(), Keep::default(), sink, shutdown).await
            })
        };
        let beating = self.beat.map(|others| {
            let (door, shutdown) = (door.clone(), shutdown.clone());
            environment::spawn("beat", async move { door.beat("me", others, shutdown).await })
        });
        tokio::time::sleep(Duration::from_secs(self.seconds)).await;
        let status = door.status();
        let mut metrics = String::new();
        prometheus_client::encoding::text::encode(&mut metrics, &registry).unwrap();
        shutdown.cancel();
        keep.await.unwrap().unwrap();
        if let Some(beating) = beating {
            beating.await.unwrap();
        }
        let budget = door.status().budget;
        for slots in ["lists", "watches"] {
            assert_eq!(budget.budgets[slots].used, 0.0, "{slots} leaked");
        }
        Outcome { requests: server.log(), changes: String::new(), status, metrics }
    }
}

fn pod_json(name: &str, version: &str) -> String {
    format!(
        r#"{{"kind":"Pod","apiVersion":"v1","metadata":{{"name":"{name}","resourceVersion":"{version}"}}}}"#
    )
}

fn event(kind: &str, name: &str, version: &str) -> Vec<u8> {
    format!("{{\"type\":\"{kind}\",\"object\":{}}}\n", pod_json(name, version)).into_bytes()
}

fn added(name: &str, version: &str) -> Act {
    Act::Chunk(event("ADDED", name, version))
}

fn bookmark(version: &str, initial_end: bool) -> Act {
    let annotations = if initial_end { r#","annotations":{"k8s.io/initial-events-end":"true"}"# } else { "" };
    let object = format!(r#"{{"kind":"Pod","metadata":{{"resourceVersion":"{version}"{annotations}}}}}"#);
    Act::Chunk(format!("{{\"type\":\"BOOKMARK\",\"object\":{object}}}\n").into_bytes())
}

fn error_event(code: u16, reason: &str) -> Act {
    let status = format!(r#"{{"kind":"Status","code":{code},"reason":"{reason}","message":"secret text"}}"#);
    Act::Chunk(format!("{{\"type\":\"ERROR\",\"object\":{status}}}\n").into_bytes())
}

fn page(names: &[&str], version: &str, token: &str) -> Vec<u8> {
    let items: Vec<_> = names.iter().map(|name| pod_json(name, "1")).collect();
    let meta = format!(r#"{{"resourceVersion":"{version}","continue":"{token}"}}"#);
    format!(r#"{{"kind":"PodList","apiVersion":"v1","metadata":{meta},"items":[{}]}}"#, items.join(","))
        .into_bytes()
}

const OK: Act = Act::Head(200, "Content-Type: application/json\r\n");
const OK_GZIP: Act = Act::Head(200, "Content-Encoding: gzip\r\n");

fn refused(code: u16) -> Vec<Act> {
    vec![Act::Head(code, ""), Act::Chunk(b"{}".to_vec()), Act::End]
}

fn whole(bytes: Vec<u8>) -> Vec<Act> {
    vec![OK, Act::Chunk(bytes), Act::End]
}

/// A watch-list of these pods as of version 10, which then says no more.
fn replay(names: &[&str]) -> Vec<Act> {
    let mut acts = vec![OK];
    acts.extend(names.iter().map(|name| added(name, "1")));
    acts.extend([bookmark("10", true), Act::Hang]);
    acts
}

fn quiet() -> Vec<Act> {
    vec![OK, Act::Hang]
}

fn member(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn chunk_of(act: Act) -> Vec<u8> {
    match act {
        Act::Chunk(bytes) => bytes,
        other => panic!("{other:?} has no bytes"),
    }
}

const WATCH: &str = "/api/v1/pods?watch=true resourceVersion=";
const WATCH_LIST: &str = "/api/v1/pods? sendInitialEvents=true";
const FIRST_PAGE: &str = "/api/v1/pods?limit=500";

/// Plays a script for pods until five seconds after the last expected request, and compares requests (second, resource,
/// call) and changes.
async fn check(
    name: &str,
    resume: &'static [(Resource, &'static str)],
    script: Vec<Exchange>,
    requests: &[&str],
    changes: &str,
) -> Outcome {
    let last = requests.last().and_then(|request| request.split('.').next()?.parse::<u64>().ok()).unwrap();
    let outcome = Run { resume, script, seconds: last + 5, ..Run::default() }.play().await;
    assert_eq!(outcome.requests, requests, "{name}");
    assert_eq!(outcome.changes, changes, "{name}");
    outcome
}

const AT_7: &[(Resource, &str)] = &[(Resource::Pods, "7")];

#[tokio::test(start_paused = true)]
async fn answers_that_say_no() {
    let busy = |headers| vec![Act::Head(429, headers), Act::Chunk(b"busy".to_vec()), Act::End];
    let body =
        br#"{"kind":"Status","code":429,"reason":"TooManyRequests","details":{"retryAfterSeconds":3}}"#;
    let in_body = vec![Act::Head(429, "Retry-After: 1\r\n"), Act::Chunk(body.to_vec()), Act::End];
    let rows: Vec<(&str, Vec<Act>, &str)> = vec![
        ("429 with a header", busy("Retry-After: 7\r\n"), "7.50 pods Watch 7"),
        ("429 with a longer wish in the body", in_body, "3.50 pods Watch 7"),
        // Ten minutes are the most that a header can buy; what is no number buys nothing.
        ("429 for ever", busy("Retry-After: 99999999999999999999999\r\n"), "600.50 pods Watch 7"),
        ("429 until 9999", busy("Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n"), "600.50 pods Watch 7"),
        ("429 until long ago", busy("Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), "0.50 pods Watch 7"),
        ("429 with a wish of nonsense", busy("Retry-After: -1\r\n"), "1.00 pods Watch 7"),
        // One second of silence for everybody, though the backoff says 0.5.
        ("429 without a wish", busy(""), "1.00 pods Watch 7"),
        ("500", refused(500), "0.50 pods Watch 7"),
        ("504", refused(504), "0.75 pods Watch 7"),
        ("401", refused(401), "0.50 pods Watch 7"),
        ("403", refused(403), "0.50 pods Watch 7"),
        ("404", refused(404), "0.50 pods Watch 7"),
        ("a version that it cannot read", refused(400), "0.50 pods WatchList"),
        ("410", refused(410), "0.50 pods WatchList"),
        ("410 as an event", vec![OK, error_event(410, "Expired"), Act::Hang], "0.50 pods WatchList"),
        ("a login page", whole(b"<html>".to_vec()), "0.50 pods Watch 7"),
        ("no head", vec![Act::Hang], "75.75 pods Watch 7"),
        ("an error whose body never ends", vec![Act::Head(500, ""), Act::Hang], "5.50 pods Watch 7"),
    ];
    for (name, acts, expected) in rows {
        let script = vec![(WATCH, acts), ("/api/v1/pods", quiet())];
        let changes = if expected.ends_with("WatchList") { "started" } else { "" };
        let outcome = check(name, AT_7, script, &["0.00 pods Watch 7", expected], changes).await;
        assert_eq!(outcome.status.resources["pods"].last_error, None, "{name}: an open stream clears it");
    }
}

#[tokio::test(start_paused = true)]
async fn streams_that_break_resume_where_they_were() {
    let events = || vec![OK, added("a", "8"), added("b", "9")];
    let then = |act: Option<Act>| events().into_iter().chain(act).collect::<Vec<_>>();
    let half = Act::Chunk(event("ADDED", "c", "10")[..20].to_vec());
    let rows: Vec<(&str, Vec<Act>, &str)> = vec![
        ("reset", then(None), "0.50 pods Watch 9"),
        (
            "ended within an event",
            events().into_iter().chain([half.clone(), Act::End]).collect(),
            "0.50 pods Watch 9",
        ),
        ("ended at once, in good order", then(Some(Act::End)), "0.50 pods Watch 9"),
        ("half-open", then(Some(Act::Hang)), "180.75 pods Watch 9"),
        (
            "stalled within an event",
            events().into_iter().chain([half, Act::Hang]).collect(),
            "180.75 pods Watch 9",
        ),
        ("a busy server", then(Some(error_event(500, "InternalError"))), "0.50 pods Watch 9"),
        // Where the server says: it sends again what came since, which changes nothing.
        ("a bookmark that goes back", then(Some(bookmark("3", false))), "0.50 pods Watch 3"),
        ("a bookmark of any version", then(Some(bookmark("0", false))), "0.50 pods Watch 9"),
        ("a bookmark that is no number", then(Some(bookmark("ab cd", false))), "0.50 pods Watch ab%20cd"),
    ];
    for (name, acts, expected) in rows {
        let said = match name {
            "a bookmark that goes back" => "+a +b bookmark@3",
            "a bookmark of any version" => "+a +b undecodable",
            "a bookmark that is no number" => "+a +b bookmark@ab cd",
            _ => "+a +b",
        };
        let script = vec![(WATCH, acts), (WATCH, quiet())];
        check(name, AT_7, script, &["0.00 pods Watch 7", expected], said).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_of_garbage_is_given_up_and_resumed() {
    let noise: Vec<u8> =
        (0..4_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    let framed =
        |payload: &[u8]| [&u32::try_from(payload.len()).unwrap().to_be_bytes()[..], payload].concat();
    let rows: Vec<(&str, Vec<u8>, usize)> = vec![
        ("empty JSON objects", b"{}\n".repeat(1_000), 100),
        ("events of unknown types", br#"{"type":"DANCE","object":{}}"#.repeat(1_000), 100),
        ("empty frames", [0; 4].repeat(1_000), 100),
        ("frames of noise", noise.chunks(13).flat_map(framed).collect(), 100),
        ("text", b"the service is starting\n".to_vec(), 0),
        ("one frame of 4 GiB", vec![0x10, 0, 0, 0, 1, 2, 3], 0),
    ];
    for (name, bytes, undecodable) in rows {
        let script = vec![(WATCH, vec![OK, Act::Chunk(bytes), Act::Hang]), (WATCH, quiet())];
        let said = vec!["undecodable"; undecodable].join(" ");
        check(name, AT_7, script, &["0.00 pods Watch 7", "0.50 pods Watch 7"], &said).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_is_renewed_at_its_end_without_a_retry() {
    // timeoutSeconds is 440 with a jitter of one half; 30 s later it is renewed, whether the server ends it or not.
    let beats = |count: usize| {
        let beat = |number: usize| [Act::Pause(100), bookmark(&format!("{}", 100 + number), false)];
        (0..count).flat_map(beat)
    };
    let rows: Vec<(&str, Vec<Act>, &str, &str)> = vec![
        (
            "ended by the server",
            [OK].into_iter().chain(beats(4)).chain([Act::Pause(40), Act::End]).collect(),
            "440.00 pods Watch 103",
            "bookmark@100 bookmark@101 bookmark@102 bookmark@103",
        ),
        (
            "outlives its time",
            [OK].into_iter().chain(beats(9)).chain([Act::Hang]).collect(),
            "470.00 pods Watch 103",
            "bookmark@100 bookmark@101 bookmark@102 bookmark@103",
        ),
    ];
    for (name, acts, expected, changes) in rows {
        let script = vec![(WATCH, acts), (WATCH, quiet())];
        let outcome = check(name, AT_7, script, &["0.00 pods Watch 7", expected], changes).await;
        assert!(!outcome.metrics.contains("plimsoll_api_retries_total{"), "{name}:\n{}", outcome.metrics);
    }
}
