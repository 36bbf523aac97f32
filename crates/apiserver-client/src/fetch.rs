//! Answers that are wanted whole and are short: one object, one page of metrics.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use kube::client::Body;

use crate::calls::{Call, Fill, Request};
use crate::door::{Door, Inner};
use crate::drive::Counted;
use crate::failure::{Cause, Failure, Silence};
use crate::times;

/// kube-apiserver's own page: 2 to 5 MB on large clusters; more than this is not the page that we know.
const PAGE_BYTES_MAX: usize = 64 << 20;
/// What requests for it are counted under.
const METRICS: &str = "metrics";
/// "ok", or one object's metadata.
const PROBE_BYTES_MAX: usize = 64 << 10;

/// A question that is asked for the sake of the time that the answer takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// `/readyz`, on a connection that is made for it: what a client that starts now would meet.
    Fresh,
    /// A small object through etcd, on the connection that is open.
    Kept,
}

impl Door {
    /// What the API server's `/metrics` says, under the budget. Which server of several answers is the balancer's choice, and stays
    /// the same while the connection lives.
    ///
    /// # Errors
    /// [`Failure`]; the caller asks again when it is time anyway.
    pub async fn apiserver_metrics(&self) -> Result<String, Failure> {
        let door = &self.0;
        door.gate.request().await;
        let request = Request::nowhere(Call::Metrics, &Fill::default());
        let page = match door.fetch(request, METRICS, PAGE_BYTES_MAX).await {
            Ok(page) => page,
            Err(failure) => {
                door.note_congestion(METRICS, &failure);
                return Err(failure);
            }
        };
        String::from_utf8(page).map_err(|_| Failure::new(Cause::Garbled("not text".to_owned())))
    }
}

impl Door {
    /// How long the API server takes, waiting for our own budget not counted.
    ///
    /// # Errors
    /// [`Failure`]; also that the budget, which the server's own "too many requests" closes, did not let it through in time.
    pub async fn probe(&self, probe: Probe) -> Result<Duration, Failure> {
        let door = &self.0;
        let (call, named) = match probe {
            Probe::Fresh => (Call::Ready, "readyz"),
            Probe::Kept => (Call::Read, "namespaces"),
        };
        let asking = async {
            door.gate.request().await;
            let begun = door.clock.monotonic();
            door.fetch(Request::nowhere(call, &Fill::default()), named, PROBE_BYTES_MAX).await?;
            Ok(door.clock.monotonic().saturating_sub(begun))
        };
        let asked = tokio::time::timeout(times::PROBE, asking).await;
        let asked = asked.unwrap_or_else(|_| Err(Failure::new(Cause::Timeout(Silence::Head))));
        asked.inspect_err(|failure| door.note_congestion(named, failure))
    }
}

impl Inner {
    /// Sends a request and reads the whole answer, counted as `named`. Who calls has waited for the budget.
    pub(crate) async fn fetch(
        &self,
        request: Request,
        named: &'static str,
        bytes_max: usize,
    ) -> Result<Vec<u8>, Failure> {
        let verb = request.call.row().verb;
        let mut counted = Counted { door: self, verb, resource: named, code: "cancelled".to_owned() };
        let sent = self.transport.send(request).await;
        counted.code = match &sent {
            Ok(response) => response.status().as_str().to_owned(),
            Err(Failure { cause: Cause::Timeout(_), .. }) => "timeout".to_owned(),
            Err(_) => "connection".to_owned(),
        };
        drop(counted);
        let response = sent?;
        self.metrics.flow(response.headers());
        self.metrics.contact(named, self.clock.wall().as_secs_f64());
        let code = response.status();
        let after = response.headers().get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let after = after.and_then(|value| budget::retry_after::parse(value, self.clock.wall()));
        let body = tokio::time::timeout(times::PAGE_TOTAL, read(response.into_body(), bytes_max)).await;
        let body = body.map_err(|_| Failure::new(Cause::Timeout(Silence::End)))??;
        self.gate.charge(body.len() as u64);
        self.metrics.bytes(verb, named, body.len() as u64);
        if !code.is_success() {
            return Err(Failure::answered(code.as_u16(), objects::Status::decode(&body).as_ref(), after));
        }
        Ok(body)
    }
}

async fn read(body: Body, bytes_max: usize) -> Result<Vec<u8>, Failure> {
    match Limited::new(body, bytes_max).collect().await {
        Ok(body) => Ok(body.to_bytes().to_vec()),
        Err(_) => Err(Failure::new(Cause::Connection("the answer broke off, or is too long".to_owned()))),
    }
}
