//! What is asked, and how often.

use api_cost::Cluster;
use workload_profile::Accept;

use super::CalibrateError;
use super::fan_out::{self, LARGE_BYTES, SMALL_BYTES};
use crate::api::{Api, ApiError};

/// Bytes of the answers of one batch: below what makes the collector run on a server with a gigabyte of heap.
const BATCH_BYTES: f64 = 25e6;
/// Objects that one batch makes the server look at.
const BATCH_OBJECTS: f64 = 500_000.0;
/// Requests of a batch.
const BATCH_MAX: u32 = 100;
/// Namespaces that are looked at for one of a good size.
const NAMESPACES_MAX: usize = 12;
/// A namespace with more pods than this would make a batch too large.
const PODS_LARGE: u64 = 5000;
/// Pods below which nothing can be seen.
const PODS_MIN: u64 = 200;

/// What the first of two experiments with batches of one size takes more than the second, and its name.
pub(super) const DIFFERENCES: [(&str, &str, &str); 2] =
    [("etcd-over-cache", "get-etcd", "get"), ("consistent-over-cached", "list-consistent", "list-cached")];

/// Selects nothing.
const NONE: &str = "labelSelector=plimsoll.dev%2Fnone%3Dnone";

/// Where in the cluster it is measured.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub(super) pods: u64,
    /// A namespace with many pods, and how many.
    namespace: String,
    in_namespace: u64,
    /// A node with pods.
    node: String,
    pod_bytes: f64,
}

/// Equal requests.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Experiment {
    pub(super) name: &'static str,
    pub(super) path: String,
    pub(super) accept: Accept,
    pub(super) ask: Ask,
    pub(super) batch: u32,
}

/// What is done with the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Get,
    /// A watch, up to the end of its initial events.
    WatchList,
    /// The ConfigMap of our own, with so many bytes in it.
    Write(u32),
}

impl Experiment {
    /// Once; bytes of the answer, or those that were written.
    pub(super) async fn ask(&self, api: &Api) -> Result<u64, ApiError> {
        match self.ask {
            Ask::Get => api.length(&self.path, self.accept).await,
            Ask::WatchList => api.initial_length(&self.path, self.accept).await,
            Ask::Write(bytes) => fan_out::write(api, &self.path, bytes).await.map(|()| u64::from(bytes)),
        }
    }
}

impl Place {
    pub(super) async fn find(api: &Api, cluster: &Cluster) -> Result<Self, CalibrateError> {
        let pods = cluster.resources.get("pods");
        let pod_bytes = pods.and_then(|pods| pods.encoded_bytes.json).unwrap_or(8000.0);
        let text = api.text("/api/v1/namespaces?limit=100").await?;
        let names: Vec<String> =
            items(&text).filter_map(|item| item["metadata"]["name"].as_str().map(str::to_owned)).collect();
        let mut best = (String::new(), 0);
        let step = (names.len() / NAMESPACES_MAX).max(1);
        for name in names.iter().step_by(step) {
            let page = api.text(&format!("/api/v1/namespaces/{name}/pods?limit=1")).await?;
            let page: serde_json::Value = serde_json::from_str(&page).unwrap_or_default();
            let left = page["metadata"]["remainingItemCount"].as_u64().unwrap_or(0);
            let objects = left + page["items"].as_array().map_or(0, |items| items.len() as u64);
            if objects > best.1 && objects <= PODS_LARGE {
                best = (name.clone(), objects);
            }
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of objects")]
        let pods = pods.map_or(0, |pods| pods.objects.at(cluster.nodes).round() as u64);
        if pods < PODS_MIN || best.1 == 0 {
            return Err(CalibrateError::TooSmall(pods));
        }
        let page = api.text(&format!("/api/v1/namespaces/{}/pods?limit=1", best.0)).await?;
        let node = items(&page)
            .find_map(|item| item["spec"]["nodeName"].as_str().map(str::to_owned))
            .unwrap_or_default();
        Ok(Self { pods, namespace: best.0, in_namespace: best.1, node, pod_bytes })
    }
}

fn items(text: &str) -> impl Iterator<Item = serde_json::Value> {
    let page: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    page["items"].as_array().cloned().unwrap_or_default().into_iter()
}

/// Writes of the ConfigMap at `object`: among the reads, so that a machine that is slower for a while is so for both.
pub(super) fn writes(object: &str) -> [Experiment; 2] {
    [("write-small", SMALL_BYTES), ("write-large", LARGE_BYTES)].map(|(name, bytes)| Experiment {
        name,
        path: object.to_owned(),
        accept: Accept::Json,
        ask: Ask::Write(bytes),
        batch: fan_out::BATCH,
    })
}

/// All reads, the small ones first.
pub(super) fn all(place: &Place) -> Vec<Experiment> {
    let (namespace, node) = (&place.namespace, &place.node);
    let few = format!("/api/v1/pods?fieldSelector=spec.nodeName%3D{node}&resourceVersion=0");
    let many = format!("/api/v1/namespaces/{namespace}/pods?resourceVersion=0");
    let initial = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=60";
    let all_pods = to_f64(place.pods);
    let large = batch(BATCH_BYTES / (to_f64(place.in_namespace) * place.pod_bytes));
    let scan = batch(BATCH_OBJECTS / all_pods);
    let list = |name, path: &str, accept, batch| Experiment {
        name,
        path: path.to_owned(),
        accept,
        ask: Ask::Get,
        batch,
    };
    let watch =
        |name, path: String, accept, batch| Experiment { name, path, accept, ask: Ask::WatchList, batch };
    vec![
        list("get", "/api/v1/namespaces/kube-system?resourceVersion=0", Accept::Json, BATCH_MAX),
        list("get-etcd", "/api/v1/namespaces/kube-system", Accept::Json, BATCH_MAX),
        list(
            "list-cached",
            "/api/v1/namespaces/kube-system/configmaps?resourceVersion=0",
            Accept::MetadataJson,
            BATCH_MAX,
        ),
        list("list-consistent", "/api/v1/namespaces/kube-system/configmaps", Accept::MetadataJson, BATCH_MAX),
        list("few-json", &few, Accept::Json, BATCH_MAX / 2),
        list("few-protobuf", &few, Accept::Protobuf, BATCH_MAX / 2),
        list("few-table", &few, Accept::Table, BATCH_MAX / 2),
        list("few-metadata-json", &few, Accept::MetadataJson, BATCH_MAX / 2),
        list("few-metadata-protobuf", &few, Accept::MetadataProtobuf, BATCH_MAX / 2),
        list("scan", &format!("/api/v1/pods?resourceVersion=0&{NONE}"), Accept::Json, scan),
        list(
            "page",
            "/api/v1/pods?limit=500",
            Accept::Json,
            batch(BATCH_BYTES / (500.0 * place.pod_bytes)).min(scan),
        ),
        list("page-small", "/api/v1/pods?limit=10", Accept::Json, scan),
        watch("watch-list-none", format!("/api/v1/pods?{initial}&{NONE}"), Accept::Protobuf, scan),
        list("many-json", &many, Accept::Json, large),
        list("many-protobuf", &many, Accept::Protobuf, large * 2),
        list("many-table", &many, Accept::Table, large * 2),
        list("many-metadata-json", &many, Accept::MetadataJson, large * 2),
        list("many-metadata-protobuf", &many, Accept::MetadataProtobuf, large * 2),
        watch(
            "watch-list-json",
            format!("/api/v1/namespaces/{namespace}/pods?{initial}"),
            Accept::Json,
            large,
        ),
        watch(
            "watch-list-protobuf",
            format!("/api/v1/namespaces/{namespace}/pods?{initial}"),
            Accept::Protobuf,
            large,
        ),
    ]
}

fn batch(wanted: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "held between 1 and BATCH_MAX"
    )]
    let batch = wanted.clamp(1.0, f64::from(BATCH_MAX)) as u32;
    batch
}

#[expect(clippy::cast_precision_loss, reason = "numbers of objects")]
fn to_f64(number: u64) -> f64 {
    number as f64
}
