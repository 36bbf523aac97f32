//! What all copies do with one shape, and the class that follows.

use std::collections::BTreeMap;

use super::Facts;
use super::instance::{Instance, Waits};
use super::numbers::{Mean, Series, rounded, to_f64};
use crate::class::{
    Accept, Actor, Confidence, Observed, RequestClass, Retry, RetryLaw, Returns, Trigger, Verb,
};
use crate::observation::{Ending, Observation};
use crate::shape::Shape;
use crate::span::{Span, SpanRange};

/// A watch with at most one change for this many initial objects shows how large, and how compressible, those are.
const EVENTS_PART: u64 = 10;
/// Copies of one shape whose intervals are kept.
const INSTANCES_MAX: usize = 64;
/// A request this soon after the copy's first belongs to its start: caches are filled within it.
const START_SECONDS: f64 = 30.0;
/// A period is one when its intervals differ by no more than this part of their median, from the tenth to the ninetieth of a hundred.
const SPREAD_MAX: f64 = 0.8;
/// Fewer intervals than this make a period a guess.
const INTERVALS_SURE: usize = 5;
/// Waits shorter than this are none.
const IMMEDIATE_SECONDS: f64 = 0.2;

/// All that is kept of one shape.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    instances: BTreeMap<String, Instance>,
    requests: u64,
    failed: u64,
    objects: Mean,
    response_bytes: Mean,
    wire_bytes: Mean,
    request_bytes: Mean,
    took: Mean,
    events: Mean,
    /// Of watches that ended by themselves: how long they lived.
    lives: Series,
    /// Of requests that the client gave up: after what time.
    given_up: Series,
    asked_timeout: Series,
}

impl Seen {
    pub(crate) fn take(&mut self, seen: &Observation, timeout: Option<f64>, started: Option<f64>) {
        self.requests += 1;
        let good = seen.status.is_some_and(|status| status < 400);
        self.failed += u64::from(!good);
        // A watch that is still open, and has brought little but the objects that were there, is as good as a list.
        let list_like = seen.objects.is_some_and(|objects| seen.events.unwrap_or(0) * EVENTS_PART <= objects);
        if good && seen.ending != Ending::Complete && list_like {
            for (mean, value) in
                [(&mut self.response_bytes, seen.response_bytes), (&mut self.wire_bytes, seen.wire_bytes)]
            {
                if let Some(value) = value {
                    mean.take(to_f64(value));
                }
            }
        }
        if good && seen.ending == Ending::Complete {
            let numbers = [
                (&mut self.objects, seen.objects),
                (&mut self.response_bytes, seen.response_bytes),
                (&mut self.wire_bytes, seen.wire_bytes),
            ];
            for (mean, value) in numbers {
                if let Some(value) = value {
                    mean.take(to_f64(value));
                }
            }
            self.took.take(seen.took_seconds);
        }
        if let Some(bytes) = seen.request_bytes {
            self.request_bytes.take(to_f64(bytes));
        }
        if let (Some(events), true) = (seen.events, seen.took_seconds > 1.0) {
            self.events.take(to_f64(events) / seen.took_seconds);
        }
        if let (Some(objects), true) = (seen.objects, seen.ending != Ending::Complete && good) {
            self.objects.take(to_f64(objects));
        }
        match seen.ending {
            Ending::ClientGone => self.given_up.take(seen.took_seconds),
            Ending::Complete if good => self.lives.take(seen.took_seconds),
            Ending::Complete | Ending::ServerGone | Ending::Open => {}
        }
        if let Some(timeout) = timeout {
            self.asked_timeout.take(timeout);
        }
        let Some(started) = started else { return };
        if self.instances.len() >= INSTANCES_MAX && !self.instances.contains_key(&seen.instance) {
            return;
        }
        self.instances.entry(seen.instance.clone()).or_default().take(seen, started);
    }

    pub(crate) fn class(
        &self,
        shape: &Shape,
        copies: usize,
        duration: f64,
        facts: &Facts,
        accept_unknown: bool,
    ) -> RequestClass {
        let mut class = shape.class(shape.id());
        self.actor(&mut class, copies);
        self.trigger(&mut class, duration);
        self.returns(&mut class, facts);
        self.times(&mut class);
        class.body_bytes = self.request_bytes.value().filter(|bytes| *bytes >= 1.0).map(to_u64);
        class.retry = Some(self.retry(&mut class.confidence));
        class.observed = Some(self.observed());
        if accept_unknown
            && class.accept == Accept::Json
            && matches!(class.verb, Verb::Get | Verb::List | Verb::Watch)
        {
            class.confidence.insert("accept".to_owned(), Confidence::Low);
        }
        class
    }

    fn actor(&self, class: &mut RequestClass, copies: usize) {
        let senders = self.instances.len();
        class.actor = match (senders, copies) {
            (1, copies) if copies > 1 => Actor::Cluster,
            _ => Actor::Node,
        };
        if copies == 1 || (senders > 1 && senders < copies) {
            class.confidence.insert("actor".to_owned(), Confidence::Low);
        }
    }

    fn trigger(&self, class: &mut RequestClass, duration: f64) {
        let senders = to_f64(self.instances.len() as u64).max(1.0);
        let occasions: u64 = self.instances.values().map(|instance| instance.occasions).sum();
        let requests: u64 = self.instances.values().map(|instance| instance.requests).sum();
        let each = to_f64(requests) / to_f64(occasions.max(1));
        if class.verb == Verb::Watch {
            // A watch is opened again for as long as the program runs: its life says how often.
            class.on = Trigger::Startup;
            return;
        }
        let at_start = self
            .instances
            .values()
            .all(|instance| instance.occasions <= 1 && instance.after_start <= START_SECONDS);
        if at_start && duration > START_SECONDS {
            class.on = Trigger::Startup;
            class.count = rounded(to_f64(requests) / senders);
            return;
        }
        let mut intervals = Series::default();
        for instance in self.instances.values() {
            intervals.extend(&instance.intervals);
        }
        let (Some(low), Some(median), Some(high)) =
            (intervals.quantile(0.1), intervals.quantile(0.5), intervals.quantile(0.9))
        else {
            self.rare(class, senders, duration, requests);
            return;
        };
        if median > 0.0 && (high - low) / median <= SPREAD_MAX {
            class.on = Trigger::Period;
            // What a server feels is the mean; a pause in between is none of it.
            let mean = intervals.mean_between(median / 3.0, median * 3.0).unwrap_or(median);
            class.every = Span::seconds(rounded(mean));
            class.jitter =
                Span::seconds(if (high - low) / median < 0.02 { 0.0 } else { rounded(high - low) });
            class.count = rounded(each);
            let sure = if intervals.len() >= INTERVALS_SURE { Confidence::High } else { Confidence::Low };
            class.confidence.insert("every".to_owned(), sure);
            if self.instances.len() == 1 {
                // Whether copies ask together cannot be seen of one.
                class.confidence.insert("jitter".to_owned(), Confidence::Low);
            }
            return;
        }
        class.on = Trigger::Event;
        class.every = Span::seconds(rounded((duration * senders / to_f64(occasions.max(1))).max(0.001)));
        class.count = rounded(each);
        class.confidence.insert("every".to_owned(), Confidence::Low);
    }

    /// Too few to see a rule: once at a start, or now and then.
    fn rare(&self, class: &mut RequestClass, senders: f64, duration: f64, requests: u64) {
        let early = self.instances.values().all(|instance| instance.after_start <= START_SECONDS);
        if early {
            class.on = Trigger::Startup;
            class.count = rounded(to_f64(requests) / senders);
            class.confidence.insert("on".to_owned(), Confidence::Low);
            return;
        }
        class.on = Trigger::Event;
        class.every = Span::seconds(rounded((duration * senders / to_f64(requests.max(1))).max(0.001)));
        class.confidence.insert("every".to_owned(), Confidence::Low);
    }

    fn returns(&self, class: &mut RequestClass, facts: &Facts) {
        if !matches!(class.verb, Verb::List | Verb::Watch | Verb::DeleteCollection) {
            class.returns = Returns::Count(1.0);
            return;
        }
        let by_node =
            class.field_selector.as_deref().is_some_and(|text| text.contains("spec.nodeName=$NODE"));
        if by_node {
            class.returns = Returns::PerNode;
            return;
        }
        let selected = class.namespaced || class.field_selector.is_some() || class.label_selector.is_some();
        if !selected {
            class.returns = Returns::All;
            return;
        }
        let name = match class.group.is_empty() {
            true => class.resource.clone(),
            false => format!("{}.{}", class.resource, class.group),
        };
        let total = facts.objects.get(&name).copied().filter(|total| *total > 0).map(to_f64);
        class.returns = match (self.objects.value(), total) {
            (Some(objects), Some(total)) => Returns::Share(rounded(objects / total).min(1.0)),
            (Some(objects), None) => {
                class.confidence.insert("returns".to_owned(), Confidence::Low);
                Returns::Count(rounded(objects))
            }
            (None, _) => {
                class.confidence.insert("returns".to_owned(), Confidence::Low);
                Returns::All
            }
        };
    }

    fn times(&self, class: &mut RequestClass) {
        let asked = self.asked_timeout.quantile(0.5);
        if class.verb == Verb::Watch {
            let ends = [(&self.lives, 0.0, 1.0), (&self.asked_timeout, 0.0, 1.0)];
            let range = ends
                .into_iter()
                .find_map(|(series, from, to)| Some((series.quantile(from)?, series.quantile(to)?)));
            class.renew = range.filter(|(from, _)| *from >= 1.0).and_then(|(from, to)| {
                Some(SpanRange { from: Span::seconds(from.round())?, to: Span::seconds(to.round())? })
            });
            if class.renew.is_none() {
                class.confidence.insert("renew".to_owned(), Confidence::Low);
            }
            return;
        }
        let (low, high) = (self.given_up.quantile(0.1), self.given_up.quantile(0.9));
        let constant =
            low.zip(high).filter(|(low, high)| self.given_up.len() >= 2 && high - low <= 0.1 * high.max(1.0));
        class.timeout =
            constant.map(|(_, high)| high).or(asked).and_then(|seconds| Span::seconds(rounded(seconds)));
    }

    fn retry(&self, confidence: &mut BTreeMap<String, Confidence>) -> Retry {
        let mut waits = Waits::default();
        for instance in self.instances.values() {
            waits.first.extend(&instance.waits.first);
            waits.later.extend(&instance.waits.later);
            waits.asked += instance.waits.asked;
            waits.honoured += instance.waits.honoured;
        }
        let retry = |law, base: Option<f64>, cap: Option<f64>| Retry {
            law,
            base: base.and_then(|seconds| Span::seconds(rounded(seconds))),
            cap: cap.and_then(|seconds| Span::seconds(rounded(seconds))),
            honours_retry_after: waits.asked > 0 && waits.honoured == waits.asked,
        };
        let Some(first) = waits.first.quantile(0.5) else {
            let law = if self.failed > 1 { RetryLaw::None } else { RetryLaw::Unseen };
            if law == RetryLaw::Unseen {
                confidence.insert("retry".to_owned(), Confidence::Unseen);
            }
            return retry(law, None, None);
        };
        let later = waits.later.quantile(0.9);
        match later {
            _ if first < IMMEDIATE_SECONDS && later.is_none_or(|later| later < IMMEDIATE_SECONDS) => {
                retry(RetryLaw::Immediate, None, None)
            }
            Some(later) if later > first * 1.5 => retry(RetryLaw::Exponential, Some(first), Some(later)),
            _ => retry(RetryLaw::Fixed, Some(first), None),
        }
    }

    fn observed(&self) -> Observed {
        Observed {
            requests: self.requests,
            failed: self.failed,
            objects: self.objects.value(),
            response_bytes: self.response_bytes.value().map(f64::round),
            wire_bytes: self.wire_bytes.value().map(f64::round),
            took: self.took.value().and_then(Span::seconds),
            events_per_second: self.events.value().map(rounded),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a mean of sizes: not negative, below 2^52"
)]
fn to_u64(value: f64) -> u64 {
    value.round() as u64
}
