//! `plimsoll hub --load-watch` and `plimsoll top` beside an API server without metrics: what can be known is said, the rest as well.
//! `testbed/checks/8-load.sh` is the same with a real one.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::process::{Plimsoll, run, until};
use super::scrape::get;

const EVENTS: &str = r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[{"auditID":"a","stage":"ResponseComplete",
"verb":"list","requestURI":"/api/v1/pods","user":{"username":"jane"},"sourceIPs":["10.0.0.1"],"responseStatus":{"code":200},
"requestReceivedTimestamp":"2026-11-27T08:00:00.000000Z","stageTimestamp":"2026-11-27T08:00:01.000000Z"}]}"#;

fn post(address: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn a_hub_says_what_it_knows_of_the_load() {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let kubeconfig = kubeconfig.to_str().unwrap();
    let mut server = Plimsoll::start(&[
        "fake-apiserver",
        "--nodes",
        "3",
        "--listen",
        "127.0.0.1:0",
        "--write-kubeconfig",
        kubeconfig,
    ]);
    server.line();
    let ports = ["--port", "0", "--telemetry-port", "0", "--load-watch", "--audit-listen", "127.0.0.1:0"];
    let mut hub = Plimsoll::start(&[&["hub", "--kubeconfig", kubeconfig][..], &ports].concat());
    let places: Value = serde_json::from_str(&hub.line()).expect("one JSON object");
    let load = places["load"].as_str().expect("the page of the load").to_owned();
    let audit = places["audit"].as_str().expect("where events go").to_owned();

    assert_eq!(post(&audit, EVENTS), "HTTP/1.1 200 OK");
    let report = until("the event is counted", || {
        let (status, body) = get(&load)?;
        assert_eq!(status, 200);
        let report: Value = serde_json::from_str(&body).ok()?;
        (report["audit"]["events"] == 1).then_some(report)
    });
    assert_eq!((&report["ageSeconds"], &report["audit"]["dropped"]), (&Value::Null, &Value::from(0)));

    let telemetry =
        load.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/load")).unwrap().to_owned();
    let top = run(&["top", "--once", "--hub", &telemetry]);
    assert!(top.status.success());
    assert!(String::from_utf8_lossy(&top.stdout).contains("have not been read yet"));
    let (_, metrics) = get(&format!("http://{telemetry}/metrics")).unwrap();
    assert!(metrics.contains("plimsoll_audit_events_total 1"), "{metrics}");
    hub.signal("INT");
    assert_eq!(hub.wait(), Some(0));
}

#[test]
fn import_is_an_audit_webhook_for_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("profile.yaml");
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (out, arguments) =
        (out.to_str().unwrap(), ["preflight", "import", "--listen", &address, "--duration", "5"]);
    let mut import = Plimsoll::start(&[&arguments[..], &["--out", out, "--kind", "deployment"]].concat());
    until("it listens", || TcpStream::connect(&address).ok());
    assert_eq!(post(&address, EVENTS), "HTTP/1.1 200 OK");
    assert_eq!(import.wait(), Some(0));
    let profile = std::fs::read_to_string(out).unwrap();
    assert!(profile.contains("verb: list") && profile.contains("resource: pods"), "{profile}");
}
