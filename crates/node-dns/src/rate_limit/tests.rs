//! Times and what passes.

use super::*;

/// Asks `asked` times at `at_ms`; `allowed` pass.
fn check(limit: &RateLimit, client: &str, at_ms: u64, asked: u32, allowed: u32) {
    let client: IpAddr = client.parse().unwrap();
    let passed = (0..asked).filter(|_| limit.allow(client, Duration::from_millis(at_ms))).count();
    assert_eq!(passed as u32, allowed, "{client} at {at_ms} ms");
}

#[test]
fn a_burst_of_a_second_then_the_rate() {
    let limit = RateLimit::new(10, 7);
    check(&limit, "192.0.2.1", 1_000, 20, 10);
    check(&limit, "192.0.2.1", 1_050, 5, 0);
    check(&limit, "192.0.2.1", 1_100, 5, 1);
    check(&limit, "192.0.2.1", 3_000, 20, 10);
    // Others are not concerned.
    check(&limit, "192.0.2.2", 3_000, 20, 10);
    // A /64 is one client.
    check(&limit, "2001:db8::1", 3_000, 6, 6);
    check(&limit, "2001:db8::2", 3_000, 20, 4);
    check(&limit, "2001:db8:0:1::2", 3_000, 20, 10);
}

#[test]
fn one_a_second() {
    let limit = RateLimit::new(1, 7);
    check(&limit, "192.0.2.1", 0, 3, 1);
    check(&limit, "192.0.2.1", 999, 3, 0);
    check(&limit, "192.0.2.1", 1_000, 3, 1);
}
