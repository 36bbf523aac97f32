//! Where pods are known from, and what happens when a source goes away.

use crate::fake_kubelet::FakeKubelet;
use crate::fake_runtime::{Container, ContainerMetadata, FakeRuntime, Image, Sandbox, SandboxMetadata};
use crate::fixture::Machine;
use crate::pods;

const UID: &str = "u-1";
const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn machine() -> Machine {
    let machine = Machine::new();
    machine.write("sys/fs/cgroup/cgroup.controllers", "cpu\n");
    machine.write(&format!("sys/fs/cgroup/kubepods/pod{UID}/cpu.stat"), "usage_usec 1000000\n");
    machine.write(&format!("sys/fs/cgroup/kubepods/pod{UID}/{ID}/cpu.stat"), "usage_usec 1000000\n");
    machine
}

fn runtime(template_hash: bool) -> FakeRuntime {
    let runtime = FakeRuntime::default();
    let hash = template_hash.then(|| ("pod-template-hash".to_owned(), "5d4f7".to_owned()));
    let metadata = SandboxMetadata {
        name: "web-5d4f7-abcde".into(),
        uid: UID.into(),
        namespace: "shop".into(),
        attempt: 0,
    };
    let sandbox = Sandbox {
        id: "s".into(),
        metadata: Some(metadata),
        created_at: 5_000_000_000,
        labels: hash.into_iter().collect(),
    };
    let container = Container {
        id: ID.into(),
        pod_sandbox_id: "s".into(),
        metadata: Some(ContainerMetadata { name: "app".into() }),
        image: Some(Image { image: "example/web:1".into() }),
        state: 1,
        created_at: 6_000_000_000,
    };
    runtime.sandboxes.lock().items.push(sandbox);
    runtime.containers.lock().containers.push(container);
    runtime
}

#[tokio::test]
async fn the_runtime_speaks_where_the_kubelet_has_no_pods_api() {
    let machine = machine();
    let _runtime = runtime(true).serve(&machine.path("cri.sock"));
    let agent = machine.start().await;
    let page = agent.scrape_until(|page| page.has("container=\"app\"")).await;
    let app = ["container=\"app\"", "namespace=\"shop\"", "workload=\"web\"", "workload_kind=\"Deployment\""];
    assert_eq!(page.value("container_cpu_usage_seconds_total", &app), Some(1.0));
    assert_eq!(page.value("container_start_time_seconds", &app), Some(6.0));
    assert_eq!(page.value("plimsoll_agent_pod_source_in_use", &["source=\"cri\""]), Some(1.0));
    assert_eq!((agent.status)().pods.source, Some("cri"));
    agent.stop().await;
}

#[tokio::test]
async fn what_the_kubelet_said_stays_when_the_runtime_takes_over() {
    let machine = machine();
    let kubelet = FakeKubelet::new();
    kubelet.put(UID, pods::web(UID, ID, None));
    let server = kubelet.serve(&machine.path("pods-api.sock"));
    let agent = machine.start().await;
    agent.scrape_until(|page| page.has("container=\"app\"")).await;

    // The kubelet is down: nobody else is there, and what is known stays known.
    server.abort();
    let _ = server.await;
    std::fs::remove_file(machine.path("pods-api.sock")).unwrap();
    kubelet.hang_up();
    let failed = |page: &crate::fixture::Page| {
        page.value("plimsoll_agent_pod_source_failures_total", &["source=\"cri\""]) > Some(0.0)
    };
    let page = agent.scrape_until(failed).await;
    assert_eq!(
        page.value("container_cpu_usage_seconds_total", &["container=\"app\"", "workload=\"web\""]),
        Some(1.0)
    );
    assert!((agent.status)().pods.error.is_some());

    // The runtime knows less of owners: the Deployment is remembered.
    let _runtime = runtime(false).serve(&machine.path("cri.sock"));
    let in_use = |source: &'static str| {
        move |page: &crate::fixture::Page| {
            page.value("plimsoll_agent_pod_source_in_use", &[&format!("source=\"{source}\"")]) == Some(1.0)
        }
    };
    let page = agent.scrape_until(in_use("cri")).await;
    assert_eq!(
        page.value("container_cpu_usage_seconds_total", &["container=\"app\"", "workload=\"web\""]),
        Some(1.0)
    );

    // And back.
    let _server = kubelet.serve(&machine.path("pods-api.sock"));
    let page = agent.scrape_until(in_use("pods-api")).await;
    assert_eq!(page.value("plimsoll_agent_pods", &[]), Some(1.0));
    agent.stop().await;
}

#[tokio::test]
async fn one_damaged_pod_does_not_hide_the_others() {
    let machine = machine();
    let kubelet = FakeKubelet::new();
    kubelet.put("bad", vec![0x0a, 0xff, 0xff]);
    kubelet.put(UID, pods::web(UID, ID, None));
    let _server = kubelet.serve(&machine.path("pods-api.sock"));
    let agent = machine.start().await;
    let page = agent.scrape_until(|page| page.has("container=\"app\"")).await;
    assert_eq!(page.value("plimsoll_agent_pods_undecodable_total", &["source=\"pods-api\""]), Some(1.0));
    agent.stop().await;
}
