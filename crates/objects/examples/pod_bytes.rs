//! What 100,000 pods take in memory, and how long they take to decode: `cargo run --release -p objects --example pod_bytes`.
//!
//! Pods of two containers with eight labels, in ReplicaSets of 20 on 1,000 nodes, each with its own name, UID, addresses,
//! times and container ids, as protobuf with the parts that Plimsoll skips (managedFields, environments). With `unshared`
//! as argument every pod also has a label and an owner of its own, as those of StatefulSets and Jobs have. The figure is
//! resident memory, with the allocator of the product.
#![expect(clippy::print_stdout, reason = "prints its measurement")]
#![expect(clippy::disallowed_methods, reason = "measures real time; nothing depends on it")]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use objects::decode::{self, Encoding, Keep};

use objects::pod::{Container, ContainerPort, ContainerState, ContainerStatus, Pod, Resources, Toleration};
use objects::{
    Condition, Interner, Key, Labels, Meta, Object, Owner, Quantity, Resource, Status3, Sym, encode,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const PODS: usize = 100_000;
const PODS_PER_SET: usize = 20;
const NODES: usize = 1_000;

fn main() {
    let unshared = std::env::args().any(|argument| argument == "unshared");
    let interner = Interner::default();
    let mut pods: HashMap<Key, Object> = HashMap::with_capacity(PODS);
    let mut bytes = Vec::new();
    // The first pod warms up what exists once.
    message(0, unshared, &mut bytes);
    let before = resident_bytes();

    let (mut wire_bytes, mut decoding) = (0, Duration::ZERO);
    for index in 0..PODS {
        bytes.clear();
        message(index, unshared, &mut bytes);
        wire_bytes += bytes.len();
        let start = Instant::now();
        let pod = decode::object(Resource::Pods, Encoding::Protobuf, &bytes, Keep::default(), &interner)
            .expect("it was just encoded");
        decoding += start.elapsed();
        pods.insert(pod.key(), pod);
    }
    let taken = resident_bytes().saturating_sub(before);
    println!("pods                  {PODS}");
    println!("protobuf bytes a pod  {}", wire_bytes / PODS);
    println!("resident bytes a pod  {}", taken / PODS);
    println!("decoding, µs a pod    {:.1}", decoding.as_secs_f64() * 1e6 / PODS as f64);
    println!("interned              {} strings, {} lists", interner.len(), interner.lists());
    println!("size of Pod           {}", size_of::<Pod>());
    assert_eq!(pods.len(), PODS);
}

fn message(index: usize, unshared: bool, out: &mut Vec<u8>) {
    encode::object(&Object::Pod(Arc::new(pod(index, unshared))), out);
    // A second `metadata` field is merged with the first: here are the managedFields, which are skipped.
    let mut managed = Vec::new();
    encode::field(17, &[b'x'; 1_500], &mut managed);
    encode::field(1, &managed, out);
}

fn pod(index: usize, unshared: bool) -> Pod {
    let set = index / PODS_PER_SET;
    let node = index % NODES;
    let started = 1_795_478_400 + index as i64;
    let owner = if unshared { index } else { set };
    let owner = Owner {
        kind: "ReplicaSet".into(),
        name: sym(format!("workload-{set:05}-7d9f8b6c5d")),
        uid: uid(owner + PODS).into(),
        controller: Some(true),
    };
    let condition = |kind: &str| Condition {
        kind: kind.into(),
        status: Status3::True,
        reason: Sym::default(),
        since: started,
    };
    let toleration = |key: &str| Toleration {
        key: key.into(),
        operator: "Exists".into(),
        effect: "NoExecute".into(),
        seconds: Some(300),
        ..Toleration::default()
    };
    Pod {
        meta: Meta {
            namespace: sym(format!("team-{:03}", set % 200)),
            name: format!("workload-{set:05}-7d9f8b6c5d-{index:05x}").into(),
            uid: uid(index).into(),
            resource_version: (90_000_000 + index).to_string().into(),
            created: started,
            owners: [owner].into(),
            labels: labels(index, set, unshared),
            ..Meta::default()
        },
        node: sym(format!("ip-10-0-{}-{}.eu-central-1.compute.internal", node / 250, node % 250)),
        restart_policy: "Always".into(),
        scheduler: "default-scheduler".into(),
        service_account: sym(format!("workload-{set:05}")),
        tolerations: ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
            .map(toleration)
            .into(),
        containers: [container("app", set), container("proxy", set)].into(),
        phase: "Running".into(),
        host_ip: sym(format!("10.0.{}.{}", node / 250, node % 250)),
        pod_ips: [format!("10.{}.{}.{}", 64 + index / 65_536, index / 256 % 256, index % 256).into()].into(),
        qos_class: "Burstable".into(),
        start_time: Some(started),
        conditions: ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
            .map(condition)
            .into(),
        container_statuses: [status("app", index, set), status("proxy", index + PODS, set)].into(),
        ..Pod::default()
    }
}

fn labels(index: usize, set: usize, unshared: bool) -> Labels {
    let mut labels = vec![
        ("app.kubernetes.io/component".into(), "server".into()),
        ("app.kubernetes.io/instance".into(), sym(format!("workload-{set:05}"))),
        ("app.kubernetes.io/managed-by".into(), "Helm".into()),
        ("app.kubernetes.io/name".into(), sym(format!("workload-{set:05}"))),
        ("app.kubernetes.io/version".into(), sym(format!("1.{}.0", set % 40))),
        ("helm.sh/chart".into(), sym(format!("workload-1.{}.0", set % 40))),
        ("pod-template-hash".into(), sym(format!("7d9f8{set:05x}"))),
    ];
    let own = if unshared { sym(format!("workload-{set:05}-{index}")) } else { "main".into() };
    labels.push(("z-pod-name".into(), own));
    labels.into()
}

fn container(name: &str, set: usize) -> Container {
    let amounts = |cpu: &str, memory: &str| -> Resources {
        [("cpu".into(), Quantity(cpu.into())), ("memory".into(), Quantity(memory.into()))].into()
    };
    Container {
        name: name.into(),
        image: image(name, set),
        requests: amounts("100m", "128Mi"),
        limits: amounts("1", "512Mi"),
        ports: [ContainerPort { name: "http".into(), protocol: "TCP".into(), port: 8080 }].into(),
        ..Container::default()
    }
}

fn status(name: &str, id: usize, set: usize) -> ContainerStatus {
    let digest = format!("{:064x}", (set as u128 + 1) << 100);
    ContainerStatus {
        name: name.into(),
        image: image(name, set),
        image_id: sym(format!("registry.example/team/{name}@sha256:{digest}")),
        container_id: format!("containerd://{:064x}", (id as u128 + 1) << 90).into(),
        ready: true,
        state: ContainerState::Running { started: 1_795_478_400 + id as i64 },
        ..ContainerStatus::default()
    }
}

fn image(name: &str, set: usize) -> Sym {
    sym(format!("registry.example/team/{name}:1.{}.0", set % 40))
}

fn uid(number: usize) -> String {
    format!("{number:08x}-9b1f-4c3e-8a47-{:012x}", number * 7_919)
}

fn sym(text: String) -> Sym {
    Sym::new(&text)
}

fn resident_bytes() -> usize {
    const PAGE_BYTES: usize = 4_096;
    let pages = std::fs::read_to_string("/proc/self/statm").ok();
    let resident =
        pages.as_deref().and_then(|line| line.split(' ').nth(1)).and_then(|pages| pages.parse().ok());
    resident.unwrap_or(0usize) * PAGE_BYTES
}
