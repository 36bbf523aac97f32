//! Where pods are known from, and what happens when a source goes away.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fake_kubelet::FakeKubelet;
use crate::fake_runtime::{Container, ContainerMetadata, FakeRuntime, Image, Sandbox, SandboxMetadata};
use crate::fixture::{Machine, Page, start};
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
    let failed =
        |page: &Page| page.value("plimsoll_agent_pod_source_failures_total", &["source=\"cri\""]) > Some(0.0);
    let page = agent.scrape_until(failed).await;
    assert_eq!(
        page.value("container_cpu_usage_seconds_total", &["container=\"app\"", "workload=\"web\""]),
        Some(1.0)
    );
    assert!((agent.status)().pods.error.is_some());

    // The runtime knows less of owners: the Deployment is remembered.
    let _runtime = runtime(false).serve(&machine.path("cri.sock"));
    let in_use = |source: &'static str| {
        move |page: &Page| {
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

#[tokio::test]
async fn the_network_of_a_pod_is_its_own() {
    let check = async |network: i32, own_numbers: bool, expected: Option<f64>| {
        let machine = machine();
        let group = format!("sys/fs/cgroup/kubepods/pod{UID}/{ID}");
        machine.write("proc/77/net/dev", "eth0: 5 0 0 0 0 0 0 0 6 0 0 0 0 0 0 0\n");
        if own_numbers {
            machine.write(&format!("{group}/cgroup.procs"), "77\n");
        } else {
            // As in a pod of its own PID namespace: nobody else has a number.
            machine.write(&format!("{group}/cgroup.procs"), "0\n0\n");
            machine.write("proc/77/cgroup", &format!("0::/../../pod{UID}/{ID}\n"));
        }
        let fake = FakeRuntime { network, ..runtime(true) };
        let _runtime = fake.serve(&machine.path("cri.sock"));
        let agent = machine.start().await;
        let page = agent.scrape_until(|page| page.has("container=\"app\"")).await;
        let pod = ["interface=\"eth0\"", "pod=\"web-5d4f7-abcde\""];
        assert_eq!(
            page.value("container_network_transmit_bytes_total", &pod),
            expected,
            "{network} {own_numbers}"
        );
        agent.stop().await;
    };
    check(0, true, Some(6.0)).await;
    check(0, false, Some(6.0)).await;
    check(2, true, None).await;
}

const PODS: &str = r#"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"web-0","namespace":
  "shop","uid":"u-1","ownerReferences":[{"apiVersion":"apps/v1","kind":"StatefulSet","name":"web","uid":"o","controller":true
  }]},"spec":{"containers":[]},"status":{"containerStatuses":[{"name":"app","image":"example/web:1","containerID":
  "containerd://0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","state":{"running":{"startedAt":
  "2023-11-14T22:13:20Z"}}}]}}]}"#;

/// Answers every connection with `answer`, then closes it.
async fn read_only_port(answer: String) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    environment::spawn("read-only port", async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    port
}

#[tokio::test]
async fn the_read_only_port_is_the_last_resort() {
    let check = async |answer: String, workload: Option<&str>| {
        let machine = machine();
        let mut config = machine.config();
        config.kubelet_read_only_port = Some(read_only_port(answer).await);
        let agent = start(config).await;
        let asked = |page: &Page| {
            page.value("plimsoll_agent_pod_source_in_use", &["source=\"read-only-port\""]) == Some(1.0)
                || page
                    .value("plimsoll_agent_pod_source_failures_total", &["source=\"read-only-port\""])
                    .is_some()
        };
        let page = agent.scrape_until(asked).await;
        let of = workload.map(|workload| format!("workload=\"{workload}\""));
        let value =
            of.and_then(|of| page.value("container_cpu_usage_seconds_total", &["container=\"app\"", &of]));
        assert_eq!(value, workload.map(|_| 1.0), "{}", page.0);
        agent.stop().await;
    };
    let ok = "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n";
    check(format!("{ok}{PODS}"), Some("web")).await;
    check(format!("{ok}{}", &PODS[..PODS.len() - 9]), None).await;
    check("HTTP/1.0 401 Unauthorized\r\n\r\n".into(), None).await;
    check("garbage".repeat(4_000), None).await;
}
