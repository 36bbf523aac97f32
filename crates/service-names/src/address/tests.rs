//! Addresses as labels and back.

use proptest::prelude::*;

use super::*;

/// (address, label of its endpoint)
fn check(address: &str, label: &str) {
    let address: IpAddr = address.parse().unwrap();
    let made = match address {
        IpAddr::V4(address) => address.octets().dashed(),
        IpAddr::V6(address) => address.octets().dashed(),
    };
    assert_eq!(std::str::from_utf8(made.label()), Ok(label));
    assert_eq!(of_endpoint(label.as_bytes()), Some(address), "{label}");
}

#[test]
fn labels_of_endpoints() {
    check("10.0.0.1", "10-0-0-1");
    check("255.255.255.255", "255-255-255-255");
    check("fd00::1", "fd00--1");
    check("::1", "--1");
    check("fd00::", "fd00--0");
    check("::", "--0");
    check("fd00:1:2:3:4:5:6:7", "fd00-1-2-3-4-5-6-7");
    check("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001-db8-ffff-ffff-ffff-ffff-ffff-ffff");
}

/// (label, the pod's address, whether it is an endpoint's label too)
fn check_pod(label: &str, expected: Option<&str>, endpoint: bool) {
    let expected = expected.map(|text| text.parse().unwrap());
    assert_eq!(of_pod(label.as_bytes()), expected, "{label}");
    assert_eq!(of_endpoint(label.as_bytes()), expected.filter(|_| endpoint), "{label}");
}

#[test]
fn labels_of_pods() {
    check_pod("10-0-0-1", Some("10.0.0.1"), true);
    check_pod("fd00-0-0-0-0-0-0-1", Some("fd00::1"), false);
    check_pod("fd00--", Some("fd00::"), false);
    check_pod("FD00--1", Some("fd00::1"), false);
    check_pod("10-0-0", None, false);
    check_pod("10-0-0-1-1", None, false);
    check_pod("10-0-0-256", None, false);
    check_pod("10-0-0-01", None, false);
    check_pod("10-0--1", Some("10::1"), false);
    check_pod("10.0.0.1", None, false);
    check_pod("fd00::1", None, false);
    check_pod("web", None, false);
    check_pod("", None, false);
    check_pod("-", None, false);
    check_pod("---", None, false);
    check_pod(&"1".repeat(63), None, false);
}

#[test]
fn lists() {
    assert_eq!(list::<4>(&[1, 2, 3, 4, 5, 6, 7, 8]), Some([[1, 2, 3, 4], [5, 6, 7, 8]].as_slice()));
    assert_eq!(list::<4>(&[]), Some([].as_slice()));
    assert_eq!(list::<4>(&[1, 2, 3]), None);
    assert_eq!(list::<16>(&[0; 17]), None);
}

proptest! {
    #[test]
    fn every_address_has_a_label(v4 in any::<[u8; 4]>(), v6 in any::<[u8; 16]>(), zeros in any::<u16>()) {
        let v6: [u8; 16] = std::array::from_fn(|at| if zeros >> at & 1 == 1 { 0 } else { v6[at] });
        prop_assert_eq!(of_endpoint(v4.dashed().label()), Some(v4.ip()));
        // An IPv4 address inside of an IPv6 one is written with dots; the hub never sends such.
        if v6.ip().to_canonical().is_ipv6() && !v6.ip().to_string().contains('.') {
            prop_assert_eq!(of_endpoint(v6.dashed().label()), Some(v6.ip()));
        }
    }

    #[test]
    fn any_label_is_an_address_or_none(label in prop::collection::vec(prop_oneof![b'0'..=b'9', Just(b'-'), b'a'..=b'f', any::<u8>()], 0..64)) {
        if let Some(address) = of_endpoint(&label) {
            prop_assert_eq!(of_pod(&label).or(of_pod(label.strip_suffix(b"0").unwrap_or(&label))), Some(address));
        }
    }
}
