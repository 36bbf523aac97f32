//! `plimsoll dns horizon` on files.

use serde_json::Value;

use super::process::run;

/// kubeadm's, but for what the horizon does not depend on.
const COREFILE: &str = ".:53 {
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        ttl 30
    }
    cache 30
    forward . 192.0.2.1
}
";
const NODE_CACHE: &str = "cluster.local:53 {
    cache {
        success 9984 30
        denial 9984 5
    }
    forward . __PILLAR__CLUSTER__DNS__
}
";

fn check(arguments: &[&str], caches_seconds: Option<u64>, probe_seconds: Option<u64>, mentions: &[&str]) {
    let words = [&["dns", "horizon"], arguments].concat();
    let text = String::from_utf8(run(&words).stdout).unwrap();
    for word in mentions {
        assert!(text.contains(word), "{arguments:?} does not mention {word}: {text}");
    }
    let json = run(&[&words[..], &["--output", "json"]].concat()).stdout;
    let json: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["caches_seconds"].as_u64(), caches_seconds, "{arguments:?}: {json}");
    assert_eq!(json["sight"]["probe_seconds"].as_u64(), probe_seconds, "{arguments:?}: {json}");
}

#[test]
fn from_corefiles_and_flags() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let (server, node) = (write("Corefile", COREFILE), write("node-cache", NODE_CACHE));
    check(&[], Some(0), Some(10), &["plimsoll dns", "_freshness.cluster.local", "--ttl 30"]);
    check(
        &["--corefile", &server],
        Some(30),
        None,
        &["CoreDNS", "Corefile:2", "Corefile:5", "proves nothing"],
    );
    let both = ["--corefile", &server, "--node-cache", &node, "--client", "java"];
    check(&both, Some(65), None, &["node-cache:2", "client java"]);
    check(&["--corefile", &server, "--server", "plimsoll"], Some(0), Some(10), &["Corefile:2"]);
    check(&["--client", "pool=forever"], None, Some(10), &["no limit"]);
}
