//! Load over the number of nodes, for pictures.

use serde::Serialize;

use crate::coefficients::Coefficients;
use crate::load::load;
use crate::mode::Mode;
use crate::question::Question;
use crate::strain::worst;

/// One point.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CurvePoint {
    /// At that many nodes.
    pub nodes: f64,
    /// CPU seconds a second of all API servers for the workload, in steady operation.
    pub workload_cores: f64,
    /// Without it.
    pub base_cores: f64,
    /// The highest strain of all modes; 1 is a limit.
    pub strain: f64,
}

/// Points at equal distances in the logarithm, from `from` to `to` nodes, both more than 0.
#[must_use]
pub fn curve(question: &Question<'_>, of: &Coefficients, from: f64, to: f64, points: u16) -> Vec<CurvePoint> {
    let step = (to / from).powf(1.0 / f64::from(points.max(2) - 1));
    let point = |number: u16| {
        let nodes = from * step.powi(i32::from(number));
        let steady = load(question, of, nodes, Mode::Steady);
        let strain =
            Mode::ALL.into_iter().map(|mode| worst(question, of, nodes, mode).part()).fold(0.0, f64::max);
        CurvePoint { nodes, workload_cores: steady.workload_cores, base_cores: steady.base_cores, strain }
    };
    (0..points.max(2)).map(point).collect()
}
