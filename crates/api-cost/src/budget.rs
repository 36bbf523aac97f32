//! A written limit for a workload: `kind: LoadLine`.

use serde::{Deserialize, Serialize};
use workload_profile::{DocumentError, document};

use crate::forecast::{Forecast, Verdict};

/// What a workload may cost at a number of nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LoadLine {
    /// Always `plimsoll/v1`.
    pub api_version: workload_profile::ApiVersion,
    /// Always `LoadLine`.
    pub kind: LoadLineKind,
    /// Nodes for which the limits are meant, unless the command line says others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<f64>,
    /// The limits; each may be left out.
    pub limits: Limits,
}

/// What kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadLineKind {
    /// This one.
    LoadLine,
}

/// Limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// CPU seconds a second of all API servers, in steady operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apiserver_cores: Option<f64>,
    /// Bytes a second of all answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response_bytes_per_second: Option<f64>,
    /// Requests a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<f64>,
    /// How the CPU grows with N: 1 is linear.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exponent: Option<f64>,
    /// Seats of the widest request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seats_per_request: Option<f64>,
    /// The load line's p10 must be at least this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_line_nodes: Option<f64>,
}

/// A limit and what is forecast.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// Its name in the file.
    pub limit: &'static str,
    /// What is allowed.
    pub allowed: f64,
    /// What is forecast.
    pub actual: f64,
    /// Whether it holds.
    pub holds: bool,
}

impl LoadLine {
    /// Reads one.
    ///
    /// # Errors
    /// [`DocumentError`]: one sentence.
    pub fn from_yaml(text: &str) -> Result<Self, DocumentError> {
        let line: Self = document::parse(text)?;
        let limits = &line.limits;
        let all = [
            ("nodes", line.nodes),
            ("limits.apiserverCores", limits.apiserver_cores),
            ("limits.responseBytesPerSecond", limits.response_bytes_per_second),
            ("limits.requestsPerSecond", limits.requests_per_second),
            ("limits.exponent", limits.exponent),
            ("limits.seatsPerRequest", limits.seats_per_request),
            ("limits.loadLineNodes", limits.load_line_nodes),
        ];
        match all.into_iter().find(|(_, value)| value.is_some_and(|value| !value.is_finite() || value <= 0.0))
        {
            Some((place, _)) => Err(DocumentError::at(place, "it must be more than 0")),
            None => Ok(line),
        }
    }

    /// Each limit that is written, and whether it holds; a broken one makes the verdict `over`.
    pub fn apply(&self, forecast: &mut Forecast) -> Vec<Kept> {
        let limits = &self.limits;
        let widest = forecast.requests.iter().filter_map(|request| request.seats).max().unwrap_or(0);
        let cost = &forecast.cost;
        let most = [
            ("apiserverCores", limits.apiserver_cores, cost.apiserver_cores),
            ("responseBytesPerSecond", limits.response_bytes_per_second, cost.response_bytes_per_second),
            ("requestsPerSecond", limits.requests_per_second, cost.requests_per_second),
            ("exponent", limits.exponent, cost.exponent),
            ("seatsPerRequest", limits.seats_per_request, f64::from(widest)),
        ];
        let mut kept: Vec<Kept> = most
            .into_iter()
            .filter_map(|(limit, allowed, actual)| {
                let allowed = allowed?;
                Some(Kept { limit, allowed, actual, holds: actual <= allowed })
            })
            .collect();
        if let Some(allowed) = limits.load_line_nodes {
            let actual = forecast.load_line.nodes.p10;
            kept.push(Kept { limit: "loadLineNodes", allowed, actual, holds: actual >= allowed });
        }
        if kept.iter().any(|kept| !kept.holds) {
            forecast.verdict = Verdict::Over;
        }
        kept
    }
}
