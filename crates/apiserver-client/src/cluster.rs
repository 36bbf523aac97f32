//! Which cluster is it? A snapshot is about one cluster, and an address may have another one behind it tomorrow.

use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use objects::Resource;
use tokio_util::sync::CancellationToken;

use crate::calls::{Call, Fill, Request};
use crate::door::{Door, Inner};
use crate::drive::Counted;
use crate::failure::{Cause, Failure, Silence};
use crate::times;

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
            if failure.is_congestion() {
                self.metrics.congestion(RESOURCE);
                self.gate.congestion(failure.retry_after);
            }
            for resource in resources {
                self.board.broken(*resource, &failure.to_string());
            }
            let wait = backoff.step(failure.kind(), failure.retry_after, self.entropy.fraction());
            tokio::time::sleep(wait).await;
            self.gate.retry().await;
            self.metrics.retry(RESOURCE);
        }
    }

    async fn ask_identity(&self) -> Result<String, Failure> {
        let verb = Call::Identity.row().verb;
        let mut counted = Counted { door: self, verb, resource: RESOURCE, code: "cancelled".to_owned() };
        let sent = self.transport.send(Request::new(Call::Identity, RESOURCE, &Fill::default())).await;
        counted.code = match &sent {
            Ok(response) => response.status().as_str().to_owned(),
            Err(Failure { cause: Cause::Timeout(_), .. }) => "timeout".to_owned(),
            Err(_) => "connection".to_owned(),
        };
        drop(counted);
        let response = sent?;
        self.metrics.flow(response.headers());
        self.metrics.contact(RESOURCE, self.clock.wall().as_secs_f64());
        let code = response.status();
        let after = response.headers().get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let after = after.and_then(|value| budget::retry_after::parse(value, self.clock.wall()));
        let body = tokio::time::timeout(times::PAGE_TOTAL, read(response.into_body())).await;
        let body = body.map_err(|_| Failure::new(Cause::Timeout(Silence::End)))??;
        self.gate.charge(body.len() as u64);
        self.metrics.bytes(verb, RESOURCE, body.len() as u64);
        if !code.is_success() {
            return Err(Failure::answered(code.as_u16(), objects::Status::decode(&body).as_ref(), after));
        }
        let uid = serde_json::from_slice::<serde_json::Value>(&body)
            .ok()
            .and_then(|namespace| namespace["metadata"]["uid"].as_str().map(str::to_owned));
        uid.ok_or_else(|| Failure::new(Cause::Garbled("not a namespace".to_owned())))
    }
}

async fn read(body: Body) -> Result<Vec<u8>, Failure> {
    match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(body) => Ok(body.to_bytes().to_vec()),
        Err(_) => Err(Failure::new(Cause::Connection("the answer broke off".to_owned()))),
    }
}
