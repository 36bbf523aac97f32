//! The election with its I/O.

use std::sync::Arc;
use std::time::Duration;

use apiserver_client::Door;
use environment::{Clock, Entropy};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::election::{Act, Election, LEASE, Lease, RETRY};

/// A request that takes longer than this would renew too late anyway.
const REQUEST: Duration = Duration::from_secs(5);
/// At the end: nobody waits for a dead API server.
const FAREWELL: Duration = Duration::from_secs(2);

pub(crate) struct Lead {
    door: Door,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    me: String,
    election: Election,
    role: watch::Sender<Role>,
}

/// What a hub is to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It steers.
    Leads,
    /// Another hub does.
    StandsBy,
    /// Nobody does, as far as can be seen: the API server is gone, or nothing has been decided yet.
    Undecided,
}

impl Lead {
    pub(crate) fn new(
        door: Door,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        me: String,
        role: watch::Sender<Role>,
    ) -> Self {
        let election = Election::new(me.clone());
        Self { door, clock, entropy, me, election, role }
    }

    pub(crate) async fn run(mut self, stop: CancellationToken) {
        loop {
            // A step that is broken off may have been answered: what stands there is read next. Who leads does not wait for an
            // answer longer than it leads.
            let limit = self.election.left(self.clock.monotonic()).map_or(REQUEST, |left| left.min(REQUEST));
            let step = tokio::time::timeout(limit, self.step());
            let Some(stepped) = stop.run_until_cancelled(step).await else { break };
            if stepped.is_err() {
                tracing::debug!("the Lease of the leader: no answer in time");
            }
            let now = self.clock.monotonic();
            self.say();
            let retry = RETRY.mul_f64(1.0 + self.entropy.fraction() / 5.0);
            let wait = self.election.left(now).map_or(retry, |left| left.min(retry));
            if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
                break;
            }
            self.say();
        }
        self.give_up().await;
    }

    async fn step(&mut self) {
        let sent = self.clock.monotonic();
        let spec = self.spec(&self.me, true);
        let written = match self.election.next(sent) {
            Act::Read => return self.read().await,
            Act::Create => self.door.create_leader(&spec).await,
            Act::Take(version) => self.door.patch_leader(&version, &spec).await,
        };
        match written {
            Ok(lease) => self.election.wrote(sent, of(&lease)),
            Err(failure) if matches!(failure.code(), Some(404 | 409)) => self.election.lost(),
            // It may have been written: what stands there now is looked at before anything is claimed.
            Err(failure) => {
                tracing::debug!(%failure, "the Lease of the leader cannot be written");
                self.read().await;
            }
        }
    }

    async fn read(&mut self) {
        match self.door.leader().await {
            Ok(lease) => self.election.read(self.clock.monotonic(), lease.as_ref().map(of)),
            Err(failure) => tracing::debug!(%failure, "the Lease of the leader cannot be read"),
        }
    }

    fn say(&self) {
        let now = self.clock.monotonic();
        let role = match (self.election.leads(now), self.election.is_led_by_another(now)) {
            (true, _) => Role::Leads,
            (false, true) => Role::StandsBy,
            (false, false) => Role::Undecided,
        };
        let changed = self.role.send_if_modified(|before| std::mem::replace(before, role) != role);
        if changed {
            tracing::info!(?role, holder = self.election.holder(), "who steers rollouts");
        }
    }

    async fn give_up(&mut self) {
        let is_ours = self.election.leads(self.clock.monotonic());
        self.role.send_replace(Role::Undecided);
        if let (true, Act::Take(version)) = (is_ours, self.election.next(self.clock.monotonic())) {
            let spec = self.spec("", false);
            // Whoever comes after waits for the Lease to run out, if this does not arrive.
            let _ = tokio::time::timeout(FAREWELL, self.door.patch_leader(&version, &spec)).await;
        }
    }

    fn spec(&self, holder: &str, is_held: bool) -> Value {
        let now = crate::write::micro_time(self.clock.wall());
        json!({
            "holderIdentity": holder,
            "leaseDurationSeconds": if is_held { LEASE.as_secs() } else { 1 },
            "renewTime": now,
        })
    }
}

fn of(lease: &Value) -> Lease {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Lease {
        version: text(&lease["metadata"]["resourceVersion"]),
        holder: text(&lease["spec"]["holderIdentity"]),
        renewed: text(&lease["spec"]["renewTime"]),
    }
}
