//! The list/watch/resume loop of one resource, as a state machine: what came in, what to do next. No I/O, no clock.
//!
//! ```text
//!            version known                     initial events end
//!   start ------------------> Watch <------------------------------- WatchList <--- start, 410
//!                             |  ^                                       | refused, ignored, broken off three times
//!                  stream ends|  |                                       v
//!                             +--+ <----- last page ----- NextPage <- FirstPage
//! ```
//! Every failure goes through the backoff first. What a failure does not touch is kept: the version after a broken watch, the
//! continue token after a broken page.

use std::time::Duration;

use budget::Backoff;
use objects::Object;
use objects::stream::ListEnd;

use crate::calls::Call;
use crate::change::Change;
use crate::failure::{Cause, Failure};
use crate::status::Phase;
use crate::times::{WATCH_LIVED_MIN, WATCH_SECONDS_MIN};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

/// So many watch-lists in a row may break off before their initial events have ended; then it is pages, which can be resumed.
const WATCH_LISTS_BROKEN_MAX: u32 = 3;

/// So many watches in a row may stay silent to the end (no event, no bookmark) before the version is doubted: after a restore
/// from a backup a server waits, silently, until it has come to the version that we asked for.
const WATCHES_SILENT_MAX: u32 = 2;

/// So many objects in one full state, more than six times the 300,000 replicasets of a cluster that never cleans up, are a
/// server that makes them up.
const REPLAY_OBJECTS_MAX: u64 = 2_000_000;

/// So many pages hold [`REPLAY_OBJECTS_MAX`] objects, 500 on each, and twice as many for pages that are not full. A server that
/// hands out a new token for ever is a loop with no end.
const REPLAY_PAGES_MAX: u64 = 2 * REPLAY_OBJECTS_MAX / 500;

/// So many events in a row of which not even the version can be read are no watch: the stream is given up and resumed, with
/// backoff, instead of being read as fast as it comes.
const EVENTS_DAMAGED_MAX: u32 = 100;

/// "Any version": a watch from here would send every object that exists, and never say which are gone.
const ANY_VERSION: &str = "0";

/// What has come in.
#[derive(Debug)]
pub enum Input {
    /// Nothing yet: begin, or go on after a wait.
    Go,
    /// The server has said yes; a body follows.
    Opened,
    /// An object is there, new or changed.
    Applied(Object),
    /// An object is gone.
    Deleted(Object),
    /// A bookmark.
    Bookmark {
        /// Up to here everything has been sent.
        resource_version: String,
        /// The initial events of a watch-list are complete.
        initial_events_end: bool,
    },
    /// An object that cannot be decoded; the version it would have brought, if that could be read.
    Undecodable {
        /// Empty when unknown.
        resource_version: String,
    },
    /// A page is complete.
    PageEnd(ListEnd),
    /// The stream is over, and nothing is wrong with it.
    Closed,
    /// The request failed or the stream broke off.
    Failed(Failure),
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Read on.
    Read,
    /// Send this.
    Ask(Ask),
    /// Wait, then say [`Input::Go`].
    Wait {
        /// How long.
        wait: Duration,
        /// Why.
        why: Why,
    },
}

/// Why to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// A stream has come to its end in good order.
    Renewal,
    /// A request failed: the next needs a token of the retry budget.
    Retry,
    /// The same, and it seems that nobody gets through: one resource tries for all.
    Outage,
}

/// A request to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Which.
    pub call: Call,
    /// For [`Call::Watch`]; else empty.
    pub resource_version: String,
    /// For [`Call::NextPage`]; else empty.
    pub continue_token: String,
}

/// The loop of one resource.
#[derive(Debug)]
pub struct Reflector {
    call: Call,
    resource_version: String,
    continue_token: String,
    watch_list: bool,
    phase: Phase,
    last_error: Option<Failure>,
    backoff: Backoff,
    /// For 410 alone.
    expiry: Backoff,
    synced: bool,
    opened_at: Option<Duration>,
    heard: bool,
    broken_watch_lists: u32,
    silent_watches: u32,
    trusts_silence: bool,
    /// A watch was refused, the version dropped, and no watch has been opened since.
    doubted_refusal: bool,
    /// Of this full state, so far.
    replay_objects: u64,
    replay_pages: u64,
    damaged_events: u32,
}

impl Reflector {
    /// Not yet begun. `resume` is the version up to which everything is known; without it a full state is read first.
    pub fn new(resume: Option<&str>, watch_list: bool, backoff: Backoff) -> Self {
        let mut reflector = Self {
            call: Call::Watch,
            resource_version: resume.filter(|version| *version != ANY_VERSION).unwrap_or_default().to_owned(),
            continue_token: String::new(),
            watch_list,
            phase: Phase::Waiting,
            last_error: None,
            expiry: backoff.clone(),
            backoff,
            synced: false,
            opened_at: None,
            heard: false,
            broken_watch_lists: 0,
            silent_watches: 0,
            trusts_silence: false,
            doubted_refusal: false,
            replay_objects: 0,
            replay_pages: 0,
            damaged_events: 0,
        };
        reflector.choose_call();
        reflector
    }

    /// Takes one input at `now`, says what to do next and appends what the sink must know.
    pub fn step(&mut self, input: Input, now: Duration, random: f64, changes: &mut Vec<Change>) -> Next {
        match input {
            Input::Go => self.ask(),
            Input::Opened => self.opened(now, changes),
            Input::Applied(object) => {
                self.object(&object);
                changes.push(Change::Applied(object));
                self.read_on(now, random)
            }
            Input::Deleted(object) => {
                self.object(&object);
                changes.push(Change::Deleted(object));
                self.read_on(now, random)
            }
            Input::Undecodable { resource_version } => {
                self.undecodable(resource_version);
                changes.push(Change::Undecodable);
                self.read_on(now, random)
            }
            Input::Bookmark { resource_version, initial_events_end } => {
                self.bookmark(resource_version, initial_events_end, now, changes)
            }
            Input::PageEnd(end) => self.page_end(end, now, random, changes),
            Input::Closed => self.closed(now, random),
            Input::Failed(failure) => self.failed(failure, now, random),
        }
    }

    /// Where it stands.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Whether a full state has been read, or a watch resumed.
    pub fn synced(&self) -> bool {
        self.synced
    }

    /// What went wrong since the last request that succeeded.
    pub fn last_error(&self) -> Option<&Failure> {
        self.last_error.as_ref()
    }

    /// A watch would resume here; empty: nowhere.
    pub fn resource_version(&self) -> &str {
        &self.resource_version
    }

    /// Whether full states are asked for as watch-lists.
    pub fn watch_list(&self) -> bool {
        self.watch_list
    }

    /// Whether a full state is being read: that needs a slot for lists.
    pub fn is_replay(&self) -> bool {
        self.call != Call::Watch
    }

    fn choose_call(&mut self) {
        self.continue_token.clear();
        self.call = match (self.resource_version.is_empty(), self.watch_list) {
            (false, _) => Call::Watch,
            (true, true) => Call::WatchList,
            (true, false) => Call::FirstPage,
        };
    }

    fn ask(&mut self) -> Next {
        self.opened_at = None;
        self.heard = false;
        if self.phase == Phase::Backoff {
            self.phase = Phase::Waiting;
        }
        let version = if self.call == Call::Watch { self.resource_version.clone() } else { String::new() };
        Next::Ask(Ask {
            call: self.call,
            resource_version: version,
            continue_token: self.continue_token.clone(),
        })
    }

    fn opened(&mut self, now: Duration, changes: &mut Vec<Change>) -> Next {
        self.opened_at = Some(now);
        self.damaged_events = 0;
        self.last_error = None;
        self.phase = Phase::Replaying;
        match self.call {
            Call::WatchList | Call::FirstPage => {
                (self.replay_objects, self.replay_pages) = (0, 0);
                changes.push(Change::ReplayStarted);
            }
            Call::Watch => {
                self.doubted_refusal = false;
                self.phase = Phase::Watching;
                self.synced = true;
            }
            // A page after the first; no reflector asks for anything else.
            _ => {}
        }
        Next::Read
    }

    fn object(&mut self, object: &Object) {
        self.heard = true;
        self.silent_watches = 0;
        self.damaged_events = 0;
        self.replay_objects += 1;
        self.advance(object.meta().resource_version.to_string());
    }

    fn undecodable(&mut self, resource_version: String) {
        self.heard = true;
        self.replay_objects += 1;
        self.damaged_events = if resource_version.is_empty() { self.damaged_events + 1 } else { 0 };
        self.advance(resource_version);
    }

    /// The versions of initial events and of list items are in no order: only those of a watch count.
    fn advance(&mut self, resource_version: String) {
        if self.call == Call::Watch && !resource_version.is_empty() && resource_version != ANY_VERSION {
            self.resource_version = resource_version;
        }
    }

    /// Reads on, but not for ever.
    fn read_on(&mut self, now: Duration, random: f64) -> Next {
        if self.is_replay() && self.replay_objects > REPLAY_OBJECTS_MAX {
            return self.endless(now, random);
        }
        let is_list = matches!(self.call, Call::FirstPage | Call::NextPage);
        if !is_list && self.damaged_events >= EVENTS_DAMAGED_MAX {
            let text = format!("{EVENTS_DAMAGED_MAX} events in a row that cannot be read");
            return self.failed(Failure::new(Cause::Garbled(text)), now, random);
        }
        Next::Read
    }

    /// A full state with no end begins anew: going on where it was would be the same again.
    fn endless(&mut self, now: Duration, random: f64) -> Next {
        self.continue_token.clear();
        let text =
            format!("a full state of more than {REPLAY_OBJECTS_MAX} objects or {REPLAY_PAGES_MAX} pages");
        self.failed(Failure::new(Cause::Garbled(text)), now, random)
    }

    fn bookmark(
        &mut self,
        resource_version: String,
        initial_events_end: bool,
        now: Duration,
        changes: &mut Vec<Change>,
    ) -> Next {
        self.heard = true;
        if self.call == Call::Watch {
            self.silent_watches = 0;
            self.trusts_silence = false;
            self.resource_version.clone_from(&resource_version);
            changes.push(Change::Bookmark { resource_version });
            return Next::Read;
        }
        if !initial_events_end {
            // kube-apiserver sends none before the end of the initial events: this server has ignored `sendInitialEvents`.
            return self.use_pages();
        }
        self.finish_replay(resource_version, changes);
        // From here on it lives as a watch: one that breaks off at once must not pass for a long and healthy one, or a replay
        // followed by 410 would go round and round.
        self.opened_at = Some(now);
        Next::Read
    }

    fn finish_replay(&mut self, resource_version: String, changes: &mut Vec<Change>) {
        self.resource_version.clone_from(&resource_version);
        self.synced = true;
        self.broken_watch_lists = 0;
        self.continue_token.clear();
        self.call = Call::Watch;
        self.phase = Phase::Watching;
        changes.push(Change::ReplayFinished { resource_version });
    }

    fn page_end(&mut self, end: ListEnd, now: Duration, random: f64, changes: &mut Vec<Change>) -> Next {
        match end.continue_token {
            // A server that hands out the same token for ever is a loop with no end.
            Some(token) if token == self.continue_token => {
                let text = "the same continue token twice".to_owned();
                self.continue_token.clear();
                self.failed(Failure::new(Cause::Garbled(text)), now, random)
            }
            Some(_) if self.replay_pages >= REPLAY_PAGES_MAX => self.endless(now, random),
            Some(token) => {
                self.replay_pages += 1;
                self.continue_token = token;
                self.call = Call::NextPage;
                self.ask()
            }
            None => {
                self.finish_replay(end.resource_version, changes);
                self.ask()
            }
        }
    }

    fn use_pages(&mut self) -> Next {
        self.watch_list = false;
        self.broken_watch_lists = 0;
        self.choose_call();
        self.ask()
    }

    fn closed(&mut self, now: Duration, random: f64) -> Next {
        let lived = self.lived(now);
        if self.is_replay() || lived < WATCH_LIVED_MIN {
            return self.failed(
                Failure::new(Cause::Connection("the stream ended early".to_owned())),
                now,
                random,
            );
        }
        self.lasted(lived);
        if let Some(expired) = self.doubt_silence() {
            return self.failed(expired, now, random);
        }
        // When a server goes down in good order, all its watches end at once: not all of them come back in the same instant.
        // Those that came to their own, random, end need no more jitter.
        let full_life = lived.as_secs() >= u64::from(WATCH_SECONDS_MIN);
        let spread = if full_life { Duration::ZERO } else { self.backoff.ceiling() };
        Next::Wait { wait: spread.mul_f64(random), why: Why::Renewal }
    }

    fn failed(&mut self, failure: Failure, now: Duration, random: f64) -> Next {
        if self.call == Call::WatchList && failure.is_refusal() {
            return self.use_pages();
        }
        let failure = match failure.cause {
            Cause::Timeout(_) if self.opened_at.is_some() => self.doubt_silence().unwrap_or(failure),
            _ => failure,
        };
        let lived = self.lived(now);
        if !self.is_replay() {
            self.lasted(lived);
        }
        self.forget(&failure);
        self.phase = match failure.code() {
            Some(401 | 403) => Phase::Forbidden,
            Some(404) => Phase::NotServed,
            _ => Phase::Backoff,
        };
        // A server that restarts forgets its history: 410 is then the first good answer after an outage, and does not wait as
        // long as the outage made us wait.
        let backoff = if failure.is_expired() { &mut self.expiry } else { &mut self.backoff };
        let wait = backoff.step(failure.kind(), failure.retry_after, random);
        let outage = self.opened_at.is_none() && failure.is_outage();
        self.last_error = Some(failure);
        self.opened_at = None;
        Next::Wait { wait, why: if outage { Why::Outage } else { Why::Retry } }
    }

    /// A watch that is refused as badly asked for may be so because of its version: one from a damaged object, or from another
    /// server. That is doubted once. When a watch from a version that the server gave just now is refused too, it is not the
    /// version, and reading everything again would not help.
    fn doubts_version(&mut self, failure: &Failure) -> bool {
        let bad_request = matches!(failure.cause, Cause::Status { code: 400 | 422, .. });
        let doubted =
            self.call == Call::Watch && self.opened_at.is_none() && bad_request && !self.doubted_refusal;
        self.doubted_refusal |= doubted;
        doubted
    }

    /// Drops what the failure has made worthless: the version and the token after 410; a watch-list that broke off begins anew.
    fn forget(&mut self, failure: &Failure) {
        if failure.is_expired() || self.doubts_version(failure) {
            self.resource_version.clear();
            self.continue_token.clear();
        }
        if self.call == Call::WatchList && self.opened_at.is_some() {
            self.broken_watch_lists += 1;
            self.watch_list &= self.broken_watch_lists < WATCH_LISTS_BROKEN_MAX;
        }
        if self.continue_token.is_empty() {
            self.choose_call();
        }
    }

    /// A watch has ended without a word. One such watch is quiet; several mean that the version may be from the future. It is
    /// doubted once, and again only when the server has been heard to send bookmarks since: some send none.
    fn doubt_silence(&mut self) -> Option<Failure> {
        if self.call != Call::Watch || self.heard {
            return None;
        }
        self.silent_watches += 1;
        if self.silent_watches < WATCHES_SILENT_MAX || self.trusts_silence {
            return None;
        }
        self.silent_watches = 0;
        self.trusts_silence = true;
        let reason = "Expired".to_owned();
        Some(Failure::new(Cause::Status { code: 410, reason }))
    }

    fn lasted(&mut self, lived: Duration) {
        self.backoff.succeeded(lived);
        self.expiry.succeeded(lived);
    }

    fn lived(&self, now: Duration) -> Duration {
        self.opened_at.map(|opened_at| now.saturating_sub(opened_at)).unwrap_or_default()
    }
}
