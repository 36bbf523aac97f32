//! The forecast for programs: its names are kept stable (docs/preflight.md).

use api_cost::{CurvePoint, Forecast, Kept, Version};
use serde::Serialize;
use workload_profile::{ApiVersion, Recorded, Workload};

use super::Report;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    api_version: ApiVersion,
    kind: &'static str,
    headline: String,
    workload: &'a Workload,
    recorded: &'a Recorded,
    cluster: Facts,
    #[serde(flatten)]
    forecast: &'a Forecast,
    formula: String,
    budget: &'a [Kept],
    curve: &'a [CurvePoint],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Facts {
    version: Version,
    nodes: f64,
    apiservers: u32,
    cores: f64,
    memory_bytes: f64,
}

/// As JSON.
///
/// # Panics
/// Never: everything has a form in JSON; numbers that are not finite become null.
#[must_use]
pub fn json(report: &Report<'_>) -> String {
    let cluster = report.cluster;
    let document = Document {
        api_version: ApiVersion::V1,
        kind: "Forecast",
        headline: report.headline(),
        workload: &report.profile.workload,
        recorded: &report.profile.recorded,
        cluster: Facts {
            version: cluster.version,
            nodes: cluster.nodes,
            apiservers: cluster.apiservers.count,
            cores: cluster.apiservers.cores,
            memory_bytes: cluster.apiservers.memory_bytes,
        },
        forecast: report.forecast,
        formula: report.forecast.cost.formula.to_string(),
        budget: report.budget,
        curve: report.curve,
    };
    let text = serde_json::to_string_pretty(&document)
        .expect("structs with names and text keys have a form in JSON");
    format!("{text}\n")
}
