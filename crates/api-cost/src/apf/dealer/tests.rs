//! What is dealt, and what cannot be.

use super::*;

fn check(queues: usize, hand: usize, accepted: bool) {
    assert_eq!(Dealer::new(queues, hand).is_ok(), accepted, "{hand} of {queues}");
}

/// The hands themselves are compared with the original's in `queue_set`.
#[test]
fn takes_what_the_api_server_takes() {
    for (queues, hand, accepted) in [
        (128, 6, true),
        (1024, 6, true),
        (512, 8, false),
        (0, 1, false),
        (4, 0, false),
        (4, 5, false),
        (1 << 26, 2, true),
        ((1 << 26) + 1, 1, false),
        (16, 15, true),
        (16, 16, false),
    ] {
        check(queues, hand, accepted);
    }
}

#[test]
fn a_hand_has_no_queue_twice() {
    let dealer = Dealer::new(16, 8).expect("valid");
    for flow in 0..1000 {
        let mut hand = dealer.deal(flow_hash("schema", &flow.to_string()));
        assert!(hand.iter().all(|queue| *queue < 16));
        hand.sort_unstable();
        hand.dedup();
        assert_eq!(hand.len(), 8);
    }
}
