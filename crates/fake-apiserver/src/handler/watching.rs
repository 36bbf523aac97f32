//! WATCH.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use tokio::sync::watch as signal;
use tokio::time::{Instant, Interval, MissedTickBehavior};

use super::objects::{embed, invalid_options};
use super::route::Place;
use super::{Api, Asked};
use crate::answer::watch::EventWriter;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::media;
use crate::query::Query;
use crate::reply::{self, Reply};
use crate::selector::Selection;
use crate::store::{Action, Change, ListFrom, Store, Stored};

/// A year: what is longer has no place on the clock.
const TIMEOUT_SECONDS_MAX: u64 = 31_536_000;

/// Without `timeoutSeconds` the real server ends a watch after 30 to 60 minutes.
const TIMEOUT_SECONDS_MIN: u64 = 1800;
/// Changes that are taken from the history at once.
const CHANGES_AT_ONCE: usize = 500;
/// A frame of initial events is about this long.
const FRAME_BYTES: usize = 64 * 1024;

/// A running watch.
struct Watching {
    store: Store,
    kind: Arc<Kind>,
    writer: EventWriter,
    selection: Selection,
    namespace: String,
    /// Everything up to here was sent.
    version: u64,
    changed: signal::Receiver<u64>,
    deadline: Instant,
    bookmarks: Option<Interval>,
    initial: VecDeque<Arc<Stored>>,
    /// The bookmark that ends the initial events is still to be sent.
    owes_end: bool,
    over: bool,
}

pub(super) fn watch(api: &Api, place: Place, asked: &Asked) -> Result<Reply, ApiError> {
    let kind = place.kind.clone();
    let query = &asked.query;
    check_options(query, asked.plan.refuse_watch_list)?;
    if asked.plan.refuse_watch {
        return Err(ApiError::method_not_allowed());
    }
    let accepted = media::negotiate(asked.accept(), &kind)?;
    let mut selection = query.selection(&kind)?;
    if !place.name.is_empty() {
        selection = Query { field_selector: format!("metadata.name={}", place.name), ..query.clone() }
            .selection(&kind)?;
    }
    // Subscribed before anything is read, so that no change is missed.
    let changed = api.store.changes(&kind).ok_or_else(ApiError::no_such_path)?;
    let namespace = match (place.namespace.is_empty(), selection.fields.namespace()) {
        (true, Some(namespace)) => namespace.to_owned(),
        _ => place.namespace.clone(),
    };
    let asked_version = query.version()?;
    let initial = match query.send_initial_events {
        Some(wanted) => wanted,
        // Before there was a parameter for it, a watch from nowhere began with what there is.
        None => asked_version.unwrap_or(0) == 0,
    };
    if initial && asked_version.is_some_and(|version| version > api.store.version()) {
        return Err(ApiError::too_large_version(asked_version.unwrap_or(0), api.store.version()));
    }
    let from = ListFrom { namespace: namespace.clone(), ..ListFrom::default() };
    let (objects, version) = if initial {
        let page = api.store.list(&kind, &from, &selection)?;
        (page.objects.into(), page.version)
    } else {
        (
            VecDeque::new(),
            asked_version.filter(|version| *version != 0).unwrap_or_else(|| api.store.version()),
        )
    };
    let seconds = query
        .timeout_seconds
        .filter(|seconds| *seconds > 0)
        .map(|seconds| seconds.min(TIMEOUT_SECONDS_MAX))
        .unwrap_or_else(|| TIMEOUT_SECONDS_MIN + api.store.entropy.next_u64() % TIMEOUT_SECONDS_MIN);
    let watching = Watching {
        store: api.store.clone(),
        writer: EventWriter {
            kind: kind.clone(),
            version: place.version,
            accepted,
            embed: embed(query),
            damage: asked.plan.damage,
        },
        kind,
        selection,
        namespace,
        version,
        changed,
        deadline: Instant::now() + Duration::from_secs(seconds),
        bookmarks: query.allow_watch_bookmarks.then(|| bookmarks(api.bookmark_interval)),
        initial: objects,
        owes_end: query.send_initial_events == Some(true) && query.allow_watch_bookmarks,
        over: false,
    };
    let stream = futures::stream::unfold(watching, |mut watching| async move {
        let frame = watching.next().await?;
        Some((Ok(Frame::data(frame)), watching))
    });
    Ok(reply::with_body(200, accepted.stream_content_type(), StreamBody::new(stream).boxed_unsync()))
}

fn bookmarks(every: Duration) -> Interval {
    let mut ticks = tokio::time::interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// `ValidateListOptions`, the part about watches.
fn check_options(query: &Query, refuse_watch_list: bool) -> Result<(), ApiError> {
    let matching = query.resource_version_match.as_str();
    let why = match (query.send_initial_events, matching) {
        (None, "") => return Ok(()),
        (None, _) => {
            "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        }
        (Some(_), _) if refuse_watch_list => {
            let why = "Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled";
            return Err(invalid_options("sendInitialEvents", why));
        }
        (Some(_), "NotOlderThan") if query.continue_token.is_empty() => return Ok(()),
        (Some(_), "NotOlderThan") => "Forbidden: resourceVersionMatch is forbidden when continue is provided",
        (Some(_), _) => "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    };
    Err(invalid_options("resourceVersionMatch", why))
}

impl Watching {
    /// The next bytes; `None` when the watch is over.
    async fn next(&mut self) -> Option<Bytes> {
        if self.over {
            return None;
        }
        if !self.initial.is_empty() {
            return Some(self.initial_frame());
        }
        if std::mem::take(&mut self.owes_end) {
            let mut out = Vec::new();
            self.writer.bookmark(self.version, true, &mut out);
            return Some(out.into());
        }
        loop {
            self.changed.mark_unchanged();
            match self.store.changes_after(&self.kind, self.version, CHANGES_AT_ONCE) {
                Err(error) => return Some(self.end(&error)),
                Ok((changes, now)) if changes.is_empty() => self.version = self.version.max(now),
                Ok((changes, _)) => {
                    let frame = self.frame(&changes);
                    if !frame.is_empty() {
                        return Some(frame);
                    }
                    continue;
                }
            }
            tokio::select! {
                changed = self.changed.changed() => changed.ok()?,
                () = tokio::time::sleep_until(self.deadline) => return None,
                () = tick(&mut self.bookmarks) => {
                    let mut out = Vec::new();
                    self.writer.bookmark(self.version, false, &mut out);
                    return Some(out.into());
                }
            }
        }
    }

    fn initial_frame(&mut self) -> Bytes {
        let mut out = Vec::new();
        let now = self.store.now();
        while out.len() < FRAME_BYTES
            && let Some(object) = self.initial.pop_front()
        {
            self.writer.object("ADDED", &object, now, &mut out);
        }
        out.into()
    }

    fn frame(&mut self, changes: &[Change]) -> Bytes {
        let mut out = Vec::new();
        let now = self.store.now();
        for change in changes {
            self.version = change.version;
            if !self.namespace.is_empty() && change.object.namespace() != self.namespace {
                continue;
            }
            let was = change.previous.as_ref().is_some_and(|object| self.selection.matches(object));
            let is = change.action != Action::Deleted && self.selection.matches(&change.object);
            match (was, is) {
                (false, true) => self.writer.object("ADDED", &change.object, now, &mut out),
                (true, true) => self.writer.object("MODIFIED", &change.object, now, &mut out),
                // An object that leaves the selection is shown as it was last seen, with the version of the change.
                (true, false) => match (&change.previous, change.action) {
                    (Some(previous), Action::Modified) => {
                        let last = previous.at_version(&self.kind, change.version);
                        self.writer.object("DELETED", &last, now, &mut out);
                    }
                    _ => self.writer.object("DELETED", &change.object, now, &mut out),
                },
                (false, false) => {}
            }
        }
        out.into()
    }

    fn end(&mut self, error: &ApiError) -> Bytes {
        self.over = true;
        let mut out = Vec::new();
        self.writer.error(error, &mut out);
        out.into()
    }
}

async fn tick(bookmarks: &mut Option<Interval>) {
    match bookmarks {
        Some(ticks) => {
            ticks.tick().await;
        }
        None => std::future::pending().await,
    }
}
