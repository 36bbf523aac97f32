//! Whole rollouts in a made-up cluster: nodes start at once, gates answer what the story says.

use std::time::Duration;

use confirmation::{Node, RevisionHash};
use rollout_plan::{
    Bound, Candidate, Command, Gate, Identity, NodeCount, Observation, Phase, Plan, Rollout, Sample, Step,
    Stop, size,
};

const NODES: u32 = 1_000;

struct Story {
    rollout: Rollout,
    nodes: Vec<Candidate>,
    now: Duration,
    /// Cost by running nodes and seconds; none: no answer.
    cost: fn(f64, u64) -> Option<f64>,
    /// How far the answers' time is off.
    dated: i64,
    reverted: u32,
    horizon: Option<Duration>,
    most: u32,
}

fn nodes(count: u32) -> Vec<Candidate> {
    let candidate = |n| {
        let node = Node { name: format!("n{n}"), uid: format!("u{n}"), goes_last: false };
        Candidate::new("ns/r", node, String::new(), String::new())
    };
    (0..count).map(candidate).collect()
}

fn story(count: u32, cost: fn(f64, u64) -> Option<f64>) -> Story {
    story_with(count, true, cost)
}

fn story_with(count: u32, predict: bool, cost: fn(f64, u64) -> Option<f64>) -> Story {
    let gate = Gate {
        name: "api-cost".into(),
        bound: Bound::Max(100.0),
        hard: Some(500.0),
        interval: Duration::from_secs(5),
        failure_limit: 1,
        predict,
    };
    let identity = Identity { cluster: "c".into(), rollout: "ns/r".into(), workload: "w".into() };
    let rollout = Rollout::new(Plan::doubling(vec![gate]), identity, RevisionHash::of(b"new"), None);
    Story {
        rollout: rollout.expect("a plan"),
        nodes: nodes(count),
        now: Duration::from_secs(1_000),
        cost,
        dated: 0,
        reverted: 0,
        horizon: Some(Duration::from_secs(60)),
        most: 0,
    }
}

impl Story {
    fn given(&self) -> u32 {
        size(self.rollout.assigned(), &self.nodes)
    }

    fn wait(&mut self, seconds: u64) -> &mut Self {
        for _ in 0..seconds {
            self.now += Duration::from_secs(1);
            let given = self.given();
            self.most = self.most.max(given);
            let running =
                if self.rollout.stopped().is_some() { 0 } else { given.saturating_sub(self.reverted) };
            let seconds = self.now.as_secs();
            let value = (self.cost)(f64::from(running), seconds).filter(|_| seconds.is_multiple_of(5));
            let at = Duration::from_secs(seconds.saturating_add_signed(self.dated));
            let samples: Vec<_> = value.map(|value| (0, Sample { at, value })).into_iter().collect();
            self.rollout.observe(&Observation {
                now: self.now,
                nodes: &self.nodes,
                running,
                reverted: self.reverted,
                samples: &samples,
                horizon: self.horizon,
            });
        }
        self
    }

    fn reason(&self) -> Option<&str> {
        self.rollout.stopped().map(Stop::reason)
    }
}

const DAY: u64 = 86_400;

#[test]
fn what_stops_a_rollout_and_how_far_it_gets() {
    let check = |name: &str, cost, expected: Option<&str>, most: u32| {
        let mut story = story(NODES, cost);
        story.wait(DAY / 8);
        assert_eq!(story.reason(), expected, "{name}: {:?}", story.rollout.stopped());
        assert!(story.most <= most, "{name}: {} nodes", story.most);
        let phase = if expected.is_some() { Phase::Degraded } else { Phase::Healthy };
        assert_eq!(story.rollout.phase(), phase, "{name}");
    };
    check("cheap", |k, s| Some(0.05 * k * (1.0 + (s % 3) as f64 / 20.0)), None, NODES);
    check("dear from the first node", |k, _| Some(1.0 * k), Some("PredictedOverBudget"), 1);
    check("dear by far", |k, _| Some(1_000.0 * k), Some("MeasuredOverBudget"), 1);
    check("dear only together", |k, _| Some(0.002 * k * k), Some("SuperlinearCost"), 8);
    check("a lie", |_, s| Some(if s > 1_100 { f64::NAN } else { 0.0 }), Some("NoData"), 8);
    check("silence", |_, s| (s < 1_100).then_some(0.0), Some("NoData"), 8);
    check("never an answer", |_, _| None, Some("NoData"), 1);
    check("endless", |_, _| Some(f64::INFINITY), Some("MeasuredOverBudget"), 1);
}

#[test]
fn one_slip_is_forgiven_and_two_are_not() {
    let mut once = story_with(NODES, false, |_, s| Some(if s == 1_060 { 200.0 } else { 0.0 }));
    once.wait(DAY / 8);
    assert_eq!(once.rollout.phase(), Phase::Healthy);
    let mut twice = story_with(NODES, false, |_, s| Some(if s == 1_060 || s == 1_080 { 200.0 } else { 0.0 }));
    twice.wait(DAY / 8);
    assert_eq!(twice.reason(), Some("MeasuredOverBudget"));
}

#[test]
fn answers_of_another_time_are_no_answers() {
    for (dated, expected) in [(-60, "NoData"), (3_600, "NoData")] {
        let mut story = story(NODES, |_, _| Some(0.0));
        story.dated = dated;
        story.wait(600);
        assert_eq!(story.reason(), Some(expected), "{dated}");
        assert_eq!(story.most, 1);
    }
}

#[test]
fn an_unknown_masking_horizon_confirms_nothing() {
    let mut story = story(NODES, |_, _| Some(0.0));
    story.horizon = None;
    story.wait(DAY / 8);
    assert_eq!((story.reason(), story.most), (Some("Inconclusive"), 1));
}

#[test]
fn a_bake_outlasts_what_caches_hide() {
    let mut story = story(NODES, |_, _| Some(0.0));
    story.horizon = Some(Duration::from_secs(1_230));
    story.wait(1_230);
    assert_eq!((story.rollout.phase(), story.most), (Phase::Baking, 1));
    assert!(story.rollout.directive(1, 0, 1).confirm_timeout >= 1_260);
}

#[test]
fn nodes_that_go_back_stop_it_and_many_freeze_everything() {
    let mut one = story(NODES, |_, _| Some(0.0));
    one.wait(5).reverted = 1;
    assert_eq!(one.wait(10).reason(), Some("NodesReverted"));
    let mut many = story(NODES, |_, _| Some(0.0));
    while many.given() < 8 {
        many.wait(1);
    }
    many.reverted = 3;
    assert_eq!(many.wait(1).reason(), Some("MassRevert"));
    assert!(many.rollout.directive(1, 0, 1).frozen);
}

#[test]
fn nodes_that_never_start_stop_it() {
    let mut story = story(NODES, |_, _| Some(0.0));
    story.wait(1);
    story.nodes.retain(|one| one.node.uid != story.rollout.assigned().nodes[0]);
    // The only node of the wave is gone: nobody runs it, nobody has to.
    story.wait(20);
    assert_eq!(story.reason(), None);
}

#[test]
fn abort_wins_and_a_retry_begins_anew() {
    let mut story = story(NODES, |k, _| Some(0.01 * k));
    story.wait(400);
    story.rollout.command(Command::Promote { full: true });
    story.rollout.command(Command::Abort);
    story.rollout.command(Command::Promote { full: true });
    story.wait(5);
    assert_eq!((story.reason(), story.rollout.phase()), (Some("ManuallyAborted"), Phase::Degraded));
    let said = story.rollout.directive(1, 0, 1);
    assert!(said.quarantines(RevisionHash::of(b"new")));
    story.rollout.command(Command::Retry);
    story.wait(DAY / 8);
    assert_eq!(story.rollout.phase(), Phase::Healthy);
    assert_eq!(story.rollout.directive(2, 0, 1).attempt, 2);
}

#[test]
fn a_pause_in_mid_trial_confirms_what_runs_and_goes_no_further() {
    let mut story = story(NODES, |k, _| Some(0.01 * k));
    while story.given() < 4 {
        story.wait(1);
    }
    story.rollout.command(Command::Pause);
    story.wait(DAY / 8);
    assert_eq!((story.given(), story.rollout.phase()), (4, Phase::Paused));
    let said = story.rollout.directive(1, 0, 1);
    assert_eq!(said.confirmed, said.assigned);
    story.rollout.command(Command::Resume);
    story.wait(DAY / 8);
    assert_eq!(story.rollout.phase(), Phase::Healthy);
}

#[test]
fn a_cluster_that_is_not_known_is_not_rolled_through() {
    let mut story = story(NODES, |_, _| Some(0.0));
    let nodes = std::mem::take(&mut story.nodes);
    story.wait(DAY / 8);
    story.nodes = nodes;
    story.wait(10);
    assert_eq!((story.given(), story.rollout.phase()), (1, Phase::Progressing));
}

#[test]
fn a_cluster_of_one_node_is_a_cluster() {
    let mut story = story(1, |k, _| Some(k));
    story.wait(DAY / 8);
    assert_eq!((story.rollout.phase(), story.most), (Phase::Healthy, 1));
}

#[test]
fn a_controller_that_is_restarted_forgets_nothing_that_it_said() {
    let plan = || story(NODES, |_, _| None).rollout.plan().clone();
    let identity = || Identity { cluster: "c".into(), rollout: "ns/r".into(), workload: "w".into() };
    let mut story = story(NODES, |k, _| Some(0.01 * k));
    for seconds in [1, 40, 100, 60, 200, 300, 600] {
        story.wait(seconds);
        let before = story.rollout.directive(1, 0, 1);
        story.rollout = Rollout::restore(plan(), identity(), &story.rollout.save()).expect("a plan");
        assert_eq!(story.rollout.directive(1, 0, 1), before);
    }
    story.wait(DAY / 8);
    assert_eq!(story.rollout.phase(), Phase::Healthy);
    story.rollout.command(Command::Abort);
    story.rollout = Rollout::restore(plan(), identity(), &story.rollout.save()).expect("a plan");
    assert_eq!(story.wait(5).reason(), Some("ManuallyAborted"));
}

#[test]
fn a_promotion_is_for_the_step_at_which_it_was_said() {
    let pause = Step::Pause(None);
    let plan = |gates| Plan {
        steps: vec![Step::SetNodes(NodeCount::Nodes(1)), pause, pause, Step::SetNodes(NodeCount::ALL)],
        ..Plan::doubling(gates)
    };
    let mut story = story(9, |running, _| Some(running));
    let (plan, identity) = (
        plan(story.rollout.plan().gates.clone()),
        Identity { cluster: "c".into(), rollout: "ns/r".into(), workload: "w".into() },
    );
    story.rollout =
        Rollout::new(plan.clone(), identity.clone(), RevisionHash::of(b"new"), None).expect("a plan");
    story.wait(200);
    let paused_at = story.rollout.step();
    assert_eq!(story.rollout.phase(), Phase::Paused);
    // Said to a controller that has not looked yet: it counts all the same, and once.
    story.rollout = Rollout::restore(plan, identity, &story.rollout.save()).expect("a plan");
    story.rollout.command(Command::Promote { full: false });
    story.wait(60);
    assert_eq!((story.rollout.phase(), story.rollout.step()), (Phase::Paused, paused_at + 1));
}

#[test]
fn a_plan_that_is_changed_on_the_way_is_gone_through_from_its_beginning() {
    let identity = Identity { cluster: "c".into(), rollout: "ns/r".into(), workload: "w".into() };
    let mut story = story(NODES, |k, _| Some(0.01 * k));
    while story.given() < 100 {
        story.wait(1);
    }
    let mut plan = story.rollout.plan().clone();
    plan.steps = vec![plan.steps[0], Step::SetNodes(NodeCount::ALL)];
    story.rollout = Rollout::restore(plan, identity, &story.rollout.save()).expect("a plan");
    story.wait(20);
    assert_eq!((story.given(), story.rollout.step(), story.rollout.phase()), (100, 0, Phase::Progressing));
    story.wait(DAY / 8);
    assert_eq!((story.given(), story.rollout.phase()), (NODES, Phase::Healthy));
}
