//! The protocol from hub to agents as state machines: what one node needs, and nothing else, in order and in bounds.
//!
//! Owns: opaque items (topic, key, value) in two feeds (one for each node, and one for all), of which an agent follows those
//! that it names; a pulse beside the second one; the hub's side ([`Publisher`]) and the agent's ([`Subscriber`]); messages,
//! sequence numbers, resume, admission, backoff, bounds.
//!
//! Does not know: sockets, certificates, what the items mean (only [`payload`] says that), what time it is. Time is an
//! argument, chance is an argument, and what is to be done comes back as a list of actions.
//!
//! How it goes: a session is a position in its feeds' logs, so a slow agent costs the hub a number, not a queue. The log
//! keeps one entry per key (the newest) and is bounded; an agent behind its start gets a snapshot. A transfer (delta,
//! snapshot, or "you are current") is a consistent cut, is sent in chunks under a window of acknowledgements, and is
//! applied as a whole when its content hash is right. The hash also lets an agent that comes from another replica, or
//! from before a restart, go on without a byte of content. The agent's side keeps keys and hashes only; what an item holds
//! goes to the consumer, as changes, also when it came in a snapshot.
//!
//! ```text
//!  publish/remove -> Publisher -- Welcome, Chunk.., Pulse, Heartbeat | ComeBack | Refusal --> Subscriber -> Transfer
//!                              <----- Hello(have), Ack, Heartbeat, Resync(have) ------
//! ```

mod admission;
mod backoff;
mod feed;
pub mod item;
pub mod limits;
pub mod message;
pub mod payload;
pub mod publisher;
mod session;
pub mod stats;
pub mod subscriber;
mod take;
mod view;

pub use feed::PublishError;
pub use item::{Change, ItemKey, SetHash, Topic};
pub use limits::{FeedLimits, Limits};
pub use message::{AgentMessage, HubMessage};
pub use publisher::{CloseReason, HubAction, Peer, Publisher, SessionId};
pub use session::Follows;
pub use stats::Stats;
pub use subscriber::{AgentAction, Phase, Subscriber, SubscriberStats};
pub use take::{Held, Transfer};
pub use view::View;

/// Where the state machines take chance from: a number in `[0, 1)` per call.
pub type Draw<'a> = &'a mut dyn FnMut() -> f64;
