//! The paths of the two ports.

use std::sync::Arc;

use prometheus_client::registry::Registry;
use telemetry_export::{Reply, Request, Routes, registry_handler};

use crate::health;
use crate::scrape::StateMetrics;
use crate::status::Observer;

/// The cluster's state, on `--port`.
pub(crate) fn state(metrics: StateMetrics) -> Routes {
    Routes::new().get("/metrics", metrics).get("/healthz", alive).get("/livez", alive)
}

/// The hub's own metrics and its health, on `--telemetry-port`.
pub(crate) fn telemetry(routes: Routes, registry: Arc<Registry>, observer: Arc<Observer>) -> Routes {
    let ready = move |_: &Request| {
        let status = observer.status();
        let verdict = health::Verdict { ready: status.ready, reason: status.reason };
        Reply::text(if verdict.ready { 200 } else { 503 }, health::report(&verdict, &status.resources))
    };
    routes
        .get("/metrics", registry_handler(registry))
        .get("/healthz", alive)
        .get("/livez", alive)
        .get("/readyz", ready)
}

/// An answer is all there is to say.
fn alive(_: &Request) -> Reply {
    Reply::text(200, "ok\n")
}
