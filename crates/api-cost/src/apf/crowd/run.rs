//! One simulation: events in the order of their time.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::clock::{Clock, nanoseconds, to_seconds};
use super::wait::{Tally, Wait};
use super::{Crowd, Stream};
use crate::apf::queue_set::RequestId;
use crate::apf::server::{Outcome, Server};
use crate::uniform::Uniform;

/// APF lets a request wait for a quarter of its deadline, and for no more than a minute (`priority-and-fairness.go`).
const WAIT_PART: f64 = 0.25;
const WAIT_SECONDS_MAX: f64 = 60.0;

pub(super) struct Run {
    server: Server,
    clock: Clock,
    streams: Vec<Stream>,
    tallies: Vec<Tally>,
    events: BinaryHeap<Reverse<(i64, Event)>>,
    /// All that have come; index is their number.
    requests: Vec<Request>,
    by_id: BTreeMap<(usize, RequestId), usize>,
    wait_limit: i64,
    end: i64,
    uniform: Uniform,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Borrowing,
    Arrival(usize),
    /// Its wait is over, one way or the other.
    Deadline(usize),
    /// The answer has left.
    Answered(usize),
    /// Its last seats are free.
    Released(usize),
}

struct Request {
    stream: usize,
    id: RequestId,
    arrived: i64,
    answered: bool,
    refused: bool,
}

impl Run {
    pub(super) fn new(crowd: Crowd, seconds: f64, seed: u64) -> Self {
        let wait = (crowd.request_timeout_seconds * WAIT_PART).min(WAIT_SECONDS_MAX);
        let mut run = Self {
            server: crowd.server,
            clock: Clock::new(crowd.cores),
            tallies: vec![Tally::default(); crowd.streams.len()],
            streams: crowd.streams,
            events: BinaryHeap::new(),
            requests: Vec::new(),
            by_id: BTreeMap::new(),
            wait_limit: nanoseconds(wait),
            end: nanoseconds(seconds),
            uniform: Uniform::new(seed),
        };
        run.at(run.server.next_borrowing(), Event::Borrowing);
        for stream in 0..run.streams.len() {
            run.next_arrival(0, stream);
        }
        run
    }

    pub(super) fn play(mut self) -> Vec<Wait> {
        while let Some(now) = self.step() {
            if now > self.end {
                break;
            }
        }
        let unanswered = self.requests.iter().filter(|request| !request.answered && !request.refused);
        for request in unanswered {
            self.tallies[request.stream].answered.push(to_seconds(self.end - request.arrived));
        }
        self.tallies.into_iter().map(Tally::close).collect()
    }

    /// The next event, and its time.
    fn step(&mut self) -> Option<i64> {
        let queued = self.events.peek().map(|Reverse((at, _))| *at);
        let served = self.clock.next();
        if let Some(now) = served.filter(|served| queued.is_none_or(|queued| *served <= queued)) {
            let number = self.clock.finish(now)?;
            let other = nanoseconds(self.streams[self.requests[number].stream].other_seconds);
            self.at(now + other, Event::Answered(number));
            return Some(now);
        }
        let Reverse((now, event)) = self.events.pop()?;
        match event {
            Event::Borrowing => {
                self.server.borrow(now);
                self.at(self.server.next_borrowing(), Event::Borrowing);
                (0..self.streams.len())
                    .for_each(|stream| self.begin_started(now, self.streams[stream].level));
            }
            Event::Arrival(stream) => self.arrive(now, stream),
            Event::Deadline(number) => self.deadline(now, number),
            Event::Answered(number) => self.answered(now, number),
            Event::Released(number) => self.released(now, number),
        }
        Some(now)
    }

    fn arrive(&mut self, now: i64, stream: usize) {
        self.next_arrival(now, stream);
        let of = &self.streams[stream];
        let (level, seats) = (of.level, of.seats);
        let flow = self.uniform.pick(&of.flows).copied().unwrap_or(0);
        self.tallies[stream].requests += 1;
        match self.server.arrive(now, level, flow, seats) {
            Outcome::Rejected { reason, retry_after } => self.tallies[stream].reject(reason, retry_after),
            Outcome::Accepted(id) => {
                let number = self.requests.len();
                self.requests.push(Request { stream, id, arrived: now, answered: false, refused: false });
                self.by_id.insert((level, id), number);
                self.at(now + self.wait_limit, Event::Deadline(number));
                self.begin_started(now, level);
            }
        }
    }

    fn deadline(&mut self, now: i64, number: usize) {
        let Request { stream, id, .. } = self.requests[number];
        let level = self.streams[stream].level;
        if let Some(Outcome::Rejected { reason, retry_after }) = self.server.time_out(now, level, id) {
            self.requests[number].refused = true;
            self.by_id.remove(&(level, id));
            self.tallies[stream].reject(reason, retry_after);
        }
    }

    fn answered(&mut self, now: i64, number: usize) {
        let request = &mut self.requests[number];
        request.answered = true;
        let Request { stream, id, arrived, .. } = *request;
        self.tallies[stream].answered.push(to_seconds(now - arrived));
        let level = self.streams[stream].level;
        match self.server.finish(now, level, id) {
            Some(lingers) => self.at(now + lingers, Event::Released(number)),
            None => drop(self.by_id.remove(&(level, id))),
        }
        self.begin_started(now, level);
    }

    fn released(&mut self, now: i64, number: usize) {
        let Request { stream, id, .. } = self.requests[number];
        let level = self.streams[stream].level;
        self.server.release(now, level, id);
        self.by_id.remove(&(level, id));
        self.begin_started(now, level);
    }

    fn begin_started(&mut self, now: i64, level: usize) {
        for id in self.server.started(level) {
            let Some(&number) = self.by_id.get(&(level, id)) else { continue };
            let Request { stream, arrived, .. } = self.requests[number];
            self.tallies[stream].queued.push(to_seconds(now - arrived));
            self.clock.begin(now, number, self.streams[stream].cpu_seconds);
        }
    }

    fn next_arrival(&mut self, now: i64, stream: usize) {
        let per_second = self.streams[stream].per_second;
        if per_second <= 0.0 {
            return;
        }
        let pause = -(1.0 - self.uniform.next()).ln() / per_second;
        let at = now.saturating_add(nanoseconds(pause.min(1e6)));
        if at <= self.end {
            self.at(at, Event::Arrival(stream));
        }
    }

    fn at(&mut self, time: i64, event: Event) {
        self.events.push(Reverse((time, event)));
    }
}
