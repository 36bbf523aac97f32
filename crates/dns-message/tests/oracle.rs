//! What hickory-proto, an independent reading of the RFCs, thinks of our messages, and we of its.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::net::{Ipv4Addr, Ipv6Addr};

use dns_message::{
    Builder, Class, EdeCode, Flags, Message, Name, Opt, Rcode, Rdata, RecordType, Scratch, Section, Soa, gate,
};
use hickory_proto::op;
use hickory_proto::rr;
use hickory_proto::serialize::binary::{BinDecodable as _, BinEncodable as _};
use proptest::prelude::*;

fn hickory_query(name: &str, record_type: rr::RecordType, edns: Option<u16>) -> Vec<u8> {
    let mut message = op::Message::new(77, op::MessageType::Query, op::OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(op::Query::query(rr::Name::from_ascii(name).unwrap(), record_type));
    if let Some(bytes) = edns {
        let mut edns = op::Edns::new();
        edns.set_max_payload(bytes);
        message.set_edns(edns);
    }
    message.to_bytes().unwrap()
}

/// (name, type, EDNS size): hickory's query passes our gate and says the same.
fn check_query(name: &str, record_type: rr::RecordType, edns: Option<u16>) {
    let packet = hickory_query(name, record_type, edns);
    let mut scratch = Scratch::default();
    let query = gate(&packet, &mut scratch).unwrap_or_else(|refusal| panic!("{name}: {refusal:?}"));
    assert_eq!(query.name().to_string(), name);
    assert_eq!(query.record_type.0, u16::from(record_type));
    assert_eq!(query.edns.map(|edns| edns.udp_payload_bytes), edns);
    assert!(query.flags().has(Flags::RECURSION_DESIRED));
    assert_eq!(query.id(), 77);
}

#[test]
fn their_queries() {
    for edns in [None, Some(512), Some(1232), Some(4096)] {
        check_query(".", rr::RecordType::NS, edns);
        check_query("example.com.", rr::RecordType::A, edns);
        check_query("WwW.eXample.com.", rr::RecordType::AAAA, edns);
        check_query("_http._tcp.web.default.svc.cluster.local.", rr::RecordType::SRV, edns);
        check_query("1.0.0.10.in-addr.arpa.", rr::RecordType::PTR, edns);
        check_query("example.com.", rr::RecordType::Unknown(65_000), edns);
    }
}

/// A record as (section, owner, type, TTL, text of its data) by hickory.
fn theirs(message: &op::Message) -> Vec<String> {
    let sections = [
        ("Answer", &message.answers),
        ("Authority", &message.authorities),
        ("Additional", &message.additionals),
    ];
    let records =
        sections.iter().flat_map(|(section, records)| records.iter().map(move |record| (section, record)));
    records
        .map(|(section, record)| {
            format!("{section} {} {} {} {}", record.name, record.record_type(), record.ttl, record.data)
        })
        .collect()
}

#[test]
fn our_response() {
    let packet = hickory_query("wWw.Example.com.", rr::RecordType::A, Some(4096));
    let mut scratch = Scratch::default();
    let query = gate(&packet, &mut scratch).unwrap();
    let name = |text: &str| Name::parse(text).unwrap();
    let (cdn, server, mailbox, host) = (
        name("cdn.example.org"),
        name("ns.dns.example.com"),
        name("hostmaster.example.com"),
        name("a.b.example.com"),
    );
    let soa =
        Soa { server: &server, mailbox: &mailbox, serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 };
    let opt = Opt { dnssec_ok: true, error: Some((EdeCode::STALE_ANSWER, "age=9s")), ..Opt::default() };
    let mut out = Vec::new();
    let mut builder =
        Builder::reply(&query, Flags::AUTHORITATIVE, Rcode::NXDOMAIN, 4096, Some(opt), &mut out);
    let rows = [
        (Section::Answer, "www.example.com", Rdata::Cname(&cdn)),
        (Section::Answer, "cdn.example.org", Rdata::A(Ipv4Addr::new(192, 0, 2, 1))),
        (Section::Answer, "cdn.example.org", Rdata::Aaaa(Ipv6Addr::LOCALHOST)),
        (Section::Answer, "x.cdn.example.org", Rdata::Ptr(&host)),
        (Section::Answer, "y.example.com", Rdata::Srv { priority: 1, weight: 2, port: 3, target: &host }),
        (Section::Answer, "t.example.com", Rdata::Txt(b"hello")),
        (Section::Authority, "example.com", Rdata::Soa(soa)),
        (Section::Authority, "example.com", Rdata::Ns(&server)),
        (Section::Additional, "ns.dns.example.com", Rdata::A(Ipv4Addr::LOCALHOST)),
    ];
    for (section, owner, data) in rows {
        assert!(builder.record(section, &name(owner), Class::IN, 30, &data));
    }
    builder.finish();

    let message = op::Message::from_bytes(&out).unwrap();
    assert_eq!(message.metadata.response_code, op::ResponseCode::NXDomain);
    assert!(message.metadata.authoritative);
    assert_eq!(message.queries[0].name().to_string(), "wWw.Example.com.");
    let edns = message.edns.as_ref().unwrap();
    assert_eq!((edns.max_payload(), edns.version(), edns.flags().dnssec_ok), (1232, 0, true));
    assert_eq!(
        theirs(&message),
        [
            "Answer wWw.Example.com. CNAME 30 cdn.example.org.",
            "Answer cdn.example.org. A 30 192.0.2.1",
            "Answer cdn.example.org. AAAA 30 ::1",
            "Answer x.cdn.example.org. PTR 30 a.b.Example.com.",
            "Answer y.Example.com. SRV 30 1 2 3 a.b.example.com.",
            "Answer t.Example.com. TXT 30 hello",
            "Authority Example.com. SOA 30 ns.dns.Example.com. hostmaster.Example.com. 1 2 3 4 5",
            "Authority Example.com. NS 30 ns.dns.Example.com.",
            "Additional ns.dns.Example.com. A 30 127.0.0.1",
        ]
    );
}

fn any_name() -> impl Strategy<Value = String> {
    prop::collection::vec("[a-d]{1,4}", 1..6).prop_map(|labels| labels.join(".") + ".")
}

proptest! {
    /// Their compressed messages, read by us record by record, and copied by us, read by them.
    #[test]
    fn their_messages(owners in prop::collection::vec((any_name(), any_name(), 0..4_u8), 0..40)) {
        let mut message = op::Message::new(77, op::MessageType::Response, op::OpCode::Query);
        message.add_query(op::Query::query(rr::Name::from_ascii("www.a.b.").unwrap(), rr::RecordType::A));
        let name = |text: &String| rr::Name::from_ascii(text).unwrap();
        for (owner, target, kind) in &owners {
            let data = match kind {
                0 => rr::RData::CNAME(rr::rdata::CNAME(name(target))),
                1 => rr::RData::MX(rr::rdata::MX::new(10, name(target))),
                2 => rr::RData::SRV(rr::rdata::SRV::new(1, 2, 3, name(target))),
                _ => rr::RData::PTR(rr::rdata::PTR(name(target))),
            };
            message.add_answer(rr::Record::from_rdata(name(owner), 60, data));
        }
        let bytes = message.to_bytes().unwrap();
        let parsed = Message::parse(&bytes).unwrap();
        let read: Vec<_> = parsed.records().map(Result::unwrap).collect();
        let ours: Vec<(String, String)> = read.iter().map(|record| (record.owner.to_string(), record.target().unwrap().to_string())).collect();
        let expected: Vec<(String, String)> = owners.iter().map(|(owner, target, _)| (owner.clone(), target.clone())).collect();
        prop_assert_eq!(&ours, &expected);

        let packet = hickory_query("www.a.b.", rr::RecordType::A, None);
        let mut scratch = Scratch::default();
        let query = gate(&packet, &mut scratch).unwrap();
        let mut out = Vec::new();
        let mut builder = Builder::reply(&query, 0, Rcode::NOERROR, 65_535, None, &mut out);
        for record in &read {
            prop_assert_eq!(builder.copy(Section::Answer, record, record.ttl), Ok(true));
        }
        builder.finish();
        prop_assert_eq!(theirs(&op::Message::from_bytes(&out).unwrap()), theirs(&message));
    }

    /// On random octets behind a header, where both read something, both read the same names.
    #[test]
    fn the_same_names(rest in prop::collection::vec(prop_oneof![0..6_u8, 97..100_u8, Just(0xc0), 12..40_u8], 12..120)) {
        let mut bytes = vec![0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
        bytes.extend_from_slice(&rest);
        let (Ok(theirs), Ok(ours)) = (op::Message::from_bytes(&bytes), Message::parse(&bytes)) else { return Ok(()) };
        let question = ours.question().unwrap();
        let ours = rr::Name::from_labels(question.name.labels()).unwrap();
        prop_assert_eq!(theirs.queries[0].name().to_lowercase(), ours.to_lowercase());
        prop_assert_eq!(RecordType(u16::from(theirs.queries[0].query_type())), question.record_type);
    }
}
