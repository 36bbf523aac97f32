//! What a scrape says of node, pods and containers.

use agent::StartError;
use std::sync::Arc;

use crate::fake_kubelet::FakeKubelet;
use crate::fixture::{Machine, start};
use crate::pods;

const UID: &str = "11111111-2222-3333-4444-555555555555";
const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const NEXT_ID: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";

/// The pod's groups in a v2 tree, by the systemd driver.
fn v2(machine: &Machine, id: &str, usage: u64) {
    let uid = UID.replace('-', "_");
    let pod =
        format!("sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{uid}.slice");
    machine.write("sys/fs/cgroup/cgroup.controllers", "cpu io memory pids\n");
    for folder in [pod.clone(), format!("{pod}/cri-containerd-{id}.scope")] {
        machine.write(
            &format!("{folder}/cpu.stat"),
            &format!("usage_usec {usage}\nnr_periods 4\nnr_throttled 1\n"),
        );
        machine.write(&format!("{folder}/cpu.max"), "50000 100000\n");
        machine.write(&format!("{folder}/cpu.weight"), "100\n");
        machine.write(&format!("{folder}/memory.current"), "4096\n");
        machine.write(&format!("{folder}/memory.stat"), "anon 1024\ninactive_file 96\n");
        machine.write(&format!("{folder}/memory.max"), "8192\n");
        machine.write(&format!("{folder}/memory.events"), "oom_kill 1\n");
        machine.write(&format!("{folder}/io.stat"), "254:0 rbytes=7 wbytes=8 rios=1 wios=2\n");
        machine.write(&format!("{folder}/pids.current"), "3\n");
        machine.write(&format!("{folder}/cgroup.procs"), "4242\n");
        machine.write(&format!("{folder}/cpu.pressure"), "some avg10=0 avg60=0 avg300=0 total=1500000\n");
    }
    machine.write(
        "proc/4242/net/dev",
        "  lo: 9 0 0 0 0 0 0 0 9 0 0 0 0 0 0 0\neth0: 5 0 0 0 0 0 0 0 6 0 0 0 0 0 0 0\n",
    );
}

/// The same in v1 trees, by the cgroupfs driver.
fn v1(machine: &Machine) {
    let pod = format!("kubepods/burstable/pod{UID}");
    for folder in ["", pod.as_str(), &format!("{pod}/{ID}")] {
        let write = |tree: &str, file: &str, text: &str| {
            machine.write(&format!("sys/fs/cgroup/{tree}/{folder}/{file}"), text)
        };
        write("cpu", "cpu.shares", "2\n");
        write("cpu", "cpu.cfs_quota_us", "-1\n");
        write("cpuacct", "cpuacct.usage", "3000000000\n");
        write("memory", "memory.usage_in_bytes", "4096\n");
        write("memory", "memory.stat", "total_rss 1024\ntotal_inactive_file 96\n");
        write("pids", "pids.current", "3\n");
        write("pids", "cgroup.procs", "");
    }
    machine.write("sys/fs/cgroup/unified/cgroup.controllers", "hugetlb\n");
}

#[tokio::test]
async fn the_node_in_the_names_of_node_exporter() {
    let machine = Machine::new();
    let agent = machine.start().await;
    let page = agent.scrape_until(|page| page.has("node_filesystem_size_bytes{")).await;
    let check = |name: &str, labels: &[&str], expected: f64| {
        assert_eq!(page.value(name, labels), Some(expected), "{name} {labels:?} in\n{}", page.0);
    };
    check("node_cpu_seconds_total", &["cpu=\"0\"", "mode=\"system\""], 0.5);
    check("node_boot_time_seconds", &[], 1.7e9);
    check("node_load15", &[], 0.75);
    check("node_memory_MemTotal_bytes", &[], 1_024_000.0);
    check("node_memory_Inactive_file_bytes", &[], 102_400.0);
    check("node_memory_working_set_bytes", &[], 512_000.0);
    check("node_cpu_usage_seconds_total", &[], 1.59);
    check("node_vmstat_oom_kill", &[], 2.0);
    check("node_pressure_cpu_waiting_seconds_total", &[], 2.5);
    check("node_pressure_memory_stalled_seconds_total", &[], 1.0);
    check("node_disk_written_bytes_total", &["device=\"vda\""], 4_096.0);
    check("node_disk_io_time_weighted_seconds_total", &["device=\"vda\""], 4.0);
    check("node_filefd_allocated", &[], 10.0);
    check("node_network_receive_multicast_total", &["device=\"eth0\""], 8.0);
    check("node_network_up", &["device=\"eth0\""], 1.0);
    check("node_network_mtu_bytes", &["device=\"eth0\""], 1500.0);
    check("node_netstat_TcpExt_ListenDrops", &[], 9.0);
    check("node_sockstat_sockets_used", &[], 8.0);
    check("node_os_version", &["id=\"debian\""], 12.5);
    check("node_scrape_collector_success", &["collector=\"meminfo\""], 1.0);
    check("node_filesystem_readonly", &["mountpoint=\"/\"", "fstype=\"ext4\"", "device=\"/dev/vda\""], 0.0);
    check("plimsoll_agent_pods", &[], 0.0);
    assert!(!page.has("loop0") && !page.has("fstype=\"proc\""));
    let families =
        exposition::parse(&page.0, exposition::Format::Text, exposition::Limits::default()).unwrap();
    assert!(families.len() > 80, "{}", families.len());
    agent.stop().await;
}

#[tokio::test]
async fn a_file_that_is_gone_costs_its_families_only() {
    let machine = Machine::new();
    std::fs::remove_file(machine.path("proc/meminfo")).unwrap();
    let agent = machine.start().await;
    let page = agent.scrape().await;
    assert_eq!(page.value("node_scrape_collector_success", &["collector=\"meminfo\""]), Some(0.0));
    assert_eq!(page.value("plimsoll_agent_collector_errors_total", &["collector=\"meminfo\""]), Some(1.0));
    assert_eq!(page.value("node_load1", &[]), Some(0.25));
    agent.stop().await;
}

#[tokio::test]
async fn pods_and_containers_in_v2() {
    let machine = Machine::new();
    v2(&machine, ID, 3_000_000);
    let kubelet = FakeKubelet::new();
    kubelet.put(UID, pods::web(UID, ID, None));
    let _server = kubelet.serve(&machine.path("pods-api.sock"));
    let agent = machine.start().await;
    let page = agent.scrape_until(|page| page.has("container=\"app\"")).await;
    let app = [
        "container=\"app\"",
        "pod=\"web-5d4f7-abcde\"",
        "namespace=\"shop\"",
        "workload=\"web\"",
        "workload_kind=\"Deployment\"",
        "image=\"example/web:1\"",
        ID,
    ];
    let pod = ["container=\"\"", "pod=\"web-5d4f7-abcde\""];
    let check = |name: &str, labels: &[&str], expected: f64| {
        assert_eq!(page.value(name, labels), Some(expected), "{name} {labels:?} in\n{}", page.0);
    };
    check("container_cpu_usage_seconds_total", &app, 3.0);
    check("container_cpu_cfs_throttled_periods_total", &app, 1.0);
    check("container_memory_working_set_bytes", &app, 4_000.0);
    check("container_memory_working_set_bytes", &pod, 4_000.0);
    check("container_spec_memory_limit_bytes", &app, 8_192.0);
    check("container_spec_cpu_quota", &app, 50_000.0);
    check("container_oom_events_total", &app, 1.0);
    check("container_fs_writes_bytes_total", &["container=\"app\"", "device=\"/dev/vda\""], 8.0);
    check("container_threads", &app, 3.0);
    check("container_pressure_cpu_waiting_seconds_total", &app, 1.5);
    check("container_start_time_seconds", &app, 1_700_000_100.0);
    check("container_network_receive_bytes_total", &["interface=\"eth0\"", "pod=\"web-5d4f7-abcde\""], 5.0);
    check("pod_cpu_usage_seconds_total", &["pod=\"web-5d4f7-abcde\"", "workload=\"web\""], 3.0);
    check("plimsoll_agent_pod_source_in_use", &["source=\"pods-api\""], 1.0);
    check("plimsoll_agent_pod_source_age_seconds", &[], 0.0);
    assert!(!page.has("interface=\"lo\""));
    exposition::parse(&page.0, exposition::Format::Text, exposition::Limits::default()).unwrap();
    agent.stop().await;
}

#[tokio::test]
async fn pods_and_containers_in_v1_beside_an_empty_v2_tree() {
    let machine = Machine::new();
    v1(&machine);
    let kubelet = FakeKubelet::new();
    kubelet.put(UID, pods::web(UID, ID, None));
    let _server = kubelet.serve(&machine.path("pods-api.sock"));
    let agent = machine.start().await;
    let page = agent.scrape_until(|page| page.has("container=\"app\"")).await;
    let app = ["container=\"app\"", ID];
    assert_eq!(page.value("container_cpu_usage_seconds_total", &app), Some(3.0));
    assert_eq!(page.value("container_memory_working_set_bytes", &app), Some(4_000.0));
    assert_eq!(page.value("container_threads", &app), Some(3.0));
    assert_eq!(page.value("container_spec_memory_limit_bytes", &app), Some(0.0));
    assert_eq!(page.value("container_spec_cpu_quota", &app), None, "there is none");
    agent.stop().await;
}

#[tokio::test]
async fn a_container_that_dies_leaves_no_gap_in_the_rest() {
    let machine = Machine::new();
    v2(&machine, ID, 3_000_000);
    let kubelet = FakeKubelet::new();
    kubelet.put(UID, pods::web(UID, ID, None));
    let _server = kubelet.serve(&machine.path("pods-api.sock"));
    let agent = machine.start().await;
    agent.scrape_until(|page| page.has("container=\"app\"")).await;

    // The group goes before the kubelet says so.
    let uid = UID.replace('-', "_");
    let pod =
        format!("sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{uid}.slice");
    machine.remove(&format!("{pod}/cri-containerd-{ID}.scope"));
    let page = agent.scrape().await;
    assert!(!page.has("container=\"app\""));
    let pod_labels = ["container=\"\"", "pod=\"web-5d4f7-abcde\""];
    assert_eq!(page.value("container_cpu_usage_seconds_total", &pod_labels), Some(3.0));

    // Its successor has used less; the kernel had killed the first.
    v2(&machine, NEXT_ID, 1_000_000);
    kubelet.put(UID, pods::web(UID, NEXT_ID, Some(1_700_000_200)));
    let page = agent.scrape_until(|page| page.has(&format!("name=\"{NEXT_ID}\""))).await;
    assert_eq!(page.value("container_cpu_usage_seconds_total", &["container=\"app\""]), Some(1.0));
    assert_eq!(page.value("container_oom_events_total", &["container=\"app\""]), Some(2.0), "one of each");

    kubelet.delete(UID, pods::gone(UID));
    let page = agent.scrape_until(|page| !page.has("web-5d4f7-abcde")).await;
    assert_eq!(page.value("plimsoll_agent_pods", &[]), Some(0.0));
    agent.stop().await;
}

#[tokio::test]
async fn health_depends_on_nothing_outside() {
    let machine = Machine::new();
    let agent = machine.start().await;
    for path in ["/healthz", "/livez", "/readyz"] {
        assert!(agent.get(path).await.0.contains("200"), "{path}");
    }
    assert!(agent.get("/nothing").await.0.contains("404"));
    let status = (agent.status)();
    assert_eq!(
        (status.load, status.cpus, status.memory.total_bytes),
        (Some([0.25, 0.5, 0.75]), 1, 1_024_000)
    );
    assert_eq!((status.pods.count, status.pods.source), (0, None));
    agent.stop().await;
}

#[tokio::test]
async fn bad_input_is_one_sentence() {
    let machine = Machine::new();
    let agent = machine.start().await;
    let assemble = |config| async {
        let clock = Arc::new(environment::SystemClock::new());
        agent::assemble(config, clock, Arc::new(environment::SeededEntropy::new(1)), Vec::new())
            .await
            .map(|_| ())
    };
    let mut taken = machine.config();
    taken.listen = agent.address;
    let refused: StartError = assemble(taken.clone()).await.unwrap_err();
    assert!(refused.to_string().contains("the port is in use"), "{refused}");
    taken.port_fallback = true;
    start(taken).await.stop().await;
    let mut nowhere = machine.config();
    nowhere.roots.procfs = machine.path("missing");
    let refused = assemble(nowhere).await.unwrap_err().to_string();
    assert!(refused.contains("missing/stat") && refused.contains("--path.procfs"), "{refused}");
    agent.stop().await;
}
