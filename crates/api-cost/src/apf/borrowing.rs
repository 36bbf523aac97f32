//! Seats that priority levels lend each other, settled anew every ten seconds.
//!
//! Facts: KEP-1040, k8s.io/apiserver `util/flowcontrol/{apf_controller,conc_alloc}.go`.

use crate::apf::demand::SmoothedDemand;
use crate::apf::levels::LevelLimits;

/// Least that a level is thought to want, so that nothing is divided by zero.
const TARGET_MIN: f64 = 0.001;
/// Sums that differ by less are the same.
const EPSILON: f64 = 1e-7;

/// A level that takes part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Borrower {
    /// What it has, lends and may borrow.
    pub limits: LevelLimits,
    /// What it wanted.
    pub demand: SmoothedDemand,
    /// Whether it is exempt: it takes what it wants.
    pub exempt: bool,
}

/// Limits that no number of seats satisfies.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("seats cannot be shared out: {0} are to be given, the levels' own bounds allow {1} to {2}")]
pub struct BorrowError(u64, f64, f64);

/// What one level wants, and its bounds.
#[derive(Debug, Clone, Copy)]
struct Wish {
    target: f64,
    lower: f64,
    upper: f64,
}

/// The seats of each level for the next period. `sum` is that of all nominal limits.
///
/// # Errors
/// [`BorrowError`] where the bounds contradict each other; the API server then leaves all as they are.
pub fn borrow(sum: u64, levels: &[Borrower]) -> Result<Vec<u64>, BorrowError> {
    let exempt: u64 = levels.iter().filter(|level| level.exempt).map(taken).sum();
    let left = to_i64(sum) - to_i64(exempt);
    let limited: Vec<&Borrower> = levels.iter().filter(|level| !level.exempt).collect();
    let lowers: u64 = limited.iter().map(|level| level.limits.lower).sum();
    let takens: u64 = limited.iter().map(|level| taken(level)).sum();
    let mut given = if left <= to_i64(lowers) {
        limited.iter().map(|level| level.limits.lower).collect()
    } else if left <= to_i64(takens) {
        between(&limited, to_f64(left) - from_u64(lowers), from_u64(takens - lowers))
    } else {
        shared(sum, &limited)?
    }
    .into_iter();
    Ok(levels
        .iter()
        .map(|level| if level.exempt { taken(level) } else { given.next().unwrap_or(level.limits.lower) })
        .collect())
}

/// What a level has whatever the others want: what it used, but no more than is its own and no less than it does not lend.
fn taken(level: &Borrower) -> u64 {
    let wanted = level.demand.high_watermark;
    let own = if level.exempt { wanted } else { wanted.min(level.limits.nominal) };
    own.max(level.limits.lower)
}

/// There is too little for what they used: each gets the same part of what it used beyond its lower bound.
fn between(levels: &[&Borrower], left: f64, wanted: f64) -> Vec<u64> {
    let one = |level: &&Borrower| {
        let lower = level.limits.lower;
        lower + rounded(from_u64(taken(level) - lower) * left / wanted)
    };
    levels.iter().map(one).collect()
}

fn shared(sum: u64, levels: &[&Borrower]) -> Result<Vec<u64>, BorrowError> {
    let wish = |level: &&Borrower| {
        let lower = from_u64(taken(level));
        Wish { target: lower.max(level.demand.smoothed), lower, upper: from_u64(level.limits.upper) }
    };
    let wishes: Vec<Wish> = levels.iter().map(wish).collect();
    Ok(allocate(sum, &wishes)?.into_iter().map(rounded).collect())
}

/// Everyone gets the same multiple of its target, as far as its bounds allow.
fn allocate(sum: u64, wishes: &[Wish]) -> Result<Vec<f64>, BorrowError> {
    let wanted = from_u64(sum);
    let lowest: f64 = wishes.iter().map(|wish| wish.lower).sum();
    let highest: f64 = wishes.iter().map(|wish| wish.upper).sum();
    if lowest - wanted > EPSILON || wanted - highest > EPSILON {
        return Err(BorrowError(sum, lowest, highest));
    }
    let at = |multiple: f64| {
        wishes
            .iter()
            .map(move |wish| (multiple * wish.target.max(TARGET_MIN)).min(wish.upper).max(wish.lower))
    };
    // The sum grows with the multiple, in straight pieces between the bounds.
    let mut bounds: Vec<f64> = wishes
        .iter()
        .flat_map(|wish| [wish.lower / wish.target.max(TARGET_MIN), wish.upper / wish.target.max(TARGET_MIN)])
        .collect();
    bounds.sort_by(f64::total_cmp);
    let mut below = 0.0;
    for bound in bounds {
        let sum_at: f64 = at(bound).sum();
        if sum_at >= wanted {
            let sum_below: f64 = at(below).sum();
            let slope = sum_at - sum_below;
            let part = if slope > 0.0 { (wanted - sum_below) / slope } else { 0.0 };
            return Ok(at((bound - below).mul_add(part, below)).collect());
        }
        below = bound;
    }
    Ok(wishes.iter().map(|wish| wish.upper).collect())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of seats")]
fn rounded(seats: f64) -> u64 {
    seats.round() as u64
}

#[expect(clippy::cast_precision_loss, reason = "seats")]
fn from_u64(seats: u64) -> f64 {
    seats as f64
}

#[expect(clippy::cast_precision_loss, reason = "seats")]
fn to_f64(seats: i64) -> f64 {
    seats as f64
}

fn to_i64(seats: u64) -> i64 {
    i64::try_from(seats).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
