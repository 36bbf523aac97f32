//! Names in text and on the wire, zones, order.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// (text, its canonical text or what is wrong)
fn check(text: &str, expected: Result<&str, NameError>) {
    let parsed = Name::parse(text);
    let shown = parsed.as_ref().map(ToString::to_string).map_err(|error| *error);
    assert_eq!(shown, expected.map(str::to_string), "{text}");
    if let Ok(name) = parsed {
        assert_eq!(Name::from_wire(name.as_wire()).as_ref(), Ok(&name), "{text}");
        assert_eq!(Name::parse(&name.to_string()).as_ref(), Ok(&name), "{text}");
        assert_eq!(Name::from_labels(name.labels()), Ok(name), "{text}");
    }
}

#[test]
fn text_form() {
    let long = "a".repeat(63);
    let too_long = "a".repeat(64);
    // Three labels of 63 and one of 61: 3 * 64 + 62 + 1 = 255.
    let longest = format!("{long}.{long}.{long}.{}.", "a".repeat(61));
    let too_many = format!("{long}.{long}.{long}.{}.", "a".repeat(62));
    check("", Ok("."));
    check(".", Ok("."));
    check("example.com", Ok("example.com."));
    check("example.com.", Ok("example.com."));
    check("WWW.Example.COM", Ok("WWW.Example.COM."));
    check("_http._tcp.web.default.svc.cluster.local", Ok("_http._tcp.web.default.svc.cluster.local."));
    check(r"a\.b.c", Ok(r"a\.b.c."));
    check(r"a\\b.c", Ok(r"a\\b.c."));
    check(r"\097.c", Ok("a.c."));
    check(r"\000.\255", Ok(r"\000.\255."));
    check("ä", Ok(r"\195\164."));
    check("a b", Ok(r"a\032b."));
    check("..", Err(NameError::EmptyLabel));
    check(".a", Err(NameError::EmptyLabel));
    check("a..b", Err(NameError::EmptyLabel));
    check("a\\", Err(NameError::Escape));
    check(r"\25", Err(NameError::Escape));
    check(r"\256", Err(NameError::Escape));
    check(r"\2x5", Err(NameError::Escape));
    check(&long, Ok(&format!("{long}.")));
    check(&too_long, Err(NameError::LongLabel));
    check(&longest, Ok(&longest));
    check(&too_many, Err(NameError::LongName));
}

fn check_wire(wire: &[u8], expected: Result<&str, NameError>) {
    let read = Name::from_wire(wire).map(|name| name.to_string());
    assert_eq!(read, expected.map(str::to_string), "{wire:?}");
}

#[test]
fn wire_form() {
    check_wire(b"\0", Ok("."));
    check_wire(b"\x03www\0", Ok("www."));
    check_wire(b"", Err(NameError::Wire));
    check_wire(b"\x03www", Err(NameError::Wire));
    check_wire(b"\x03ww", Err(NameError::Wire));
    check_wire(b"\x03www\0\0", Err(NameError::Wire));
    check_wire(b"\0\x03www\0", Err(NameError::Wire));
    check_wire(b"\xc0\x0c", Err(NameError::Wire));
    check_wire(b"\x40www\0", Err(NameError::Wire));
    check_wire(&[1; 256], Err(NameError::LongName));
}

/// (name, zone, whether it is within)
fn check_within(name: &str, zone: &str, expected: bool) {
    let (name, zone) = (Name::parse(name).unwrap(), Name::parse(zone).unwrap());
    assert_eq!(name.is_within(&zone), expected, "{name} {zone}");
}

#[test]
fn zones() {
    check_within("a.example.com", "example.com", true);
    check_within("a.EXAMPLE.com", "example.COM", true);
    check_within("example.com", "example.com", true);
    check_within("example.com", ".", true);
    check_within(".", ".", true);
    check_within("com", "example.com", false);
    check_within("aexample.com", "example.com", false);
    check_within("a.example.org", "example.com", false);
    // The octets of the tail are the zone's, but begin inside of a label: \x07example is a label's contents.
    check_within(r"a\007example.com", "example.com", false);
}

#[test]
fn parents_and_children() {
    let name = Name::parse("a.b.c").unwrap();
    let up = |name: &Name| name.parent();
    assert_eq!(up(&name), Name::parse("b.c").ok());
    assert_eq!(up(&name).as_ref().and_then(up).as_ref().and_then(up), Some(Name::root()));
    assert_eq!(up(&Name::root()), None);
    let below = Name::parse("x.y").unwrap().below(&name);
    assert_eq!(below, Name::parse("x.y.a.b.c"));
    let long = Name::parse(&vec!["a".repeat(63); 3].join(".")).unwrap();
    assert_eq!(long.below(&long), Err(NameError::LongName));
}

#[test]
fn canonical_order() {
    // The example of RFC 4034, 6.1, without its last three lines, which are about octets above 127.
    let sorted = ["example", "a.example", "yljkjljk.a.example", "Z.a.example", "zABC.a.EXAMPLE", "z.example"];
    let names: Vec<Name> = sorted.iter().map(|text| Name::parse(text).unwrap()).collect();
    for pair in names.windows(2) {
        assert!(pair[0] < pair[1], "{pair:?}");
    }
}

proptest! {
    #[test]
    fn case_does_not_matter(text in "[a-zA-Z]{1,10}(\\.[a-zA-Z0-9-]{1,10}){0,5}") {
        let (name, lower) = (Name::parse(&text).unwrap(), Name::parse(&text.to_lowercase()).unwrap());
        prop_assert_eq!(&name, &lower);
        prop_assert!(name.to_lower().as_wire() == lower.as_wire());
        prop_assert!(HashSet::from([name]).contains(&lower));
    }

    #[test]
    fn text_and_wire_agree(labels in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..64), 0..4)) {
        let name = Name::from_labels(labels.iter().map(Vec::as_slice));
        let Ok(name) = name else { return Ok(()) };
        let again = Name::parse(&name.to_string()).unwrap();
        prop_assert_eq!(again.as_wire(), name.as_wire());
        let read: Vec<Vec<u8>> = name.labels().map(<[u8]>::to_vec).collect();
        prop_assert_eq!(read, labels);
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,300}") {
        if let Ok(name) = Name::parse(&text) {
            prop_assert!(name.as_wire().len() <= NAME_BYTES_MAX);
        }
    }
}
