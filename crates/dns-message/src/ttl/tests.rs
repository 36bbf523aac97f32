//! TTLs found, capped and patched.

use super::*;
use crate::{Builder, Class, Flags, Name, Opt, Rdata, Section};

/// A message with a record of each TTL: answer, authority, additional, and an OPT record.
fn message(answer: &[u32], authority: &[u32], additional: &[u32]) -> Vec<u8> {
    let (name, mut out) = (Name::parse("example.com").unwrap(), Vec::new());
    let opt = Some(Opt { dnssec_ok: true, ..Opt::default() });
    let mut builder = Builder::query(1, Flags::default(), &name, RecordType::A, Class::IN, opt, &mut out);
    let sections =
        [(Section::Answer, answer), (Section::Authority, authority), (Section::Additional, additional)];
    for (section, ttls) in sections {
        for ttl in ttls {
            builder.record(section, &name, Class::IN, *ttl, &Rdata::A([1, 2, 3, 4].into()));
        }
    }
    builder.finish();
    out
}

fn ttls(message: &[u8]) -> Vec<u32> {
    Message::parse(message).unwrap().records().map(|record| record.unwrap().ttl).collect()
}

/// (TTLs of the sections, the least)
fn check(answer: &[u32], authority: &[u32], additional: &[u32], expected: Option<u32>) {
    let mut message = message(answer, authority, additional);
    assert_eq!(least(&message), Ok(expected));
    let positions = positions(&message).unwrap();
    assert_eq!(positions.len(), answer.len() + authority.len() + additional.len());
    patch(&mut message, &positions, |ttl| ttl.saturating_sub(10));
    let all = [answer, authority, additional].concat();
    let expected: Vec<u32> = all.iter().map(|ttl| sane(*ttl).saturating_sub(10)).chain([1 << 15]).collect();
    assert_eq!(ttls(&message), expected, "all but the flags in OPT");
}

#[test]
fn least_and_patched() {
    check(&[], &[], &[], None);
    check(&[30], &[], &[], Some(30));
    check(&[30, 20], &[], &[], Some(20));
    check(&[30], &[5], &[1], Some(5));
    check(&[], &[], &[1], None);
    check(&[0], &[], &[], Some(0));
    check(&[u32::MAX], &[], &[], Some(TTL_SECONDS_MAX));
    check(&[TTL_SECONDS_MAX + 1, TTL_SECONDS_MAX], &[], &[], Some(TTL_SECONDS_MAX));
}

#[test]
fn positions_of_another_message_do_no_harm() {
    let mut short = vec![0; 14];
    patch(&mut short, &[0, 11, 12, u16::MAX], |_| 7);
    assert_eq!(short, [0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(positions(&[0; 5]), Err(MessageError::Short));
}
