//! Messages that nobody vouches for: read, relayed to a client, their TTLs changed.
#![no_main]

use dns_message::{Builder, Class, Flags, Message, Name, Opt, RecordType, Scratch, gate, relay, ttl};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    check(data);
    // With a header and a question that are right.
    let Some((&counts, rest)) = data.split_first() else { return };
    let header = [0, 1, 0x81, 0x80, 0, 1, 0, counts & 3, 0, counts >> 2 & 3, 0, counts >> 4 & 3];
    check(&[header.as_slice(), b"\x03www\x07example\x03com\0\0\x01\0\x01", rest].concat());
});

fn check(bytes: &[u8]) {
    let Ok(message) = Message::parse(bytes) else { return };
    for record in message.records().map_while(Result::ok) {
        assert!(record.owner.to_name().as_wire().len() <= 255);
        let _ = (record.address(), record.target().map(|target| target.to_name()), record.extended_errors().count());
    }
    message.negative_ttl();
    if let Ok(positions) = ttl::positions(bytes) {
        let mut patched = bytes.to_vec();
        ttl::patch(&mut patched, &positions, |ttl| ttl / 2);
        // A stranger's pointer may lead into a TTL; then the patched message is another one, or none.
        let _ = ttl::least(&patched);
    }
    let Some(question) = message.question() else { return };
    let (name, opt) = (question.name.to_name(), Some(Opt::default()));
    let mut asked = Vec::new();
    let flags = Flags(Flags::RECURSION_DESIRED);
    Builder::query(7, flags, &name, question.record_type, question.class, opt, &mut asked).finish();
    let mut scratch = Scratch::default();
    let query = gate(&asked, &mut scratch).unwrap();
    for limit in [512, 1232, 65_535] {
        let mut out = Vec::new();
        if let Ok(finished) = relay(&query, bytes, limit, opt, &mut out) {
            assert!(out.len() <= limit && out.len() == finished.bytes);
            let relayed = Message::parse(&out).unwrap();
            assert!(relayed.records().all(|record| record.is_ok()));
            assert_eq!((relayed.header().id, question.class), (7, Class(question.class.0)));
            assert!(relayed.records().map(Result::unwrap).filter(|record| record.record_type == RecordType::OPT).count() == 1);
        } else {
            assert!(out.is_empty());
        }
    }
    let _ = Name::parse(&name.to_string()).map(|again| assert_eq!(again, name));
}
