//! The dead man's switch: what a node may run, for how long without a word, and what it goes back to.
//!
//! Owns: revisions by content hash ([`Revision`]), the signed word of a controller ([`Directive`], [`Keyring`]), which nodes
//! a wave means ([`Wave`]), what a node writes down ([`Record`]), and the state machine of one workload on one node
//! ([`Slot`]). Does not know: sockets, files, processes, clocks. Time is an argument ([`Now`]), what is to be done comes back
//! as [`Action`]s, what came of it goes in as [`Input`]s.
//!
//! No message is the message to go back: a revision on trial that no directive confirms in time is stopped by the node
//! alone, and the last known good one is started. A directive is a state, not an event: the newest one (by serial) says
//! everything, so that lost, doubled and late ones change nothing.
//!
//! ```text
//!              directive: assigned            directive: confirmed
//!   nothing ------------------------> trial -----------------------> good
//!      ^                               |  time or tries used up        | quarantined, or another revision is wanted
//!      +---- nothing good before ------+---- stop; wait; start good <--+
//! ```

mod directive;
mod goal;
pub mod hex;
mod input;
mod key;
pub mod limits;
mod record;
mod revision;
mod slot;
mod token;
mod trial;
mod wave;

pub use directive::{Directive, Refusal, Wanted};
pub use input::{Action, Input, Now};
pub use key::{KeyError, KeyId, Keyring, PublicKey, SigningKey};
pub use record::{Corrupt, Record};
pub use revision::{Revision, RevisionHash, TooLarge};
pub use slot::{Node, Phase, Slot};
pub use token::{Forged, Token};
pub use trial::{Attempt, Trial};
pub use wave::{Wave, position};
