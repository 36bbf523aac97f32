//! The number of nodes at which the first limit breaks.

use serde::Serialize;

use crate::coefficients::{Coefficients, CostModel};
use crate::draws::Draws;
use crate::mode::Mode;
use crate::question::Question;
use crate::strain::{Constraint, Strain, saturation, worst};

/// Beyond it, no cluster is; the answer is then "more than that".
pub const NODES_MAX: f64 = 1_000_000.0;
/// Halvings of [1, NODES_MAX]: 2^-30 of it is a thousandth of a node.
const HALVINGS: u32 = 30;
/// Draws of the coefficients.
pub const DRAWS: u32 = 200;

/// Three of the quantiles of a number of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quantiles {
    /// One in ten draws is below.
    pub p10: f64,
    /// Half of them.
    pub p50: f64,
    /// Nine in ten.
    pub p90: f64,
}

/// The load line in one mode.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModeLine {
    /// In which.
    pub mode: Mode,
    /// Nodes.
    pub nodes: Quantiles,
    /// What breaks first.
    pub binding: Constraint,
}

/// The load line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// Nodes, in the worst mode of each draw.
    pub nodes: Quantiles,
    /// What breaks first.
    pub binding: Constraint,
    /// In which mode.
    pub mode: Mode,
    /// It is beyond what was searched.
    pub unbounded: bool,
    /// Each mode.
    pub modes: Vec<ModeLine>,
    /// The load line of the cluster without the workload: nothing that the workload changes gets beyond it.
    pub without_workload: f64,
    /// Nodes at which the API servers' CPU is used up in steady operation: from there on, heartbeats wait.
    pub collapse: Quantiles,
}

/// The load line of a workload on a cluster. The same seed gives the same answer.
#[must_use]
pub(crate) fn load_line(question: &Question<'_>, model: &CostModel, seed: u64) -> Line {
    let mut draws = Draws::new(seed, model.spread.sigma());
    let mut modes: Vec<Vec<f64>> = vec![Vec::new(); Mode::ALL.len()];
    let mut lowest = Vec::new();
    let mut collapses = Vec::new();
    for _ in 0..DRAWS {
        let of = draws.draw(&model.coefficients);
        let mut low = NODES_MAX;
        for (mode, found) in Mode::ALL.into_iter().zip(&mut modes) {
            let nodes = nodes_in(question, &of, mode);
            found.push(nodes);
            low = low.min(nodes);
        }
        lowest.push(low);
        collapses.push(bisect(|nodes| saturation(question, &of, nodes, Mode::Steady)));
    }
    let of = &model.coefficients;
    let modes: Vec<ModeLine> = Mode::ALL
        .into_iter()
        .zip(modes)
        .map(|(mode, found)| {
            let nodes = quantiles(found);
            ModeLine { mode, nodes, binding: worst(question, of, nodes.p50, mode).constraint }
        })
        .collect();
    let nodes = quantiles(lowest);
    let first = ModeLine { mode: Mode::Steady, nodes, binding: Constraint::ApiserverCpu };
    let worst = modes
        .iter()
        .copied()
        .reduce(|worst, next| if next.nodes.p50 < worst.nodes.p50 { next } else { worst });
    let worst = worst.unwrap_or(first);
    Line {
        nodes,
        binding: worst.binding,
        mode: worst.mode,
        unbounded: nodes.p50 >= NODES_MAX,
        modes,
        without_workload: central(&question.with_classes(Vec::new()), of).0,
        collapse: quantiles(collapses),
    }
}

/// The load line of the central coefficients: for comparisons.
pub(crate) fn central(question: &Question<'_>, of: &Coefficients) -> (f64, Mode, Strain) {
    let found = Mode::ALL.into_iter().map(|mode| (nodes_in(question, of, mode), mode));
    let (nodes, mode) =
        found.fold((NODES_MAX, Mode::Steady), |low, next| if next.0 < low.0 { next } else { low });
    (nodes, mode, worst(question, of, nodes, mode))
}

fn nodes_in(question: &Question<'_>, of: &Coefficients, mode: Mode) -> f64 {
    bisect(|nodes| worst(question, of, nodes, mode).part())
}

/// The largest number of nodes at which `strain`, which grows with it, is at most 1.
fn bisect(strain: impl Fn(f64) -> f64) -> f64 {
    if strain(NODES_MAX) <= 1.0 {
        return NODES_MAX;
    }
    let (mut low, mut high) = (0.0, NODES_MAX);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if strain(middle) <= 1.0 { low = middle } else { high = middle }
    }
    low
}

fn quantiles(mut values: Vec<f64>) -> Quantiles {
    values.sort_by(f64::total_cmp);
    let at =
        |tenths: usize| values.get((values.len() * tenths / 10).min(values.len().saturating_sub(1))).copied();
    Quantiles { p10: at(1).unwrap_or(0.0), p50: at(5).unwrap_or(0.0), p90: at(9).unwrap_or(0.0) }
}

#[cfg(test)]
mod tests;
