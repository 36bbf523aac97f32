//! A cost as a formula in N.

use std::fmt;

use serde::Serialize;

/// Terms below this part of the sum at the N that was asked for are left out of the text.
const VISIBLE: f64 = 0.001;

/// `constant + linear N + quadratic N²`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Formula {
    /// However many nodes.
    pub constant: f64,
    /// Per node.
    pub linear: f64,
    /// Per node and node.
    pub quadratic: f64,
    /// N at which it was taken.
    pub nodes: f64,
}

/// The quadratic through half, one and two times `nodes`; exact for what grows with at most the square of N.
pub(crate) fn formula(cost: &impl Fn(f64) -> f64, nodes: f64) -> Formula {
    let (low, middle, high) = (nodes / 2.0, nodes, nodes * 2.0);
    let first = (cost(middle) - cost(low)) / (middle - low);
    let second = (cost(high) - cost(middle)) / (high - middle);
    let quadratic = (second - first) / (high - low);
    let linear = first - quadratic * (low + middle);
    let constant = cost(low) - linear * low - quadratic * low * low;
    Formula { constant, linear, quadratic, nodes }
}

/// The slope of the cost over N, both in logarithms.
pub(crate) fn exponent(cost: &impl Fn(f64) -> f64, nodes: f64) -> f64 {
    let (here, further) = (cost(nodes), cost(nodes * 1.01));
    if here <= 0.0 { 0.0 } else { (further / here).ln() / 1.01_f64.ln() }
}

impl fmt::Display for Formula {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let terms = [(self.constant, "", 0), (self.linear, " N", 1), (self.quadratic, " N\u{b2}", 2)]
            .map(|(factor, name, power)| (factor, name, (factor * self.nodes.powi(power)).abs()));
        let sum: f64 = terms.iter().map(|(_, _, size)| size).sum();
        let mut written = false;
        for (factor, name, size) in terms {
            if size <= sum * VISIBLE {
                continue;
            }
            write!(to, "{}{factor:.3e}{name}", if written { " + " } else { "" })?;
            written = true;
        }
        if written { Ok(()) } else { to.write_str("0") }
    }
}
