//! The exposition, as a dashboard reads it.

use std::time::Duration;

use dns_message::{Rcode, RecordType};
use prometheus_client::encoding::text;

use super::*;

#[test]
fn two_threads_make_one_line() {
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry, "cluster.local");
    for writers in [Writers::One, Writers::Many] {
        let tally = metrics.tally("dns://127.0.0.1:53", Protocol::Udp, false, writers);
        tally.answered(&Answered {
            zone: ZoneLabel::Cluster,
            record_type: RecordType::A,
            rcode: Rcode::NOERROR,
            source: Source::Kubernetes,
            dnssec_ok: true,
            bytes: (60, 120),
        });
        tally.took(ZoneLabel::Cluster, 1, Duration::from_micros(300));
    }
    let mut out = String::new();
    text::encode(&mut out, &registry).unwrap();
    let common = r#"server="dns://127.0.0.1:53",zone="cluster.local.",view="""#;
    for line in [
        format!(r#"coredns_dns_requests_total{{{common},proto="udp",family="1",type="A"}} 2"#),
        format!(r#"coredns_dns_responses_total{{{common},rcode="NOERROR",plugin="kubernetes"}} 2"#),
        format!(r#"coredns_dns_do_requests_total{{{common}}} 2"#),
        format!(r#"coredns_dns_request_size_bytes_bucket{{le="100.0",{common},proto="udp"}} 2"#),
        format!(r#"coredns_dns_response_size_bytes_sum{{{common},proto="udp"}} 240.0"#),
        format!(r#"coredns_dns_request_duration_seconds_bucket{{le="0.0005",{common}}} 2"#),
    ] {
        assert!(out.lines().any(|found| found == line), "{line} is not in\n{out}");
    }
}
