//! Our own kinds and the Lease of whoever steers them: short requests, each under the budget, read and written as JSON.

use serde_json::Value;

use crate::calls::{Call, Custom, Fill, LEADER_LEASE, Request};
use crate::door::Door;
use crate::failure::{Cause, Failure};

/// 65 objects of 256 KiB: what does not fit is refused as a whole.
const OBJECTS_BYTES_MAX: usize = 16 << 20;
const LEASES: &str = "leases";
const EVENTS: &str = "events";

/// One object of our own: which, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named<'a> {
    /// Its kind.
    pub kind: Custom,
    /// Its namespace; not looked at for kinds of the whole cluster.
    pub namespace: &'a str,
    /// Its name.
    pub name: &'a str,
}

impl Door {
    /// All objects of a kind, up to [`crate::calls::rollouts::CUSTOM_OBJECTS_MAX`].
    ///
    /// # Errors
    /// [`Failure`]; 404: the cluster does not have the kind.
    pub async fn custom_objects(&self, kind: Custom) -> Result<Vec<Value>, Failure> {
        let fill = Fill { kind, ..Fill::default() };
        let mut list = self.json(Call::CustomList, kind.plural(), fill).await?;
        match list["items"].take() {
            Value::Array(items) => Ok(items),
            _ => Err(Failure::new(Cause::Garbled("a list without items".to_owned()))),
        }
    }

    /// One object.
    ///
    /// # Errors
    /// [`Failure`]; 404: there is none.
    pub async fn custom_object(&self, of: Named<'_>) -> Result<Value, Failure> {
        self.json(Call::CustomGet, of.kind.plural(), of.fill(&[])).await
    }

    /// A person's change: a merge patch (RFC 7396).
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn patch_custom_object(&self, of: Named<'_>, patch: &Value) -> Result<Value, Failure> {
        self.json(Call::CustomSpec, of.kind.plural(), of.fill(patch.to_string().as_bytes())).await
    }

    /// What the hub says of an object: `{"status": …}`.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn patch_custom_status(&self, of: Named<'_>, patch: &Value) -> Result<Value, Failure> {
        self.json(Call::CustomStatus, of.kind.plural(), of.fill(patch.to_string().as_bytes())).await
    }

    /// An Event, new or again.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn apply_event(&self, namespace: &str, name: &str, event: &Value) -> Result<Value, Failure> {
        let body = event.to_string();
        let fill = Fill { namespace, name, body: body.as_bytes(), ..Fill::default() };
        self.json(Call::Event, EVENTS, fill).await
    }

    /// The Lease of whoever leads; none: nobody has led yet.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn leader(&self) -> Result<Option<Value>, Failure> {
        match self.json(Call::LeaderGet, LEASES, self.own()).await {
            Ok(lease) => Ok(Some(lease)),
            Err(failure) if failure.code() == Some(404) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Makes that Lease.
    ///
    /// # Errors
    /// [`Failure`]; 409: somebody else has.
    pub async fn create_leader(&self, spec: &Value) -> Result<Value, Failure> {
        let body = serde_json::json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": LEADER_LEASE, "namespace": self.0.namespace},
            "spec": spec,
        })
        .to_string();
        self.json(Call::LeaderCreate, LEASES, Fill { body: body.as_bytes(), ..self.own() }).await
    }

    /// Changes it, if nobody has since `version`.
    ///
    /// # Errors
    /// [`Failure`]; 409: somebody has.
    pub async fn patch_leader(&self, version: &str, spec: &Value) -> Result<Value, Failure> {
        let body = serde_json::json!({"metadata": {"resourceVersion": version}, "spec": spec}).to_string();
        self.json(Call::LeaderPatch, LEASES, Fill { body: body.as_bytes(), ..self.own() }).await
    }

    fn own(&self) -> Fill<'_> {
        Fill { namespace: &self.0.namespace, ..Fill::default() }
    }

    async fn json(&self, call: Call, named: &'static str, fill: Fill<'_>) -> Result<Value, Failure> {
        let door = &self.0;
        door.gate.request().await;
        let answered = door.fetch(Request::nowhere(call, &fill), named, OBJECTS_BYTES_MAX).await;
        let body = answered.inspect_err(|failure| door.note_congestion(named, failure))?;
        door.gate.succeeded();
        serde_json::from_slice(&body).map_err(|_| Failure::new(Cause::Garbled("not JSON".to_owned())))
    }
}

impl<'a> Named<'a> {
    fn fill(&self, body: &'a [u8]) -> Fill<'a> {
        Fill { kind: self.kind, namespace: self.namespace, name: self.name, body, ..Fill::default() }
    }
}
