//! Stories of a node, as rows of seconds and totals.

use super::*;

const SHARE: Rates = Rates { bytes_per_second: 1_000, connections_per_second: 1 };

fn subject() -> Subject {
    "t/DaemonSet/a".parse().expect("a workload")
}

fn order(action: Action) -> Order {
    let subject = crate::Whom::One(subject());
    Order { subject, action, until_up_seconds: None, by: "root".to_owned(), why: String::new() }
}

struct Story {
    policy: Policy,
    share: Option<Rates>,
    order: Option<Order>,
}

impl Story {
    fn new(share: Option<Rates>, order: Option<Order>) -> Self {
        Self { policy: Policy::default(), share, order }
    }

    fn at(
        &mut self,
        second: u64,
        down_bytes: u64,
        dropped_bytes: u64,
        connections: u64,
    ) -> (&'static str, Why) {
        let reading = Reading { up_bytes: 0, down_bytes, dropped_bytes, connections };
        self.look(second, reading, (0, 0), false)
    }

    fn look(&mut self, second: u64, reading: Reading, api: (u64, u64), told: bool) -> (&'static str, Why) {
        let verdicts = self.policy.look(Look {
            now: Duration::from_secs(second),
            readings: &[(subject(), reading)].into(),
            tried: api.0,
            accepted: api.1,
            is_overloaded: told,
            shares: &self.share.map(|share| (subject(), share)).into_iter().collect(),
            orders: &self.order.clone().map(|order| (subject(), order)).into_iter().collect(),
            everybody: None,
        });
        let verdict = &verdicts[&subject()];
        (verdict.mode.name(), verdict.why.clone())
    }
}

#[test]
fn use_is_compared_with_the_share_over_ten_seconds() {
    // (share, bytes a second, connections a second, mode at the end)
    let rows = [
        (Some(SHARE), 999, 0, "observe"),
        (Some(SHARE), 1_001, 0, "limit"),
        (Some(SHARE), 0, 1, "observe"),
        (Some(SHARE), 0, 2, "limit"),
        (None, 1_000_000, 1_000, "observe"),
    ];
    for (share, bytes, connections, expected) in rows {
        let mut story = Story::new(share, None);
        for second in (100..110).step_by(2) {
            let so_far = second - 100;
            assert_eq!(
                story.at(second, bytes * so_far, 0, connections * so_far).0,
                "observe",
                "too early to tell"
            );
        }
        assert_eq!(
            story.at(110, bytes * 10, 0, connections * 10).0,
            expected,
            "{bytes} bytes, {connections} connections"
        );
    }
}

#[test]
fn a_burst_of_a_second_is_no_use_of_ten() {
    let mut story = Story::new(Some(SHARE), None);
    story.at(0, 0, 0, 0);
    for second in (2..60).step_by(2) {
        assert_eq!(story.at(second, 9_000, 0, 5).0, "observe", "at {second} s");
    }
}

#[test]
fn a_limit_holds_while_something_is_dropped_and_ten_minutes_longer() {
    let mut story = Story::new(Some(SHARE), None);
    story.at(0, 0, 0, 0);
    assert_eq!(story.at(10, 50_000, 0, 0), ("limit", Why::OverShare));
    for second in (20..=100).step_by(10) {
        let dropped = second * 100;
        assert_eq!(story.at(second, 50_000 + second * 900, dropped, 0).0, "limit");
    }
    // Quiet since 100: the last drop was seen at 110.
    for second in (110..700).step_by(10) {
        assert_eq!(story.at(second, 140_000, 10_000, 0).0, "limit", "at {second} s");
    }
    assert_eq!(story.at(720, 140_000, 10_000, 0), ("observe", Why::Observed));
}

#[test]
fn an_order_wins_over_what_is_seen() {
    let rates = Rates { bytes_per_second: 5, connections_per_second: 5 };
    let rows = [
        (Action::Observe, "observe"),
        (Action::Cut, "cut"),
        (Action::Limit(rates), "limit"),
        (Action::Share(rates), "limit"),
        (Action::Share(Rates { bytes_per_second: 1_000_000, connections_per_second: 100 }), "observe"),
    ];
    for (action, expected) in rows {
        let mut story = Story::new(Some(SHARE), Some(order(action)));
        story.at(0, 0, 0, 0);
        assert_eq!(story.at(10, 50_000, 0, 0).0, expected, "{action:?}");
    }
}

#[test]
fn unanswered_connections_are_an_overload() {
    // (tried, accepted, told by the hub, mode)
    let rows = [
        (4, 0, false, "observe"),
        (5, 2, false, "limit"),
        (5, 3, false, "observe"),
        (0, 0, true, "limit"),
        (1_000, 999, false, "observe"),
    ];
    for (tried, accepted, told, expected) in rows {
        let mut story = Story::new(Some(SHARE), None);
        story.look(0, Reading::default(), (0, 0), false);
        let (mode, _) = story.look(10, Reading::default(), (tried, accepted), told);
        assert_eq!(mode, expected, "{tried} tried, {accepted} accepted");
    }
    let mut story = Story::new(None, None);
    story.look(0, Reading::default(), (0, 0), false);
    assert_eq!(story.look(10, Reading::default(), (9, 0), false).0, "observe", "no share, no limit");
}

#[test]
fn an_overload_ends_a_minute_after_its_last_sign() {
    let mut story = Story::new(Some(SHARE), None);
    story.look(0, Reading::default(), (0, 0), false);
    assert_eq!(story.look(10, Reading::default(), (9, 0), false), ("limit", Why::Overload));
    assert_eq!(story.look(20, Reading::default(), (9, 0), false).0, "limit");
    assert_eq!(story.look(68, Reading::default(), (9, 0), false).0, "limit");
    assert_eq!(story.look(80, Reading::default(), (9, 0), false), ("observe", Why::Observed));
}

#[test]
fn a_limit_of_the_agent_before_is_kept() {
    let mut story = Story::new(None, None);
    story.policy.restore(subject(), SHARE, Duration::from_secs(50));
    assert_eq!(story.at(40, 0, 0, 0), ("limit", Why::OverShare));
    assert_eq!(story.at(51, 0, 0, 0).0, "observe");
}

#[test]
fn what_is_said_of_everybody_holds_for_whoever_has_no_order_of_their_own() {
    let everybody = Order { subject: crate::Whom::Everybody, ..order(Action::Cut) };
    let mode = |own: Option<Action>| {
        let verdicts = Policy::default().look(Look {
            now: Duration::ZERO,
            readings: &[(subject(), Reading::default())].into(),
            tried: 0,
            accepted: 0,
            is_overloaded: false,
            shares: &BTreeMap::new(),
            orders: &own.map(|action| (subject(), order(action))).into_iter().collect(),
            everybody: Some(&everybody),
        });
        verdicts[&subject()].mode.name()
    };
    assert_eq!(mode(None), "cut");
    assert_eq!(mode(Some(Action::Observe)), "observe");
    assert_eq!(mode(Some(Action::Limit(SHARE))), "limit");
}
