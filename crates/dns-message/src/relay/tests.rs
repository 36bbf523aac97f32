//! Upstreams' responses become ours, or are refused.

use super::*;
use crate::{Class, EdeCode, Name, Rcode, Rdata, Scratch, Section, gate};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn query(text: &str, id: u16, opt: Option<Opt<'_>>) -> Vec<u8> {
    let mut out = Vec::new();
    let flags = Flags(Flags::RECURSION_DESIRED);
    Builder::query(id, flags, &name(text), RecordType::A, Class::IN, opt, &mut out).finish();
    out
}

/// An upstream's response with so many addresses; `after` changes it.
fn upstream(text: &str, addresses: u8, opt: bool, after: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let asked = query(text, 0xaaaa, None);
    let mut scratch = Scratch::default();
    let asked = gate(&asked, &mut scratch).unwrap();
    let opt = opt.then(|| Opt {
        udp_payload_bytes: 4096,
        error: Some((EdeCode::OTHER, "theirs")),
        ..Opt::default()
    });
    let mut out = Vec::new();
    let flags = Flags::RECURSION_AVAILABLE | Flags::AUTHENTIC;
    let mut builder = Builder::reply(&asked, flags, Rcode::NOERROR, 65_535, opt, &mut out);
    for last in 0..addresses {
        let data = Rdata::A([192, 0, 2, last].into());
        builder.record(Section::Answer, &name(text), Class::IN, 60, &data);
    }
    builder.finish();
    after(&mut out);
    out
}

/// (what, client's EDNS, upstream's response, limit, "answers, additional, truncated" or what is wrong)
fn check(
    what: &str,
    opt: bool,
    response: &[u8],
    limit: usize,
    expected: Result<(u16, u16, bool), MessageError>,
) {
    let edns = opt.then(Opt::default);
    let asked = query("wWw.example.com", 0x1234, edns);
    let mut scratch = Scratch::default();
    let asked = gate(&asked, &mut scratch).unwrap();
    let own = opt.then(|| Opt { error: Some((EdeCode::STALE_ANSWER, "ours")), ..Opt::default() });
    let mut out = b"before".to_vec();
    let relayed = relay(&asked, response, limit, own, &mut out);
    let out = out.strip_prefix(b"before").unwrap();
    let Ok(finished) = relayed else {
        assert_eq!((relayed.map(|_| (0, 0, false)), out.len()), (expected, 0), "{what}");
        return;
    };
    let message = Message::parse(out).unwrap();
    let header = message.header();
    let records: Vec<_> = message.records().map(Result::unwrap).collect();
    let said = (header.counts[1], header.counts[3], header.flags.has(Flags::TRUNCATED));
    assert_eq!(Ok(said), expected, "{what}");
    assert_eq!((finished.bytes, finished.answers, finished.truncated), (out.len(), said.0, said.2), "{what}");
    assert_eq!(records.len(), usize::from(said.0 + said.1), "{what}");
    assert!(out.len() <= limit, "{what}");
    assert_eq!(header.id, 0x1234, "{what}");
    assert!(message.repeats(asked.question()), "{what}: the case of the question");
    assert!(
        header
            .flags
            .has(Flags::RESPONSE | Flags::RECURSION_DESIRED | Flags::RECURSION_AVAILABLE | Flags::AUTHENTIC)
    );
    let errors: Vec<&str> =
        records.iter().flat_map(|record| record.extended_errors()).map(|(_, text)| text).collect();
    assert_eq!(errors, if opt { vec!["ours"] } else { vec![] }, "{what}: OPT is ours");
}

#[test]
fn responses_become_ours() {
    let text = "www.EXAMPLE.com";
    let plain = |addresses, opt| upstream(text, addresses, opt, |_| {});
    check("no EDNS anywhere", false, &plain(2, false), 512, Ok((2, 0, false)));
    check("EDNS upstream only", false, &plain(2, true), 512, Ok((2, 0, false)));
    check("EDNS here only", true, &plain(2, false), 512, Ok((2, 1, false)));
    check("EDNS on both sides", true, &plain(2, true), 512, Ok((2, 1, false)));
    check("nothing in it", true, &plain(0, true), 512, Ok((0, 1, false)));
    // 12 + 21 + 16 n
    check("too large", false, &plain(60, true), 512, Ok((29, 0, true)));
    // and 11 + 6 + 4 of OPT
    check("too large with EDNS", true, &plain(60, false), 512, Ok((28, 1, true)));
    check("large enough", true, &plain(60, true), 1232, Ok((60, 1, false)));
    let truncated = upstream(text, 1, false, |out| out[2] |= 2);
    check("truncated upstream", false, &truncated, 512, Ok((1, 0, true)));
    let behind_opt = upstream(text, 2, true, |out| {
        out[11] += 1;
        out.extend_from_slice(b"\0\0\x01\0\x01\0\0\0\0\0\x04\x01\x02\x03\x04");
    });
    check("a record behind OPT", true, &behind_opt, 512, Ok((2, 2, false)));
    let misplaced = upstream(text, 2, false, |out| {
        out[7] += 1;
        out.extend_from_slice(b"\0\0\x29\x10\0\0\0\0\0\0\0");
    });
    check("OPT among the answers", true, &misplaced, 512, Ok((2, 1, false)));
    let garbage = upstream(text, 2, false, |out| out.extend_from_slice(b"garbage"));
    check("octets behind the last record", false, &garbage, 512, Ok((2, 0, false)));
}

#[test]
fn responses_that_are_refused() {
    let text = "www.example.com";
    let wrong = |after: fn(&mut Vec<u8>)| upstream(text, 2, false, after);
    check(
        "another name",
        false,
        &upstream("www.example.org", 2, false, |_| {}),
        512,
        Err(MessageError::Questions),
    );
    // The type stands at 29: TYPE65 and TYPE97 differ like a letter's two cases.
    check("another type", false, &wrong(|out| out[30] = 28), 512, Err(MessageError::Questions));
    check("no question", false, &wrong(|out| out[5] = 0), 512, Err(MessageError::Questions));
    check(
        "records that are cut",
        false,
        &wrong(|out| out.truncate(out.len() - 3)),
        512,
        Err(MessageError::Short),
    );
    check(
        "records that are cut, and too large",
        false,
        &upstream(text, 60, false, |out| out.truncate(out.len() - 3)),
        512,
        Err(MessageError::Short),
    );
    check("too short", false, b"", 512, Err(MessageError::Short));
}
