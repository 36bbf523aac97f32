//! Which workload may do what: people's orders first, then what a workload does beside its share, then how the API server is.
//!
//! Everything that it decides is seen on this node: no question to anybody. Time is an argument.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::counters::Reading;
use crate::limits::{ATTEMPTS_MIN, HOLD, OVERLOAD_HOLD, WINDOW};
use crate::order::{Action, Order};
use crate::subject::Subject;
use crate::table::{Mode, Rates};

/// Why a workload is in its mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "camelCase")]
pub enum Why {
    /// Nothing is wrong.
    Observed,
    /// Somebody said so.
    Order {
        /// Who.
        by: String,
        /// Why, in their words.
        why: String,
    },
    /// It used more than its share.
    OverShare,
    /// The API server is overloaded: everybody is held to their share.
    Overload,
}

/// What a workload may do, and until when unless something new happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What.
    pub mode: Mode,
    /// Why.
    pub why: Why,
    /// Time since the machine's start.
    pub until: Option<Duration>,
    /// What it is compared with.
    pub share: Option<Rates>,
}

/// What is seen at one look.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// Time since the machine's start.
    pub now: Duration,
    /// Totals by workload; those of the past may only grow.
    pub readings: &'a BTreeMap<Subject, Reading>,
    /// Connections to API servers that anybody on this node asked for, so far.
    pub tried: u64,
    /// Those that were accepted.
    pub accepted: u64,
    /// The hub says that the API server is overloaded.
    pub is_overloaded: bool,
    /// How much each workload may use here.
    pub shares: &'a BTreeMap<Subject, Rates>,
    /// What people said, by workload; none that has expired.
    pub orders: &'a BTreeMap<Subject, Order>,
    /// What they said of whoever has no order of their own.
    pub everybody: Option<&'a Order>,
}

/// Memory of what was seen.
#[derive(Debug, Default)]
pub struct Policy {
    seen: BTreeMap<Subject, Seen>,
    connections: VecDeque<(Duration, (u64, u64))>,
    overloaded_until: Option<Duration>,
}

#[derive(Debug, Default)]
struct Seen {
    samples: VecDeque<(Duration, Reading)>,
    /// What it was held to last.
    share: Option<Rates>,
    limited_until: Option<Duration>,
}

impl Policy {
    /// A limit that an agent before this one had set; it holds also while nobody says what the share is.
    pub fn restore(&mut self, subject: Subject, share: Rates, until: Duration) {
        let seen = Seen { share: Some(share), limited_until: Some(until), ..Seen::default() };
        self.seen.insert(subject, seen);
    }

    /// Until when everybody is held to their share because of the API server.
    pub fn overloaded_until(&self) -> Option<Duration> {
        self.overloaded_until
    }

    /// The verdict on each workload that was read.
    pub fn look(&mut self, look: Look<'_>) -> BTreeMap<Subject, Verdict> {
        self.look_at_servers(look);
        self.seen.retain(|subject, _| look.readings.contains_key(subject));
        let verdicts = look.readings.iter().map(|(subject, reading)| {
            let order = look.orders.get(subject).or(look.everybody);
            let seen = self.seen.entry(subject.clone()).or_default();
            let share = match order.map(|order| order.action) {
                Some(Action::Share(rates)) => Some(rates),
                _ => look.shares.get(subject).copied(),
            };
            let share = seen.look(look.now, *reading, share);
            (subject.clone(), verdict(look.now, order, share, seen.limited_until, self.overloaded_until))
        });
        verdicts.collect()
    }

    /// A server that does not accept connections any more is dead or drowning; the kernel sees it before anybody else.
    fn look_at_servers(&mut self, look: Look<'_>) {
        let now = (look.tried, look.accepted);
        let unanswered = since(&mut self.connections, look.now, now).is_some_and(|(_, before)| {
            let (tried, accepted) = (now.0.saturating_sub(before.0), now.1.saturating_sub(before.1));
            tried >= ATTEMPTS_MIN && accepted.saturating_mul(2) < tried
        });
        if unanswered || look.is_overloaded {
            self.overloaded_until = Some(look.now + OVERLOAD_HOLD);
        }
        self.overloaded_until = self.overloaded_until.filter(|until| *until > look.now);
    }
}

impl Seen {
    /// What it is compared with, or held to: a share that is taken away while it is limited holds until the limit ends.
    fn look(&mut self, now: Duration, reading: Reading, share: Option<Rates>) -> Option<Rates> {
        let is_limited = self.limited_until.is_some();
        self.limited_until = self.limited_until.filter(|until| *until > now);
        self.share = share.or(self.share.filter(|_| self.limited_until.is_some()));
        let before = since(&mut self.samples, now, reading);
        let (Some(share), Some((span, before))) = (self.share, before) else { return self.share };
        if is_over(share, span, &before, &reading)
            || (is_limited && reading.dropped_bytes > before.dropped_bytes)
        {
            self.limited_until = Some(now + HOLD);
        }
        self.share
    }
}

/// Keeps the sample, and gives the youngest one that is at least [`WINDOW`] old, with its age.
fn since<T: Copy>(samples: &mut VecDeque<(Duration, T)>, now: Duration, sample: T) -> Option<(Duration, T)> {
    let is_old = |at: Duration| now.saturating_sub(at) >= WINDOW;
    while samples.get(1).is_some_and(|(at, _)| is_old(*at)) {
        samples.pop_front();
    }
    let oldest =
        samples.front().filter(|(at, _)| is_old(*at)).map(|(at, before)| (now.saturating_sub(*at), *before));
    samples.push_back((now, sample));
    oldest
}

fn is_over(share: Rates, span: Duration, before: &Reading, now: &Reading) -> bool {
    let seconds = span.as_secs_f64();
    let rate = |before: u64, now: u64| now.saturating_sub(before) as f64 / seconds;
    let bytes = share.bytes_per_second as f64;
    rate(before.up_bytes, now.up_bytes) > bytes
        || rate(before.down_bytes, now.down_bytes) > bytes
        || rate(before.connections, now.connections) > f64::from(share.connections_per_second)
}

fn verdict(
    now: Duration,
    order: Option<&Order>,
    share: Option<Rates>,
    limited_until: Option<Duration>,
    overloaded_until: Option<Duration>,
) -> Verdict {
    let ordered = |order: &Order, mode| Verdict {
        mode,
        why: Why::Order { by: order.by.clone(), why: order.why.clone() },
        until: order.until().filter(|until| *until > now),
        share,
    };
    match order.map(|order| (order, order.action)) {
        Some((order, Action::Cut)) => return ordered(order, Mode::Cut),
        Some((order, Action::Limit(rates))) => return ordered(order, Mode::Limit(rates)),
        Some((order, Action::Observe)) => return ordered(order, Mode::Observe),
        Some((_, Action::Share(_))) | None => {}
    }
    let (mode, why, until) = match (share, limited_until, overloaded_until) {
        (Some(share), Some(until), _) => (Mode::Limit(share), Why::OverShare, Some(until)),
        (Some(share), None, Some(until)) => (Mode::Limit(share), Why::Overload, Some(until)),
        _ => (Mode::Observe, Why::Observed, None),
    };
    Verdict { mode, why, until, share }
}

#[cfg(test)]
mod tests;
