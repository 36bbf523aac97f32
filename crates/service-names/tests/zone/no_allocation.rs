//! Answers allocate nothing.

use crate::cluster::{manner, query, zone};
use dns_message::{Opt, Scratch, gate};
use service_names::{Manner, Stale};

#[test]
fn answers_allocate_nothing() {
    let zone = zone();
    let mut scratch = Scratch::default();
    let mut out = Vec::with_capacity(65_535);
    let questions = [
        "web.default.svc A",
        "WEB.default.svc AAAA",
        "web.default.svc TXT",
        "web.default.svc SRV",
        "_http._tcp.web.default.svc SRV",
        "pods.default.svc A",
        "_pg._tcp.db.default.svc SRV",
        "db-0.db.default.svc A",
        "10-1-1-2.pods.default.svc A",
        "fd00-1-1--0.pods.default.svc AAAA",
        "missing.default.svc A",
        "www.example.com.default.svc A",
        "www.example.com.svc A",
        "www.example.com A",
        "default.svc A",
        "10-9-9-9.default.pod A",
        "10.0.96.10.in-addr.arpa. PTR",
        "1.0.1.10.in-addr.arpa. PTR",
        "99.0.96.10.in-addr.arpa. PTR",
        "www.example.com. A",
        "cluster.local. SOA",
        "cluster.local. NS",
        "_freshness TXT",
        "x.probe TXT",
    ];
    let opt = Some(Opt { cookie: Some(&[1; 24]), ..Opt::default() });
    let stale = Some(Stale { ttl_seconds_max: 30, text: "age=1s" });
    for question in questions {
        for manner in [manner(), Manner { opt, stale, rotation: 7, ..manner() }] {
            let packet = query(question, manner.opt);
            // A thread's first look into a table makes it known to the tables, once.
            let warm = gate(&packet, &mut scratch).expect("a good query");
            zone.answer(&warm, &manner, &mut out);
            let counted = allocation_counter::measure(|| {
                out.clear();
                let query = gate(&packet, &mut scratch).expect("a good query");
                zone.answer(&query, &manner, &mut out);
            });
            assert_eq!(counted.count_total, 0, "{question}");
        }
    }
}
