//! When a number has changed for good: robust change points in a stream of samples.
//!
//! Owns the baseline (running median and median absolute deviation), the rule that raises a change and the one that ends it, and
//! rates of counters that start anew. Does not know what the numbers mean, nor when they are taken: one sample after the other.
//!
//! Start with [`Detector`].

mod detector;
mod rate;

pub use detector::{Detector, Floor, SAMPLE_SECONDS, Verdict};
pub use rate::Rate;
