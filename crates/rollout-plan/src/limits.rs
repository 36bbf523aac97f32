//! Every bound of this crate, with its arithmetic.

use std::time::Duration;

/// Steps of a plan: doubling from one node to a million takes 20, each with a bake and a pause.
pub const STEPS_MAX: usize = 64;
/// Gates of a plan. Each keeps four numbers for each step: 32 gates of 65 groups of 32 bytes are 66 KiB a rollout.
pub const GATES_MAX: usize = 32;

/// How long a step without a bake is watched: six looks of a gate at its usual five seconds. It is also what a bake adds to
/// the masking horizon, so that what was hidden until then is seen.
pub const DETECTION: Duration = Duration::from_secs(30);
/// A gate is asked this often at least.
pub const INTERVAL: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(300);
/// A sample older than this many intervals is stale: one may be late, not two.
pub const STALE_INTERVALS: u32 = 3;
/// How far ahead of the clock a sample may be dated.
pub const FUTURE: Duration = Duration::from_secs(5);
/// A trial gets this many times the time that its steps need at best: nodes pull, schedule and report.
pub const CONFIRM_SLACK: u32 = 2;
/// Of all nodes that were given a revision: when so many went back, everything is frozen, not only this rollout.
pub const MASS_REVERT_SHARE: f64 = 0.1;
/// Fewer than this many are no mass.
pub const MASS_REVERT_MIN: u32 = 3;
/// Fewer samples than this at the present number of nodes predict nothing.
pub const PREDICT_SAMPLES_MIN: usize = 5;
