//! Plans that cannot be meant, and the sentence that each gets.

use std::time::Duration;

use rollout_plan::{Bound, Gate, Plan, Step};

fn gate(name: &str) -> Gate {
    Gate {
        name: name.into(),
        bound: Bound::Max(1.0),
        hard: None,
        interval: Duration::from_secs(5),
        failure_limit: 0,
        predict: false,
    }
}

fn steps(text: &str) -> Vec<Step> {
    let step = |word: &str| match word {
        "bake" => Step::Bake { at_least: Duration::ZERO, min_samples: 1 },
        "pause" => Step::Pause(None),
        count => Step::SetNodes(count.parse().expect("a count")),
    };
    text.split_whitespace().map(step).collect()
}

#[test]
fn steps_that_contradict_each_other() {
    let check = |text: &str, expected: &str| {
        let plan = Plan { steps: steps(text), ..Plan::doubling(vec![gate("a")]) };
        let said = plan.check().err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{text}: {said:?}");
    };
    check("1 bake 2 4 8 bake 1% 10% pause 100%", "");
    check("1 100%", "");
    check("", "there is no setNodes step");
    check("bake 1 100%", "step 1 comes before the first setNodes");
    check("pause", "step 1 comes before the first setNodes");
    check("2 4 100%", "it must be 1");
    check("1% 100%", "it must be 1");
    check("100%", "it must be 1");
    check("1 4 2 100%", "step 3 (setNodes 2) is not more than");
    check("1 4 4 100%", "step 3 (setNodes 4) is not more than");
    check("1 10% 5% 100%", "a rollout only grows");
    check("1 10% 50 100%", "a rollout only grows");
    check("1 2 50%", "not 100%");
    check(
        &format!("{} 100%", (1..=64).map(|n| n.to_string()).collect::<Vec<_>>().join(" ")),
        "65 steps are more than 64",
    );
}

#[test]
fn gates_and_times_that_cannot_be_meant() {
    let check = |change: fn(&mut Plan), expected: &str| {
        let mut plan = Plan::doubling(vec![gate("a")]);
        change(&mut plan);
        let said = plan.check().expect_err(expected).to_string();
        assert!(said.contains(expected), "{said:?}, not {expected:?}");
    };
    check(|plan| plan.gates.clear(), "there is no gate");
    check(|plan| plan.gates.push(gate("a")), "two gates are called \"a\"");
    check(|plan| plan.gates[0].name.clear(), "it has no name");
    check(|plan| plan.gates[0].bound = Bound::Max(f64::NAN), "its limit is not a number");
    check(|plan| plan.gates[0].hard = Some(0.5), "its hard limit lies within its limit");
    check(
        |plan| (plan.gates[0].bound, plan.gates[0].predict) = (Bound::Min(1.0), true),
        "needs an upper limit",
    );
    check(|plan| plan.gates[0].interval = Duration::from_secs(900), "from 1 s to 300 s");
    check(|plan| plan.gates = (0..33).map(|n| gate(&n.to_string())).collect(), "33 gates are more than 32");
    check(|plan| plan.confirm_timeout = Duration::from_secs(1), "confirm.timeout is 1 s");
    check(|plan| plan.progress_deadline = Duration::ZERO, "progressDeadlineSeconds is 0 s");
    check(|plan| plan.revert_spread = Duration::from_secs(7_200), "confirm.revertSpread is 7200 s");
    check(|plan| plan.tries = 0, "confirm.tries is 0");
    check(
        |plan| plan.steps[1] = Step::Bake { at_least: Duration::from_secs(86_400), min_samples: 1 },
        "bake.atLeast is 86400 s",
    );
}
