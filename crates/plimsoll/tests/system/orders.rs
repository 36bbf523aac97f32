//! Sealed orders, from two people through a hub to agents, and the folder of break-glass that goes with them.

use serde_json::Value;
use tempfile::TempDir;

use super::process::{Plimsoll, TwoNodes, run, until};

const CLUSTER: &str = "cluster-1";

struct World {
    folder: TempDir,
    telemetry: String,
    _processes: Vec<Plimsoll>,
}

impl World {
    /// Two people who must both sign, a hub, and an agent on each of two nodes.
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(at("passphrase"), "correct horse battery\n").unwrap();
        let signer = |name: &str| {
            let (key, passphrase) = (at(&format!("{name}.key")), at("passphrase"));
            let said = run(&[
                "breakglass",
                "--dir",
                &at("bg"),
                "signer",
                name,
                "--out",
                &key,
                "--passphrase-file",
                &passphrase,
            ]);
            assert!(said.status.success(), "{said:?}");
            String::from_utf8(said.stdout).unwrap()
        };
        let roster = format!("cluster {CLUSTER}\nthreshold 2\n{}{}", signer("ann"), signer("bob"));
        std::fs::write(at("roster"), roster).unwrap();
        let kubeconfig = at("kubeconfig");
        let (roster, orders) = (at("roster"), at("hub"));
        std::fs::create_dir(&orders).unwrap();
        let flags = ["--order-roster", roster.as_str(), "--order-state-dir", &orders];
        let TwoNodes { mut processes, agents, telemetry } = TwoNodes::start(&kubeconfig, &flags);
        for node in ["node-00000", "node-00001"] {
            let mut agent = Plimsoll::start(&[
                "agent",
                "--node-name",
                node,
                "--listen",
                "127.0.0.1:0",
                "--hub",
                &agents,
                "--insecure-loopback",
                "--gate-run-dir",
                &at(node),
                "--order-roster",
                &roster,
                "--order-state-dir",
                &at(&format!("{node}-state")),
            ]);
            agent.line();
            processes.push(agent);
        }
        Self { folder, telemetry, _processes: processes }
    }

    fn at(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn breakglass(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let dir = self.at("bg");
        let said = run(&[&["breakglass", "--dir", &dir], arguments].concat());
        let text =
            [said.stdout, said.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        (said.status.code(), text)
    }

    fn order(&self, name: &str, purpose: &[&str]) -> String {
        let (file, roster) = (self.at(name), self.at("roster"));
        let rest = ["--roster", &roster, "--reason", "a test", "--out", &file];
        assert_eq!(self.breakglass(&[&["order", "new"], purpose, &rest].concat()).0, Some(0));
        file
    }

    fn sign(&self, file: &str, by: &str) {
        let (key, passphrase) = (self.at(&format!("{by}.key")), self.at("passphrase"));
        let said = self.breakglass(&["order", "sign", file, "--key", &key, "--passphrase-file", &passphrase]);
        assert_eq!(said.0, Some(0), "{}", said.1);
    }

    /// What the orders of a node came to, oldest first: result and order.
    fn outcomes(&self, node: &str) -> Vec<(String, String)> {
        let file = self.folder.path().join(node).join("orders/outcomes.json");
        let all: Value =
            std::fs::read(file).map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).unwrap());
        let word = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
        all.as_array().into_iter().flatten().map(|one| (word(one, "result"), word(one, "order"))).collect()
    }
}

#[test]
fn two_people_reach_every_node_through_a_hub_and_one_does_not() {
    let world = World::start();
    let file = world.order("test", &["cut", "--test"]);
    world.sign(&file, "ann");
    let (code, said) = world.breakglass(&["order", "send", &file, "--hub", &world.telemetry]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("1 of 2 people have signed it"), "{said}");
    world.sign(&file, "bob");
    let roster = world.at("roster");
    let (_, shown) = world.breakglass(&["order", "show", &file, "--roster", &roster]);
    assert!(shown.contains("signed by ann, bob: nodes follow it"), "{shown}");
    assert_eq!(world.breakglass(&["order", "send", &file, "--hub", &world.telemetry]).0, Some(0));
    for node in ["node-00000", "node-00001"] {
        let heard = until("the node hears of it", || world.outcomes(node).pop());
        assert_eq!(heard, ("rehearsed".to_owned(), "cut everybody on all nodes (a rehearsal)".to_owned()));
    }

    // For one node alone, and real: without a fuse it says so, and the other node does not hear of it.
    let file = world.order("one", &["cut", "logs/DaemonSet/vector", "--node", "node-00001"]);
    world.sign(&file, "ann");
    world.sign(&file, "bob");
    assert_eq!(world.breakglass(&["order", "send", &file, "--hub", &world.telemetry]).0, Some(0));
    let heard = until("the node hears of it", || world.outcomes("node-00001").into_iter().nth(1));
    assert_eq!(heard.0, "failed");
    assert_eq!(world.outcomes("node-00000").len(), 1);

    // By hand, changed on the way.
    let text = std::fs::read_to_string(&file).unwrap();
    let at = text.len() / 2;
    let other = if text.as_bytes()[at] == b'0' { "1" } else { "0" };
    let mut changed = text;
    changed.replace_range(at..=at, other);
    std::fs::write(world.at("changed"), changed).unwrap();
    let said = run(&["node", "--run-dir", &world.at("node-00000"), "order", &world.at("changed")]);
    assert_eq!(said.status.code(), Some(64), "{said:?}");

    // Of two engineers at once, one hears of the other, without any API server.
    let engage = |dir: &str, rest: &[&str]| {
        let (hub, dir) = (world.telemetry.as_str(), world.at(dir));
        let said = run(&[
            &[
                "breakglass",
                "--dir",
                &dir,
                "engage",
                "--against",
                "logs/DaemonSet/vector",
                "--hub",
                hub,
                "--lever",
                "stop",
            ],
            rest,
        ]
        .concat());
        (said.status.code(), String::from_utf8_lossy(&said.stderr).into_owned())
    };
    // No order was brought along: no lever is left.
    assert_eq!(engage("bg", &[]).0, Some(1));
    let claimed = posted(&world.telemetry, "/engagement?by=eve");
    assert!(claimed.contains("200"), "{claimed}");
    let (code, said) = engage("bg", &[]);
    assert_eq!(code, Some(64), "{said}");
    assert!(said.contains("eve is engaged") && said.contains("--join"), "{said}");
    assert_eq!(engage("bg", &["--join"]).0, Some(1));
    assert_eq!(engage("bg", &["--dry-run"]).0, Some(0));

    // All of it is in the log, and the log is whole.
    let (code, said) = world.breakglass(&["audit", "verify"]);
    assert_eq!(code, Some(0), "{said}");
    let (_, shown) = world.breakglass(&["audit", "show"]);
    assert!(shown.contains(" sign ") && shown.contains(" send ") && shown.contains("tainted"), "{shown}");
}

/// The status line of a POST.
fn posted(address: &str, path: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    said.lines().next().unwrap_or_default().to_owned()
}
