//! The cluster's DNS as a process: what the hub told it outlives the hub, the API server and itself; an upgrade loses nothing.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::process::{Plimsoll, until};
use super::resolver::{Answer, Client};
use super::scrape::{get, sample};

fn path(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

fn places(process: &mut Plimsoll) -> Value {
    serde_json::from_str(&process.line()).expect("one JSON object")
}

/// An embedded API server and a hub that serves agents without TLS.
fn control_plane(folder: &Path) -> (Plimsoll, Value, Plimsoll, String) {
    let kubeconfig = folder.join("kubeconfig");
    let arguments = [
        "fake-apiserver",
        "--nodes",
        "12",
        "--pods-per-node",
        "12",
        "--churn",
        "0",
        "--listen",
        "127.0.0.1:0",
    ];
    let mut apiserver =
        Plimsoll::start(&[&arguments[..], &["--write-kubeconfig", path(&kubeconfig)]].concat());
    let at = places(&mut apiserver);
    let hub = [
        "hub",
        "--port",
        "0",
        "--telemetry-port",
        "0",
        "--agents-listen",
        "127.0.0.1:0",
        "--insecure-loopback",
    ];
    let mut hub = Plimsoll::start(&[&hub[..], &["--kubeconfig", path(&kubeconfig)]].concat());
    let agents = places(&mut hub)["agents"].as_str().expect("it serves agents").to_owned();
    (apiserver, at, hub, agents)
}

/// A DNS server; its first DNS address, and where its metrics are.
fn dns(data: &Path, listen: &str, more: &[&str]) -> (Plimsoll, SocketAddr, String) {
    let (process, places) = dns_places(data, listen, more);
    let address = places["dns"].as_str().and_then(|text| text.parse().ok()).expect("an address");
    (process, address, places["dnsMetrics"].as_str().expect("a URL").to_owned())
}

fn dns_places(data: &Path, listen: &str, more: &[&str]) -> (Plimsoll, Value) {
    let fixed =
        ["dns", "--listen", listen, "--metrics-listen", "127.0.0.1:0", "--node-name", "n", "--data-dir"];
    let mut process = Plimsoll::start(&[&fixed[..], &[path(data)], more].concat());
    let places = places(&mut process);
    (process, places)
}

/// Name and address of every service that has one.
fn services(apiserver: &Value) -> Vec<(String, String)> {
    let url = format!("{}/api/v1/services", apiserver["url"].as_str().expect("a URL"));
    let list: Value = serde_json::from_str(&get(&url).expect("it answers").1).expect("JSON");
    let services = list["items"].as_array().expect("a list").iter();
    let named = services.filter_map(|service| {
        let address = service["spec"]["clusterIP"].as_str().filter(|address| *address != "None")?;
        let (name, namespace) =
            (service["metadata"]["name"].as_str()?, service["metadata"]["namespace"].as_str()?);
        Some((format!("{name}.{namespace}.svc.cluster.local"), address.to_owned()))
    });
    named.collect()
}

/// Every service has its address, over UDP and TCP; what does not exist is said not to exist.
#[track_caller]
fn check_names(client: &Client, services: &[(String, String)]) {
    assert!(!services.is_empty());
    for (name, address) in services {
        for answer in [client.udp(name), client.tcp(name)] {
            let answer = answer.unwrap_or_else(|| panic!("no answer for {name}"));
            assert_eq!(
                (answer.rcode.as_str(), &answer.addresses),
                ("NOERROR", &vec![address.clone()]),
                "{name}"
            );
        }
    }
    let missing = client.udp("no-such-service.default.svc.cluster.local").expect("an answer");
    assert_eq!(missing.rcode, "NXDOMAIN");
}

fn ready(metrics: &str) -> Option<u16> {
    get(&metrics.replace("/metrics", "/ready")).map(|(status, _)| status)
}

#[test]
fn the_names_outlive_everything() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("dns");
    let (apiserver, at, hub, agents) = control_plane(folder.path());
    let more = ["--hub", &agents, "--insecure-loopback", "--fresh-for", "2"];
    let (first, address, metrics) = dns(&data, "127.0.0.1:0", &more);
    let client = Client::new(address);
    until("the zone is there", || (ready(&metrics)? == 200).then_some(()));
    let services = services(&at);
    until("the last service is there", || {
        let (name, address) = services.last()?;
        (client.udp(name)?.addresses == [address.clone()]).then_some(())
    });
    check_names(&client, &services);
    let own = get(&metrics).unwrap().1;
    assert!(sample(&own, "coredns_dns_requests_total{").is_some(), "{own}");
    assert!(sample(&own, "plimsoll_dns_snapshot_age_seconds").is_some(), "{own}");
    until("the zone is on the disk", || {
        let mut files = std::fs::read_dir(&data).ok()?.flatten();
        files.any(|file| file.metadata().is_ok_and(|file| file.is_file() && file.len() > 1_000)).then_some(())
    });

    // The control plane dies, and then the DNS server itself.
    for mut dead in [apiserver, hub, first] {
        dead.signal("KILL");
        let _ = dead.wait();
    }
    let neighbourly = [&more[..], &["--neighbour-listen", "127.0.0.1:0"]].concat();
    let (_second, at) = dns_places(&data, "127.0.0.1:0", &neighbourly);
    let text = |key: &str| at[key].as_str().expect("it says where").to_owned();
    let (metrics, neighbour) = (text("dnsMetrics"), text("dnsNeighbours"));
    let client = Client::new(text("dns").parse().unwrap());
    check_names(&client, &services);
    assert_eq!(ready(&metrics), Some(200));
    let stale: Answer = until("answers say that they are old", || {
        client.udp(&services[0].0).filter(|answer| !answer.errors.is_empty())
    });
    assert_eq!(stale.errors, [3], "Stale Answer");
    assert_eq!(stale.addresses, [services[0].1.clone()]);
    let age = sample(&get(&metrics).unwrap().1, "plimsoll_dns_snapshot_age_seconds");
    assert!(age.is_some_and(|age| age > 1.0), "{age:?}");

    // A new node, which has nothing and nobody but the one that came back.
    let asks = [&more[..], &["--neighbours", &neighbour]].concat();
    let (_new, address, metrics) = dns(&folder.path().join("new"), "127.0.0.1:0", &asks);
    until("the new node can answer", || (ready(&metrics)? == 200).then_some(()));
    check_names(&Client::new(address), &services);
    assert_eq!(sample(&get(&metrics).unwrap().1, "plimsoll_dns_neighbour_taken_total"), Some(1.0));
}

#[test]
fn an_upgrade_loses_no_query() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("dns");
    let (mut old, address, _) = dns(&data, "127.0.0.1:0", &[]);
    let done = Arc::new(AtomicBool::new(false));
    let asking = {
        let done = done.clone();
        environment::thread("asker", move || {
            // Each query waits for its answer; one that is lost is a timeout, and a panic.
            let client = Client::new(address);
            let mut answered = 0_u64;
            while !done.load(Ordering::Relaxed) || answered < 100 {
                assert!(client.udp("a.default.svc.cluster.local").is_some(), "lost after {answered}");
                answered += 1;
            }
        })
    };
    let (mut new, same, _) = dns(&data, &address.to_string(), &[]);
    assert_eq!(same, address);
    assert_eq!(old.wait(), Some(0), "the old process leaves by itself");
    let (mut third, _, _) = dns(&data, &address.to_string(), &[]);
    assert_eq!(new.wait(), Some(0));
    done.store(true, Ordering::Relaxed);
    asking.unwrap().join().expect("every query was answered");
    third.signal("TERM");
    assert_eq!(third.wait(), Some(0));
}

#[test]
fn without_knowledge_it_is_not_ready_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (_process, address, metrics) = dns(&folder.path().join("dns"), "127.0.0.1:0", &[]);
    assert_eq!(ready(&metrics), Some(503));
    assert_eq!(get(&metrics.replace("/metrics", "/health")).unwrap().0, 200);
    let answer = Client::new(address).udp("kubernetes.default.svc.cluster.local").unwrap();
    assert_eq!((answer.rcode.as_str(), answer.errors), ("SERVFAIL", vec![14]));
}

#[test]
fn a_damaged_snapshot_is_no_reason_not_to_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("dns");
    std::fs::create_dir(&data).unwrap();
    let (mut first, _, _) = dns(&data, "127.0.0.1:0", &[]);
    first.signal("TERM");
    assert_eq!(first.wait(), Some(0));
    for name in ["snapshot", "log", "zone.snapshot", "zone.log"] {
        std::fs::write(data.join(name), b"this is no snapshot").unwrap();
    }
    let (mut second, address, _) = dns(&data, "127.0.0.1:0", &[]);
    assert!(Client::new(address).udp("a.default.svc.cluster.local").is_some());
    second.signal("TERM");
    assert_eq!(second.wait(), Some(0));
}

/// In the agent's process: one more flag, the same names.
#[test]
fn the_agent_serves_the_names_too() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("dns");
    let (apiserver, at, hub, agents) = control_plane(folder.path());
    let start = || {
        let any = "127.0.0.1:0";
        let own = ["agent", "--node-name", "n", "--listen", any, "--hub", &agents, "--insecure-loopback"];
        let sources = ["--cri-socket", "/none", "--pods-api-socket", "/none"];
        let names = ["--dns-listen", any, "--dns-metrics-listen", any, "--dns-data-dir", path(&data)];
        let mut process = Plimsoll::start(&[&own[..], &sources, &names].concat());
        let places = places(&mut process);
        let text = |key: &str| places[key].as_str().expect("it says where").to_owned();
        let client = Client::new(text("dns").parse().unwrap());
        (process, client, text("agentMetrics"), text("dnsMetrics"))
    };
    let (first, client, agent_metrics, dns_metrics) = start();
    until("the zone is there", || (ready(&dns_metrics)? == 200).then_some(()));
    let services = services(&at);
    until("the last service is there", || {
        let (name, address) = services.last()?;
        (client.udp(name)?.addresses == [address.clone()]).then_some(())
    });
    check_names(&client, &services);
    until("the agent's own metrics", || sample(&get(&agent_metrics)?.1, "node_load1"));
    until("the zone is on the disk", || {
        let mut files = std::fs::read_dir(&data).ok()?.flatten();
        files.any(|file| file.metadata().is_ok_and(|file| file.is_file() && file.len() > 1_000)).then_some(())
    });

    for mut dead in [apiserver, hub, first] {
        dead.signal("KILL");
        let _ = dead.wait();
    }
    let (mut second, client, ..) = start();
    check_names(&client, &services);
    second.signal("TERM");
    assert_eq!(second.wait(), Some(0));
}

/// `reload` of a Corefile: the file changes, the answers do, the process stays.
#[test]
fn a_changed_corefile_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("Corefile");
    let write = |address: &str| {
        let text =
            format!(".:53 {{\n    hosts {{\n        {address} a.example\n    }}\n    reload 2s 1s\n}}\n");
        std::fs::write(&file, text).unwrap();
    };
    write("192.0.2.1");
    let data = folder.path().join("dns");
    let (_server, address, metrics) = dns(&data, "127.0.0.1:0", &["--corefile", path(&file)]);
    let client = Client::new(address);
    assert_eq!(client.udp("a.example").unwrap().addresses, ["192.0.2.1"]);
    write("192.0.2.2");
    until("the new address", || {
        // Not one question stays without an answer.
        let answer = client.udp("a.example").expect("an answer");
        (answer.addresses == ["192.0.2.2"]).then_some(())
    });
    std::fs::write(&file, ".:53 {\n    unicorn\n}\n").unwrap();
    until("a bad file is counted", || {
        sample(&get(&metrics)?.1, "coredns_reload_failed_total").filter(|failed| *failed == 1.0)
    });
    assert_eq!(client.udp("a.example").unwrap().addresses, ["192.0.2.2"]);
    assert_eq!(sample(&get(&metrics).unwrap().1, "plimsoll_dns_reloads_total"), Some(1.0));
}
