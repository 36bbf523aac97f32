//! Compression, truncation, copies; what goes in comes out.

use proptest::prelude::*;

use super::*;
use crate::{Message, Refusal, Scratch, gate};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A query for `www.Example.com A`, with EDNS if `opt`.
fn asking(opt: Option<Opt<'_>>) -> Vec<u8> {
    let mut out = Vec::new();
    let flags = Flags(Flags::RECURSION_DESIRED);
    Builder::query(7, flags, &name("www.Example.com"), RecordType::A, Class::IN, opt, &mut out).finish();
    out
}

/// Builds a response of at most `limit` octets.
fn build(limit: usize, opt: Option<Opt<'_>>, write: impl FnOnce(&mut Builder<'_>)) -> (Vec<u8>, Finished) {
    let (asked, mut scratch) = (asking(opt), Scratch::default());
    let query = gate(&asked, &mut scratch).unwrap();
    // Behind something else, such as the length before a message over TCP.
    let mut out = vec![0xff; 2];
    let mut builder = Builder::reply(&query, Flags::AUTHORITATIVE, Rcode::NOERROR, limit, opt, &mut out);
    write(&mut builder);
    let finished = builder.finish();
    let message = out.split_off(2);
    assert_eq!((finished.bytes, out.as_slice()), (message.len(), [0xff; 2].as_slice()));
    assert!(message.len() <= limit.max(12 + query.question().len() + 11), "{} > {limit}", message.len());
    (message, finished)
}

fn lines(message: &[u8]) -> Vec<String> {
    let records = Message::parse(message).unwrap().records();
    records
        .map(|record| {
            let record = record.unwrap();
            let data = record.target().map(|target| target.to_string());
            let data = data.or(record.address().map(|address| address.to_string()));
            format!(
                "{:?} {} {} {}",
                record.section,
                record.owner,
                record.record_type,
                data.unwrap_or_default()
            )
        })
        .collect()
}

fn a(last: u8) -> Rdata<'static> {
    Rdata::A([192, 0, 2, last].into())
}

/// A record that is added: section, owner, data.
type Row<'a> = (Section, &'a str, Rdata<'a>);

/// (what, limit, EDNS, records, octets, truncated, lines)
fn check(
    what: &str,
    limit: usize,
    opt: Option<Opt<'_>>,
    rows: &[Row<'_>],
    octets: usize,
    truncated: bool,
    expected: &[&str],
) {
    let (message, finished) = build(limit, opt, |builder| {
        for (section, owner, data) in rows {
            builder.record(*section, &name(owner), Class::IN, 30, data);
        }
    });
    assert_eq!(lines(&message), expected, "{what}");
    assert_eq!((message.len(), finished.truncated), (octets, truncated), "{what}");
    let header = Header::read(&message).unwrap();
    assert_eq!(header.flags.has(Flags::TRUNCATED), truncated, "{what}");
    assert!(header.flags.has(Flags::RESPONSE | Flags::AUTHORITATIVE | Flags::RECURSION_DESIRED), "{what}");
}

const HEAD: usize = 12 + 17 + 4;

#[test]
fn compression() {
    use Section::{Additional, Answer, Authority};
    let (cdn, other, deep) = (name("cdn.example.com"), name("other.org"), name("a.b.cdn.EXAMPLE.com"));
    check("nothing", 512, None, &[], HEAD, false, &[]);
    check(
        "the name that was asked",
        512,
        None,
        &[(Answer, "WWW.example.com", a(1))],
        HEAD + 16,
        false,
        &["Answer www.Example.com. A 192.0.2.1"],
    );
    check(
        "a chain",
        512,
        None,
        &[
            (Answer, "www.example.com", Rdata::Cname(&cdn)),
            (Answer, "cdn.example.com", a(1)),
            (Answer, "cdn.example.com", a(2)),
        ],
        HEAD + 12 + 6 + 2 * 16,
        false,
        &[
            "Answer www.Example.com. CNAME cdn.Example.com.",
            "Answer cdn.Example.com. A 192.0.2.1",
            "Answer cdn.Example.com. A 192.0.2.2",
        ],
    );
    check(
        "another zone, known the second time",
        512,
        None,
        &[
            (Answer, "www.example.com", Rdata::Cname(&other)),
            (Answer, "other.org", a(1)),
            (Answer, "x.other.org", a(1)),
        ],
        HEAD + 12 + 11 + 16 + 18,
        false,
        &[
            "Answer www.Example.com. CNAME other.org.",
            "Answer other.org. A 192.0.2.1",
            "Answer x.other.org. A 192.0.2.1",
        ],
    );
    check(
        "a target of SRV is written in full (RFC 2782) and its owner later too",
        512,
        None,
        &[
            (Answer, "www.example.com", Rdata::Srv { priority: 0, weight: 1, port: 80, target: &deep }),
            (Additional, "a.b.cdn.example.com", a(1)),
        ],
        HEAD + 12 + 6 + 21 + (8 + 2 + 14),
        false,
        &["Answer www.Example.com. SRV a.b.cdn.EXAMPLE.com.", "Additional a.b.cdn.Example.com. A 192.0.2.1"],
    );
    check(
        "sections come in their order",
        512,
        None,
        &[
            (Authority, "com", a(1)),
            (Answer, "com", a(2)),
            (Additional, "com", a(3)),
            (Authority, "com", a(4)),
        ],
        HEAD + 2 * 16,
        false,
        &["Authority com. A 192.0.2.1", "Additional com. A 192.0.2.3"],
    );
    check("the root", 512, None, &[(Answer, ".", a(1))], HEAD + 15, false, &["Answer . A 192.0.2.1"]);
}

#[test]
fn what_does_not_fit() {
    use Section::{Additional, Answer, Authority};
    let www = "www.example.com";
    let five: Vec<Row<'_>> = (1..=5).map(|last| (Answer, www, a(last))).collect();
    let line = |last: u8| format!("Answer www.Example.com. A 192.0.2.{last}");
    let lines: Vec<String> = (1..=5).map(line).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    check("all", HEAD + 80, None, &five, HEAD + 80, false, &lines);
    check("one octet too few", HEAD + 79, None, &five, HEAD + 64, true, &lines[..4]);
    check("none", HEAD + 15, None, &five, HEAD, true, &[]);
    check("less than a question", 0, None, &five, HEAD, true, &[]);
    let opt = Opt::default();
    check(
        "room for OPT is kept",
        HEAD + 80 + 10,
        Some(opt),
        &five,
        HEAD + 64 + 11,
        true,
        &[&lines[..4], &["Additional . OPT "]].concat(),
    );
    check(
        "and used",
        HEAD + 80 + 11,
        Some(opt),
        &five,
        HEAD + 80 + 11,
        false,
        &[&lines[..], &["Additional . OPT "]].concat(),
    );
    check(
        "authority that does not fit",
        HEAD + 20,
        None,
        &[(Answer, www, a(1)), (Authority, www, a(2)), (Additional, www, a(3))],
        HEAD + 16,
        true,
        &lines[..1],
    );
    check(
        "additional records go by sets, without TC",
        HEAD + 4 * 16 + 2,
        None,
        &[
            (Answer, www, a(1)),
            (Additional, www, a(2)),
            (Additional, "example.com", a(3)),
            (Additional, "example.com", a(4)),
            (Additional, "example.com", a(5)),
            (Additional, "com", a(6)),
        ],
        HEAD + 2 * 16,
        false,
        &[lines[0], "Additional www.Example.com. A 192.0.2.2"],
    );
}

#[test]
fn five_thousand_addresses() {
    let owner = name("www.example.com");
    let (message, finished) = build(65_535, None, |builder| {
        for index in 0..5_000_u16 {
            let [high, low] = index.to_be_bytes();
            builder.record(Section::Answer, &owner, Class::IN, 30, &Rdata::A([10, 0, high, low].into()));
        }
    });
    // (65,535 - 33) / 16
    assert_eq!((finished.answers, finished.truncated), (4_093, true));
    assert_eq!(lines(&message).len(), 4_093);
}

#[test]
fn names_beyond_the_reach_of_a_pointer() {
    let (message, _) = build(65_535, None, |builder| {
        for index in 0..2_000 {
            let owner = name(&format!("host{index}.zone{}.org", index % 7));
            assert!(builder.record(Section::Answer, &owner, Class::IN, 30, &Rdata::Ns(&owner)));
        }
    });
    let lines = lines(&message);
    for (index, line) in lines.iter().enumerate() {
        let owner = format!("host{index}.zone{}.org.", index % 7);
        assert_eq!(*line, format!("Answer {owner} NS {owner}"));
    }
}

#[test]
fn texts_and_soa() {
    let long = [b'x'; 300];
    let (server, mailbox) = (name("ns.dns.example.com"), name("hostmaster.example.com"));
    let soa =
        Soa { server: &server, mailbox: &mailbox, serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 };
    let (message, _) = build(4096, None, |builder| {
        for data in [
            Rdata::Txt(b""),
            Rdata::Txt(b"hello"),
            Rdata::Txt(&long),
            Rdata::Other(RecordType(65_000), b"data"),
        ] {
            builder.record(Section::Answer, &name("www.example.com"), Class::IN, 30, &data);
        }
        builder.record(Section::Authority, &name("example.com"), Class::IN, 30, &Rdata::Soa(soa));
    });
    let parsed = Message::parse(&message).unwrap();
    let data: Vec<Vec<u8>> = parsed.records().map(|record| record.unwrap().rdata().to_vec()).collect();
    let strings = [&[255], &long[..255], &[45], &long[255..]].concat();
    assert_eq!(data[..4], [vec![0], b"\x05hello".to_vec(), strings, b"data".to_vec()]);
    assert_eq!(
        data[4],
        [
            b"\x02ns\x03dns\xc0\x10\x0ahostmaster\xc0\x10".as_slice(),
            &[0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5]
        ]
        .concat()
    );
}

/// (type, data in a message where `example.com` stands at 16, data as copied; what is wrong)
fn check_copy(record_type: u16, data: &[u8], expected: Result<&[u8], MessageError>) {
    let mut from = asking(None);
    from[2] |= 0x80;
    from[7] = 1;
    from.extend_from_slice(b"\xc0\x0c");
    from.extend_from_slice(&record_type.to_be_bytes());
    from.extend_from_slice(b"\0\x01\0\0\0\x3c");
    from.extend_from_slice(&(data.len() as u16).to_be_bytes());
    from.extend_from_slice(data);
    let record = Message::parse(&from).unwrap().records().next().unwrap().unwrap();
    let mut result = Ok(false);
    let (message, _) = build(4096, None, |builder| {
        result = builder.copy(Section::Answer, &record, 10);
        // What comes after a broken record is whole.
        builder.record(Section::Additional, &name("after.org"), Class::IN, 1, &a(1));
    });
    let records: Vec<_> = Message::parse(&message).unwrap().records().map(Result::unwrap).collect();
    assert_eq!(records.last().unwrap().owner.to_string(), "after.org.", "{record_type}");
    assert_eq!(result, expected.map(|_| true), "{record_type}");
    if let Ok(expected) = expected {
        assert_eq!(records[0].rdata(), expected, "{record_type}");
        assert_eq!((records[0].ttl, records[0].record_type.0), (10, record_type));
    }
}

#[test]
fn records_are_copied_with_their_names() {
    let full = |before: &[u8]| [before, b"\x07Example\x03com\0"].concat();
    check_copy(1, &[1, 2, 3, 4], Ok(&[1, 2, 3, 4]));
    check_copy(5, b"\x01a\xc0\x10", Ok(b"\x01a\xc0\x10"));
    check_copy(5, b"\x03www\x07example\x03com\0", Ok(b"\xc0\x0c"));
    check_copy(
        6,
        &[b"\xc0\x10\xc0\x0c".as_slice(), &[9; 20]].concat(),
        Ok(&[b"\xc0\x10\xc0\x0c".as_slice(), &[9; 20]].concat()),
    );
    check_copy(15, b"\0\x0a\xc0\x10", Ok(b"\0\x0a\xc0\x10"));
    check_copy(33, b"\0\0\0\0\0\x50\xc0\x10", Ok(&full(b"\0\0\0\0\0\x50")));
    check_copy(35, b"\0\0\0\0\x01s\x02ab\0\xc0\x10", Ok(&full(b"\0\0\0\0\x01s\x02ab\0")));
    check_copy(39, b"\xc0\x10", Ok(&full(b"")));
    check_copy(47, b"\xc0\x10bitmap", Ok(&[full(b"").as_slice(), b"bitmap"].concat()));
    check_copy(65, b"\xc0\x10", Ok(b"\xc0\x10"));
    check_copy(16, b"\x02hi", Ok(b"\x02hi"));
    check_copy(5, b"\xc0", Err(MessageError::Data));
    check_copy(5, b"", Err(MessageError::Data));
    check_copy(15, b"\0", Err(MessageError::Data));
    check_copy(15, b"\0\x0a\x05ab", Err(MessageError::Data));
    check_copy(33, b"\0\0\0", Err(MessageError::Data));
    check_copy(35, b"\0\0\0\0\x09s", Err(MessageError::Data));
    check_copy(6, b"\xc0\x10", Err(MessageError::Data));
}

#[test]
fn results_beyond_four_bits() {
    let (message, _) = build(512, Some(Opt::default()), |builder| builder.set_rcode(Rcode::BADCOOKIE));
    let message = Message::parse(&message).unwrap();
    let opt = message.records().next().unwrap().unwrap();
    assert_eq!(opt.extended_rcode(message.header()), Rcode::BADCOOKIE);
}

#[test]
fn a_refused_query_is_no_query() {
    let mut response = asking(None);
    response[2] |= 0x80;
    assert_eq!(gate(&response, &mut Scratch::default()).map(|_| ()), Err(Refusal::Silence));
}

fn any_name() -> impl Strategy<Value = Name> {
    prop::collection::vec("[a-cA-C]{1,3}", 0..5).prop_map(|labels| name(&labels.join(".")))
}

proptest! {
    /// What is written is read again, whatever the names share, and no limit is passed.
    #[test]
    fn round_trip(owners in prop::collection::vec((any_name(), any_name()), 0..60), limit in 0..2_000_usize) {
        let mut written = Vec::new();
        let (message, finished) = build(limit, None, |builder| {
            for (owner, target) in &owners {
                if builder.record(Section::Answer, owner, Class::IN, 30, &Rdata::Cname(target)) {
                    written.push((owner.clone(), target.clone()));
                }
            }
        });
        let records: Vec<_> = Message::parse(&message).unwrap().records().map(Result::unwrap).collect();
        let read: Vec<(Name, Name)> = records.iter().map(|record| (record.owner.to_name(), record.target().unwrap().to_name())).collect();
        prop_assert_eq!(read, written);
        prop_assert_eq!(finished.truncated, records.len() < owners.len());
    }
}
