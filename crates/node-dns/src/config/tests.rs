//! Corefiles as settings.

use corefile::NoSources;

use super::*;

const KUBEADM: &str = "
.:53 {
    errors
    health { lameduck 5s }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods verified
        fallthrough in-addr.arpa
        ttl 7
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    loadbalance
}
";

fn config(text: &str) -> Result<Config, ConfigError> {
    let corefile = corefile::parse("Corefile", text, &NoSources).unwrap();
    let mut config = Config::new(Name::parse("cluster.local").unwrap(), "127.0.0.1:53".parse().unwrap());
    config.apply_corefile(&corefile, &|_| Ok("nameserver 192.0.2.53".to_owned()))?;
    Ok(config)
}

#[test]
fn kubeadms_corefile() {
    let config = config(KUBEADM).unwrap();
    let text =
        |addresses: &[SocketAddr]| addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(" ");
    assert_eq!(text(&config.listen), "0.0.0.0:53");
    assert_eq!(text(&config.http), "0.0.0.0:8080 0.0.0.0:8181 0.0.0.0:9153");
    assert_eq!(config.lame_duck, Duration::from_secs(5));
    let zone = &config.feed.zone;
    assert_eq!((zone.zone.to_string().as_str(), zone.ttl_seconds), ("cluster.local.", 7));
    assert_eq!(zone.pods, service_names::PodRecords::Verified);
    assert_eq!((zone.reverse_zones.len(), zone.fallthrough_zones.len()), (2, 1));
    assert!(config.rotate && config.query_log.is_none());
    assert_eq!((config.udp_bytes_max, config.reload), (1232, None));
}

#[test]
fn one_block_speaks_for_all() {
    let config =
        config("a.example {\nbufsize 1400\nreload 10s\n}\nb.example {\nbufsize 900\nreload 5s 1s\n}")
            .unwrap();
    let (interval, jitter) = (Duration::from_secs(5), Duration::from_secs(1));
    assert_eq!((config.udp_bytes_max, config.reload), (900, Some(Every { interval, jitter })));
}

#[test]
fn what_cannot_be_served_is_named() {
    let check = |text: &str, expected: &str| {
        let refused = config(text).err().unwrap().to_string();
        assert!(refused.contains(expected), "{refused}");
    };
    check(".:53 {\nkubernetes a.example\n}\nb.example {\nkubernetes b.example\n}", "stands in two blocks");
    check(".:53 {\nbind eth0\nkubernetes a.example\n}", "`bind eth0` names an interface");
}
