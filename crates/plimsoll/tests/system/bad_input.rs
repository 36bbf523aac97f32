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
    check(&["dns", "--listen", "localhost"], &["localhost", "--listen"]);
    check(&["dns", "--cluster-domain", "a..b"], &["a..b", "empty label"]);
    check(&["dns", "--rate-limit", "0"], &["--rate-limit", "0"]);
    check(&["dns", "--hub", "127.0.0.1:1"], &["--tls-dir", "--insecure-loopback"]);
    check(&["dns", "--neighbours", "127.0.0.1:1"], &["--data-dir"]);
    check(&["dns", "--upstream", "192.0.2.1:53", "--corefile", "x"], &["--upstream", "--corefile"]);
    check(&["hub", "--kubeconfig", "x", "--resources", "pods,unicorns"], &["unicorns", "pods"]);
    check(
        &["hub", "--port", "18080", "--telemetry-port", "18080", "--kubeconfig", "x"],
        &["18080", "--port"],
    );
    check(&["hub", "--tls-dir", "x"], &["--agents-listen"]);
    check(&["hub", "--audit-listen", "127.0.0.1:0"], &["--load-watch"]);
    check(&["hub", "--load-watch", "--audit-listen", "0.0.0.0:0"], &["0.0.0.0:0", "--tls-dir"]);
    check(&["preflight", "import", "--listen", "0.0.0.0:0"], &["0.0.0.0:0", "--tls-dir"]);
    check(&["preflight", "import"], &["LOG"]);
    check(&["top", "--once", "--hub", "127.0.0.1:1"], &["127.0.0.1:1", "--load-watch"]);
    check(&["agent", "--node-name", "n", "--tls-dir", "x"], &["--hub"]);
    check(&["agent", "--node-name", "n", "--dns-data-dir", "x"], &["--dns-listen"]);
    check(&["agent", "--node-name", "n", "--dns-listen", "localhost"], &["localhost", "--dns-listen"]);
    check(&["hub", "--api-gzip=maybe"], &["--api-gzip", "maybe"]);
    check(&["agent", "--node-name", "", "--listen", "127.0.0.1:0"], &["--node-name"]);
    check(&["agent", "--node-name", "a b", "--listen", "127.0.0.1:0"], &["--node-name", "a b"]);
    check(&["--log-level", "hub=loud", "certs", "init", "x"], &["--log-level", "hub=loud"]);
    check(&["up", "--churn", "nan"], &["churn"]);
}

#[test]
fn the_way_in() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let dir = at("bg");
    let breakglass = |arguments: &[&str], mentions: &[&str]| {
        check(&[&["breakglass", "--dir", &dir], arguments].concat(), mentions);
    };
    breakglass(&["engage", "--against", "kubelet"], &["kubelet", "namespace/kind/name"]);
    breakglass(&["engage", "--against", "kube-system/DaemonSet/cilium"], &["--system", "--confirm"]);
    breakglass(
        &["engage", "--against", "kube-system/DaemonSet/cilium", "--system", "--confirm", "cilium"],
        &["--confirm kube-system/DaemonSet/cilium"],
    );
    breakglass(&["engage", "--against", "a/DaemonSet/b", "--lever", "nuke"], &["nuke", "jail"]);
    breakglass(&["engage", "--against", "a/DaemonSet/b", "--order", "/nowhere/order"], &["/nowhere/order"]);
    breakglass(&["install"], &["--kubeconfig"]);
    breakglass(&["drill", "--kubeconfig", "/nowhere/kubeconfig"], &["/nowhere/kubeconfig"]);
    breakglass(&["propose", "--hub", "127.0.0.1:1"], &["127.0.0.1:1", "--load-watch"]);
    breakglass(&["init", "--shares", "2", "--threshold", "3"], &["2 shares", "3"]);
    breakglass(&["init"], &["--passphrase-file"]);
    std::fs::write(at("short"), "short").unwrap();
    breakglass(&["init", "--passphrase-file", &at("short")], &["12 characters"]);
    std::fs::write(at("passphrase"), "correct horse battery").unwrap();
    std::fs::write(at("wrong"), "correct horse batterz").unwrap();
    assert!(
        run(&["breakglass", "--dir", &dir, "init", "--passphrase-file", &at("passphrase")]).status.success()
    );
    breakglass(&["init", "--passphrase-file", &at("passphrase")], &["exists"]);
    let issue = |server: &str, ttl: &str, passphrase: &str, mentions: &[&str]| {
        let (authority, out) = (format!("{dir}/authority.crt"), at("kubeconfig"));
        let rest = ["--server", server, "--ttl", ttl, "--server-ca", &authority, "--out", &out];
        let open = ["--passphrase-file", &at(passphrase)];
        breakglass(&[&["issue", "--name", "ann", "--reason", "x"][..], &rest, &open].concat(), mentions);
    };
    issue("a=https://api.example.com:6443", "1h", "passphrase", &["api.example.com", "DNS"]);
    issue("a=https://127.0.0.1:6443", "25h", "passphrase", &["1m to 24h"]);
    issue("a=https://127.0.0.1:6443", "1h", "wrong", &["do not open"]);
    std::fs::write(at("roster"), "threshold 1\n").unwrap();
    breakglass(
        &["order", "new", "cut", "--roster", &at("roster"), "--reason", "x", "--out", &at("order")],
        &["roster", "cluster UID"],
    );
    breakglass(
        &["order", "new", "explode", "--roster", "x", "--reason", "x", "--out", "x"],
        &["explode", "stop"],
    );
    std::fs::write(at("order"), "plimsoll-order:zz").unwrap();
    breakglass(&["order", "send", &at("order"), "--hub", "127.0.0.1:1"], &[]);
    breakglass(&["lifeboat", "render", "--manifest", "/nowhere/x", "--out-dir", &at("l")], &["/nowhere/x"]);
    breakglass(
        &["lifeboat", "render", "--manifest", &at("order"), "--out-dir", &at("l"), "--allow", "everybody"],
        &["everybody"],
    );
    std::fs::write(format!("{dir}/audit.jsonl"), "{}\n").unwrap();
    breakglass(&["audit", "verify"], &["audit.jsonl:1", "changed"]);
    check(&["recover", "--dir", &dir], &["--kubeconfig"]);
    check(&["protect", "--dir", &dir, "plan"], &["--kubeconfig"]);
    check(&["agent", "--node-name", "n", "--order-roster", "x"], &["--order-state-dir"]);
    check(&["hub", "--order-roster", "x"], &["--agents-listen"]);
    check(&["node", "order", "/nowhere/order"], &["/nowhere/order"]);
}

#[test]
fn files_that_are_not_there() {
    check(&["hub", "--kubeconfig", "/nowhere/kubeconfig"], &["/nowhere/kubeconfig"]);
    check(&["up", "--kubeconfig", "/nowhere/kubeconfig"], &["/nowhere/kubeconfig"]);
    check(&["dns", "horizon", "--corefile", "/nowhere/Corefile"], &["/nowhere/Corefile"]);
    check(&["dns", "--corefile", "/nowhere/Corefile"], &["/nowhere/Corefile"]);
    check(&["dns", "--data-dir", "/proc/nowhere"], &["/proc/nowhere", "--data-dir"]);
    check(&["dns", "--snapshot", "/nowhere/snapshot", "--listen", "127.0.0.1:0"], &["/nowhere/snapshot"]);
    let loopback = ["agent", "--node-name", "n", "--listen", "127.0.0.1:0", "--hub", "127.0.0.1:1"];
    check(&[&loopback[..], &["--tls-dir", "/nowhere/tls"]].concat(), &["/nowhere/tls"]);
}

#[test]
fn a_broken_kubeconfig() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kubeconfig");
    std::fs::write(&file, "clusters: [this is: not yaml").unwrap();
    check(&["hub", "--kubeconfig", file.to_str().unwrap()], &[file.to_str().unwrap()]);
    // What kube itself would take, or panic at.
    let whole = |server: &str, user: &str| {
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
             clusters: [{{name: k, cluster: {{server: '{server}'}}}}]\nusers: [{{name: {user}, user: {{token: t}}}}]\n"
        )
    };
    for (content, mention) in [
        (whole("127.0.0.1:6443", "u"), "https://host:6443"),
        (whole("https://127.0.0.1:6443", "v"), "has no user"),
    ] {
        std::fs::write(&file, content).unwrap();
        check(&["hub", "--kubeconfig", file.to_str().unwrap()], &[file.to_str().unwrap(), mention]);
    }
    std::fs::write(&file, [0xFF, 0xFE, 0]).unwrap();
    check(&["hub", "--kubeconfig", file.to_str().unwrap()], &[file.to_str().unwrap(), "cannot be read"]);
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
fn certificates_are_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    check(&["certs", "renew", dir], &["ca.key", "plimsoll certs init"]);
    assert_eq!(run(&["certs", "init", dir]).status.code(), Some(0));
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let before = [read("ca.crt"), read("hub.crt"), read("agent.crt")];
    assert_eq!(run(&["certs", "renew", dir]).status.code(), Some(0));
    let after = [read("ca.crt"), read("hub.crt"), read("agent.crt")];
    assert_eq!(before[0], after[0]);
    assert!(before[1] != after[1] && before[2] != after[2]);
    check(&["certs", "renew", dir, "--days", "0"], &["--days"]);
}

#[test]
fn help_is_no_error() {
    for arguments in [&["--help"][..], &["hub", "--help"], &["--version"]] {
        assert_eq!(run(arguments).status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn dns_that_would_ask_itself_or_cannot_listen() {
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let free = ["--metrics-listen", "127.0.0.1:0"];
    check(&[&["dns", "--listen", &taken][..], &free].concat(), &[&taken, "in use", "--listen"]);
    check(
        &[&["dns", "--listen", "192.0.2.1:53"][..], &free].concat(),
        &["192.0.2.1:53", "no address of this machine"],
    );
    // The port was free a moment ago, and is again.
    let own = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    check(
        &[&["dns", "--listen", &own, "--upstream", &own][..], &free].concat(),
        &[&own, "this server itself"],
    );
}

#[test]
fn a_corefile_with_a_plugin_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Corefile");
    std::fs::write(&file, ".:53 {\n    route53 example.org\n}\n").unwrap();
    check(&["dns", "--corefile", file.to_str().unwrap()], &["route53", ":2"]);
}
