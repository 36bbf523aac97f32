//! Numbers and words out of bytes, odd ones included.

use super::*;

#[test]
fn numbers() {
    let check = |input: &str, expected| assert_eq!(number(input.as_bytes()), expected, "{input:?}");
    check("", None);
    check("0", Some(0));
    check(" 42\n", Some(42));
    check("max", None);
    check("-1", None);
    check("18446744073709551615", Some(u64::MAX));
    check("99999999999999999999999999", Some(u64::MAX));
    check("12a", None);
}

#[test]
fn signed_numbers() {
    let check = |input: &str, expected| assert_eq!(signed(input.as_bytes()), expected, "{input:?}");
    check("-1\n", Some(-1));
    check("7", Some(7));
    check("--7", None);
    check("-", None);
    check("-99999999999999999999", Some(-i64::MAX));
}

#[test]
fn hexadecimal_numbers() {
    let check = |input: &str, expected| assert_eq!(hexadecimal(input.as_bytes()), expected, "{input:?}");
    check("0x1003\n", Some(0x1003));
    check("0000ff", Some(255));
    check("", None);
    check("0xzz", None);
}

#[test]
fn flat_keyed_files() {
    let check = |input: &[u8], expected: &[(&str, u64)]| {
        let found: Vec<_> = pairs(input).map(|(name, value)| (text(name), value)).collect();
        assert_eq!(found, expected);
    };
    check(b"", &[]);
    check(b"\n\n", &[]);
    check(b"usage_usec 5\nuser_usec 3", &[("usage_usec", 5), ("user_usec", 3)]);
    check(b"broken\nlow 0\noom_kill x\noom 2 trailing\n", &[("low", 0), ("oom", 2)]);
    check(b"\xff\xfe 3\n", &[("", 3)]);
}
