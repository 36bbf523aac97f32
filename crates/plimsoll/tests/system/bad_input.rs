//! Bad input: one sentence that says what, where and what to do; exit code 64.

use std::net::TcpListener;

use super::process::run;

#[track_caller]
fn check(arguments: &[&str], mentions: &[&str]) {
    let output = run(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{arguments:?}: {said}");
    for word in mentions {
        assert!(said.contains(word), "{arguments:?} does not mention {word}: {said}");
    }
}

#[test]
fn wrong_words() {
    check(&["hub", "--prot", "1"], &["--prot", "--port"]);
    check(&["hub", "--port", "70000"], &["70000", "--port"]);
    check(&["rehearse"], &["rehearse"]);
    check(&["agent"], &["--node-name"]);
    check(&["up", "--nodes", "five"], &["five", "--nodes"]);
    check(&["up", "--nodes", "5", "--kubeconfig", "x"], &["--nodes", "--kubeconfig"]);
    check(&["dns", "horizon", "--client", "nscd"], &["nscd=SECONDS", "java"]);
    check(&["hub", "--kubeconfig", "x", "--resources", "pods,unicorns"], &["unicorns", "pods"]);
}

#[test]
fn files_that_are_not_there() {
    check(&["hub", "--kubeconfig", "/nowhere/kubeconfig"], &["/nowhere/kubeconfig"]);
    check(&["up", "--kubeconfig", "/nowhere/kubeconfig"], &["/nowhere/kubeconfig"]);
    check(&["dns", "horizon", "--corefile", "/nowhere/Corefile"], &["/nowhere/Corefile"]);
    let loopback = ["agent", "--node-name", "n", "--listen", "127.0.0.1:0", "--hub", "127.0.0.1:1"];
    check(&[&loopback[..], &["--tls-dir", "/nowhere/tls"]].concat(), &["/nowhere/tls"]);
}

#[test]
fn a_broken_kubeconfig() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, "clusters: [this is: not yaml").unwrap();
    let file = file.to_str().unwrap();
    check(&["hub", "--kubeconfig", file], &[file]);
}

#[test]
fn without_tls_only_on_loopback() {
    check(
        &[
            "agent",
            "--node-name",
            "n",
            "--hub",
            "192.0.2.1:8443",
            "--insecure-loopback",
            "--listen",
            "127.0.0.1:0",
        ],
        &["192.0.2.1", "loopback"],
    );
    check(&["fake-apiserver", "--listen", "0.0.0.0:0"], &["0.0.0.0", "loopback"]);
}

#[test]
fn a_port_in_use() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    check(&["agent", "--node-name", "n", "--listen", &address], &[&address, "in use"]);
    check(&["fake-apiserver", "--nodes", "1", "--listen", &address], &[&address, "in use"]);
}

#[test]
fn certificates_are_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    assert_eq!(run(&["certs", "init", dir]).status.code(), Some(0));
    check(&["certs", "init", dir], &[dir, "--force"]);
}

#[test]
fn help_is_no_error() {
    for arguments in [&["--help"][..], &["hub", "--help"], &["--version"]] {
        assert_eq!(run(arguments).status.code(), Some(0), "{arguments:?}");
    }
}
