//! The vectors of RFC 9018, and how long a cookie is good.

use super::*;

/// RFC 9018, appendix A: (the cookie that is made, address, secret)
const VECTORS: [(&str, &str, &str); 5] = [
    (
        "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
        "198.51.100.100",
        "e5e973e5a6b2a43f48e7dc849e37bfcf",
    ),
    (
        "2464c4abcf10c957010000005cf7a871d4a564a1442aca77",
        "198.51.100.100",
        "e5e973e5a6b2a43f48e7dc849e37bfcf",
    ),
    ("fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e", "203.0.113.203", "e5e973e5a6b2a43f48e7dc849e37bfcf"),
    (
        "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
        "2001:db8:220:1:59de:d0f4:8769:82b8",
        "dd3bdf9344b678b185a6f5cb60fca715",
    ),
    (
        "22681ab97d52c298010000005cf7c609a6bb79d16625507a",
        "2001:db8:220:1:59de:d0f4:8769:82b8",
        "445536bcd2513298075a5d379663c962",
    ),
];

fn octets<const N: usize>(hex: &str) -> [u8; N] {
    std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
}

#[test]
fn the_vectors_of_the_rfc() {
    for (cookie, address, secret) in VECTORS {
        let (cookie, secret): ([u8; 24], Secret) = (octets(cookie), octets(secret));
        let time = u32::from_be_bytes([cookie[12], cookie[13], cookie[14], cookie[15]]);
        assert_eq!(make(&cookie[..8], address.parse().unwrap(), time, &secret), cookie, "{address}");
        let judged = check(&cookie, address.parse().unwrap(), time, &[secret]);
        assert_eq!(judged, Standing::Good { renew: false }, "{address}");
    }
    // Appendix A.3: what another server put into the reserved octets is part of the hash.
    let cookie: [u8; 24] = octets("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5");
    let (client, secret) = ("203.0.113.203".parse().unwrap(), octets("e5e973e5a6b2a43f48e7dc849e37bfcf"));
    assert_eq!(check(&cookie, client, 1_559_727_985, &[secret]), Standing::Good { renew: false });
}

const NOW: u32 = 1_000_000;
const OLD: Secret = [1; 16];
const NEW: Secret = [2; 16];

/// (age of the cookie in seconds, secret that made it, change to it, what is thought of it)
fn check_age(age: i32, secret: Secret, change: impl FnOnce(&mut [u8; COOKIE_BYTES]), expected: Standing) {
    let client = "192.0.2.1".parse().unwrap();
    let mut cookie = make(b"12345678", client, NOW.wrapping_sub(age as u32), &secret);
    change(&mut cookie);
    assert_eq!(check(&cookie, client, NOW, &[NEW, OLD]), expected, "{age}");
}

#[test]
fn standing() {
    let (good, renew) = (Standing::Good { renew: false }, Standing::Good { renew: true });
    check_age(0, NEW, |_| {}, good);
    check_age(1_800, NEW, |_| {}, good);
    check_age(1_801, NEW, |_| {}, renew);
    check_age(3_600, NEW, |_| {}, renew);
    check_age(3_601, NEW, |_| {}, Standing::Unproven);
    check_age(-300, NEW, |_| {}, good);
    check_age(-301, NEW, |_| {}, Standing::Unproven);
    check_age(0, OLD, |_| {}, renew);
    check_age(0, [3; 16], |_| {}, Standing::Unproven);
    check_age(0, NEW, |cookie| cookie[8] = 2, Standing::Unproven);
    check_age(0, NEW, |cookie| cookie[0] ^= 1, Standing::Unproven);
    check_age(0, NEW, |cookie| cookie[9] ^= 1, Standing::Unproven);
    check_age(0, NEW, |cookie| cookie[23] ^= 1, Standing::Unproven);
}

#[test]
fn other_lengths_prove_nothing() {
    let client = "192.0.2.1".parse().unwrap();
    for length in [0, 8, 16, 23, 25, 40] {
        assert_eq!(check(&vec![1; length], client, NOW, &[NEW]), Standing::Unproven, "{length}");
    }
    let other = make(b"12345678", "192.0.2.2".parse().unwrap(), NOW, &NEW);
    assert_eq!(check(&other, client, NOW, &[NEW]), Standing::Unproven, "another client's");
}

#[test]
fn the_clock_may_wrap() {
    let client = "192.0.2.1".parse().unwrap();
    let cookie = make(b"12345678", client, u32::MAX - 10, &NEW);
    assert_eq!(check(&cookie, client, 10, &[NEW]), Standing::Good { renew: false });
}
