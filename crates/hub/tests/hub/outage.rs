//! The API server goes away, or forgets.

use super::world::{NODES, Running, World, sample, until};

async fn age(hub: &Running) -> f64 {
    sample(&hub.own().await, "plimsoll_state_age_seconds{resource=\"nodes\"}").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_state_stays_and_says_its_age() {
    let mut world = World::new().await;
    let hub = world.hub().await.ready().await;
    world.apiserver.take().unwrap().stop().await;
    // With the API server a bookmark comes every 0.2 s.
    until("the age grows", async || (age(&hub).await > 1.0).then_some(())).await;
    assert_eq!(hub.nodes().await, NODES as usize);
    assert_eq!(hub.readyz().await.0, 200);
    for address in [hub.state, hub.telemetry] {
        assert_eq!(super::world::get(address, "/livez").await.unwrap().0, 200);
    }
    hub.stop().await;

    // A start without an API server: the snapshot, at once, with the age that it has.
    let hub = world.hub().await;
    assert_eq!(hub.nodes().await, NODES as usize);
    let (status, body) = hub.readyz().await;
    assert_eq!(status, 200, "{body}");
    assert!(body.starts_with("ready: from the snapshot, not confirmed since: namespaces"), "{body}");
    assert!(age(&hub).await > 1.0);
    hub.kill().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_snapshot_and_without_an_api_server_nothing_is_claimed() {
    let mut world = World::new().await;
    world.apiserver.take().unwrap().stop().await;
    let hub = world.hub().await;
    assert_eq!(hub.nodes().await, 0);
    let (status, body) = hub.readyz().await;
    assert_eq!(status, 503);
    assert!(body.starts_with("not ready: not known yet: namespaces"), "{body}");
    assert_eq!(super::world::get(hub.telemetry, "/livez").await.unwrap().0, 200);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_scrape_sees_a_part_while_everything_is_read_again() {
    let world = World::new().await;
    let hub = world.hub().await.ready().await;
    let replays =
        || world.requests(0).iter().filter(|request| request.uri.contains("sendInitialEvents=true")).count();
    let before = replays();
    world.apiserver().faults().expire_versions();
    until("every kind was read again", async || {
        assert_eq!(hub.nodes().await, NODES as usize);
        (replays() >= before + hub::DEFAULT_RESOURCES.len()).then_some(())
    })
    .await;
    assert_eq!(hub.nodes().await, NODES as usize);
    hub.stop().await;
}
