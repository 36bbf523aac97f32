//! From a profile and a cluster to a forecast.

use api_cost::{Cluster, CostModel, CurvePoint, Forecast, Kept, LoadLine, Question, curve, forecast};
use workload_profile::Profile;

use crate::report::Report;

/// Points of the curve: a picture of 760 pixels needs no more.
const CURVE_POINTS: u16 = 97;
/// The picture begins at a cluster that a laptop could run.
const CURVE_NODES_MIN: f64 = 3.0;
/// Beyond what was asked for, and beyond the load line, it goes on for this factor.
const CURVE_BEYOND: f64 = 3.0;

/// What a forecast is made of.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The workload.
    pub profile: Profile,
    /// The cluster.
    pub cluster: Cluster,
    /// The coefficients.
    pub model: CostModel,
    /// Written limits.
    pub budget: Option<LoadLine>,
    /// Nodes at which it is to run, where they are not those of the budget or the cluster.
    pub nodes: Option<f64>,
    /// Of the draws.
    pub seed: u64,
}

/// A forecast with what it takes to show it.
#[derive(Debug, Clone)]
pub struct Prediction {
    inputs: Inputs,
    /// The answer.
    pub forecast: Forecast,
    curve: Vec<CurvePoint>,
    kept: Vec<Kept>,
}

/// Forecasts.
#[must_use]
pub fn predict(inputs: Inputs) -> Prediction {
    let written = inputs.budget.as_ref().and_then(|budget| budget.nodes);
    let nodes = inputs.nodes.or(written).unwrap_or(inputs.cluster.nodes);
    let question = Question::new(&inputs.profile, &inputs.cluster);
    let mut forecast = forecast(&question, &inputs.model, nodes, inputs.seed);
    let kept = inputs.budget.as_ref().map(|budget| budget.apply(&mut forecast)).unwrap_or_default();
    let to = (forecast.load_line.nodes.p90.max(nodes) * CURVE_BEYOND).clamp(1000.0, api_cost::NODES_MAX);
    let curve = curve(&question, &inputs.model.coefficients, CURVE_NODES_MIN, to, CURVE_POINTS);
    Prediction { forecast, curve, kept, inputs }
}

impl Prediction {
    /// For the pictures and texts of [`crate::report`].
    #[must_use]
    pub fn report(&self) -> Report<'_> {
        Report {
            profile: &self.inputs.profile,
            cluster: &self.inputs.cluster,
            forecast: &self.forecast,
            curve: &self.curve,
            budget: &self.kept,
        }
    }
}
