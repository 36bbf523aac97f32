//! The pod table: what sources and the hub say, merged.

use environment::ManualClock;
use node_probe::pods::Container;
use prometheus_client::registry::Registry;

use super::*;

fn table() -> (Pods, ManualClock) {
    let clock = ManualClock::default();
    (Pods::new(Arc::new(clock.clone()), Metrics::register(&mut Registry::default())), clock)
}

fn pod(uid: &str, workload: Option<&str>) -> Pod {
    let workload = workload.map(|name| Workload { kind: Sym::new("Deployment"), name: name.into() });
    Pod {
        uid: uid.into(),
        namespace: Sym::new("shop"),
        name: format!("pod-{uid}").into(),
        workload,
        ..Pod::default()
    }
}

fn item(uid: &str, name: &str, workload: &str) -> PodItem {
    PodItem {
        namespace: "shop".into(),
        name: name.into(),
        uid: uid.into(),
        workload_kind: if workload.is_empty() { String::new() } else { "CronJob".into() },
        workload_name: workload.into(),
    }
}

/// "uid=workload" of each pod, sorted.
fn shown(pods: &Pods) -> Vec<String> {
    let mut list = Vec::new();
    pods.list(&mut list);
    let mut shown: Vec<_> =
        list.iter().map(|known| format!("{}={}", known.pod.uid, known.workload.name)).collect();
    shown.sort();
    shown
}

#[test]
fn a_complete_list_replaces_and_changes_add_up() {
    let (pods, _) = table();
    pods.replace(Source::PodsApi, vec![pod("1", Some("a")), pod("2", None)]);
    assert_eq!(shown(&pods), ["1=a", "2="]);
    pods.apply(pod("3", Some("c")));
    pods.remove("1");
    pods.remove("unknown");
    assert_eq!(shown(&pods), ["2=", "3=c"]);
    pods.replace(Source::PodsApi, vec![pod("3", Some("d"))]);
    assert_eq!(shown(&pods), ["3=d"]);
    assert_eq!(pods.len(), 1);
}

#[test]
fn the_table_is_bounded() {
    let (pods, _) = table();
    for number in 0..PODS_MAX + 10 {
        pods.apply(pod(&number.to_string(), None));
    }
    assert_eq!(pods.len(), PODS_MAX);
}

#[test]
fn the_hub_says_more_than_the_node_can() {
    let check = |items: Vec<PodItem>, expected: &[&str]| {
        // The order does not matter.
        let (pods, _) = table();
        pods.set_hub(items.clone().into_iter());
        pods.replace(Source::PodsApi, vec![pod("1", Some("job-1"))]);
        assert_eq!(shown(&pods), expected, "hub first");
        let (pods, _) = table();
        pods.replace(Source::PodsApi, vec![pod("1", Some("job-1"))]);
        pods.set_hub(items.into_iter());
        assert_eq!(shown(&pods), expected, "node first");
        pods.set_hub(std::iter::empty());
        assert_eq!(shown(&pods), ["1=job-1"], "taken back");
    };
    check(vec![], &["1=job-1"]);
    check(vec![item("1", "pod-1", "backup")], &["1=backup"]);
    check(vec![item("other", "pod-x", "backup")], &["1=job-1"]);
    // A static pod: the API server knows its mirror, under another UID.
    check(vec![item("mirror", "pod-1", "backup")], &["1=backup"]);
    // The hub knows no owner.
    check(vec![item("1", "pod-1", "")], &["1=job-1"]);
}

#[test]
fn a_source_that_knows_less_takes_nothing_away() {
    let (pods, _) = table();
    let first = Pod { host_network: Some(true), started: Some(5), ..pod("1", Some("a")) };
    pods.replace(Source::PodsApi, vec![first]);
    pods.replace(Source::Cri, vec![pod("1", None)]);
    let mut list = Vec::new();
    pods.list(&mut list);
    assert_eq!(
        (&*list[0].workload.name, list[0].pod.host_network, list[0].pod.started),
        ("a", Some(true), Some(5))
    );
}

#[test]
fn what_is_unchanged_is_kept() {
    let (pods, _) = table();
    let mut lists = [Vec::new(), Vec::new()];
    for list in &mut lists {
        pods.replace(Source::Cri, vec![pod("1", None)]);
        pods.list(list);
    }
    assert!(Arc::ptr_eq(&lists[0][0], &lists[1][0]), "opened groups go on");
}

#[test]
fn each_oom_kill_is_counted_once() {
    let (pods, _) = table();
    let check = |killed: Option<Seconds>, expected: u64| {
        let container =
            Container { name: Sym::new("app"), id: "x".into(), oom_killed: killed, ..Container::default() };
        pods.apply(Pod { containers: vec![container], ..pod("1", None) });
        let mut list = Vec::new();
        pods.list(&mut list);
        assert_eq!(list[0].oom_kills.first().map_or(0, |(_, kills, _)| *kills), expected, "{killed:?}");
    };
    check(None, 0);
    check(Some(100), 1);
    check(Some(100), 1);
    check(None, 1);
    check(Some(100), 1);
    check(Some(200), 2);
}

#[test]
fn the_age_of_what_is_known() {
    let (pods, clock) = table();
    let age = || pods.source().age.map(|age| age.as_secs());
    let gone = || SourceError::Ended;
    assert_eq!((pods.source().source, age()), (None, None));
    pods.replace(Source::PodsApi, vec![]);
    clock.advance(Duration::from_secs(3600));
    assert_eq!(age(), Some(0), "a stream that says nothing is up to date");
    pods.failed(Source::PodsApi, &gone());
    clock.advance(Duration::from_secs(5));
    pods.failed(Source::PodsApi, &gone());
    assert_eq!(age(), Some(5));
    assert!(pods.source().error.is_some());
    pods.replace(Source::Cri, vec![]);
    assert_eq!((pods.source().source, age()), (Some(Source::Cri), Some(0)));
    pods.replace(Source::PodsApi, vec![]);
    assert_eq!(pods.source().error, None);
}
