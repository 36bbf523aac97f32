//! Many services, for measurements: half of them nobody would look at, all of them with names that can be guessed.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::api::Api;

const NAMESPACES: u32 = 100;
/// As the endpoint slice controller has it.
const SLICE_ENDPOINTS_MAX: u32 = 100;
/// Every so many-th service is headless, so that its slices are its answer.
const HEADLESS_EVERY: u32 = 10;
/// Writers at once.
const CONNECTIONS: u32 = 4;

/// `dns-fill API SERVICES ENDPOINTS FILE`: creates them, and writes `NAME ADDRESS` for each service with an address.
pub(crate) fn fill(api: &str, services: &str, endpoints: &str, names: &str) -> Result<()> {
    let (services, endpoints): (u32, u32) = (services.parse()?, endpoints.parse()?);
    let each = endpoints / services.max(1);
    let mut first = Api::connect(api)?;
    for number in 0..NAMESPACES {
        first.create("/api/v1/namespaces", &json!({"metadata": {"name": namespace(number)}}))?;
    }
    in_parallel(CONNECTIONS, |share| {
        let mut api = Api::connect(api)?;
        for number in (share..services).step_by(CONNECTIONS as usize) {
            let namespace = namespace(number);
            api.create(&format!("/api/v1/namespaces/{namespace}/services"), &service(number))?;
            for part in 0..each.div_ceil(SLICE_ENDPOINTS_MAX) {
                let path = format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices");
                let count = SLICE_ENDPOINTS_MAX.min(each - part * SLICE_ENDPOINTS_MAX);
                api.create(&path, &slice(number, part, count, each))?;
            }
        }
        Ok(())
    })?;
    let mut text = String::new();
    for number in (0..services).filter(|number| !is_headless(*number)) {
        writeln!(text, "{} {}", name(number), address(number))?;
    }
    fs::write(names, text).with_context(|| format!("cannot write {names}"))
}

/// Runs one closure for each share at once; the first error.
pub(super) fn in_parallel(shares: u32, work: impl Fn(u32) -> Result<()> + Sync) -> Result<()> {
    std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = (0..shares).map(|share| scope.spawn(move || work(share))).collect();
        running.into_iter().try_for_each(|thread| thread.join().expect("a worker has no reason to panic"))
    })
}

pub(super) fn is_headless(number: u32) -> bool {
    number % HEADLESS_EVERY == HEADLESS_EVERY - 1
}

pub(super) fn namespace(number: u32) -> String {
    format!("ns-{:02}", number % NAMESPACES)
}

pub(super) fn name(number: u32) -> String {
    format!("svc-{number:05}.{}.svc.cluster.local", namespace(number))
}

/// A cluster IP: unique below 10.96.0.0/12.
fn address(number: u32) -> String {
    let [_, high, middle, low] = (number + 16).to_be_bytes();
    format!("10.{}.{middle}.{low}", 96 + high)
}

fn service(number: u32) -> Value {
    let address = if is_headless(number) { "None".to_owned() } else { address(number) };
    json!({
        "metadata": {"name": format!("svc-{number:05}"), "namespace": namespace(number)},
        "spec": {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "ipFamilies": ["IPv4"],
            "ports": [{"name": "http", "port": 80, "protocol": "TCP"}, {"name": "metrics", "port": 9090, "protocol": "TCP"}]},
    })
}

/// The slice `svc-00017-0` with `count` endpoints.
fn slice(number: u32, part: u32, count: u32, each: u32) -> Value {
    let endpoints: Vec<Value> = (0..count)
        .map(|index| endpoint(number * each + part * SLICE_ENDPOINTS_MAX + index, number))
        .collect();
    json!({
        "metadata": {"name": format!("svc-{number:05}-{part}"), "namespace": namespace(number),
            "labels": {"kubernetes.io/service-name": format!("svc-{number:05}"),
                "endpointslice.kubernetes.io/managed-by": "plimsoll-measurement"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}, {"name": "metrics", "port": 9090, "protocol": "TCP"}],
        "endpoints": endpoints,
    })
}

/// Addresses from 10.128.0.0/9 on, unique.
pub(super) fn endpoint(unique: u32, number: u32) -> Value {
    let [_, high, middle, low] = unique.to_be_bytes();
    json!({
        "addresses": [format!("10.{}.{middle}.{low}", 128 + high)], "nodeName": format!("node-{:04}", unique % 1000),
        "conditions": {"ready": true, "serving": true, "terminating": false},
        "targetRef": {"kind": "Pod", "name": format!("svc-{number:05}-{unique}"), "namespace": namespace(number)},
    })
}
