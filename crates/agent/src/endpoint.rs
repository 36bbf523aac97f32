//! `/metrics` and health.

use std::sync::Arc;

use telemetry_export::reply::PROMETHEUS_TEXT;
use telemetry_export::{Reply, Request, Routes};

use crate::scrape::{SCRAPES_MAX, Scrapes};

/// Health depends on nothing outside of this process: a restart would not bring the kubelet or the hub back.
pub(crate) fn routes(scrapes: Arc<Scrapes>) -> Routes {
    let ok = |_: &Request| Reply::text(200, "ok\n");
    Routes::new()
        .get("/metrics", move |_: &Request| match scrapes.begin() {
            Some(scrape) => Reply::chunks(PROMETHEUS_TEXT, scrape),
            None => Reply::text(503, format!("{SCRAPES_MAX} scrapes are under way; try again later\n"))
                .header("retry-after", "1"),
        })
        .get("/healthz", ok)
        .get("/livez", ok)
        .get("/readyz", ok)
}
