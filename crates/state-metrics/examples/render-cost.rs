//! What a scrape of 100,000 pods with two containers each costs:
//! `cargo run --release -p state-metrics --example render-cost [pods]`
//!
//! Prints bytes and nanoseconds per pod, how large the pieces are, and the memory that the scrape needs beside the objects.
//! The unsafe code of a counting allocator is not allowed here; the peak of the resident memory says what matters: a piece's
//! memory is given back before the next one. CPU time is what this process used; a busy machine stretches the other one.

#![expect(clippy::print_stdout, reason = "the figures are what this program is for")]
#![expect(clippy::disallowed_methods, reason = "the only place of this crate that measures time")]

use std::sync::Arc;
use std::time::Instant;

use objects::decode::{self, Encoding, Keep};
use objects::{Interner, Object, Resource};
use state_metrics::{Options, Scrape};

const PODS: usize = 100_000;
const ROUNDS: usize = 3;

fn main() {
    let pods = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(PODS);
    let interner = Interner::default();
    let objects: Vec<Object> = (0..pods).map(|at| pod(at, &interner)).collect();
    let before = resident_kib("VmRSS");
    let options = Arc::new(Options::default());
    let (mut best, mut best_cpu) = (u128::MAX, u64::MAX);
    let (mut bytes, mut pieces, mut largest) = (0, 0, 0);
    for _ in 0..ROUNDS {
        let (began, cpu_before) = (Instant::now(), cpu_millis());
        (bytes, pieces, largest) = (0, 0, 0);
        for piece in Scrape::new(vec![(Resource::Pods, objects.clone())], options.clone()) {
            bytes += piece.len();
            pieces += 1;
            largest = largest.max(piece.len());
        }
        best = best.min(began.elapsed().as_nanos());
        best_cpu = best_cpu.min(cpu_millis() - cpu_before);
    }
    println!("pods                 {pods}");
    println!("bytes per pod        {}", bytes / pods);
    println!("nanoseconds per pod  {} (best of {ROUNDS})", best / pods as u128);
    println!("CPU ns per pod       {}", best_cpu * 1_000_000 / pods as u64);
    println!("MB per second        {}", bytes as u128 * 1_000 / best);
    println!("pieces               {pieces}, the largest {largest} bytes");
    println!("objects, resident    {before} KiB");
    println!("peak while scraping  {} KiB more", resident_kib("VmHWM").saturating_sub(before));
}

/// A pod of a Deployment as a cluster has thousands of.
fn pod(at: usize, interner: &Interner) -> Object {
    let (app, node) = (at / 20, at % 1_000);
    let status = |name: &str| {
        format!(
            r#"{{"name": "{name}", "image": "registry.example/{name}:1.4", "imageID": "registry.example/{name}@sha256:{app:064}",
            "containerID": "containerd://{at:064}", "ready": true, "state": {{"running": {{"startedAt": "2026-01-01T00:00:00Z"}}}}}}"#
        )
    };
    let container = |name: &str| {
        format!(
            r#"{{"name": "{name}", "image": "registry.example/{name}:1.4", "resources": {{
            "limits": {{"cpu": "500m", "memory": "512Mi"}}, "requests": {{"cpu": "100m", "memory": "128Mi"}}}}}}"#
        )
    };
    let condition = |kind: &str| {
        format!(r#"{{"type": "{kind}", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}}"#)
    };
    let conditions = ["PodScheduled", "Initialized", "ContainersReady", "Ready"].map(condition).join(",");
    let json = format!(
        r#"{{"metadata": {{"namespace": "team-{}", "name": "app-{app}-7d9f8b6c5-{at:05}", "uid": "{at:08}-0000-4000-8000-000000000000",
        "creationTimestamp": "2026-01-01T00:00:00Z", "labels": {{"app.kubernetes.io/name": "app-{app}"}},
        "ownerReferences": [{{"kind": "ReplicaSet", "name": "app-{app}-7d9f8b6c5", "uid": "{app}", "controller": true}}]}},
        "spec": {{"nodeName": "node-{node}", "restartPolicy": "Always", "schedulerName": "default-scheduler",
        "serviceAccountName": "app-{app}", "containers": [{}, {}], "tolerations": [
        {{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}},
        {{"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}}]}},
        "status": {{"phase": "Running", "qosClass": "Burstable", "hostIP": "10.0.0.{}", "podIP": "10.1.{}.{}",
        "podIPs": [{{"ip": "10.1.{}.{}"}}], "startTime": "2026-01-01T00:00:00Z", "conditions": [{conditions}],
        "containerStatuses": [{}, {}]}}}}"#,
        app % 50,
        container("app"),
        container("proxy"),
        node % 250,
        at / 250 % 250,
        at % 250,
        at / 250 % 250,
        at % 250,
        status("app"),
        status("proxy"),
    );
    decode::object(Resource::Pods, Encoding::Json, json.as_bytes(), Keep::default(), interner)
        .expect("the pod above is valid")
}

/// A figure of /proc/self/status; 0 where there is none.
fn resident_kib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(field));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

/// CPU time of this process; 0 where there is no /proc. Linux counts it in hundredths of a second for every reader.
fn cpu_millis() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    // User and system time are fields 14 and 15; the name is the second.
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    ticks.sum::<u64>() * 10
}
