//! A process' own metrics.

use std::sync::Arc;

use prometheus_client::encoding::text;
use prometheus_client::registry::Registry;

use crate::reply::OPENMETRICS;
use crate::{Handler, Reply, Request};

/// Answers with all metrics of `registry` in OpenMetrics text. A registry has some hundred lines: one chunk.
pub fn registry_handler(registry: Arc<Registry>) -> impl Handler {
    move |_: &Request| {
        let mut out = String::new();
        match text::encode(&mut out, &registry) {
            Ok(()) => Reply::ok(OPENMETRICS, out),
            Err(failed) => Reply::text(500, format!("the metrics cannot be written: {failed}\n")),
        }
    }
}
