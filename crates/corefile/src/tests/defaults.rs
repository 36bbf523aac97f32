//! The Corefiles that installers write, by what they configure. The texts are ours; the plugins and values are theirs.

use super::*;

/// kubeadm's: CoreDNS in front of everything, the cluster zone out of the cache.
const KUBEADM: &str = "
.:53 {
    errors
    health {
        lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
        max_concurrent 1000
    }
    cache 30 {
        disable success cluster.local
        disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
";

/// EKS's: the same shape without a TTL and without limits on the forwarder.
const EKS: &str = "
.:53 {
    errors
    health { lameduck 5s }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
";

/// NodeLocal DNSCache's four blocks with the words that its installer or node-cache replaces.
const NODE_LOCAL: &str = "
DOMAIN:53 {
    errors
    cache {
        success 9984 30
        denial 9984 5
    }
    reload
    loop
    bind LOCAL SERVER
    forward . CLUSTER {
        force_tcp
    }
    prometheus :9253
    health LOCAL:8080
    }
in-addr.arpa:53 {
    errors
    cache 30
    reload
    loop
    bind LOCAL SERVER
    forward . CLUSTER {
        force_tcp
    }
    prometheus :9253
    }
ip6.arpa:53 {
    errors
    cache 30
    reload
    loop
    bind LOCAL SERVER
    forward . CLUSTER {
        force_tcp
    }
    prometheus :9253
    }
.:53 {
    errors
    cache 30
    reload
    loop
    bind LOCAL SERVER
    forward . UPSTREAM
    prometheus :9253
    }
";

/// GKE's node cache: NodeLocal's, with HINFO (its own loop probes) kept from the cloud's resolvers, a stub domain of the
/// kube-dns ConfigMap, and connections to the cluster's DNS that expire soon.
const GKE: &str = "
cluster.local:53 {
    errors
    template ANY HINFO . {
        rcode NXDOMAIN
    }
    cache {
        success 9984 30
        denial 9984 5
    }
    reload
    loop
    bind 169.254.20.10 10.8.0.10
    health 169.254.20.10:8080
    forward . __PILLAR__CLUSTER__DNS__ {
        force_tcp
        expire 1s
    }
    prometheus :9253
}
corp.example:53 {
    errors
    cache 30
    loop
    bind 169.254.20.10 10.8.0.10
    forward . 192.0.2.10 192.0.2.11 {
        prefer_udp
    }
}
.:53 {
    errors
    template ANY HINFO . {
        rcode NXDOMAIN
    }
    cache 30
    reload
    loop
    bind 169.254.20.10 10.8.0.10
    forward . __PILLAR__UPSTREAM__SERVERS__ {
        prefer_udp
    }
    prometheus :9253
}
";

#[test]
fn kubeadm() {
    let server = accepted(KUBEADM).servers.remove(0);
    assert_eq!(server.keys, [Key { zone: Zone::root(), port: 53 }]);
    assert!(server.errors && server.loop_check && server.loadbalance);
    assert_eq!(server.health.as_ref().unwrap().lameduck, seconds(5));
    assert_eq!(server.health.unwrap().endpoint.port, 8080);
    assert_eq!(server.ready.unwrap().endpoint.port, 8181);
    assert_eq!(server.prometheus.unwrap().port, 9153);
    assert_eq!(server.reload.unwrap(), Reload { interval: seconds(30), jitter: seconds(15) });
    let kubernetes = server.kubernetes.unwrap();
    assert_eq!(kubernetes.zones, zones(&["cluster.local", "in-addr.arpa", "ip6.arpa"]));
    assert_eq!((kubernetes.pods, kubernetes.ttl_seconds), (PodRecords::Insecure, 30));
    assert_eq!(kubernetes.fallthrough, Fallthrough::In(zones(&["in-addr.arpa", "ip6.arpa"])));
    assert_eq!(kubernetes.place.line, 8);
    let cache = server.cache.unwrap();
    assert_eq!((cache.success.ttl_seconds_max, cache.denial.ttl_seconds_max), (30, 30));
    assert_eq!(cache.success.disabled, zones(&["cluster.local"]));
    let forward = &server.forwards[0];
    assert_eq!(forward.upstreams, [Upstream::ResolvConf("/etc/resolv.conf".to_owned())]);
    assert_eq!(forward.max_concurrent, Some(1000));
    assert_eq!((forward.max_fails, forward.expire, forward.read_timeout), (2, seconds(10), seconds(2)));
}

#[test]
fn eks() {
    let server = accepted(EKS).servers.remove(0);
    assert_eq!(server.health.unwrap().lameduck, seconds(5));
    assert_eq!(server.kubernetes.unwrap().ttl_seconds, 5);
    let cache = server.cache.unwrap();
    assert_eq!(
        (cache.success.ttl_seconds_max, cache.success.capacity, cache.zones),
        (30, 9984, vec![Zone::root()])
    );
    assert_eq!(server.forwards[0].policy, Policy::Random);
}

#[test]
fn node_local_substituted() {
    let text = NODE_LOCAL
        .replace("DOMAIN", "cluster.local")
        .replace("LOCAL", "169.254.20.10")
        .replace("SERVER", "10.96.0.10")
        .replace("CLUSTER", "10.110.3.9")
        .replace("UPSTREAM", "/etc/resolv.conf");
    let corefile = accepted(&text);
    assert!(corefile.notes.is_empty());
    let names: Vec<String> = corefile.servers.iter().map(|server| server.keys[0].zone.to_string()).collect();
    assert_eq!(names, ["cluster.local.", "in-addr.arpa.", "ip6.arpa.", "."]);
    let cluster = &corefile.servers[0];
    let address = |text: &str| Bind::Address(text.parse().unwrap());
    assert_eq!(cluster.bind, [address("169.254.20.10"), address("10.96.0.10")]);
    assert_eq!(cluster.forwards[0].upstreams, [Upstream::Plain("10.110.3.9:53".parse().unwrap())]);
    assert!(cluster.forwards[0].force_tcp);
    assert_eq!(cluster.cache.as_ref().unwrap().denial.ttl_seconds_max, 5);
    assert_eq!(cluster.health.as_ref().unwrap().endpoint.host, "169.254.20.10");
}

#[test]
fn node_local_as_it_is() {
    let text = NODE_LOCAL
        .replace("DOMAIN", "__PILLAR__DNS__DOMAIN__")
        .replace(" LOCAL", " __PILLAR__LOCAL__DNS__")
        .replace(" SERVER", " __PILLAR__DNS__SERVER__")
        .replace(" CLUSTER", " __PILLAR__CLUSTER__DNS__")
        .replace(" UPSTREAM", " __PILLAR__UPSTREAM__SERVERS__");
    let corefile = accepted(&text);
    assert_eq!(corefile.servers[0].keys[0].zone, zone("cluster.local"));
    assert!(corefile.servers.iter().all(|server| server.bind.is_empty()));
    assert_eq!(corefile.servers[0].forwards[0].upstreams, [Upstream::ClusterDns]);
    let node = Upstream::ResolvConf("/etc/resolv.conf".to_owned());
    assert_eq!(corefile.servers[3].forwards[0].upstreams, [node]);
    // Two words of `bind` in four blocks, and the address of `health`.
    assert_eq!(corefile.notes.len(), 9);
}

#[test]
fn gke() {
    let corefile = accepted(GKE);
    let template = &corefile.servers[0].templates[0];
    assert_eq!((template.class, template.record_type, template.rcode), (255, 13, 3));
    assert_eq!(corefile.servers[0].forwards[0].expire, seconds(1));
    assert!(corefile.servers[1].forwards[0].prefer_udp);
    assert_eq!(corefile.servers[1].forwards[0].upstreams.len(), 2);
}
