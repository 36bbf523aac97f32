//! Which cluster is it? A snapshot is about one cluster, and an address may have another one behind it tomorrow.

use objects::Resource;
use tokio_util::sync::CancellationToken;

use crate::calls::{Call, Fill, Request};
use crate::door::{Door, Inner};
use crate::failure::{Cause, Failure};

/// Metadata of one namespace: some hundred bytes, some KiB with `managedFields`.
const BODY_BYTES_MAX: usize = 256 << 10;
/// What the request is counted under.
const RESOURCE: Resource = Resource::Namespaces;

impl Door {
    /// The uid of the namespace kube-system: a cluster made anew at the same address has another one. Asks until somebody
    /// answers; meanwhile each of `resources` says why it waits. `None` when the server will not tell, or at `shutdown`.
    pub async fn cluster(&self, resources: &[Resource], shutdown: &CancellationToken) -> Option<String> {
        for resource in resources {
            self.0.board.expect(*resource, None);
        }
        shutdown.run_until_cancelled(self.0.identify(resources)).await.flatten()
    }
}

impl Inner {
    async fn identify(&self, resources: &[Resource]) -> Option<String> {
        let mut backoff = self.gate.limits().backoff();
        loop {
            self.gate.request().await;
            let failure = match self.ask_identity().await {
                Ok(uid) => return Some(uid),
                Err(failure) => failure,
            };
            tracing::info!(%failure, "the API server does not say which cluster it is");
            // A role without this request, or something that is no API server: an answer, though not the one we wanted.
            if matches!(failure.code(), Some(400..=499)) && !matches!(failure.code(), Some(401 | 408 | 429)) {
                return None;
            }
            self.note_congestion(RESOURCE.plural(), &failure);
            for resource in resources {
                self.board.broken(*resource, &failure.to_string());
            }
            let wait = backoff.step(failure.kind(), failure.retry_after, self.entropy.fraction());
            tokio::time::sleep(wait).await;
            self.gate.retry().await;
            self.metrics.retry(RESOURCE.plural());
        }
    }

    async fn ask_identity(&self) -> Result<String, Failure> {
        let request = Request::new(Call::Identity, RESOURCE, &Fill::default());
        let body = self.fetch(request, RESOURCE.plural(), BODY_BYTES_MAX).await?;
        let uid = serde_json::from_slice::<serde_json::Value>(&body)
            .ok()
            .and_then(|namespace| namespace["metadata"]["uid"].as_str().map(str::to_owned));
        uid.ok_or_else(|| Failure::new(Cause::Garbled("not a namespace".to_owned())))
    }
}
