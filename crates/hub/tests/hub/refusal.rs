//! One kind is refused: the others go on, and the kind is named.

use fake_apiserver::{Fault, Rule};

use super::world::{NODES, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_403_on_one_kind_costs_that_kind() {
    let world = World::new().await;
    let forbidden = Fault::Status { code: 403, retry_after_seconds: None };
    world.apiserver().faults().set(vec![Rule::new(forbidden).resource("jobs")]).unwrap();
    let hub = world.hub().await.ready().await;
    assert_eq!(hub.nodes().await, NODES as usize);
    let (_, body) = hub.readyz().await;
    assert!(body.starts_with("ready: refused by the API server: jobs ("), "{body}");
    assert!(body.contains("\njobs: missing, forbidden, 0 objects"), "{body}");
    let own = hub.own().await;
    assert!(own.contains("plimsoll_state_missing{resource=\"jobs\",phase=\"forbidden\"} 1"), "{own}");
    assert!(own.contains("kube_state_metrics_watch_total{resource=\"*v1.Job\",result=\"error\"}"), "{own}");
    assert!(
        own.contains("kube_state_metrics_watch_total{resource=\"*v1.Node\",result=\"success\"} 1"),
        "{own}"
    );
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_403_on_everything_is_not_ready() {
    let world = World::new().await;
    let forbidden = Fault::Status { code: 403, retry_after_seconds: None };
    world.apiserver().faults().set(vec![Rule::new(forbidden)]).unwrap();
    let hub = world.hub().await;
    let said = super::world::until("everything was refused", async || {
        let (status, body) = hub.readyz().await;
        assert_eq!(status, 503, "{body}");
        body.starts_with("not ready: the API server refuses every resource").then_some(body)
    })
    .await;
    assert!(said.contains("403"), "{said}");
    hub.stop().await;
}
