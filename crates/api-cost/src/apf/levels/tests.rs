//! Limits as a real API server says them.

use super::*;

/// As kube-apiserver says in `apiserver_flowcontrol_{nominal,lower,upper}_limit_seats` with its default of 600 seats.
#[test]
fn default_levels_have_the_seats_that_a_real_server_gives_them() {
    let levels = PriorityLevel::defaults();
    let found: Vec<(&str, u64, u64, u64, u64)> = levels
        .iter()
        .zip(limits(&levels, 600))
        .map(|(level, limits)| {
            (level.name.as_str(), limits.nominal, limits.lower, limits.upper, limits.request_max)
        })
        .collect();
    let expected = [
        ("exempt", 0, 0, 600, 0),
        ("catch-all", 13, 13, 613, 0),
        ("system", 74, 50, 674, 12),
        ("node-high", 98, 73, 698, 15),
        ("leader-election", 25, 25, 625, 4),
        ("workload-high", 98, 49, 698, 15),
        ("workload-low", 245, 24, 845, 37),
        ("global-default", 49, 24, 649, 8),
    ];
    assert_eq!(found, expected);
}

#[test]
fn small_levels_give_one_seat_to_a_request() {
    let levels = [PriorityLevel {
        name: "small".to_owned(),
        shares: 1,
        lendable_percent: 50,
        borrowing_limit_percent: Some(150),
        response: LimitResponse::Queue(Queuing { queues: 8, hand_size: 6, queue_length_limit: 10 }),
    }];
    let expected = LevelLimits { nominal: 5, lower: 2, upper: 13, request_max: 1 };
    assert_eq!(limits(&levels, 5), [expected]);
}
