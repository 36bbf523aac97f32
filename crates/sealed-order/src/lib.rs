//! Sealed orders: what people say to nodes when nothing else works.
//!
//! Owns: an order for one purpose ([`Order`]), its signatures by k of n people ([`Sealed`]), who they are ([`Roster`]), and
//! whether a node follows it ([`Sealed::admit`]): once, in its own cluster, in its time. Does not know: how an order reaches a
//! node (hub, file, hand), what carries it out, clocks.
//!
//! Whoever carries an order can lose it, delay it or bring it twice, and nothing else: it needs no trust.

mod order;
mod roster;
mod sealed;
mod spent;

pub use order::{Order, Purpose, Unfit};
pub use roster::{Roster, RosterError};
pub use sealed::{Admission, Place, Refusal, Sealed};
pub use spent::Spent;

pub mod limits {
    //! Every bound of this crate, with its arithmetic.

    use std::time::Duration;

    /// An order is for an emergency: what is to last longer belongs in the cluster's own configuration.
    pub const LIFE_MAX: Duration = Duration::from_secs(24 * 3600);
    /// People on a roster: a team on call.
    pub const PEOPLE_MAX: usize = 16;
    /// Nodes that an order names; without names it is for all. 16 names of 253 bytes are 4 KiB.
    pub const NODES_MAX: usize = 16;
    /// Names of nodes (4 KiB), of the workload (760 bytes), a reason (512 bytes), 16 signatures of 76 bytes (1.2 KiB). Twice that,
    /// in hexadecimal, fits into the head of an HTTP request.
    pub const SEALED_BYTES_MAX: usize = 7 * 1024;
    /// A DNS name; three of them, with a kind, make a workload.
    pub const NAME_BYTES_MAX: usize = 253;
    /// A sentence for the audit log.
    pub const REASON_BYTES_MAX: usize = 512;
    /// Orders that a node remembers until they expire: a day of emergencies, 28 bytes each. One more is refused, since a
    /// forgotten one could be brought again.
    pub const SPENT_MAX: usize = 256;
    /// Bytes of an order's name.
    pub const ID_BYTES: usize = 16;
}
