//! The cluster stays consistent while it lives.

use std::sync::Arc;
use std::time::Duration;

use environment::{ManualClock, SeededEntropy};

use super::Churn;
use crate::config::ClusterPlan;
use crate::population::{self, tests::check_consistent};
use crate::store::Store;

#[tokio::test]
async fn nothing_contradicts_itself_while_it_lives() {
    let clock = ManualClock::default();
    clock.advance(Duration::from_secs(1_800_000_000));
    let store = Store::new(Arc::new(clock.clone()), Arc::new(SeededEntropy::new(3)), 1000);
    let plan = ClusterPlan { nodes: 5, pods_per_node: 20, seed: 7, churn_per_second: 50.0 };
    let model = population::fill(&store, Some(plan)).await.expect("a plan makes a model");
    let mut churn = Churn::new(model, store.clone(), plan.churn_per_second);
    let (before, pods) = (store.version(), store.count("pods"));
    for _ in 0..200 {
        clock.advance(Duration::from_millis(100));
        churn.tick();
    }
    assert!(store.version() - before > 500, "it lives: {}", store.version() - before);
    // Let everything that has begun come to its end.
    churn.per_second = 0.0;
    churn.credit = 0.0;
    for _ in 0..100 {
        clock.advance(Duration::from_millis(100));
        churn.tick();
    }
    check_consistent(&store);
    assert_eq!(store.count("pods"), pods, "every pod that went was replaced");
}
