//! The text of the Lease, and what failures mean; when it is written is tested in `door/tests/beat.rs`.

use super::*;

#[test]
fn times() {
    let check = |seconds: u64, micros: u32, expected: &str| {
        assert_eq!(micro_time(Duration::new(seconds, micros * 1_000)), expected);
    };
    check(0, 0, "1970-01-01T00:00:00.000000Z");
    check(86_399, 999_999, "1970-01-01T23:59:59.999999Z");
    check(951_782_399, 0, "2000-02-28T23:59:59.000000Z");
    check(951_782_400, 1, "2000-02-29T00:00:00.000001Z");
    check(951_868_800, 0, "2000-03-01T00:00:00.000000Z");
    check(1_709_164_800, 0, "2024-02-29T00:00:00.000000Z");
    check(1_735_689_599, 0, "2024-12-31T23:59:59.000000Z");
    check(4_107_542_400, 0, "2100-03-01T00:00:00.000000Z");
}

#[test]
fn the_lease_is_json_whatever_the_names_are() {
    let check = |namespace: &str, holder: &str, expected: (&str, &str)| {
        let text = lease(namespace, holder, Duration::from_secs(1));
        let lease: serde_json::Value = serde_json::from_str(&text).unwrap();
        let got = (lease["metadata"]["namespace"].as_str(), lease["spec"]["holderIdentity"].as_str());
        assert_eq!(got, (Some(expected.0), Some(expected.1)));
        assert_eq!(lease["spec"]["renewTime"], "1970-01-01T00:00:01.000000Z");
    };
    check("plimsoll", "hub-1", ("plimsoll", "hub-1"));
    check("a\"b\\", "x\ny{}", ("ab", "xy"));
}

#[test]
fn what_a_failure_means() {
    let check = |code: u16, expected: HeartbeatState| {
        assert_eq!(HeartbeatState::after(&Failure::answered(code, None, None)), expected, "{code}");
    };
    check(401, HeartbeatState::Forbidden);
    check(403, HeartbeatState::Forbidden);
    check(404, HeartbeatState::Missing);
    check(409, HeartbeatState::Failing);
    check(429, HeartbeatState::Failing);
    check(500, HeartbeatState::Failing);
}
