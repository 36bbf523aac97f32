//! What the recorded cluster is like: its version, and how many objects it has. Two to four requests, after the recording.

use std::time::Duration;

use apiserver_client::passage::Passage;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty, Limited};
use workload_profile::Facts;

/// A metrics page of a large API server has some ten megabytes.
const METRICS_BYTES_MAX: usize = 64 << 20;
/// Without metrics: what a forecast needs most.
const COUNTED: [&str; 2] = ["nodes", "pods"];
/// For one of these requests.
const PATIENCE: Duration = Duration::from_secs(30);

/// Adds what can be read; says what cannot.
pub(super) async fn read(passage: &Passage, facts: &mut Facts) {
    if let Some(text) = get(passage, "/version").await
        && let Ok(version) = serde_json::from_str::<serde_json::Value>(&text)
    {
        facts.version = version["gitVersion"].as_str().map(str::to_owned);
    }
    match get(passage, "/metrics").await {
        Some(text) => facts.objects = apiserver_metrics::Reading::of(&text).objects,
        None => {
            facts.unknown.push(
                "the API server's /metrics could not be read: only nodes and pods were counted".to_owned(),
            );
            for name in COUNTED {
                if let Some(objects) = count(passage, name).await {
                    facts.objects.insert(name.to_owned(), objects);
                }
            }
        }
    }
    if facts.cluster_nodes.is_none() {
        facts.cluster_nodes = facts.objects.get("nodes").and_then(|nodes| u32::try_from(*nodes).ok());
    }
}

/// A page of one object says how many are left (KEP-1142 `remainingItemCount`).
async fn count(passage: &Passage, name: &str) -> Option<u64> {
    let text = get(passage, &format!("/api/v1/{name}?limit=1")).await?;
    let page: serde_json::Value = serde_json::from_str(&text).ok()?;
    let here = page["items"].as_array()?.len() as u64;
    Some(here + page["metadata"]["remainingItemCount"].as_u64().unwrap_or(0))
}

async fn get(passage: &Passage, path: &str) -> Option<String> {
    let request = Request::get(path).body(Empty::<Bytes>::new()).ok()?;
    let answer = tokio::time::timeout(PATIENCE, async {
        let answer = passage.send(request).await.ok().filter(|answer| answer.status().is_success())?;
        Limited::new(answer.into_body(), METRICS_BYTES_MAX).collect().await.ok()
    });
    let body = answer.await.ok()??.to_bytes();
    String::from_utf8(body.to_vec()).ok()
}
