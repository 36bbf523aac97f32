//! Time, randomness, tasks and files: the only crate that touches the system's own.
//!
//! Owns: [`Clock`], [`Entropy`], [`spawn`] and [`thread`] (with names) and [`files`]. Everything else takes them as arguments, so that the
//! tests and the simulator can own time and chance. It does not know Kubernetes, HTTP or metrics.

pub mod clock;
pub mod entropy;
pub mod files;
pub mod task;

pub use clock::{Clock, ManualClock, SystemClock, boot_id, since_boot};
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use task::{spawn, thread};
