//! Readiness, liveness and the way out.
//!
//! Ready means "can answer": from any knowledge, however old. How old is a metric and an extended error, never a reason to
//! be taken out of service; liveness depends on nothing at all.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use prometheus_client::registry::Registry;
use telemetry_export::{Reply, Request, Routes, registry_handler};

use crate::feed::Feed;
use crate::pipeline::knowledge::Knowledge;

/// What `/ready` looks at.
pub(crate) struct Lifecycle {
    feed: Arc<Feed>,
    leaving: AtomicBool,
}

impl Lifecycle {
    pub(crate) fn new(feed: Arc<Feed>) -> Arc<Self> {
        Arc::new(Self { feed, leaving: AtomicBool::new(false) })
    }

    /// From now on it is not ready: clients shall go elsewhere while it still answers (lame duck).
    pub(crate) fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    /// Why it is not ready; `None` when it is.
    pub(crate) fn unready(&self) -> Option<&'static str> {
        if self.leaving.load(Ordering::Relaxed) {
            return Some("it is about to stop");
        }
        (!self.feed.freshness().known())
            .then_some("nothing is known of the cluster: neither from a hub nor from the disk")
    }
}

/// The paths of CoreDNS (`/metrics`, `/health`, `/ready`) and those of every other part of ours.
pub(crate) fn routes(registry: Arc<Registry>, lifecycle: Arc<Lifecycle>) -> Routes {
    let ready = move |_: &Request| match lifecycle.unready() {
        None => Reply::text(200, "OK\n"),
        Some(reason) => Reply::text(503, format!("{reason}\n")),
    };
    Routes::new()
        .get("/metrics", registry_handler(registry))
        .get("/health", alive)
        .get("/ready", ready.clone())
        .get("/healthz", alive)
        .get("/livez", alive)
        .get("/readyz", ready)
}

/// An answer is all there is to say.
fn alive(_: &Request) -> Reply {
    Reply::text(200, "OK\n")
}
