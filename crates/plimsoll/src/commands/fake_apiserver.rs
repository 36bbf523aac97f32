//! `plimsoll fake-apiserver`.

use std::error::Error;
use std::sync::Arc;

use environment::{SystemClock, SystemEntropy};
use fake_apiserver::{ClusterPlan, Config, FakeApiserver, StartError};

use crate::commands::runtime;
use crate::flags::FakeApiserverFlags;
use crate::outcome::{Failure, Outcome};
use crate::{signals, terminal};

pub(crate) fn run(flags: FakeApiserverFlags) -> Outcome {
    runtime::many_threads(async move {
        let shutdown = signals::shutdown()?;
        let file = flags.write_kubeconfig.clone();
        let server = FakeApiserver::start(config(&flags)).await.map_err(refused)?;
        if let Some(file) = file {
            std::fs::write(&file, server.kubeconfig()).map_err(|error| {
                Failure::Usage(format!("cannot write {}: {error}; choose another file", file.display()))
            })?;
        }
        terminal::complain("a test double, no production server: whoever reaches its port can do everything");
        let places = serde_json::json!({ "url": server.url(), "admin": server.admin_url() });
        terminal::print(&format!("{places}\n"));
        shutdown.cancelled().await;
        server.stop().await;
        Ok(())
    })
}

fn config(flags: &FakeApiserverFlags) -> Config {
    let plan = ClusterPlan {
        nodes: flags.nodes,
        pods_per_node: flags.pods_per_node,
        seed: flags.seed,
        churn_per_second: flags.churn,
    };
    Config {
        listen: flags.listen,
        allow_non_loopback: flags.allow_non_loopback,
        tls: flags.tls,
        cluster: Some(plan),
        admin_listen: Some(flags.admin_listen),
        ..Config::on_loopback(Arc::new(SystemClock::new()), Arc::new(SystemEntropy::new()))
    }
}

/// The sentence, with what the system says and what to do.
pub(crate) fn refused(error: StartError) -> Failure {
    let advice = match &error {
        StartError::Listen { .. } => "; choose another address with --listen",
        StartError::NotLoopback(_) => " with --allow-non-loopback",
        _ => "",
    };
    let source = error.source().map(|source| format!(" ({source})")).unwrap_or_default();
    Failure::Usage(format!("{error}{source}{advice}"))
}
