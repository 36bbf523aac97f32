//! OPT records as written, read again.

use super::*;
use crate::{Message, Name, RecordType, Scratch, gate};

const COOKIE: [u8; 24] = [9; 24];

/// An OPT record is written as long as it says, and read again as what it was.
fn check(opt: Opt<'_>, length: usize, errors: &[(EdeCode, &str)]) {
    let mut out = Vec::new();
    let name = Name::parse("example.com").unwrap();
    crate::Builder::query(
        1,
        crate::Flags::default(),
        &name,
        RecordType::A,
        crate::Class::IN,
        Some(opt),
        &mut out,
    )
    .finish();
    let mut alone = Vec::new();
    opt.write(&mut alone);
    assert_eq!((alone.len(), opt.len(), opt.is_empty()), (length, length, false));

    let message = Message::parse(&out).unwrap();
    let record = message.records().next().unwrap().unwrap();
    assert_eq!(record.record_type, RecordType::OPT);
    assert_eq!(record.class.0, opt.udp_payload_bytes);
    assert_eq!(record.extended_rcode(message.header()).0, opt.rcode.0 & !15);
    assert_eq!(record.extended_errors().collect::<Vec<_>>(), errors);

    let mut scratch = Scratch::default();
    let request = gate(&out, &mut scratch).unwrap().edns.unwrap();
    assert_eq!(request.dnssec_ok, opt.dnssec_ok);
    assert_eq!(request.cookie, opt.cookie);
    assert_eq!(request.tcp_keepalive, opt.tcp_keepalive.is_some());
    assert_eq!(Opt::in_reply_to(&request).dnssec_ok, opt.dnssec_ok);
}

#[test]
fn records_as_written() {
    let stale = (EdeCode::STALE_ANSWER, "age=734s source=disk");
    check(Opt::default(), 11, &[]);
    check(Opt { dnssec_ok: true, udp_payload_bytes: 4096, ..Opt::default() }, 11, &[]);
    check(Opt { cookie: Some(&COOKIE), ..Opt::default() }, 11 + 28, &[]);
    check(Opt { cookie: Some(&COOKIE[..8]), ..Opt::default() }, 11 + 12, &[]);
    check(Opt { tcp_keepalive: Some(100), ..Opt::default() }, 11 + 6, &[]);
    check(Opt { rcode: crate::Rcode::BADCOOKIE, ..Opt::default() }, 11, &[]);
    check(Opt { error: Some(stale), ..Opt::default() }, 11 + 6 + 20, &[stale]);
    check(
        Opt { error: Some((EdeCode::NOT_READY, "")), ..Opt::default() },
        11 + 6,
        &[(EdeCode::NOT_READY, "")],
    );
    let all = Opt {
        cookie: Some(&COOKIE),
        tcp_keepalive: Some(1),
        error: Some(stale),
        dnssec_ok: true,
        ..Opt::default()
    };
    check(all, 11 + 28 + 6 + 26, &[stale]);
}

#[test]
fn a_long_text_is_cut_between_characters() {
    let text = "ä".repeat(100);
    let cut = "ä".repeat(EXTRA_TEXT_BYTES_MAX / 2);
    check(
        Opt { error: Some((EdeCode::OTHER, &text)), ..Opt::default() },
        11 + 6 + cut.len(),
        &[(EdeCode::OTHER, &cut)],
    );
}
