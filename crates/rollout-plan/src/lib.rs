//! A rollout, step by step: which nodes run a new revision, when more do, and what stops it.
//!
//! Owns: plans and what contradicts itself in them ([`Plan`]), the order of nodes ([`grow`]), gates that fail closed
//! ([`Gate`]), the prediction of what more nodes would cost ([`Costs`]), and the state machine ([`Rollout`]) whose output is
//! the word that a controller signs (`confirmation::Directive`). Does not know: where samples come from, who signs, how words
//! reach nodes, clocks. Time is an argument.
//!
//! ```text
//!   setNodes --settled, watched, foreseen--> next step;  bake --masking horizon, samples--> confirmed, next step
//!      any gate, any reverts, abort  --> stopped: assigned to nobody, quarantined by hash
//! ```

mod count;
mod gate;
pub mod limits;
mod observation;
mod order;
mod plan;
mod predict;
mod rollout;
mod sequential;
mod stop;

pub use count::NodeCount;
pub use gate::{Bound, Failure, Gate, GateState, Sample};
pub use observation::{Command, Identity, Observation, Phase};
pub use order::{Candidate, grow, size};
pub use plan::{Plan, PlanError, Step};
pub use predict::{Costs, Prediction};
pub use rollout::{Rollout, Saved};
pub use stop::Stop;
