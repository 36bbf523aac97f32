//! The hub at work, from the first request to the last write.

use std::sync::Arc;
use std::time::Duration;

use agent_link::HubHandle;
use apiserver_client::{KeepError, Resume};
use objects::Resource;
use telemetry_export::{Limits, serve_measured};
use tokio_util::sync::CancellationToken;

use crate::assemble::Hub;
use crate::snapshot::Snapshots;
use crate::status::Observer;
use crate::store::Store;

/// How often somebody looks whether a file of the snapshot is due; a resource's own pace is in `snapshot/pace.rs`.
const SNAPSHOT_TICK: Duration = Duration::from_secs(5);
/// How soon agents are let in after the last resource became known.
const READINESS_TICK: Duration = Duration::from_millis(250);

impl Hub {
    /// Works until `stop` is cancelled; then writes the snapshot and lets scrapes under way finish.
    ///
    /// # Errors
    /// [`KeepError`] when nothing can be kept, which `assemble` has checked as well; everything is stopped then.
    pub async fn run(self, stop: CancellationToken) -> Result<(), KeepError> {
        // A hub whose door does not work is none: its end is the end of its servers.
        let stop = stop.child_token();
        let store = self.intake.store.clone();
        let spawn_server = |name, (listener, routes, metrics)| {
            let serving =
                serve_measured(listener, Arc::new(routes), Limits::default(), metrics, stop.clone());
            environment::spawn(name, serving)
        };
        let mut tasks =
            vec![spawn_server("hub state", self.state), spawn_server("hub telemetry", self.telemetry)];
        if let Some(link) = self.link {
            tasks.push(environment::spawn("hub agents", link.run(stop.clone())));
        }
        let admission = admit_when_ready(self.observer.clone(), self.observer.agents.clone());
        tasks.push(spawn_until(&stop, "hub readiness", admission));
        if let Some(names) = self.intake.names.clone() {
            tasks.push(spawn_until(&stop, "hub names", names.clone().serve_forever(self.door.clone())));
            let (door, until, link) = (self.door.clone(), stop.clone(), self.observer.agents.clone());
            tasks.push(environment::spawn("hub heartbeat", async move {
                let followers = || link.as_ref().map_or(0, |link| link.stats().names_connected);
                door.beat(names.holder(), || names.heartbeat_wanted(followers()), until).await;
            }));
        }
        if let Some(snapshots) = self.snapshots.clone() {
            let writing = write_forever(snapshots, self.resources.clone(), store.clone());
            tasks.push(spawn_until(&stop, "hub snapshot", writing));
        }

        let mut resume = match &self.snapshots {
            Some(snapshots) if snapshots.names_cluster() => {
                let cluster = self.door.cluster(&self.resources, &stop).await;
                cluster.map_or(self.resume.clone(), |cluster| {
                    snapshots.confirm(&cluster, &store, self.resume.clone())
                })
            }
            _ => self.resume,
        };
        let kept = loop {
            let turn = stop.child_token();
            let (interner, intake) = (self.interner.clone(), self.intake.clone());
            let keeping = self.door.keep(&self.resources, &resume, interner, self.keep, intake, turn.clone());
            let again = async {
                self.intake.other_cluster.notified().await;
                turn.cancel();
                std::future::pending::<()>().await;
            };
            let kept = tokio::select! { kept = keeping => kept, () = again => Ok(()) };
            if kept.is_err() || stop.is_cancelled() || !turn.is_cancelled() {
                break kept;
            }
            resume = Resume::new();
        };
        stop.cancel();
        if let Some(snapshots) = self.snapshots {
            write(snapshots, self.resources, store, true).await;
        }
        for task in tasks {
            // A panic in it has been reported by the runtime; the others still end in good order.
            let _ = task.await;
        }
        kept
    }
}

fn spawn_until(
    stop: &CancellationToken,
    name: &'static str,
    work: impl Future<Output = ()> + Send + 'static,
) -> tokio::task::JoinHandle<()> {
    let stop = stop.clone();
    environment::spawn(name, async move {
        stop.run_until_cancelled(work).await;
    })
}

/// An agent must not be told of half its pods: what it has from before is better.
async fn admit_when_ready(observer: Arc<Observer>, agents: Option<HubHandle>) {
    let (mut reason, mut trouble) = (String::new(), String::new());
    loop {
        let status = observer.status();
        if status.ready {
            tracing::info!(reason = status.reason, "ready");
            break;
        }
        // What keeps it from being ready is worth a word also to who asked for warnings only; each kind of trouble once.
        let now = status.trouble();
        if !now.is_empty() && now != trouble {
            tracing::warn!(server = status.server, why = now, "cannot read the cluster; trying again");
            trouble = now;
        }
        if status.reason != reason {
            tracing::info!(reason = status.reason, "not ready");
            reason = status.reason;
        }
        tokio::time::sleep(READINESS_TICK).await;
    }
    if let Some(agents) = agents {
        agents.set_ready();
    }
}

async fn write_forever(snapshots: Arc<Snapshots>, resources: Vec<Resource>, store: Arc<Store>) {
    loop {
        tokio::time::sleep(SNAPSHOT_TICK).await;
        write(snapshots.clone(), resources.clone(), store.clone(), false).await;
    }
}

/// On a thread that may block.
async fn write(snapshots: Arc<Snapshots>, resources: Vec<Resource>, store: Arc<Store>, all: bool) {
    let written = tokio::task::spawn_blocking(move || snapshots.write(&resources, &store, all)).await;
    if written.is_err() {
        tracing::error!("writing the snapshot panicked: a bug; the hub goes on");
    }
}
