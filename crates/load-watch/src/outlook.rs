//! How far each limit is.

use apiserver_metrics::Reading;
use load_attribution::Row;

use crate::report::{Dimension, DimensionName};

/// Of its CPU an API server may use for as long as it likes, and of its memory: as `preflight predict` has it.
const CPU_PART: f64 = 0.6;
const MEMORY_PART: f64 = 0.8;
/// The largest quota that etcd advises.
const ETCD_BYTES_MAX: f64 = 8.0 * 1_073_741_824.0;
/// What is predicted: twice the nodes.
const GROWTH: f64 = 2.0;
/// Beyond it, no cluster is.
const NODES_MAX: f64 = 1_000_000.0;
const HALVINGS: u32 = 40;

/// All dimensions. `cores` is what is used; `who` is what is known of how it grows, and the rest grows with the nodes.
pub(crate) fn outlook(reading: &Reading, cores: f64, nodes: f64, who: &[Row]) -> Vec<Dimension> {
    let attributed: f64 = who.iter().map(|row| row.apiserver_cores).sum();
    // Prices are of all API servers and of another machine: together they are no more than what was measured.
    let scale = if attributed > cores { cores / attributed } else { 1.0 };
    let rest = (cores - attributed * scale).max(0.0);
    let cpu = move |at: f64| {
        let growth = at / nodes;
        let grown: f64 = who.iter().map(|row| scale * row.apiserver_cores * growth.powf(row.exponent)).sum();
        rest.mul_add(growth, grown)
    };
    let linear = |now: f64| move |at: f64| now * at / nodes;
    let mut found = Vec::new();
    if reading.cores > 0.0 {
        found.push(dimension(DimensionName::Cpu, nodes, reading.cores * CPU_PART, cpu));
    }
    if let Some(limit) = reading.memory_limit_bytes {
        found.push(dimension(
            DimensionName::Memory,
            nodes,
            limit * MEMORY_PART,
            linear(reading.resident_bytes),
        ));
    }
    if let Some((seats, nominal)) = fullest(reading) {
        // Requests that take longer and are more: seats grow as the work does.
        let grows = move |at: f64| if cores > 0.0 { seats * cpu(at) / cpu(nodes) } else { seats };
        found.push(dimension(DimensionName::Seats, nodes, nominal, grows));
    }
    if reading.etcd_bytes > 0.0 {
        found.push(dimension(DimensionName::EtcdBytes, nodes, ETCD_BYTES_MAX, linear(reading.etcd_bytes)));
    }
    found
}

fn dimension(name: DimensionName, nodes: f64, limit: f64, at: impl Fn(f64) -> f64) -> Dimension {
    Dimension {
        dimension: name,
        measured: at(nodes),
        predicted: at(GROWTH * nodes),
        limit,
        nodes: reached(limit, &at),
    }
}

/// The number of nodes at which `at`, which grows, reaches the limit.
fn reached(limit: f64, at: &impl Fn(f64) -> f64) -> Option<f64> {
    if at(NODES_MAX) <= limit {
        return None;
    }
    let (mut low, mut high) = (0.0, NODES_MAX);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if at(middle) <= limit { low = middle } else { high = middle }
    }
    Some(low)
}

/// Seats in use and nominal seats of the level that has the largest part of its own in use.
fn fullest(reading: &Reading) -> Option<(f64, f64)> {
    let levels = reading.nominal_seats.iter().filter(|(_, nominal)| **nominal > 0.0);
    let used = levels.map(|(level, nominal)| (reading.seats.get(level).copied().unwrap_or(0.0), *nominal));
    used.max_by(|one, other| (one.0 / one.1).total_cmp(&(other.0 / other.1)))
}

#[cfg(test)]
mod tests;
