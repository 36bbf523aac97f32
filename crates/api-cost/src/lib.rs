//! What a request costs an API server, and how many nodes a cluster may have before a workload sinks it: the load line.
//!
//! Owns the cost model (which way a read goes in which version, work along that way, APF's seats and queues), the coefficients and
//! how they follow from measurements, and the search for the load line. Does not know where a profile comes from
//! (`workload-profile`), nor how anything is measured (`preflight`). Pure: chance is a seed, time is an argument.
//!
//! Data comes in as a [`Cluster`], a [`CostModel`] and a profile; start with [`Cluster`].

mod advice;
pub mod apf;
mod budget;
mod cluster;
mod coefficients;
mod curve;
mod draws;
pub mod fit;
mod forecast;
mod gates;
mod level;
mod load;
mod load_line;
mod mode;
mod polynomial;
mod question;
mod queues;
mod read;
mod read_path;
#[cfg(test)]
mod samples;
mod sizes;
mod strain;
mod uniform;
mod version;
mod work;

pub use advice::Advice;
pub use budget::{Kept, Limits, LoadLine, LoadLineKind};
pub use cluster::{ApiServers, Cluster, ClusterKind, Count, Encoded, Etcd, Resource};
pub use coefficients::{Coefficients, CostModel, CostModelKind, Fit, PerAnswer, Spread};
pub use curve::{CurvePoint, curve};
pub use forecast::{Cost, EventCost, Forecast, ModeStrains, RequestCost, Verdict, forecast};
pub use gates::{Gate, Gates};
pub use level::Level;
pub use load_line::{DRAWS, Line, ModeLine, NODES_MAX, Quantiles};
pub use mode::Mode;
pub use polynomial::Formula;
pub use question::Question;
pub use queues::{Met, ModeQueues};
pub use read_path::{CacheState, ReadPath, Route, route};
pub use sizes::{Known, Selection, resource_name, selection};
pub use strain::{Constraint, Strain};
pub use version::{Nearest, NoVersion, Version};
pub use work::{Situation, Work, event_bytes, event_cpu, work};
