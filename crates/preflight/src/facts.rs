//! What a cluster is like, read from its API server: version, gates, objects and their sizes, changes, the load that is there.
//!
//! Reads only: the version, /metrics three times, and small samples of a few resources, one request after the other.

use std::collections::BTreeMap;
use std::time::Duration;

use api_cost::{ApiServers, Cluster, ClusterKind, Count, Encoded, Resource, Version};
use workload_profile::{Accept, ApiVersion};

use crate::api::{Api, ApiError};
use apiserver_metrics::{Reading, label, series};

/// Objects of one sample: enough for a mean of what one controller made, 0.5 MB of pods.
const SAMPLE_OBJECTS: u32 = 40;
/// Resources of which samples are taken: those with the most bytes.
const SAMPLED_MAX: usize = 6;
/// For the load that is there; with the API server's own clock of a second or so it is good to a few percent.
const IDLE: Duration = Duration::from_secs(5);

/// A server that has started just now has made what it found, not what it will go on making.
const UPTIME_SECONDS_MIN: f64 = 60.0;

/// Where resources are found that are large in clusters.
const PATHS: [(&str, &str); 14] = [
    ("pods", "/api/v1/pods"),
    ("nodes", "/api/v1/nodes"),
    ("services", "/api/v1/services"),
    ("configmaps", "/api/v1/configmaps"),
    ("events", "/api/v1/events"),
    ("namespaces", "/api/v1/namespaces"),
    ("deployments.apps", "/apis/apps/v1/deployments"),
    ("replicasets.apps", "/apis/apps/v1/replicasets"),
    ("daemonsets.apps", "/apis/apps/v1/daemonsets"),
    ("statefulsets.apps", "/apis/apps/v1/statefulsets"),
    ("jobs.batch", "/apis/batch/v1/jobs"),
    ("leases.coordination.k8s.io", "/apis/coordination.k8s.io/v1/leases"),
    ("endpointslices.discovery.k8s.io", "/apis/discovery.k8s.io/v1/endpointslices"),
    ("csinodes.storage.k8s.io", "/apis/storage.k8s.io/v1/csinodes"),
];

/// The path of a resource, where it is one that is known here.
pub(crate) fn path(name: &str) -> Option<&'static str> {
    PATHS.iter().find(|(known, _)| *known == name).map(|(_, path)| *path)
}

/// A cluster and what could not be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The cluster as it is.
    pub cluster: Cluster,
    /// A sentence each.
    pub unknown: Vec<String>,
}

/// Reads them; `now` since 1970.
///
/// # Errors
/// [`ApiError`] when not even the version can be read.
pub async fn read(api: &Api, now: Duration) -> Result<Facts, ApiError> {
    let version = api.text("/version").await?;
    let version: serde_json::Value = serde_json::from_str(&version).unwrap_or_default();
    let version: Version =
        version["gitVersion"].as_str().and_then(|text| text.parse().ok()).unwrap_or(Version::NEWEST);
    let mut facts = Facts { cluster: Cluster { version, ..Cluster::usual(1.0) }, unknown: Vec::new() };
    match api.text("/metrics").await {
        Ok(page) => from_metrics(&page, now.as_secs_f64(), &mut facts),
        Err(error) => {
            facts
                .unknown
                .push(format!("{error}: sizes, gates, changes and the present load are the usual ones"));
        }
    }
    // An API server counts its objects once a minute: a young one says that there are none.
    if !facts.cluster.resources.get("nodes").is_some_and(|nodes| nodes.objects.at(0.0) > 0.0) {
        counted(api, &mut facts).await;
    }
    facts.cluster.nodes =
        facts.cluster.resources.get("nodes").map_or(1.0, |nodes| nodes.objects.at(0.0)).max(1.0);
    base_load(api, &mut facts).await;
    samples(api, &mut facts).await;
    grow(&mut facts.cluster);
    facts.unknown.push(
        "one API server was asked; how many there are, and how large etcd is, only you know: write it into the cluster's file".to_owned(),
    );
    Ok(facts)
}

fn from_metrics(page: &str, now: f64, facts: &mut Facts) {
    let cluster = &mut facts.cluster;
    let said = load_attribution::cluster(&Reading::of(page));
    if said.apiservers.memory_bytes.to_bits() == ApiServers::default().memory_bytes.to_bits() {
        facts
            .unknown
            .push("the API server does not say how much memory it may use; 64 GiB is assumed".to_owned());
    }
    *cluster = Cluster { version: cluster.version, ..said };
    for (labels, value) in series(page, "apiserver_longrunning_requests") {
        let everywhere = label(labels, "verb") == Some("WATCH") && label(labels, "scope") == Some("cluster");
        let resource = apiserver_metrics::resource(labels).and_then(|name| cluster.resources.get_mut(&name));
        if let (true, Some(resource)) = (everywhere, resource) {
            resource.watchers = Some(Count::fixed(value));
        }
    }
    seats(page, &mut cluster.apiservers);
    changes(page, now, cluster);
}

/// The level `workload-low` has 100 of 245 shares of all seats, rounded up.
fn seats(page: &str, apiservers: &mut ApiServers) {
    let level = |labels| label(labels, "priority_level") == Some("workload-low");
    let Some((_, nominal)) =
        series(page, "apiserver_flowcontrol_nominal_limit_seats").find(|(labels, _)| level(labels))
    else {
        return;
    };
    let usual = apiservers.max_requests_inflight + apiservers.max_mutating_requests_inflight;
    let of_usual = (f64::from(usual) * 100.0 / 245.0).ceil();
    if (nominal - of_usual).abs() < 0.5 {
        return;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of seats")]
    let total = (nominal * 2.45).floor().max(3.0) as u32;
    apiservers.max_requests_inflight = total * 2 / 3;
    apiservers.max_mutating_requests_inflight = total - total * 2 / 3;
}

/// Writes by resource since the API server started.
fn changes(page: &str, now: f64, cluster: &mut Cluster) {
    let single = |name| series(page, name).next().map(|(_, value)| value);
    let started = single("process_start_time_seconds");
    let Some(uptime) = started.map(|started| now - started).filter(|uptime| *uptime > UPTIME_SECONDS_MIN)
    else {
        return;
    };
    let mut writes: BTreeMap<String, f64> = BTreeMap::new();
    for (labels, value) in series(page, "apiserver_request_total") {
        let verb = label(labels, "verb").unwrap_or_default();
        let good = label(labels, "code").is_some_and(|code| code.starts_with('2'));
        if good
            && matches!(verb, "POST" | "PUT" | "PATCH" | "APPLY" | "DELETE")
            && let Some(name) = apiserver_metrics::resource(labels)
        {
            *writes.entry(name).or_default() += value;
        }
    }
    for (name, writes) in writes {
        if let Some(resource) = cluster.resources.get_mut(&name) {
            resource.changes_per_second = Some(Count::fixed(writes / uptime));
        }
    }
}

/// Without metrics: a page of one object says how many are left.
async fn counted(api: &Api, facts: &mut Facts) {
    for (name, path) in PATHS {
        let Ok(text) = api.text(&format!("{path}?limit=1")).await else { continue };
        let page: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        let Some(here) = page["items"].as_array().map(Vec::len) else { continue };
        let left = page["metadata"]["remainingItemCount"].as_u64().unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "numbers of objects")]
        let objects = (here as u64 + left) as f64;
        facts.cluster.resources.entry(name.to_owned()).or_default().objects = Count::fixed(objects);
    }
}

/// CPU that the API server uses while we do nothing.
async fn base_load(api: &Api, facts: &mut Facts) {
    let cpu = async || {
        let page = api.text("/metrics").await.ok()?;
        series(&page, "process_cpu_seconds_total").next().map(|(_, value)| value)
    };
    // The page itself costs CPU: its price is seen by asking twice in a row.
    let (Some(first), Some(second)) = (cpu().await, cpu().await) else { return };
    tokio::time::sleep(IDLE).await;
    let Some(third) = cpu().await else { return };
    let cores = ((third - second) - (second - first)).max(0.0) / IDLE.as_secs_f64();
    facts.cluster.base_cpu = Some(Count::fixed(cores));
}

/// Bytes of an object by encoding, from the same few objects in each.
async fn samples(api: &Api, facts: &mut Facts) {
    let mut names: Vec<(String, f64)> = facts
        .cluster
        .resources
        .iter()
        .map(|(name, resource)| {
            (name.clone(), resource.objects.at(0.0) * resource.stored_bytes.unwrap_or(2000.0))
        })
        .filter(|(name, _)| path(name).is_some())
        .collect();
    names.sort_by(|one, other| other.1.total_cmp(&one.1));
    for (name, _) in names.into_iter().take(SAMPLED_MAX) {
        let Some(path) = path(&name) else { continue };
        if let Some(resource) = facts.cluster.resources.get_mut(&name)
            && let Some(encoded) = sample(api, path, resource).await
        {
            resource.encoded_bytes = encoded;
        }
    }
}

async fn sample(api: &Api, path: &str, resource: &Resource) -> Option<Encoded> {
    let objects = resource.objects.at(0.0).min(f64::from(SAMPLE_OBJECTS));
    if objects < 1.0 {
        return None;
    }
    let page = format!("{path}?limit={SAMPLE_OBJECTS}");
    // An empty list of the same kind, so that what is around the objects is not taken for theirs.
    let around = format!("{path}?limit={SAMPLE_OBJECTS}&labelSelector=plimsoll.dev%2Fnone%3Dnone");
    let mut sizes = [None; 5];
    let forms =
        [Accept::Json, Accept::Protobuf, Accept::Table, Accept::MetadataJson, Accept::MetadataProtobuf];
    for (size, accept) in sizes.iter_mut().zip(forms) {
        let (whole, empty) = (api.length(&page, accept).await.ok()?, api.length(&around, accept).await.ok()?);
        #[expect(clippy::cast_precision_loss, reason = "a page of bytes")]
        let each = whole.saturating_sub(empty) as f64 / objects;
        *size = Some(each).filter(|each| *each > 0.0);
    }
    // What is stored is protobuf: the sample gives the proportions, the API server's own mean the size.
    let scale = resource.stored_bytes.zip(sizes[1]).map_or(1.0, |(stored, sampled)| stored / sampled);
    let [json, protobuf, table, metadata_json, metadata_protobuf] =
        sizes.map(|size| size.map(|size| size * scale));
    Some(Encoded { json, protobuf, table, metadata_json, metadata_protobuf })
}

/// A cluster grows as a whole: what there is today is there for each of today's nodes.
fn grow(cluster: &mut Cluster) {
    let nodes = cluster.nodes;
    let each = |count: Count| Count { per_node: count.at(nodes) / nodes, fixed: 0.0 };
    for resource in cluster.resources.values_mut() {
        resource.objects = each(resource.objects);
        resource.changes_per_second = resource.changes_per_second.map(each);
    }
    cluster.base_cpu = cluster.base_cpu.map(each);
    cluster.api_version = ApiVersion::V1;
    cluster.kind = ClusterKind::Cluster;
}
