//! The fuse: on each node, a table of nf_tables that counts what each workload exchanges with the API servers, and can limit
//! it or cut it off, without asking anybody.
//!
//! Owns: the table `inet plimsoll-fuse` and nothing else of nf_tables ([`script`]), the counters ([`counters`]), the orders of
//! people ([`order`]), the decision who may do what ([`policy`], without I/O), the loop ([`driver`]). Does not know: where pods
//! come from, who the hub is, what a rollout is: functions tell it.
//!
//! ```text
//!   pods, hub's word, orders --every 3 s--> policy --> table --difference--> nft -f -
//!                                 ^                                            |
//!                                 +----------------- counters <----------------+
//! ```
//! What is limited or cut has an expiry in the kernel itself: an agent that dies leaves it as it was, but not for ever. Who is
//! in no pod, the kubelet above all, is in no map.

pub mod counters;
pub mod driver;
pub mod limits;
pub mod nft;
pub mod order;
pub mod policy;
pub mod script;
pub mod status;
pub mod subject;
pub mod table;

pub use driver::{Config, Fuse, Hub, Pod, Pods, Word};
pub use nft::Nft;
pub use order::{Action, Order};
pub use status::{Collect, Shared, Status};
pub use subject::{Subject, Whom};
pub use table::Rates;
