//! Corefiles as they are shipped.

use corefile::NoSources;

use super::*;
use crate::chain::Chain;
use crate::client::Client;

/// As kubeadm writes it.
const KUBEADM: &str = ".:53 {
    errors
    health { lameduck 5s }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}";
/// As NodeLocal DNSCache's manifest has it.
const NODE_CACHE: &str = "cluster.local:53 {
    errors
    cache {
        success 9984 30
        denial 9984 5
    }
    reload
    loop
    bind 169.254.20.10
    forward . __PILLAR__CLUSTER__DNS__ { force_tcp }
    prometheus :9253
    health 169.254.20.10:8080
}
.:53 {
    cache 30
    forward . __PILLAR__UPSTREAM__SERVERS__
}";
const STALE: &str = ".:53 {
    kubernetes cluster.local
    cache 30 {
        serve_stale
        disable denial cluster.local
    }
}";

fn read(text: &str) -> Corefile {
    corefile::parse("Corefile", text, &NoSources).unwrap()
}

fn check(server_text: &str, cache_text: Option<&str>, clients: &[&str], caches: u64, negative: u64) {
    let zone = "cluster.local";
    let (authority, own) = server("Corefile", &read(server_text), zone, Runs::CoreDns).unwrap();
    let node = cache_text.and_then(|text| node_cache("node", &read(text), zone).unwrap());
    let clients = clients.iter().map(|declared| Client::parse(declared).unwrap()).collect();
    let chain =
        Chain { zone: zone.to_owned(), authority, caches: own.into_iter().chain(node).collect(), clients };
    let horizon = chain.horizon().unwrap();
    assert_eq!(
        (horizon.caches, horizon.negative),
        (Span::Seconds(caches), Span::Seconds(negative)),
        "{horizon}"
    );
}

#[test]
fn shipped_corefiles() {
    check(KUBEADM, None, &[], 30, 30);
    check(KUBEADM, Some(NODE_CACHE), &[], 35, 35);
    check(KUBEADM, Some(NODE_CACHE), &["java"], 65, 45);
    // The default TTL of `kubernetes` is 5; serve_stale's time is an hour.
    check(STALE, None, &[], 3605, 0);
    check(STALE, Some(NODE_CACHE), &[], 3610, 5);
}

#[test]
fn our_own_server_does_not_cache_the_zone() {
    let knowledge = Knowledge::OnDisk { fresh_for_seconds: 60, stale_ttl_seconds: 30, heartbeat_seconds: 5 };
    let (authority, cache) =
        server("Corefile", &read(KUBEADM), "cluster.local", Runs::Plimsoll(knowledge)).unwrap();
    assert_eq!((authority.name.as_str(), authority.ttl_seconds, cache), ("plimsoll dns", 30, None));
    assert_eq!(authority.place, "Corefile:5");
}

#[test]
fn files_in_the_wrong_place() {
    let refused = |outcome: Result<(), SettingsError>, why: &str| {
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    let as_server = |text: &str, zone: &str| server("Corefile", &read(text), zone, Runs::CoreDns).map(drop);
    let as_cache = |text: &str, zone: &str| node_cache("Corefile", &read(text), zone).map(drop);
    refused(
        as_server(NODE_CACHE, "cluster.local"),
        "Corefile:1: this block answers for cluster.local, but without",
    );
    refused(as_cache(KUBEADM, "CLUSTER.local."), "Corefile:5: `kubernetes` answers");
    refused(as_server(KUBEADM, "other.zone"), "Corefile:1");
    refused(
        as_server("cluster.local { kubernetes }", "other.zone"),
        "Corefile has no server block for other.zone",
    );
}
