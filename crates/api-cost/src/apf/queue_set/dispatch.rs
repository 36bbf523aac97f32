//! How a request leaves its queue and gives its seats back.

use super::{GUESSED_NANOSECONDS, Kind, QueueSet, RequestId, to_f64};
use crate::apf::seat_seconds::SeatSeconds;

impl QueueSet {
    /// The level has another number of seats: borrowing, or a new configuration.
    pub fn set_limit(&mut self, now: i64, limit: u64) {
        self.sync(now);
        self.limit = limit;
        self.dispatch_all(now);
    }

    /// A request was answered. If its last seats stay taken, says for how many nanoseconds: [`Self::release`] it then.
    pub fn finish(&mut self, now: i64, id: RequestId) -> Option<i64> {
        self.sync(now);
        let request = self.requests.get_mut(&id)?;
        let started = request.started.filter(|_| !request.done)?;
        request.done = true;
        let (queue, seats) = (request.queue, request.seats);
        let lingers = (request.last_nanoseconds > 0).then_some(request.last_nanoseconds);
        self.executing -= 1;
        if let Some(index) = queue {
            self.queues[index].executing -= 1;
            // It took S where G was guessed: the queue's next start is put right by the difference.
            let difference = SeatSeconds::of(to_f64(seats.initial), GUESSED_NANOSECONDS - (now - started));
            self.queues[index].next_dispatch -= difference;
            self.bound_next_dispatch(index);
        }
        if lingers.is_none() {
            self.free(id);
        }
        self.dispatch_all(now);
        lingers
    }

    /// The last seats of a finished request are free.
    pub fn release(&mut self, now: i64, id: RequestId) {
        self.sync(now);
        if self.requests.get(&id).is_some_and(|request| request.done) {
            self.free(id);
            self.dispatch_all(now);
        }
    }

    /// Moves the virtual world on to `now`. Whoever changes anything calls it first.
    pub(super) fn sync(&mut self, now: i64) {
        let passed = now - self.last_sync;
        self.last_sync = now;
        self.progress += SeatSeconds::of(self.pace(), passed);
    }

    /// Seats that each queue gets in the virtual world.
    fn pace(&self) -> f64 {
        let active =
            self.queues.iter().filter(|queue| !queue.waiting.is_empty() || queue.executing > 0).count();
        if active == 0 {
            return 0.0;
        }
        let wanted: u64 = self.queues.iter().map(|queue| queue.seats_in_use + queue.seats_waiting).sum();
        to_f64(wanted).min(to_f64(self.limit)) / to_f64(active as u64)
    }

    pub(super) fn dispatch_all(&mut self, now: i64) {
        while self.waiting > 0 && self.seats_in_use < self.limit && self.dispatch(now) {}
    }

    /// Starts the request whose turn it is; `false` if it does not fit.
    fn dispatch(&mut self, now: i64) -> bool {
        let Some((index, id)) = self.next() else { return false };
        let Some(width) = self.requests.get(&id).map(|request| request.seats.most()) else { return false };
        if !self.fits(width) {
            return false;
        }
        self.leave_queue(index, id);
        self.robin = index;
        let limit = self.limit;
        let Some(request) = self.requests.get_mut(&id) else { return false };
        if request.seats.last > limit {
            // The same work on fewer seats takes longer.
            request.last_nanoseconds = request.last_work.nanoseconds(to_f64(limit));
            request.seats.last = limit;
        }
        request.started = Some(now);
        let (width, work) = (request.seats.most(), request.work);
        self.executing += 1;
        self.seats_in_use += width;
        let queue = &mut self.queues[index];
        queue.executing += 1;
        queue.seats_in_use += width;
        queue.next_dispatch += work;
        self.started.push(id);
        self.bound_next_dispatch(index);
        true
    }

    /// The queue whose oldest request would be done first in the virtual world. Of equals, the one that comes first after the
    /// queue that was served last.
    fn next(&self) -> Option<(usize, RequestId)> {
        let count = self.queues.len();
        let turned = (1..=count).map(|step| (self.robin + step) % count);
        let heads = turned.filter_map(|index| {
            let queue = &self.queues[index];
            let id = *queue.waiting.front()?;
            Some((queue.next_dispatch + self.requests.get(&id)?.work, index, id))
        });
        heads.min_by_key(|(done, _, _)| *done).map(|(_, index, id)| (index, id))
    }

    pub(super) fn fits(&self, seats: u64) -> bool {
        match self.kind {
            Kind::Exempt => true,
            // Wider than the whole level: alone, or not at all.
            _ if seats > self.limit => self.executing == 0,
            _ => self.seats_in_use + seats <= self.limit,
        }
    }

    /// A queue that did not use its part may not save it up: in the virtual world, nothing starts before it has arrived.
    pub(super) fn bound_next_dispatch(&mut self, index: usize) {
        let queue = &mut self.queues[index];
        let oldest = queue.waiting.front().and_then(|id| self.requests.get(id));
        if let Some(oldest) = oldest {
            queue.next_dispatch = queue.next_dispatch.max(oldest.arrived);
        }
    }

    fn free(&mut self, id: RequestId) {
        let Some(request) = self.requests.remove(&id) else { return };
        self.seats_in_use -= request.seats.most();
        if let Some(index) = request.queue {
            self.queues[index].seats_in_use -= request.seats.most();
        }
    }
}
