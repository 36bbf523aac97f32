//! Packets from clients: none panics, none gets more than it may, and what passes the gate gets one answer from a zone.
#![no_main]

mod dns_zone;

use dns_message::{Flags, HEADER_BYTES, Header, Message, Opt, Scratch, gate, refuse, ttl};
use service_names::{Manner, Outcome, Stale};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    check(data);
    // With a header that is right the fuzzer is past it at once.
    let Some((&additional, rest)) = data.split_first() else { return };
    let header = Header { id: 1, flags: Flags(Flags::RECURSION_DESIRED), counts: [1, 0, 0, u16::from(additional % 3)] };
    check(&[header.to_bytes().as_slice(), rest].concat());
    // And with a name that is in the zone behind the labels.
    check(&[header.to_bytes().as_slice(), rest, b"\x03web\x07default\x03svc\x07cluster\x05local\0\0\x01\0\x01"].concat());
});

fn check(packet: &[u8]) {
    let mut scratch = Scratch::default();
    let mut out = Vec::new();
    let query = match gate(packet, &mut scratch) {
        Ok(query) => query,
        Err(refusal) => {
            if refuse(packet, refusal, &mut out) {
                assert!(out.len() <= packet.len() + 11);
                assert!(Message::parse(&out).unwrap().records().all(|record| record.is_ok()));
            }
            return;
        }
    };
    assert!(packet.len() >= HEADER_BYTES + query.question().len());
    let odd = query.id() & 1 == 1;
    let stale = odd.then_some(Stale { ttl_seconds_max: 30, text: "age=1s" });
    let opt = query.edns.as_ref().map(Opt::in_reply_to);
    let limit_bytes = query.udp_limit(dns_message::UDP_BYTES_MAX);
    let manner = Manner { limit_bytes, rotation: u32::from(query.id()), opt, stale };
    match dns_zone::zone().answer(&query, &manner, &mut out) {
        Outcome::Answered(answered) => {
            assert!(out.len() <= limit_bytes);
            let message = Message::parse(&out).unwrap();
            assert!(message.is_response() && message.repeats(query.question()));
            assert_eq!(message.records().map(Result::unwrap).filter(|record| record.section == dns_message::Section::Answer).count(), usize::from(answered.answers));
            ttl::positions(&out).unwrap();
        }
        Outcome::Chase { .. } => {
            dns_zone::zone().answer_chased(&query, &manner, Some(packet), &mut out);
            assert!(out.len() <= limit_bytes);
        }
        Outcome::Elsewhere => assert!(out.is_empty()),
    }
}
