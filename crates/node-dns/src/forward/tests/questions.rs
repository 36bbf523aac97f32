//! Small pure parts: nameservers of a file, zones on the wire, settings.

use std::time::Duration;

use corefile::Zone;

use super::*;
use crate::forward::settings::nameservers;
use crate::forward::zones::WireZone;

#[test]
fn resolv_conf() {
    let text = "# nameserver 192.0.2.9\nnameserver 192.0.2.1\nsearch a.example\n nameserver\t2001:db8::1 # two\nnameserver x\n";
    let found: Vec<String> = nameservers(text).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["192.0.2.1:53", "[2001:db8::1]:53"]);
}

#[test]
fn zones_on_the_wire() {
    fn check(zone: &str, name: &str, expected: bool) {
        let name = Name::parse(name).unwrap();
        let zone = WireZone::new(&Zone::new(zone).unwrap());
        assert_eq!(zone.holds(&name.as_wire().to_ascii_lowercase()), expected);
    }
    check(".", "a.example.", true);
    check("example", "a.example.", true);
    check("example", "example.", true);
    check("a.example", "example.", false);
    check("a.example", "ba.example.", false);
    // The octets of the zone within a label are not the zone.
    check("a", "x\\001a.", false);
}

#[test]
fn settings() {
    let corefile = |text: &str| corefile::parse("Corefile", text, &NoSources).unwrap();
    let no_file = |_: &str| Err(std::io::Error::from(std::io::ErrorKind::NotFound));
    let empty = |_: &str| Ok("search example\n".to_owned());
    let text = corefile(".:53 {\nforward . /etc/resolv.conf\n}");
    let error = Settings::from_corefile(&text, &no_file).unwrap_err();
    assert!(error.to_string().contains("/etc/resolv.conf"), "{error}");
    let error = Settings::from_corefile(&text, &empty).unwrap_err();
    assert!(error.to_string().contains("--upstream"), "{error}");
    // This very server is no upstream of its own.
    let text = corefile("cluster.local:53 {\nforward . __PILLAR__CLUSTER__DNS__\n}");
    assert!(Settings::from_corefile(&text, &no_file).unwrap().blocks[0].forwards.is_empty());
    // CoreDNS's numbers, and its stale answers only where the file asks for them.
    let text = corefile(".:53 {\ncache 30\nforward . 192.0.2.1\n}");
    let settings = Settings::from_corefile(&text, &no_file).unwrap();
    let cache = &settings.blocks[0].cache.as_ref().unwrap().settings;
    assert_eq!((cache.positive.seconds_max, cache.positive.seconds_min, cache.stale), (30, 5, None));
    // From the command line: stale answers as RFC 8767 recommends.
    let settings = Settings::from_upstreams(&["192.0.2.1:53".parse().unwrap()]);
    let stale = settings.blocks[0].cache.as_ref().unwrap().settings.stale.unwrap();
    assert_eq!(stale.client_timeout, Duration::from_millis(1800));
    assert!(settings.blocks[0].loop_check);
}
