//! What is a label.

use std::fmt::Write as _;

use super::*;

fn check_label(text: &str, expected: Result<(), LabelError>) {
    assert_eq!(check(text).map(|_| ()), expected, "{text}");
}

#[test]
fn labels() {
    check_label("web", Ok(()));
    check_label("a", Ok(()));
    check_label("0", Ok(()));
    check_label("10-0-0-1", Ok(()));
    check_label("a--b", Ok(()));
    check_label(&"a".repeat(63), Ok(()));
    check_label("", Err(LabelError::Empty));
    check_label(&"a".repeat(64), Err(LabelError::Long));
    for text in ["A", "a.b", "a_b", "_a", "-a", "a-", "-", "a b", "a\0", "\u{e4}", "*", "a/b"] {
        check_label(text, Err(LabelError::Character));
    }
}

#[test]
fn a_short_label_takes_what_fits() {
    let mut label = ShortLabel::new();
    assert_eq!(label.wire(), b"\0");
    write!(label, "{}", "x".repeat(60)).unwrap();
    write!(label, "yyyyyy").unwrap();
    assert_eq!(label.label(), format!("{}yyy", "x".repeat(60)).as_bytes());
    assert_eq!(label.wire()[0], 63);
    assert_eq!(ShortLabel::of(b"web").wire(), b"\x03web");
}
