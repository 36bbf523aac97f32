//! What a start costs the API server: one watch-list a kind, and nothing of the kind with a snapshot.

use fake_apiserver::{Fault, Rule};

use super::world::{NODES, PODS_PER_NODE, World, count, damage};

/// Resources of which a full state was asked for, one by one.
fn full_states(world: &World, since: u64) -> Vec<String> {
    let requests = world.requests(since);
    let full = requests
        .iter()
        .filter(|request| request.verb == "list" || request.uri.contains("sendInitialEvents=true"));
    full.map(|request| request.resource.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_start_asks_once_for_each_kind_and_a_restart_for_none() {
    let world = World::new().await;
    let first = world.hub().await.ready().await;
    assert_eq!(first.nodes().await, NODES as usize);
    let pods = count(&first.metrics().await, "kube_pod_info{");
    assert!(pods >= (NODES * PODS_PER_NODE) as usize / 2, "{pods}");
    let mut asked = full_states(&world, 0);
    asked.sort();
    let mut kinds: Vec<&str> = hub::DEFAULT_RESOURCES.iter().map(|resource| resource.plural()).collect();
    kinds.sort();
    assert_eq!(asked, kinds);
    let read = |request: &fake_apiserver::RequestRecord| request.verb != "patch";
    assert!(world.requests(0).iter().filter(|r| read(r)).all(|r| r.verb == "watch"), "watch-lists only");
    first.stop().await;

    let before = world.apiserver().requests_total();
    let second = world.hub().await.ready().await;
    assert_eq!(
        (second.nodes().await, count(&second.metrics().await, "kube_pod_info{")),
        (NODES as usize, pods)
    );
    // Wait until every kind was confirmed by its resumed watch, then look at what that took.
    super::world::until("every kind is confirmed", async || {
        (second.status)().resources.iter().all(|kind| !kind.restored).then_some(())
    })
    .await;
    assert_eq!(full_states(&world, before), Vec::<String>::new());
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_costs_one_kind() {
    let world = World::new().await;
    world.hub().await.ready().await.stop().await;
    damage(&world.data_dir().join("pods.snapshot"));
    let before = world.apiserver().requests_total();
    let hub = world.hub().await.ready().await;
    assert_eq!(full_states(&world, before), ["pods"]);
    let own = hub.own().await;
    assert!(own.contains("plimsoll_snapshot_rejected_total{reason=\"damaged\"} 1"), "{own}");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_cluster_at_the_same_address_is_noticed_at_a_start() {
    let mut world = World::new().await;
    world.hub().await.ready().await.stop().await;
    world.another_cluster(NODES - 1).await;
    let hub = world.hub().await;
    super::world::until("only the new cluster's nodes are there", async || {
        (hub.nodes().await == NODES as usize - 1).then_some(())
    })
    .await;
    let own = hub.own().await;
    assert!(own.contains("plimsoll_snapshot_rejected_total{reason=\"foreign\"} 11"), "{own}");
    hub.ready().await.stop().await;
    // The new cluster's own snapshot is taken at the next start.
    let before = world.apiserver().requests_total();
    let hub = world.hub().await.ready().await;
    super::world::until("every kind is confirmed", async || {
        (hub.status)().resources.iter().all(|kind| !kind.restored).then_some(())
    })
    .await;
    assert_eq!(full_states(&world, before), Vec::<String>::new());
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_cluster_at_the_same_address_is_noticed_while_the_hub_runs() {
    let mut world = World::new().await;
    let hub = world.hub().await.ready().await;
    world.another_cluster(NODES - 1).await;
    // Its versions are lower than those to resume from: a real one is silent for some minutes, and is doubted then (`Reflector`).
    let expired = Fault::Status { code: 410, retry_after_seconds: None };
    world.apiserver().faults().set(vec![Rule::new(expired).resource("namespaces").times(1)]).unwrap();
    super::world::until("only the new cluster's nodes are there", async || {
        (hub.nodes().await == NODES as usize - 1).then_some(())
    })
    .await;
    assert!(hub.own().await.contains("plimsoll_cluster_changes_total 1"));
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hubs_do_not_share_a_folder() {
    let world = World::new().await;
    let first = world.hub().await;
    let second = hub::assemble(world.config(), world.clock.clone(), world.entropy.clone()).await;
    let failed = second.err().unwrap();
    assert!(failed.is_operators() && failed.to_string().contains("in use by another hub"), "{failed}");
    first.stop().await;
}
