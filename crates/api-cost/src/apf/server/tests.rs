//! One server with its default levels.

use super::*;

const ONE: Seats = Seats { initial: 1, last: 0, last_microseconds: 0 };

fn server() -> (Server, usize) {
    let levels = PriorityLevel::defaults();
    let at = levels.iter().position(|level| level.name == "workload-low").expect("a default");
    (Server::new(&levels, 600, 0).expect("valid"), at)
}

/// A level that wants more gets what the others lend: 367 of the 602 nominal seats, within the first period.
#[test]
fn a_busy_level_borrows_what_the_idle_ones_lend() {
    let (mut server, low) = server();
    for flow in 0..700 {
        server.arrive(1, low, flow * 7919, ONE);
    }
    let before = server.queues(low).executing();
    server.borrow(10 * SECOND);
    let lent = 13 + 50 + 73 + 25 + 49 + 24;
    assert_eq!(server.queues(low).limit(), 602 - lent);
    assert_eq!(server.queues(low).executing() as u64, 602 - lent);
    assert!(before < 300, "{before}");
}

#[test]
fn rejects_raise_retry_after() {
    let (mut server, low) = server();
    let mut told = Vec::new();
    for second in 0..4 {
        for _ in 0..1000 {
            if let Outcome::Rejected { reason: Reject::QueueFull, retry_after } =
                server.arrive(second * SECOND + 1, low, 1, ONE)
            {
                told.push(retry_after);
            }
        }
    }
    assert_eq!((told.first(), told.last()), (Some(&1), Some(&4)));
}

#[test]
fn who_has_waited_for_too_long_is_told_so() {
    let (mut server, low) = server();
    let accepted: Vec<RequestId> = (0..400)
        .filter_map(|flow| match server.arrive(1, low, flow * 7919, ONE) {
            Outcome::Accepted(id) => Some(id),
            Outcome::Rejected { .. } => None,
        })
        .collect();
    let last = *accepted.last().expect("some wait");
    assert!(server.time_out(15 * SECOND, low, accepted[0]).is_none(), "it runs");
    let refused = Outcome::Rejected { reason: Reject::TimeOut, retry_after: 1 };
    assert_eq!(server.time_out(15 * SECOND, low, last), Some(refused));
}
