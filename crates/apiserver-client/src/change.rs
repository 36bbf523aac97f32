//! What the door tells about a resource, and to whom.

use std::collections::BTreeMap;

use objects::{Object, Resource};

/// Where each resource left off: the `resourceVersion` of the last change that a snapshot holds. A resource that is not in it
/// starts with a replay.
pub type Resume = BTreeMap<Resource, String>;

/// What happened to a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A full state follows: every live object is `Applied` before `ReplayFinished`; what was not is gone then. Comes again,
    /// with no `ReplayFinished` before it, when a replay had to start over: forget what the broken one applied.
    ReplayStarted,
    /// The object exists and looks like this.
    Applied(Object),
    /// The object is gone; this is its last state.
    Deleted(Object),
    /// The replay is complete as of this version.
    ReplayFinished {
        /// A watch can resume here.
        resource_version: String,
    },
    /// Nothing changed up to this version.
    Bookmark {
        /// A watch can resume here.
        resource_version: String,
    },
    /// An object could not be decoded or is too large. The others go on.
    Undecodable,
}

/// Who wants to know. Called from the task of the resource, in order; must not block: the stream waits for it.
pub trait Sink: Send + Sync + 'static {
    /// Something happened to `resource`.
    fn change(&self, resource: Resource, change: Change);
}
