//! Names of addresses.

use dns_message::{LABELS_MAX, Name};
use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Option<IpAddr> {
    let name = Name::parse(text).unwrap().to_lower();
    let mut buffer = [0; LABELS_MAX];
    address_of(Asked::of_name(name.as_wire(), &mut buffer))
}

fn check(text: &str, expected: Option<&str>) {
    assert_eq!(read(text), expected.map(|text| text.parse().unwrap()), "{text}");
}

#[test]
fn names_of_addresses() {
    let sixteen = "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.";
    check("4.3.2.1.in-addr.arpa", Some("1.2.3.4"));
    check("255.0.0.10.IN-ADDR.ARPA", Some("10.0.0.255"));
    check("3.2.1.in-addr.arpa", None);
    check("5.4.3.2.1.in-addr.arpa", None);
    check("256.3.2.1.in-addr.arpa", None);
    check("04.3.2.1.in-addr.arpa", None);
    check("0004.3.2.1.in-addr.arpa", None);
    check("x.3.2.1.in-addr.arpa", None);
    check("4.3.2.1.in-addr.example", None);
    check("in-addr.arpa", None);
    check(&format!("{sixteen}0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.F.ip6.arpa"), Some("fd00::1"));
    check(&format!("{sixteen}0.0.0.0.0.0.0.0.0.0.0.0.0.d.F.ip6.arpa"), None);
    check(&format!("{sixteen}0.0.0.0.0.0.0.0.0.0.0.0.0.0.0d.F.ip6.arpa"), None);
    check(&format!("{sixteen}0.0.0.0.0.0.0.0.0.0.0.0.0.0.g.F.ip6.arpa"), None);
    check(&format!("{sixteen}0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.F.ip6.int"), None);
}

proptest! {
    #[test]
    fn round_trip(v4 in any::<[u8; 4]>(), v6 in any::<[u8; 16]>()) {
        let [a, b, c, d] = v4;
        prop_assert_eq!(read(&format!("{d}.{c}.{b}.{a}.in-addr.arpa")), Some(v4.into()));
        let nibbles: String = v6.iter().rev().map(|octet| format!("{:x}.{:x}.", octet & 15, octet >> 4)).collect();
        prop_assert_eq!(read(&format!("{nibbles}ip6.arpa")), Some(v6.into()));
    }
}
