//! What passes the gate, and what those get that do not.

use proptest::prelude::*;

use super::*;

const NAME: &[u8] = b"\x03wWw\x07Example\x03com\0";
const A_IN: &[u8] = &[0, 1, 0, 1];
/// A question that everybody accepts.
const QUESTION: &[&[u8]] = &[NAME, A_IN];
const RD: u16 = Flags::RECURSION_DESIRED;

fn packet(flags: u16, counts: [u16; 4], parts: &[&[u8]]) -> Vec<u8> {
    let mut packet = Header { id: 0xbeef, flags: Flags(flags), counts }.to_bytes().to_vec();
    parts.iter().for_each(|part| packet.extend_from_slice(part));
    packet
}

/// An OPT record: size 4096, then the upper half of the TTL's octets (extended result, version), flags, options.
fn opt(version: u8, flags: u16, options: &[u8]) -> Vec<u8> {
    let mut record = vec![0, 0, 41, 0x10, 0, 0, version];
    record.extend_from_slice(&flags.to_be_bytes());
    record.extend_from_slice(&(options.len() as u16).to_be_bytes());
    record.extend_from_slice(options);
    record
}

/// What the gate says, in one line.
fn said(packet: &[u8]) -> String {
    let mut scratch = Scratch::default();
    match gate(packet, &mut scratch) {
        Ok(query) => {
            let edns = query.edns.map(|edns| {
                let cookie = edns.cookie.map_or(0, <[u8]>::len);
                let flags = format!(
                    "{}{}",
                    if edns.dnssec_ok { " do" } else { "" },
                    if edns.tcp_keepalive { " keepalive" } else { "" }
                );
                format!(" edns={} cookie={cookie}{flags}", edns.udp_payload_bytes)
            });
            format!("{} {} {}{}", query.name(), query.record_type, query.class, edns.unwrap_or_default())
        }
        Err(Refusal::Silence) => "silence".into(),
        Err(Refusal::Respond { rcode, question_end, edns }) => {
            let question = if question_end.is_some() { " question" } else { "" };
            format!("{rcode}{question}{}", if edns { " opt" } else { "" })
        }
    }
}

/// (what it is, flags, counts, what follows the header, what the gate says)
fn check(what: &str, flags: u16, counts: [u16; 4], parts: &[&[u8]], expected: &str) {
    let packet = packet(flags, counts, parts);
    assert_eq!(said(&packet), expected, "{what}");
    let mut out = Vec::new();
    if let Err(refusal) = gate(&packet, &mut Scratch::default()) {
        check_refusal(what, &packet, refusal, refuse(&packet, refusal, &mut out).then_some(&out));
    }
}

/// A refusal is a response to this packet, no longer than it by more than an OPT record.
fn check_refusal(what: &str, packet: &[u8], refusal: Refusal, response: Option<&Vec<u8>>) {
    let Refusal::Respond { rcode, edns, .. } = refusal else {
        assert_eq!(response, None, "{what}");
        return;
    };
    let response = response.expect("a response");
    let (asked, header) = (Header::read(packet).unwrap(), Header::read(response).unwrap());
    assert_eq!((header.id, header.flags.opcode()), (asked.id, asked.flags.opcode()), "{what}");
    assert!(header.flags.has(Flags::RESPONSE), "{what}");
    assert_eq!(header.flags.rcode().0, rcode.0 & 15, "{what}");
    assert_eq!(header.counts[3], u16::from(edns), "{what}");
    assert!(response.len() <= packet.len() + 11, "{what}");
    // Nobody answers it: no loop between two servers.
    assert_eq!(said(response), "silence", "{what}");
}

#[test]
fn plain_queries() {
    let one = [1, 0, 0, 0];
    check("an ordinary one", RD, one, QUESTION, "wWw.Example.com. A IN");
    check("without recursion", 0, one, QUESTION, "wWw.Example.com. A IN");
    check("the root", RD, one, &[b"\0", &[0, 2, 0, 1]], ". NS IN");
    check("an unknown type", RD, one, &[NAME, &[0xff, 0xf0, 0, 1]], "wWw.Example.com. TYPE65520 IN");
    check("class CHAOS", RD, one, &[NAME, &[0, 16, 0, 3]], "wWw.Example.com. TXT CH");
    check("ANY", RD, one, &[NAME, &[0, 255, 0, 255]], "wWw.Example.com. ANY ANY");
    check(
        "all flags that a client may set (RFC 8906, 8.1.4)",
        0x01f0 & !0x8000,
        one,
        QUESTION,
        "wWw.Example.com. A IN",
    );
    check("the flag that must be zero", 0x0040, one, QUESTION, "wWw.Example.com. A IN");
    check("AA, TC and RA, which mean nothing here", 0x0680, one, QUESTION, "wWw.Example.com. A IN");
    check("a result in a query", 0x0005, one, QUESTION, "wWw.Example.com. A IN");
    check("octets behind it", RD, one, &[NAME, A_IN, b"garbage"], "wWw.Example.com. A IN");
    check("odd octets in a label", RD, one, &[b"\x04\0.\\\xff\0", A_IN], r"\000\.\\\255. A IN");
}

#[test]
fn lengths() {
    let one = [1, 0, 0, 0];
    let label = [&[63], [b'a'; 63].as_slice()].concat();
    let label64 = [&[64], [b'a'; 64].as_slice()].concat();
    let last61 = [&[61], [b'a'; 61].as_slice()].concat();
    let last62 = [&[62], [b'a'; 62].as_slice()].concat();
    let many = b"\x01a".repeat(127);
    let too_many = b"\x01a".repeat(128);
    let full = |parts: &[&[u8]]| said(&packet(RD, one, parts)).len();
    check("a label of 64", RD, one, &[&label64, b"\0", A_IN], "FORMERR");
    assert_eq!(full(&[&label, &label, &label, &last61, b"\0", A_IN]), 254 + " A IN".len(), "255 octets");
    check("256 octets", RD, one, &[&label, &label, &label, &last62, b"\0", A_IN], "FORMERR");
    assert_eq!(full(&[&many, b"\0", A_IN]), 254 + " A IN".len(), "127 labels");
    check("128 labels", RD, one, &[&too_many, b"\0", A_IN], "FORMERR");
    check("no root", RD, one, &[b"\x03www"], "FORMERR");
    check("no type", RD, one, &[NAME], "FORMERR");
    check("half a class", RD, one, &[NAME, &[0, 1, 0]], "FORMERR");
    check("a label beyond the end", RD, one, &[b"\x3fwww"], "FORMERR");
    check("nothing after the header", RD, one, &[], "FORMERR");
}

#[test]
fn questions_that_are_refused() {
    let one = [1, 0, 0, 0];
    check("a pointer to itself", RD, one, &[b"\xc0\x0c", A_IN], "FORMERR");
    check("a pointer behind a label", RD, one, &[b"\x03www\xc0\x0c", A_IN], "FORMERR");
    check("a pointer forward", RD, one, &[b"\xc0\xff", A_IN], "FORMERR");
    check("a pointer into the header", RD, one, &[b"\xc0\x00", A_IN], "FORMERR");
    check("an extended label (RFC 6891, 5)", RD, one, &[b"\x41\x08", A_IN], "FORMERR");
    check("a reserved label", RD, one, &[b"\x80", A_IN], "FORMERR");
    check("no question", RD, [0; 4], &[], "FORMERR");
    check("no question but EDNS", RD, [0, 0, 0, 1], &[&opt(0, 0, b"")], "FORMERR");
    check("two questions", RD, [2, 0, 0, 0], &[NAME, A_IN, NAME, A_IN], "FORMERR");
    check("65,535 questions", RD, [u16::MAX, 0, 0, 0], QUESTION, "FORMERR");
}

#[test]
fn operations() {
    let one = [1, 0, 0, 0];
    for opcode in 1..16_u16 {
        check("an operation that is not served", RD | opcode << 11, one, QUESTION, "NOTIMP");
        check("the same, its header alone", RD | opcode << 11, [0; 4], &[], "NOTIMP");
        check("a response to it", 0x8000 | opcode << 11, one, QUESTION, "silence");
    }
    check("a response", 0x8180, one, QUESTION, "silence");
    check("a response that says FORMERR", 0x8181, [0; 4], &[], "silence");
    for length in 0..HEADER_BYTES {
        assert_eq!(said(&packet(RD, one, &[])[..length]), "silence", "{length} octets");
    }
}

#[test]
fn edns() {
    let with = [1, 0, 0, 1];
    let say =
        |what: &str, record: &[u8], expected: &str| check(what, RD, with, &[NAME, A_IN, record], expected);
    let ok = "wWw.Example.com. A IN edns=4096 cookie=0";
    say("without options", &opt(0, 0, b""), ok);
    say("DO", &opt(0, 0x8000, b""), &format!("{ok} do"));
    say("unknown flags (RFC 8906, 8.2.4)", &opt(0, 0x7fff, b""), ok);
    say("an unknown option (RFC 8906, 8.2.2)", &opt(0, 0, b"\xff\xf0\0\x02hi"), ok);
    say(
        "NSID, padding and a client's subnet",
        &opt(0, 0, b"\0\x03\0\0\0\x0c\0\x01\0\0\x08\0\x04\0\x01\0\0"),
        ok,
    );
    say("keepalive", &opt(0, 0, b"\0\x0b\0\0"), &format!("{ok} keepalive"));
    say("a client's cookie", &opt(0, 0, b"\0\x0a\0\x0812345678"), "wWw.Example.com. A IN edns=4096 cookie=8");
    say(
        "a whole cookie",
        &opt(0, 0, &[b"\0\x0a\0\x18".as_slice(), &[7; 24]].concat()),
        "wWw.Example.com. A IN edns=4096 cookie=24",
    );
    say(
        "the longest cookie",
        &opt(0, 0, &[b"\0\x0a\0\x28".as_slice(), &[7; 40]].concat()),
        "wWw.Example.com. A IN edns=4096 cookie=40",
    );
    say(
        "two cookies: the first counts",
        &opt(0, 0, &[b"\0\x0a\0\x08".as_slice(), &[7; 8], b"\0\x0a\0\x10", &[7; 16]].concat()),
        "wWw.Example.com. A IN edns=4096 cookie=8",
    );
    say("a cookie of 7", &opt(0, 0, b"\0\x0a\0\x071234567"), "FORMERR question opt");
    say("a cookie of 12", &opt(0, 0, b"\0\x0a\0\x0c123456781234"), "FORMERR question opt");
    say(
        "a cookie of 41",
        &opt(0, 0, &[b"\0\x0a\0\x29".as_slice(), &[7; 41]].concat()),
        "FORMERR question opt",
    );
    say("an option beyond the end", &opt(0, 0, b"\0\x0a\0\x09"), "FORMERR question opt");
    say("half an option", &opt(0, 0, b"\0\x0a\0"), "FORMERR question opt");
    say("version 1", &opt(1, 0, b""), "BADVERS question opt");
    say("version 255 with an unknown option", &opt(255, 0x8000, b"\xff\xf0\0\0"), "BADVERS question opt");
    say("not at the root", b"\x01a\0\0\x29\x10\0\0\0\0\0\0\0", "FORMERR question opt");
    say("a record that is cut", &opt(0, 0, b"")[..9], "FORMERR question");
    say("no record at all", b"", "FORMERR question");
    let small = [0, 0, 41, 0, 100, 0, 0, 0, 0, 0, 0];
    say("a size below 512 means 512", &small, "wWw.Example.com. A IN edns=512 cookie=0");
}

#[test]
fn records_after_the_question() {
    let opt = opt(0, 0, b"");
    let soa = b"\xc0\x0c\0\x06\0\x01\0\0\0\0\0\x02hi";
    let tsig = b"\x03key\0\0\xfa\0\xff\0\0\0\0\0\x02hi";
    let ok = "wWw.Example.com. A IN edns=4096 cookie=0";
    check("IXFR carries its SOA", RD, [1, 0, 1, 1], &[NAME, A_IN, soa, &opt], ok);
    check("a signature behind OPT", RD, [1, 0, 0, 2], &[NAME, A_IN, &opt, tsig], ok);
    check("a signature before OPT", RD, [1, 0, 0, 2], &[NAME, A_IN, tsig, &opt], ok);
    check("an answer in a query", RD, [1, 1, 0, 0], &[NAME, A_IN, soa], "wWw.Example.com. A IN");
    check("two OPT records", RD, [1, 0, 0, 2], &[NAME, A_IN, &opt, &opt], "FORMERR question opt");
    check("OPT as an answer", RD, [1, 1, 0, 0], &[NAME, A_IN, &opt], "FORMERR question opt");
    check("OPT as authority", RD, [1, 0, 1, 0], &[NAME, A_IN, &opt], "FORMERR question opt");
    check("five records", RD, [1, 0, 0, 5], &[NAME, A_IN, &opt, tsig, tsig, tsig, tsig], "FORMERR question");
    check("65,535 in each section", RD, [1, u16::MAX, u16::MAX, u16::MAX], QUESTION, "FORMERR question");
    check("a record without data", RD, [1, 0, 0, 1], &[NAME, A_IN, b"\0\0\xfa"], "FORMERR question");
    check(
        "a reserved label",
        RD,
        [1, 0, 0, 1],
        &[NAME, A_IN, b"\x40\0\xfa\0\xff\0\0\0\0\0\0"],
        "FORMERR question",
    );
    check("an owner without end", RD, [1, 0, 0, 1], &[NAME, A_IN, &b"\x01a".repeat(200)], "FORMERR question");
}

#[test]
fn what_a_query_gives() {
    let packet = packet(RD, [1, 0, 0, 1], &[NAME, A_IN, &opt(0, 0, b"")]);
    let mut scratch = Scratch::default();
    let query = gate(&packet, &mut scratch).unwrap();
    assert_eq!(query.name_as_asked(), NAME);
    assert_eq!(query.lower(), b"\x03www\x07example\x03com\0");
    assert_eq!(query.question(), [NAME, A_IN].concat());
    assert_eq!(query.label_starts(), [0, 4, 12]);
    assert_eq!(
        [query.label(0), query.label(2), query.label(3)],
        [Some(b"www".as_slice()), Some(b"com"), None]
    );
    assert_eq!((query.id(), query.flags()), (0xbeef, Flags(RD)));
    let limits = |bytes| query.udp_limit(bytes);
    assert_eq!([limits(1232), limits(9000), limits(0)], [1232, 4096, 512]);
}

proptest! {
    #[test]
    fn any_octets_are_a_query_or_get_a_refusal(packet in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Err(refusal) = gate(&packet, &mut Scratch::default()) {
            let mut out = Vec::new();
            let response = refuse(&packet, refusal, &mut out);
            check_refusal("any", &packet, refusal, response.then_some(&out));
        }
    }

    #[test]
    fn any_octets_behind_a_good_header(rest in prop::collection::vec(any::<u8>(), 0..300), additional in 0..3_u16) {
        let packet = packet(RD, [1, 0, 0, additional], &[&rest]);
        if let Ok(query) = gate(&packet, &mut Scratch::default()) {
            prop_assert_eq!(Name::from_wire(query.name_as_asked()).unwrap(), query.name());
            let lower = query.name().to_lower();
            prop_assert_eq!(query.lower(), lower.as_wire());
            prop_assert_eq!(query.label_starts().len(), query.name().labels().count());
        }
    }
}
