//! One line, or a few, and what they mean.

use super::*;

#[test]
fn words() {
    let server =
        line("# all of it\nforward . 192.0.2.1 # the rest\n\"errors\"\nhosts {\n\t192.0.2.2 a b # c\r\n}");
    assert!(server.errors);
    assert_eq!(server.hosts.unwrap().inline[0].names, zones(&["a", "b"]));
    assert_eq!(server.forwards[0].upstreams.len(), 1);
    assert!(line("forward . 192.0.2.1\n{\nforce_tcp\n}").forwards[0].force_tcp);
    let server = line(r#"rewrite name regex "^a\"b(.*)\.example\.$" {1}.example"#);
    let Field::Name(rule) = &server.rewrites[0].field else { panic!() };
    let Match::Regex(pattern) = &rule.matches else { panic!() };
    assert_eq!(pattern.as_str(), r#"^a"b(.*)\.example\.$"#);
}

#[test]
fn keys() {
    fn check(keys: &str, expected: &[(&str, u16)]) {
        let corefile = accepted(&format!("{keys} {{\nerrors\n}}"));
        let found: Vec<(&str, u16)> =
            corefile.servers[0].keys.iter().map(|key| (key.zone.as_str(), key.port)).collect();
        assert_eq!(found, expected, "{keys}");
    }
    check(".", &[(".", 53)]);
    check("Example.ORG:1053", &[("example.org.", 1053)]);
    check("a.example, b.example:54", &[("a.example.", 53), ("b.example.", 54)]);
    check("a.example,\nb.example", &[("a.example.", 53), ("b.example.", 53)]);
    check("a.example b.example", &[("a.example.", 53), ("b.example.", 53)]);
    check("dns://a.example", &[("a.example.", 53)]);
    check("10.0.0.0/24", &[("0.0.10.in-addr.arpa.", 53)]);
    check("10.0.0.0/24:55", &[("0.0.10.in-addr.arpa.", 55)]);
    check("10.8.0.0/15", &[("8.10.in-addr.arpa.", 53), ("9.10.in-addr.arpa.", 53)]);
    check("2001:db8::/32", &[("8.b.d.0.1.0.0.2.ip6.arpa.", 53)]);
    check("fd00::/7", &[("c.f.ip6.arpa.", 53), ("d.f.ip6.arpa.", 53)]);
}

#[test]
fn zones_hold() {
    fn check(holder: &str, name: &str, expected: bool) {
        assert_eq!(zone(holder).holds(name), expected, "{holder} {name}");
    }
    check(".", "a.", true);
    check("a.example", "a.example.", true);
    check("a.example", "b.a.example.", true);
    check("a.example", "ba.example.", false);
    check("a.example", "example.", false);
}

#[test]
fn snippets_imports_and_variables() {
    let text = "
(shared) {
    errors
    forward . {$UPSTREAM}
}
(outer) {
    import shared
    loop
}
.:53 {
    import outer
    import custom/*.override
    import none/*.override
    cache 30
}
import custom/*.server
";
    let corefile = accepted(text);
    let first = &corefile.servers[0];
    assert!(first.errors && first.loop_check && first.log.is_some() && first.cache.is_some());
    assert_eq!(first.forwards[0].upstreams, [Upstream::Plain("192.0.2.53:53".parse().unwrap())]);
    assert_eq!(first.hosts.as_ref().unwrap().fallthrough, Fallthrough::Always);
    assert_eq!(&*first.hosts.as_ref().unwrap().place.file, "custom/c.override");
    assert_eq!(corefile.servers[1].keys[0].zone, zone("example.org"));
    assert_eq!(corefile.notes.len(), 1, "the pattern without files");
}

#[test]
fn kubernetes() {
    let server = line(
        "kubernetes {\nnamespaces a b\npods verified\nttl 0\nignore empty_service\nfallthrough\nstartup_timeout 1s\n}",
    );
    let settings = server.kubernetes.unwrap();
    assert_eq!(settings.zones, [Zone::root()], "those of the block");
    assert_eq!(settings.namespaces, ["a", "b"]);
    assert_eq!((settings.pods, settings.ttl_seconds), (PodRecords::Verified, 0));
    assert!(settings.ignore_empty_service);
    assert_eq!(settings.fallthrough, Fallthrough::Always);
}

#[test]
fn upstreams() {
    fn check(text: &str, expected: Upstream) {
        assert_eq!(line(&format!("forward . {text}")).forwards[0].upstreams, [expected], "{text}");
    }
    let plain = |text: &str| Upstream::Plain(text.parse().unwrap());
    let tls = |text: &str, name: Option<&str>| Upstream::Tls(text.parse().unwrap(), name.map(str::to_owned));
    check("192.0.2.1", plain("192.0.2.1:53"));
    check("192.0.2.1:5353", plain("192.0.2.1:5353"));
    check("dns://192.0.2.1", plain("192.0.2.1:53"));
    check("2001:db8::1", plain("[2001:db8::1]:53"));
    check("[2001:db8::1]:54", plain("[2001:db8::1]:54"));
    check("[2001:db8::1]", plain("[2001:db8::1]:53"));
    check("tls://192.0.2.1", tls("192.0.2.1:853", None));
    check("tls://192.0.2.1:10853", tls("192.0.2.1:10853", None));
    check("tls://192.0.2.1%dns.example", tls("192.0.2.1:853", Some("dns.example")));
    check("tls://192.0.2.1%dns.example:10853", tls("192.0.2.1:10853", Some("dns.example")));
    check("tls://[2001:db8::1%dns.example]:853", tls("[2001:db8::1]:853", Some("dns.example")));
    check("/run/resolv.conf", Upstream::ResolvConf("/run/resolv.conf".to_owned()));
    check("192.0.2.1 192.0.2.1", plain("192.0.2.1:53"));
}

#[test]
fn forward() {
    let server = line(
        "forward example.org tls://192.0.2.1 tls://192.0.2.2 {\nexcept a.example.org b.example.org\nprefer_udp\n\
         expire 20s\nmax_age 1h\nmax_idle_conns 3\nread_timeout 1.5s\nmax_fails 0\nmax_connect_attempts 0\n\
         tls /c /k /a\ntls_servername dns.example\npolicy sequential\nhealth_check 250ms no_rec domain example.net\n\
         failfast_all_unhealthy_upstreams\nfailover servfail REFUSED\nsource_address 192.0.2.9\n}",
    );
    let forward = &server.forwards[0];
    assert_eq!(forward.except, zones(&["a.example.org", "b.example.org"]));
    assert_eq!((forward.expire, forward.max_age), (seconds(20), Some(seconds(3600))));
    assert_eq!((forward.max_idle_connections, forward.max_fails), (Some(3), 0));
    assert_eq!(forward.max_connect_attempts, Some(0));
    assert_eq!(forward.read_timeout, Duration::from_millis(1500));
    assert_eq!(forward.tls.identity, Some(("/c".to_owned(), "/k".to_owned())));
    assert_eq!(forward.tls.authorities.as_deref(), Some("/a"));
    assert_eq!(forward.server_name.as_deref(), Some("dns.example"));
    assert_eq!(forward.policy, Policy::Sequential);
    let check = HealthCheck {
        interval: Duration::from_millis(250),
        recursion_desired: false,
        domain: zone("example.net"),
    };
    assert_eq!(forward.health_check, check);
    assert_eq!(forward.failover, [2, 5]);
    assert!(forward.failfast && forward.source_address.is_some());
}

#[test]
fn cache() {
    let server = line(
        "cache 60 example.org {\nsuccess 5000 120 0\ndenial 2500\nprefetch 10 1m 20%\n\
         serve_stale 1h verify 100ms 30s 15s\nservfail 0\ndisable denial\n}",
    );
    let cache = server.cache.unwrap();
    assert_eq!(cache.zones, zones(&["example.org"]));
    let success =
        CacheClass { capacity: 5000, ttl_seconds_max: 120, ttl_seconds_min: 0, disabled: Vec::new() };
    assert_eq!(cache.success, success);
    assert_eq!((cache.denial.capacity, cache.denial.ttl_seconds_max), (2500, 60));
    assert_eq!(cache.denial.disabled, [Zone::root()]);
    assert_eq!(cache.prefetch, Some(Prefetch { amount: 10, gap: seconds(60), percentage: 20 }));
    let stale = ServeStale {
        longest: seconds(3600),
        mode: StaleMode::Verify(Some(Duration::from_millis(100))),
        ttl_seconds: Some(30),
        recheck: Some(seconds(15)),
    };
    assert_eq!(cache.serve_stale, Some(stale));
    assert_eq!(cache.servfail, Duration::ZERO);

    fn check(text: &str, longest: u64, mode: StaleMode, ttl_seconds: Option<u32>) {
        let cache = line(&format!("cache {{\n{text}\n}}")).cache.unwrap();
        let stale = cache.serve_stale.unwrap();
        assert_eq!(
            (stale.longest, stale.mode, stale.ttl_seconds),
            (seconds(longest), mode, ttl_seconds),
            "{text}"
        );
    }
    check("serve_stale", 3600, StaleMode::Immediate, None);
    check("serve_stale 24h", 86_400, StaleMode::Immediate, None);
    check("serve_stale 1h immediate 10s 1m", 3600, StaleMode::Immediate, Some(10));
    check("serve_stale 1h verify", 3600, StaleMode::Verify(None), None);
    check("serve_stale 1h verify 0 0", 3600, StaleMode::Verify(None), None);
}

#[test]
fn hosts() {
    let server = line(
        "hosts /etc/my.hosts example.org {\n192.0.2.1 a.example.org *.a.example.org\nttl 60\nno_reverse\nreload 0\nfallthrough example.org\nfallthrough_unsupported\n}",
    );
    let hosts = server.hosts.unwrap();
    assert_eq!(hosts.file.as_deref(), Some("/etc/my.hosts"));
    assert_eq!(hosts.inline[0].names, zones(&["a.example.org", "*.a.example.org"]));
    assert_eq!((hosts.ttl_seconds, hosts.reverse, hosts.reload), (60, false, Duration::ZERO));
    assert_eq!(line("hosts").hosts.unwrap().file.as_deref(), Some("/etc/hosts"));

    let file = "# comment\n127.0.0.1 localhost # here\n::1 localhost ip6-localhost\nfe80::1%lo0 link\nbad line\n192.0.2.1\n";
    let found: Vec<usize> = hosts_entries(file).map(|entry| entry.names.len()).collect();
    assert_eq!(found, [1, 2]);
}

#[test]
fn rewrites() {
    fn check(text: &str, stop: bool, expected: &str) {
        let server = line(text);
        let rule = &server.rewrites[0];
        assert_eq!(rule.stop, stop, "{text}");
        assert_eq!(summary(&rule.field), expected, "{text}");
    }
    check("rewrite name A.example b.example", true, "exact a.example. -> b.example. auto");
    check("rewrite continue name exact a.example. b.example", false, "exact a.example. -> b.example. auto");
    check(
        "rewrite name suffix .a.example .b.example answer auto",
        true,
        "suffix .a.example. -> .b.example. auto",
    );
    check("rewrite name prefix a- b-", true, "prefix a- -> b-");
    check("rewrite name substring a.b c.d", true, "substring a.b -> c.d");
    check(
        r"rewrite stop {
            name regex (.*)-(us)\.a\.example\.$ {1}.b.{2}.example
            answer name (.*)\.b\.(us)\.example\. {1}-{2}.a.example
        }",
        true,
        r"regex (.*)-(us)\.a\.example\.$ -> {1}.b.{2}.example. name",
    );
    check(
        r"rewrite name suffix .a .b answer auto value (.*)\.b\. {1}.a",
        true,
        "suffix .a. -> .b. auto value",
    );
    check("rewrite type ANY HINFO", true, "type 255 -> 13");
    check("rewrite class CH IN", true, "class 3 -> 1");
    check("rewrite ttl a.example 30-300", true, "ttl 30-300");
    check("rewrite ttl a.example -30", true, "ttl 0-30");
    check("rewrite ttl a.example 30-", true, "ttl 30-2147483647");
    check("rewrite continue {\nttl regex (.*)\\.a\\.example 15\n}", false, "ttl 15-15");
    check("rewrite rcode suffix a.example SERVFAIL 0", true, "rcode 2 -> 0");
}

fn summary(field: &Field) -> String {
    match field {
        Field::Name(rule) => {
            let (how, from) = match &rule.matches {
                Match::Exact(zone) => ("exact", zone.as_str()),
                Match::Prefix(text) => ("prefix", text.as_str()),
                Match::Suffix(text) => ("suffix", text.as_str()),
                Match::Substring(text) => ("substring", text.as_str()),
                Match::Regex(pattern) => ("regex", pattern.as_str()),
            };
            let mut text = format!("{how} {from} -> {}", rule.to.as_str());
            text.push_str(if rule.auto { " auto" } else { "" });
            for answer in &rule.answers {
                text.push_str(if matches!(answer, AnswerRule::Name(..)) { " name" } else { " value" });
            }
            text
        }
        Field::Type(from, to) => format!("type {from} -> {to}"),
        Field::Class(from, to) => format!("class {from} -> {to}"),
        Field::Ttl(_, range) => format!("ttl {}-{}", range.seconds_min, range.seconds_max),
        Field::Rcode(_, from, to) => format!("rcode {from} -> {to}"),
    }
}

#[test]
fn small_plugins() {
    let server = line(
        "log . {common}\nlog example.org {\nclass denial error\n}\nautopath @kubernetes\nbufsize\nany\nminimal\n\
         dnstap unix:///run/dnstap.sock full\nready localhost:8091 {\nmonitor continuously\n}\nreload 10s\n\
         errors {\nconsolidate 5m \".* timeout$\" warning\n}\nbind lo eth0 192.0.2.1 2001:db8::1",
    );
    let log = server.log.unwrap();
    assert_eq!(log.zones, zones(&[".", "example.org"]));
    assert_eq!(log.classes, [LogClass::Denial, LogClass::Error]);
    assert_eq!(server.autopath.unwrap().zones, [Zone::root()]);
    assert_eq!((server.bufsize, server.any), (Some(1232), AnyQuery::Minimal));
    assert_eq!(server.dnstap.unwrap().socket, "/run/dnstap.sock");
    assert_eq!(server.ready.unwrap().endpoint.host, "localhost");
    assert_eq!(server.reload.unwrap().jitter, seconds(5));
    assert_eq!(server.bind.len(), 4);
    assert!(line("reload 0").reload.is_none());
}

#[test]
fn templates() {
    let server = line(
        "template IN ANY internal.example {\nmatch \"^(?:[^.]+\\.){4,}internal\\.example\\.$\"\nrcode NXDOMAIN\n\
         ederror 15 blocked here\nfallthrough\n}\ntemplate ANY AAAA {\nrcode NOERROR\n}",
    );
    let first = &server.templates[0];
    assert!(first.matches[0].is_match("a.b.c.d.internal.example."));
    assert_eq!(first.extended_error, Some((15, "blocked here".to_owned())));
    assert_eq!(first.fallthrough, Fallthrough::Always);
    assert_eq!(server.templates[1].zones, [Zone::root()]);
}
