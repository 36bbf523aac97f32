//! `plimsoll preflight` on files: what docs/profile.md shows works, and the exit code is the verdict.

use serde_json::Value;
use tempfile::TempDir;

use super::process::{Plimsoll, run};

const PAGE: &str = include_str!("../../../../docs/profile.md");
const HEAD: &str = "apiVersion: plimsoll/v1\nkind: Profile\nworkload: {kind: DaemonSet, name: test, namespace: monitoring}\n\
                    recorded: {source: declared}\nrequests:\n";
const LIST_ALL: &str =
    "- {id: poll, on: period, every: 60s, jitter: 0s, verb: list, resource: pods, rv: \"0\"}\n";

fn write(folder: &TempDir, name: &str, text: &str) -> String {
    let file = folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

/// The document of the page below the heading of its kind.
fn document(kind: &str) -> String {
    let (_, rest) = PAGE.split_once(&format!("## `kind: {kind}`")).expect("a heading");
    let lines = rest
        .lines()
        .skip_while(|line| !line.starts_with("    apiVersion"))
        .take_while(|line| !line.is_empty());
    lines.map(|line| format!("{}\n", &line[4..])).collect()
}

/// Blocks of the page that are classes alone.
fn classes() -> Vec<String> {
    let blocks = PAGE.split("\n\n").filter(|block| block.starts_with("    - {id"));
    blocks.map(|block| block.lines().map(|line| format!("{}\n", &line[4..])).collect()).collect()
}

fn predict(arguments: &[&str]) -> (i32, String, String) {
    let output = run(&[&["preflight", "predict"], arguments].concat());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_documents_of_the_page_are_good() {
    let folder = tempfile::tempdir().unwrap();
    let profile = write(&folder, "profile.yaml", &document("Profile"));
    let cluster = write(&folder, "cluster.yaml", &document("Cluster"));
    let budget = write(&folder, "budget.yaml", &document("LoadLine"));
    let (code, json, error) =
        predict(&[&profile, "--cluster", &cluster, "--budget", &budget, "--output", "json"]);
    assert_eq!((code, error.as_str()), (1, ""), "{json}");
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["verdict"], "over");
    assert_eq!(json["nodes"], 5000.0);
    assert!(json["budget"].as_array().is_some_and(|kept| kept.len() == 6), "{json}");
    let all = classes();
    assert_eq!(all.len(), 2);
    for classes in all {
        let profile = write(&folder, "classes.yaml", &format!("{HEAD}{classes}"));
        let (code, _, error) = predict(&[&profile, "--cluster", &cluster, "--nodes", "100"]);
        assert_eq!((code, error.as_str()), (0, ""), "{classes}");
    }
}

/// The outage of 2024-12-11: invisible at 50 nodes, and far over the line where it was installed.
#[test]
fn the_exit_code_is_the_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let profile = write(&folder, "profile.yaml", &format!("{HEAD}{LIST_ALL}"));
    let line = |nodes: &str| {
        let (code, json, _) = predict(&[&profile, "--nodes", nodes, "--output", "json"]);
        let json: Value = serde_json::from_str(&json).unwrap();
        (code, json["loadLine"]["nodes"].clone())
    };
    let (code, nodes) = line("50");
    assert_eq!(code, 0);
    assert!(nodes["p90"].as_f64().unwrap() < 1000.0, "{nodes}");
    assert_eq!(line("5000").0, 1);
    let middle = format!("{:.0}", nodes["p50"].as_f64().unwrap());
    assert_eq!(line(&middle).0, 2);
    let unseen = LIST_ALL.replace('}', ", confidence: {every: unseen}}");
    let profile = write(&folder, "unseen.yaml", &format!("{HEAD}{unseen}"));
    assert_eq!(predict(&[&profile, "--nodes", "50"]).0, 3);
}

#[test]
fn every_form_of_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let profile = write(&folder, "profile.yaml", &format!("{HEAD}{LIST_ALL}"));
    for (output, begins) in [
        ("text", "FAIL test: load line "),
        ("json", "{"),
        ("html", "<!doctype html>"),
        ("junit", "<?xml "),
        ("markdown", "### FAIL "),
    ] {
        let (code, shown, _) = predict(&[&profile, "--nodes", "5000", "--output", output]);
        assert_eq!(code, 1);
        assert!(shown.starts_with(begins), "{output}: {shown}");
    }
}

#[test]
fn bad_files_are_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let good = write(&folder, "good.yaml", &format!("{HEAD}{LIST_ALL}"));
    let check = |arguments: &[&str], mentions: &[&str]| {
        let (code, shown, error) = predict(arguments);
        assert_eq!((code, shown.as_str()), (64, ""), "{arguments:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        for word in mentions {
            assert!(error.contains(word), "{arguments:?} does not mention {word}: {error}");
        }
    };
    check(&["/no/such/profile"], &["/no/such/profile"]);
    let bad = write(
        &folder,
        "bad.yaml",
        &format!("{HEAD}- {{id: a, on: period, every: -5s, verb: list, resource: pods}}\n"),
    );
    check(&[&bad], &["bad.yaml", "line 6", "-5s"]);
    check(&[&good, "--cluster", &good], &["good.yaml"]);
    check(&[&good, "--model", &good], &["good.yaml"]);
    check(&[&good, "--budget", &good], &["good.yaml"]);
    let cluster = write(&folder, "cluster.yaml", &document("Cluster").replace("nodes: 5000", "nodes: 0"));
    check(&[&good, "--cluster", &cluster], &["cluster.yaml", "nodes", "more than 0"]);
}

/// A workload of three copies behind the recording proxy, in front of an API server that is not there for it alone.
#[test]
fn a_recorded_workload_becomes_a_profile() {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig").to_str().unwrap().to_owned();
    let mut server = Plimsoll::start(&[
        "fake-apiserver",
        "--nodes",
        "20",
        "--churn",
        "0",
        "--listen",
        "127.0.0.1:0",
        "--write-kubeconfig",
        &kubeconfig,
    ]);
    server.line();
    let out = folder.path().join("profile.yaml").to_str().unwrap().to_owned();
    // `plimsoll hub` is a real client with real watch-lists, and goes when the recording ends.
    let hub = format!(
        "exec {} hub --kubeconfig \"$KUBECONFIG\" --port 0 --telemetry-port 0",
        env!("CARGO_BIN_EXE_plimsoll")
    );
    let output = run(&[
        "preflight",
        "record",
        "--kubeconfig",
        &kubeconfig,
        "--out",
        &out,
        "--copies",
        "3",
        "--duration",
        "6",
        "--",
        "sh",
        "-c",
        &hub,
    ]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    let profile = std::fs::read_to_string(&out).unwrap();
    for expected in [
        "id: watch-pods",
        "sendInitialEvents: true",
        "accept: protobuf",
        "instances: 3",
        "clusterNodes: 20",
        "source: proxy",
    ] {
        assert!(profile.contains(expected), "no {expected} in {profile}");
    }
    let (code, json, error) = predict(&[&out, "--nodes", "100", "--output", "json"]);
    assert_eq!((code, error.as_str()), (0, ""), "{json}");
    let json: Value = serde_json::from_str(&json).unwrap();
    let pods = json["requests"]
        .as_array()
        .unwrap()
        .iter()
        .find(|request| request["id"] == "watch-pods")
        .unwrap()
        .clone();
    assert_eq!((pods["path"].as_str(), pods["seats"].as_u64()), (Some("watch-list"), Some(10)), "{pods}");
}

#[test]
fn a_recording_that_cannot_begin_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = write(
        &folder,
        "kubeconfig",
        "apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters: [{name: a, cluster: {server: 'http://127.0.0.1:9'}}]\ncontexts: [{name: a, context: {cluster: a, user: ''}}]\n",
    );
    let check = |arguments: &[&str], code: i32, mentions: &str| {
        let output =
            run(&[&["preflight", "record", "--out", "/no/such/folder/profile.yaml"], arguments].concat());
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(mentions), "{arguments:?} does not mention {mentions}: {said}");
    };
    check(&["--kubeconfig", "/no/such/kubeconfig"], 64, "/no/such/kubeconfig does not exist");
    check(&["--kubeconfig", &kubeconfig, "--listen", "0.0.0.0:0"], 64, "not on loopback");
    check(&["--kubeconfig", &kubeconfig, "--", "/no/such/program"], 64, "cannot start /no/such/program");
    check(&["--kubeconfig", &kubeconfig, "--", "true"], 1, "no request was seen");
}

/// Plimsoll's own manifests: agents ask for nothing, the hub follows eleven kinds.
#[test]
fn manifests_become_profiles() {
    let folder = tempfile::tempdir().unwrap();
    let deploy = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy");
    let out = folder.path().join("hub.yaml").to_str().unwrap().to_owned();
    let output = run(&["preflight", "inspect", deploy, "--workload", "plimsoll-hub", "--out", &out]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(said.matches("  watch-").count(), 11, "{said}");
    assert_eq!(predict(&[&out, "--nodes", "1000"]).0, 0);
    let all = String::from_utf8(run(&["preflight", "inspect", deploy]).stdout).unwrap();
    assert_eq!(all.matches("asks the API server for nothing").count(), 2, "{all}");
    let output = run(&["preflight", "inspect", &write(&folder, "values.yaml", "replicas: 3\n")]);
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no workload"));
}
