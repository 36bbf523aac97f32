//! Messages of strangers: good ones, broken ones, hostile ones.

use proptest::prelude::*;

use super::*;
use crate::name::NAME_BYTES_MAX;

/// Header (id 1, response, one question), then `www.example.com. A IN` at 12: www at 12, example at 16, com at 24.
fn response(counts: [u16; 3], parts: &[&[u8]]) -> Vec<u8> {
    let counts = [1, counts[0], counts[1], counts[2]];
    let mut message = Header { id: 1, flags: Flags(0x8180), counts }.to_bytes().to_vec();
    message.extend_from_slice(b"\x03www\x07example\x03com\0\0\x01\0\x01");
    parts.iter().for_each(|part| message.extend_from_slice(part));
    message
}

/// A record of TTL 60: owner, type, data.
fn record(owner: &[u8], record_type: u16, data: &[u8]) -> Vec<u8> {
    let fixed = [&record_type.to_be_bytes(), [0, 1].as_slice(), &[0, 0, 0, 60]].concat();
    [owner, &fixed, &(data.len() as u16).to_be_bytes(), data].concat()
}

/// A message as lines: section, owner, type, TTL, then an address, a target, or the number of octets.
fn shown(message: &[u8]) -> Result<Vec<String>, MessageError> {
    Message::parse(message)?.records().map(|record| record.map(|record| line(&record))).collect()
}

fn line(record: &Record<'_>) -> String {
    let data = match (record.address(), record.target()) {
        (Some(address), _) => address.to_string(),
        (_, Some(target)) => target.to_string(),
        _ => record.rdata().len().to_string(),
    };
    format!("{:?} {} {} {} {data}", record.section, record.owner, record.record_type, record.ttl)
}

/// (what, counts of the sections, records, lines or what is wrong)
fn check(what: &str, counts: [u16; 3], records: &[&[u8]], expected: Result<&[&str], MessageError>) {
    let message = response(counts, records);
    let expected = expected.map(|lines| lines.iter().map(ToString::to_string).collect());
    assert_eq!(shown(&message), expected, "{what}");
}

#[test]
fn records_of_every_section() {
    let a = record(b"\xc0\x0c", 1, &[192, 0, 2, 1]);
    let aaaa = record(b"\xc0\x10", 28, &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    let cname = record(b"\xc0\x0c", 5, b"\x03cdn\xc0\x10");
    let mx = record(b"\xc0\x10", 15, b"\0\x0a\x04mail\xc0\x10");
    let srv = record(b"\x05_http\xc0\x10", 33, b"\0\0\0\x64\0\x50\x01a\x01b\0");
    let ns = record(b"\xc0\x18", 2, b"\x02ns\0");
    check("none", [0, 0, 0], &[], Ok(&[]));
    check("an address", [1, 0, 0], &[&a], Ok(&["Answer www.example.com. A 60 192.0.2.1"]));
    check(
        "all sections",
        [2, 1, 2],
        &[&cname, &a, &ns, &mx, &srv],
        Ok(&[
            "Answer www.example.com. CNAME 60 cdn.example.com.",
            "Answer www.example.com. A 60 192.0.2.1",
            "Authority com. NS 60 ns.",
            "Additional example.com. MX 60 mail.example.com.",
            "Additional _http.example.com. SRV 60 a.b.",
        ]),
    );
    check("IPv6", [0, 0, 1], &[&aaaa], Ok(&["Additional example.com. AAAA 60 2001:db8::1"]));
    check(
        "octets behind the last record",
        [1, 0, 0],
        &[&a, b"more"],
        Ok(&["Answer www.example.com. A 60 192.0.2.1"]),
    );
    check("an A record of five octets", [1, 0, 0], &[&record(b"\0", 1, &[1; 5])], Ok(&["Answer . A 60 5"]));
    check(
        "a target with octets behind it",
        [1, 0, 0],
        &[&record(b"\0", 5, b"\x01a\0x")],
        Ok(&["Answer . CNAME 60 4"]),
    );
    check(
        "a target beyond its data",
        [1, 0, 0],
        &[&record(b"\0", 5, b"\x03a"), b"bc\0"],
        Ok(&["Answer . CNAME 60 2"]),
    );
}

#[test]
fn hostile_names() {
    // The question ends at 33; the first record's owner stands there.
    check("a pointer to itself", [1, 0, 0], &[&record(b"\xc0\x21", 1, &[1; 4])], Err(MessageError::Name));
    check(
        "a pointer to the label before it",
        [1, 0, 0],
        &[&record(b"\x01a\xc0\x21", 1, &[1; 4])],
        Err(MessageError::Name),
    );
    check("a pointer forward", [1, 0, 0], &[&record(b"\xc0\x30", 1, &[1; 4])], Err(MessageError::Name));
    check(
        "a pointer beyond the end",
        [1, 0, 0],
        &[&record(b"\xff\xff", 1, &[1; 4])],
        Err(MessageError::Name),
    );
    check(
        "a pointer into the header, which would say a root",
        [1, 0, 0],
        &[&record(b"\xc0\x04", 1, &[1; 4])],
        Err(MessageError::Name),
    );
    // The octet at 44 is data, and as a label it would run on behind the pointer to it.
    let running_on = [record(b"\0", 16, &[30]), record(b"\xc0\x2c", 1, &[1; 4]), vec![0; 40]];
    check(
        "a name that runs on behind its pointer",
        [2, 0, 0],
        &running_on.each_ref().map(Vec::as_slice),
        Err(MessageError::Name),
    );
    check("half a pointer", [1, 0, 0], &[b"\xc0"], Err(MessageError::Short));
    check("a reserved label", [1, 0, 0], &[&record(b"\x80", 1, &[1; 4])], Err(MessageError::Name));
    check("a name without end", [1, 0, 0], &[b"\x01a\x01b"], Err(MessageError::Short));
    // Two pointers that would be a circle: the one at 33 goes to 35, which is forward.
    check("a circle", [1, 0, 0], &[b"\xc0\x23\xc0\x21", &[0; 10]], Err(MessageError::Name));
    let long = [&[63_u8], [b'a'; 63].as_slice()].concat().repeat(3);
    let too_long = [long.as_slice(), &[50], &[b'b'; 50], b"\xc0\x0c"].concat();
    let longest = [long.as_slice(), &[44], &[b'b'; 44], b"\xc0\x0c"].concat();
    check(
        "more than 255 octets by a pointer",
        [1, 0, 0],
        &[&record(&too_long, 1, &[1; 4])],
        Err(MessageError::Name),
    );
    let message = response([1, 0, 0], &[&record(&longest, 1, &[1; 4])]);
    let name = Message::parse(&message).unwrap().records().next().unwrap().unwrap().owner.to_name();
    assert_eq!(name.as_wire().len(), 254);
}

#[test]
fn hostile_lengths() {
    let a = record(b"\xc0\x0c", 1, &[192, 0, 2, 1]);
    check("fewer records than counted", [2, 0, 0], &[&a], Err(MessageError::Short));
    check("65,535 records", [u16::MAX; 3], &[&a], Err(MessageError::Short));
    for cut in 1..a.len() {
        check("a record that is cut", [1, 0, 0], &[&a[..cut]], Err(MessageError::Short));
    }
    let after_error = response([2, 0, 0], &[b"\x80", &a]);
    let records: Vec<_> = Message::parse(&after_error).unwrap().records().collect();
    assert_eq!(records.len(), 1, "nothing comes after an error");
}

/// (octets, what is wrong)
fn check_parse(bytes: &[u8], expected: MessageError) {
    assert_eq!(Message::parse(bytes).map(|_| ()), Err(expected), "{bytes:?}");
}

#[test]
fn broken_messages() {
    let whole = response([0; 3], &[]);
    for length in 0..whole.len() {
        check_parse(&whole[..length], MessageError::Short);
    }
    let mut two = whole.clone();
    two[5] = 2;
    check_parse(&two, MessageError::Questions);
    let mut none = whole[..12].to_vec();
    none[5] = 0;
    assert!(Message::parse(&none).unwrap().question().is_none(), "an upstream's FORMERR");
}

#[test]
fn the_question() {
    let bytes = response([0; 3], &[]);
    let message = Message::parse(&bytes).unwrap();
    let question = message.question().unwrap();
    assert_eq!(question.name.to_string(), "www.example.com.");
    assert!(question.name.is(&"WWW.example.com".parse().unwrap()));
    for other in ["example.com", "a.www.example.com", "www.example.org", "."] {
        assert!(!question.name.is(&other.parse().unwrap()), "{other}");
    }
    assert!(message.is_response());
    assert!(message.repeats(b"\x03www\x07example\x03com\0\0\x01\0\x01"));
    assert!(!message.repeats(b"\x03wwW\x07example\x03com\0\0\x01\0\x01"), "0x20");
}

/// (TTL and last field of the SOA, section, how long a negative answer may be kept)
fn check_negative(ttl: u32, minimum: u32, counts: [u16; 3], expected: Option<u32>) {
    let mut soa = record(b"\xc0\x10", 6, &[b"\0\0".as_slice(), &[0; 16], &minimum.to_be_bytes()].concat());
    soa[6..10].copy_from_slice(&ttl.to_be_bytes());
    let bytes = response(counts, &[&soa]);
    assert_eq!(Message::parse(&bytes).unwrap().negative_ttl(), expected, "{ttl} {minimum}");
}

#[test]
fn negative_ttl() {
    check_negative(60, 30, [0, 1, 0], Some(30));
    check_negative(30, 60, [0, 1, 0], Some(30));
    check_negative(30, 60, [1, 0, 0], None);
    check_negative(30, 60, [0, 0, 0], None);
}

proptest! {
    #[test]
    fn any_octets_end(bytes in prop::collection::vec(any::<u8>(), 0..700)) {
        walk(&bytes);
    }

    /// Small octets are labels and pointers more often.
    #[test]
    fn any_names_end(rest in prop::collection::vec(prop_oneof![0..8_u8, Just(0xc0), 12..60_u8], 0..400)) {
        walk(&response([3, 3, 3], &[&rest]));
    }
}

fn walk(bytes: &[u8]) {
    let Ok(message) = Message::parse(bytes) else { return };
    for record in message.records().map_while(Result::ok) {
        assert!(record.owner.to_name().as_wire().len() <= NAME_BYTES_MAX);
        line(&record);
        record.extended_errors().count();
    }
}
