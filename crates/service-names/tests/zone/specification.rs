//! Kubernetes DNS-Based Service Discovery 1.1.0, rule by rule; and the rest of the zone: what CoreDNS does where that is
//! silent.

use crate::cluster::{ask, zone};

const NODATA: &str = "NOERROR / cluster.local. SOA 30 30";
const NXDOMAIN: &str = "NXDOMAIN / cluster.local. SOA 30 30";

/// (question, answer); one zone for all rows.
fn check(rows: &[(&str, &str)]) {
    let zone = zone();
    let wrong: Vec<String> = rows
        .iter()
        .map(|(question, expected)| (question, ask(&zone, question), expected))
        .filter(|(_, said, expected)| said != *expected)
        .map(|(question, said, expected)| format!("{question}\n     said {said}\n expected {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn version() {
    check(&[
        ("dns-version TXT", "NOERROR @ TXT 30 1.1.0"),
        ("dns-version ANY", "NOERROR @ TXT 30 1.1.0"),
        ("DNS-Version TXT", "NOERROR @ TXT 30 1.1.0"),
        ("dns-version A", NODATA),
        ("x.dns-version TXT", NXDOMAIN),
    ]);
}

#[test]
fn services_with_addresses() {
    check(&[
        ("web.default.svc A", "NOERROR @ A 30 10.96.0.10"),
        ("web.default.svc AAAA", "NOERROR @ AAAA 30 fd00:96::10"),
        ("WEB.Default.SVC.cluster.LOCAL. A", "NOERROR @ A 30 10.96.0.10"),
        ("web.other.svc A", "NOERROR @ A 30 10.97.0.1"),
        ("web.other.svc AAAA", NODATA),
        ("v6only.default.svc A", NODATA),
        ("v6only.default.svc AAAA", "NOERROR @ AAAA 30 fd00:96::20"),
        ("noports.default.svc A", "NOERROR @ A 30 10.96.0.12"),
        ("ghost.default.svc A", "NOERROR @ A 30 10.96.0.13"),
        ("web.default.svc ANY", "NOERROR @ A 30 10.96.0.10"),
        ("v6only.default.svc ANY", "NOERROR @ AAAA 30 fd00:96::20"),
        ("web.default.svc TXT", NODATA),
        ("web.default.svc MX", NODATA),
        ("web.default.svc CNAME", NODATA),
        ("web.default.svc HTTPS", NODATA),
        ("web.default.svc SOA", NODATA),
        ("web.default.svc NS", NODATA),
        ("web.default.svc TYPE65000", NODATA),
    ]);
}

#[test]
fn ports_of_services_with_addresses() {
    let web = "web.default.svc~ A 30 10.96.0.10, web.default.svc~ AAAA 30 fd00:96::10";
    let one = |port: u16| format!("NOERROR @ SRV 30 0 50 {port} web.default.svc~ // {web}");
    let both = "NOERROR @ SRV 30 0 25 80 web.default.svc~, @ SRV 30 0 25 443 web.default.svc~ // \
                @ A 30 10.96.0.10, @ AAAA 30 fd00:96::10";
    check(&[
        ("_http._tcp.web.default.svc SRV", &one(80)),
        ("_https._tcp.web.default.svc SRV", &one(443)),
        ("_HTTP._Tcp.web.default.svc SRV", &one(80)),
        ("_http._tcp.web.default.svc ANY", &one(80)),
        ("_http._udp.web.default.svc SRV", NXDOMAIN),
        ("_http._sctp.web.default.svc SRV", NXDOMAIN),
        ("_other._tcp.web.default.svc SRV", NXDOMAIN),
        ("_http._tcp.web.default.svc A", NODATA),
        ("_http._tcp.web.default.svc TXT", NODATA),
        ("_tcp.web.default.svc SRV", NODATA),
        ("_tcp.web.default.svc A", NODATA),
        ("_udp.web.default.svc A", NXDOMAIN),
        ("_x.web.default.svc A", NXDOMAIN),
        ("http.tcp.web.default.svc SRV", NXDOMAIN),
        ("_http.tcp.web.default.svc SRV", NXDOMAIN),
        ("_._tcp.plain.default.svc SRV", NXDOMAIN),
        ("_tcp.plain.default.svc SRV", NXDOMAIN),
        ("x._http._tcp.web.default.svc SRV", NXDOMAIN),
        ("web.default.svc SRV", both),
        ("plain.default.svc SRV", "NOERROR @ SRV 30 0 100 8080 plain.default.svc~ // @ A 30 10.96.0.11"),
        ("noports.default.svc SRV", NODATA),
        (
            "kube-dns.kube-system.svc SRV",
            "NOERROR @ SRV 30 0 16 53 kube-dns.kube-system.svc~, @ SRV 30 0 16 9153 kube-dns.kube-system.svc~ // \
             @ A 30 10.96.0.2, @ AAAA 30 fd00:96::2",
        ),
    ]);
}

#[test]
fn headless_services() {
    check(&[
        ("db.default.svc A", "NOERROR @ A 30 10.1.0.1, @ A 30 10.1.0.2"),
        ("db.default.svc AAAA", "NOERROR @ AAAA 30 fd00:1::1, @ AAAA 30 fd00:1::2"),
        ("db-0.db.default.svc A", "NOERROR @ A 30 10.1.0.1"),
        ("db-1.db.default.svc AAAA", "NOERROR @ AAAA 30 fd00:1::2"),
        ("DB-0.db.default.svc A", "NOERROR @ A 30 10.1.0.1"),
        ("db-2.db.default.svc A", NXDOMAIN),
        ("db-0.db.default.svc TXT", NODATA),
        ("x.db-0.db.default.svc A", NXDOMAIN),
        // An endpoint with a hostname has that name and no other.
        ("10-1-0-1.db.default.svc A", NXDOMAIN),
        ("pods.default.svc A", "NOERROR @ A 30 10.1.1.1, @ A 30 10.1.1.2, @ A 30 10.1.1.3"),
        ("pods.default.svc AAAA", "NOERROR @ AAAA 30 fd00:1:1::"),
        ("10-1-1-2.pods.default.svc A", "NOERROR @ A 30 10.1.1.2"),
        ("10-1-1-2.pods.default.svc AAAA", NODATA),
        ("10-1-1-4.pods.default.svc A", NXDOMAIN),
        ("010-1-1-2.pods.default.svc A", NXDOMAIN),
        ("fd00-1-1--0.pods.default.svc AAAA", "NOERROR @ AAAA 30 fd00:1:1::"),
        ("fd00-1-1-0-0-0-0-0.pods.default.svc AAAA", NXDOMAIN),
        ("nobody.default.svc A", NXDOMAIN),
        ("nobody.default.svc SRV", NXDOMAIN),
        ("_http._tcp.nobody.default.svc SRV", NXDOMAIN),
        ("nothing.default.svc A", NXDOMAIN),
        ("portless.default.svc A", "NOERROR @ A 30 10.1.3.1"),
        ("portless.default.svc SRV", NODATA),
        ("10-1-3-1.portless.default.svc A", "NOERROR @ A 30 10.1.3.1"),
    ]);
}

#[test]
fn ports_of_headless_services() {
    let db = "@ SRV 30 0 25 5432 db-0.db.default.svc~, @ SRV 30 0 25 5432 db-1.db.default.svc~ // \
              db-0.db.default.svc~ A 30 10.1.0.1, db-0.db.default.svc~ AAAA 30 fd00:1::1, \
              db-1.db.default.svc~ A 30 10.1.0.2, db-1.db.default.svc~ AAAA 30 fd00:1::2";
    check(&[
        ("_pg._tcp.db.default.svc SRV", &format!("NOERROR {db}")),
        ("db.default.svc SRV", &format!("NOERROR {db}")),
        ("_tcp.db.default.svc A", NODATA),
        ("_pg._udp.db.default.svc SRV", NXDOMAIN),
        (
            "db-0.db.default.svc SRV",
            "NOERROR @ SRV 30 0 50 5432 db-0.db.default.svc~ // @ A 30 10.1.0.1, @ AAAA 30 fd00:1::1",
        ),
        // Unnamed ports have no name of their own.
        ("_tcp.pods.default.svc SRV", NXDOMAIN),
        (
            "_http._tcp.mixed.default.svc SRV",
            "NOERROR @ SRV 30 0 50 80 10-1-2-1.mixed.default.svc~, @ SRV 30 0 50 8080 10-1-2-2.mixed.default.svc~ // \
             10-1-2-1.mixed.default.svc~ A 30 10.1.2.1, 10-1-2-2.mixed.default.svc~ A 30 10.1.2.2",
        ),
        (
            "_admin._tcp.mixed.default.svc SRV",
            "NOERROR @ SRV 30 0 100 9000 10-1-2-1.mixed.default.svc~ // 10-1-2-1.mixed.default.svc~ A 30 10.1.2.1",
        ),
        (
            "10-1-2-2.mixed.default.svc SRV",
            "NOERROR @ SRV 30 0 100 8080 10-1-2-2.mixed.default.svc~ // @ A 30 10.1.2.2",
        ),
    ]);
}

#[test]
fn endpoints_of_services_with_addresses() {
    check(&[
        ("10-1-0-9.web.default.svc A", "NOERROR @ A 30 10.1.0.9"),
        ("fd00-1--9.web.default.svc AAAA", "NOERROR @ AAAA 30 fd00:1::9"),
        ("10-96-0-10.web.default.svc A", NXDOMAIN),
        (
            "10-1-0-9.web.default.svc SRV",
            "NOERROR @ SRV 30 0 50 8080 10-1-0-9.web.default.svc~, @ SRV 30 0 50 8443 10-1-0-9.web.default.svc~ // \
             @ A 30 10.1.0.9",
        ),
    ]);
}

#[test]
fn aliases() {
    let cname = "NOERROR @ CNAME 30 www.Example.com.";
    let web = "web.default.svc~ A 30 10.96.0.10";
    check(&[
        ("ext.default.svc A", "chase www.Example.com."),
        ("ext.default.svc AAAA", "chase www.Example.com."),
        ("ext-far.default.svc A", "chase www.Example.com."),
        ("ext.default.svc CNAME", cname),
        ("ext.default.svc TXT", cname),
        ("ext.default.svc SRV", cname),
        ("ext.default.svc ANY", cname),
        ("x.ext.default.svc A", NXDOMAIN),
        ("_http._tcp.ext.default.svc SRV", NXDOMAIN),
        ("ext-in.default.svc A", &format!("NOERROR @ CNAME 30 web.default.svc~, {web}")),
        (
            "ext-twice.default.svc A",
            &format!(
                "NOERROR @ CNAME 30 ext-in.default.svc~, ext-in.default.svc~ CNAME 30 web.default.svc~, {web}"
            ),
        ),
        (
            "ext-host.default.svc A",
            "NOERROR @ CNAME 30 db-0.db.default.svc~, db-0.db.default.svc~ A 30 10.1.0.1",
        ),
        ("ext-lost.default.svc A", "NXDOMAIN @ CNAME 30 missing.default.svc~ / cluster.local. SOA 30 30"),
        ("ext-self.default.svc A", "SERVFAIL"),
        ("ext-a.default.svc A", "SERVFAIL"),
        ("ext-ip.default.svc A", NXDOMAIN),
    ]);
}

#[test]
fn addresses() {
    check(&[
        ("10.0.96.10.in-addr.arpa. PTR", "NOERROR @ PTR 30 web.default.svc~"),
        ("99.0.96.10.in-addr.arpa. PTR", "elsewhere"),
        ("99.0.96.10.in-addr.arpa. A", "elsewhere"),
        ("2.0.96.10.in-addr.arpa. PTR", "NOERROR @ PTR 30 kube-dns.kube-system.svc~"),
        ("2.0.96.10.in-addr.arpa. A", "NOERROR / in-addr.arpa. SOA 30 30"),
        ("2.0.96.10.IN-ADDR.arpa. PTR", "NOERROR @ PTR 30 kube-dns.kube-system.svc~"),
        ("02.0.96.10.in-addr.arpa. PTR", "elsewhere"),
        ("1.2.0.96.10.in-addr.arpa. PTR", "elsewhere"),
        ("96.10.in-addr.arpa. PTR", "elsewhere"),
        ("in-addr.arpa. NS", "elsewhere"),
        ("in-addr.arpa.default.svc PTR", NXDOMAIN),
        ("2.0.1.10.in-addr.arpa. PTR", "NOERROR @ PTR 30 db-1.db.default.svc~"),
        ("3.1.1.10.in-addr.arpa. PTR", "NOERROR @ PTR 30 10-1-1-3.pods.default.svc~"),
        ("1.1.1.10.in-addr.arpa. ANY", "NOERROR @ PTR 30 10-1-1-1.pods.default.svc~"),
        (
            "0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.9.0.0.0.0.d.f.ip6.arpa. PTR",
            "NOERROR @ PTR 30 web.default.svc~",
        ),
        (
            "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.1.0.0.0.0.0.D.F.ip6.arpa. PTR",
            "NOERROR @ PTR 30 fd00-1-1--0.pods.default.svc~",
        ),
        ("0.0.d.f.ip6.arpa. PTR", "elsewhere"),
    ]);
    // An address in two services has two names, in either order.
    let said = ask(&zone(), "1.0.1.10.in-addr.arpa. PTR");
    let names = ["db-0.db.default.svc~", "10-1-0-1.web.other.svc~"];
    assert!(names.iter().all(|name| said.contains(name)), "{said}");
}

#[test]
fn the_zone_itself() {
    check(&[
        ("cluster.local. SOA", "NOERROR @ SOA 30 30"),
        ("Cluster.Local. SOA", "NOERROR @ SOA 30 30"),
        (
            "cluster.local. NS",
            "NOERROR @ NS 30 kube-dns.kube-system.svc~ // kube-dns.kube-system.svc~ A 30 10.96.0.2, \
             kube-dns.kube-system.svc~ AAAA 30 fd00:96::2",
        ),
        ("cluster.local. A", "NOERROR / @ SOA 30 30"),
        ("cluster.local. TXT", "NOERROR / @ SOA 30 30"),
        ("svc A", NODATA),
        ("svc TXT", NODATA),
        ("pod A", NODATA),
        ("default.svc A", NODATA),
        ("empty.svc A", NODATA),
        ("other.svc A", NODATA),
        ("default.svc SRV", NODATA),
        ("missing.svc A", NXDOMAIN),
        ("ns.dns A", "NOERROR @ A 30 10.96.0.2"),
        ("ns.dns AAAA", "NOERROR @ AAAA 30 fd00:96::2"),
        ("ns.dns TXT", NODATA),
        ("dns A", NODATA),
        ("x.dns A", NXDOMAIN),
        ("hostmaster A", NXDOMAIN),
        ("web.default.svc AXFR", "REFUSED not-authoritative"),
        ("cluster.local. AXFR", "REFUSED not-authoritative"),
        ("cluster.local. IXFR", "REFUSED not-authoritative"),
        ("2.0.96.10.in-addr.arpa. AXFR", "REFUSED not-authoritative"),
        ("local. A", "elsewhere"),
        ("xcluster.local. A", "elsewhere"),
        ("www.example.com. A", "elsewhere"),
        (". NS", "elsewhere"),
    ]);
}

#[test]
fn names_that_do_not_exist() {
    check(&[
        ("missing.default.svc A", NXDOMAIN),
        ("missing.default.svc AAAA", NXDOMAIN),
        ("missing.default.svc TXT", NXDOMAIN),
        ("missing.default.svc SOA", NXDOMAIN),
        ("missing.default.svc ANY", NXDOMAIN),
        ("web.missing.svc A", NXDOMAIN),
        ("web.empty.svc A", NXDOMAIN),
        ("default.web.svc A", NXDOMAIN),
        ("*.default.svc A", NXDOMAIN),
        ("web.*.svc A", NXDOMAIN),
        ("*.web.default.svc A", NXDOMAIN),
        ("any.default.svc A", NXDOMAIN),
        ("web.default.svc.svc A", NXDOMAIN),
        ("web.default A", NXDOMAIN),
        ("web A", NXDOMAIN),
        // What a resolver's search list makes of www.example.com.
        ("www.example.com.default.svc A", NXDOMAIN),
        ("www.example.com.svc A", NXDOMAIN),
        ("www.example.com A", NXDOMAIN),
        ("a.b.c.d.e.f.g.h.web.default.svc A", NXDOMAIN),
    ]);
}

#[test]
fn heartbeat() {
    let text =
        "NOERROR @ TXT 0 written=1000 seen=1250 version=7 cluster=0c0ffee0-0000-4000-8000-000000000000";
    let never_kept = "NOERROR / cluster.local. SOA 0 0";
    check(&[
        ("_freshness TXT", text),
        ("_FRESHNESS TXT", text),
        ("8f3a.probe TXT", text),
        ("anything-at-all.probe TXT", text),
        ("8f3a.probe ANY", text),
        ("8f3a.probe A", never_kept),
        ("_freshness A", never_kept),
        ("probe TXT", NODATA),
        ("a.b.probe TXT", NXDOMAIN),
        ("x._freshness TXT", NXDOMAIN),
    ]);
}

#[test]
fn pods_of_any_address() {
    check(&[
        ("10-9-9-9.default.pod A", "NOERROR @ A 30 10.9.9.9"),
        ("10-9-9-9.default.pod AAAA", NODATA),
        ("fd00--9.default.pod AAAA", "NOERROR @ AAAA 30 fd00::9"),
        ("fd00-0-0-0-0-0-0-9.default.pod AAAA", "NOERROR @ AAAA 30 fd00::9"),
        ("--1.default.pod AAAA", "NOERROR @ AAAA 30 ::1"),
        ("10-9-9-9.missing.pod A", NXDOMAIN),
        ("10-9-9.default.pod A", NXDOMAIN),
        ("10-9-9-256.default.pod A", NXDOMAIN),
        ("10-9-9-09.default.pod A", NXDOMAIN),
        (r"10\0469\0469\0469.default.pod A", NXDOMAIN),
        ("web.default.pod A", NXDOMAIN),
        ("default.pod A", NODATA),
        ("missing.pod A", NXDOMAIN),
        ("x.10-9-9-9.default.pod A", NXDOMAIN),
    ]);
}
