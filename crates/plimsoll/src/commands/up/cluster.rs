//! The cluster that `up` shows: one that it plays, or the user's.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use fake_apiserver::{ClusterPlan, Config, FakeApiserver};

use super::Machine;
use crate::commands::fake_apiserver::refused;
use crate::flags::UpFlags;
use crate::outcome::Failure;
use crate::terminal::Steps;

pub(super) struct Cluster {
    kubeconfig: PathBuf,
    /// Absent for a real cluster.
    played: Option<FakeApiserver>,
}

impl Cluster {
    pub(super) async fn start(flags: &UpFlags, machine: &Machine, steps: &Steps) -> Result<Self, Failure> {
        if let Some(kubeconfig) = flags.kubeconfig.clone() {
            return Ok(Self { kubeconfig, played: None });
        }
        steps.now(&format!("filling an embedded API server with {} nodes", flags.nodes));
        let plan = ClusterPlan {
            nodes: flags.nodes,
            pods_per_node: flags.pods_per_node,
            seed: flags.seed,
            churn_per_second: flags.churn,
        };
        let config = Config {
            cluster: Some(plan),
            ..Config::on_loopback(machine.clock.clone(), Arc::clone(&machine.entropy))
        };
        let played = FakeApiserver::start(config).await.map_err(refused)?;
        let kubeconfig = machine.folder.path().join("kubeconfig");
        std::fs::write(&kubeconfig, played.kubeconfig())
            .context("cannot write a kubeconfig into the temporary folder")?;
        steps.done(&format!(
            "an embedded API server plays a cluster of {} nodes at {}",
            flags.nodes,
            played.url()
        ));
        Ok(Self { kubeconfig, played: Some(played) })
    }

    pub(super) fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig.clone()
    }

    /// Where the embedded API server is.
    pub(super) fn url(&self) -> Option<String> {
        self.played.as_ref().map(FakeApiserver::url)
    }

    pub(super) async fn stop(self) {
        if let Some(played) = self.played {
            played.stop().await;
        }
    }
}
