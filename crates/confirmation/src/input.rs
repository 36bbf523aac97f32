//! What goes into a [`crate::Slot`] and what comes out.

use std::time::Duration;

use crate::directive::Directive;
use crate::record::Record;
use crate::revision::RevisionHash;

/// What time it is on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Which start of the machine this is (`/proc/sys/kernel/random/boot_id`).
    pub boot: u128,
    /// Time since that start, with suspension counted (`CLOCK_BOOTTIME`): never goes back within a boot.
    pub up: Duration,
    /// Since the Unix epoch; people and daemons set it. Used for nothing but the expiry of directives.
    pub wall: Duration,
}

/// Something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A directive whose signature was right came in.
    Directive(Box<Directive>),
    /// Time passed.
    Tick,
    /// The record of this generation is on the disk, with fsync.
    Persisted(u64),
    /// It is not: full, read-only, gone.
    PersistFailed,
    /// The content of a revision is on the node.
    Fetched(RevisionHash),
    /// It could not be had.
    FetchFailed(RevisionHash),
    /// The workload has ended: by itself, because it could not be started, or because it was stopped.
    Ended,
    /// The API server is not well, or well again: seen by whoever looks at it, never asked for here.
    Outage(bool),
    /// People (a sealed order): start nothing that has not run before, or that ends.
    Freeze(bool),
    /// A person at the node: run nothing of this workload (the sentinel file, `plimsoll node stop`).
    Hold(bool),
    /// A person at the node: give up what runs, go back to the last known good.
    Revert,
    /// A person at the node: never run this.
    Quarantine(RevisionHash),
    /// A person at the node: forget that it was bad here.
    Allow(RevisionHash),
}

/// Something is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Write this down and answer with [`Input::Persisted`] of this number, or [`Input::PersistFailed`].
    Persist(u64, Box<Record>),
    /// Get the content of a revision.
    Fetch(RevisionHash),
    /// Start the workload. Only ever when none runs. With a time, it is to be stopped after that time by whoever holds the
    /// process, also if nobody is left to say so.
    Start(RevisionHash, Option<Duration>),
    /// The trial is over and won: the time of [`Action::Start`] no longer holds.
    Keep(RevisionHash),
    /// Stop it, and answer with [`Input::Ended`].
    Stop(RevisionHash),
    /// Tell the workload to leave the API server alone, or that it may ask again.
    Quiesce(bool),
}
