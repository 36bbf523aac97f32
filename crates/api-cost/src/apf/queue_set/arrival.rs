//! How a request comes into a queue, and how it leaves one without having run.

use super::{GUESSED_NANOSECONDS, Kind, QueueSet, Reject, Request, RequestId, Ticket, to_f64};
use crate::apf::dealer::Dealer;
use crate::apf::seat_seconds::SeatSeconds;
use crate::apf::seats::Seats;

impl QueueSet {
    /// A request comes. Nobody may wait behind a reject: what is refused here is answered with 429 at once.
    ///
    /// # Errors
    /// [`Reject::QueueFull`] or [`Reject::ConcurrencyLimit`].
    pub fn arrive(&mut self, now: i64, flow: u64, seats: Seats) -> Ticket {
        self.sync(now);
        let Kind::Queue { dealer, length_limit } = self.kind else {
            if !self.fits(seats.most()) {
                return Err(Reject::ConcurrencyLimit);
            }
            return Ok(self.start_without_queue(now, seats));
        };
        let queue = self.choose(dealer, flow);
        if self.seats_in_use >= self.limit && self.queues[queue].waiting.len() >= length_limit {
            self.bound_next_dispatch(queue);
            return Err(Reject::QueueFull);
        }
        let id = self.enqueue(queue, seats);
        self.bound_next_dispatch(queue);
        self.dispatch_all(now);
        Ok(id)
    }

    /// A request has waited for too long, or its client has gone. `false` if it does not wait any more.
    pub fn give_up(&mut self, now: i64, id: RequestId) -> bool {
        self.sync(now);
        let Some(request) = self.requests.get(&id) else { return false };
        let (Some(queue), None) = (request.queue, request.started) else { return false };
        self.leave_queue(queue, id);
        self.requests.remove(&id);
        self.bound_next_dispatch(queue);
        // Whoever comes to the head now is not looked at before something else happens, as in the original.
        true
    }

    /// The least loaded queue of the flow's hand; which of them is looked at first goes round.
    fn choose(&mut self, dealer: Dealer, flow: u64) -> usize {
        let hand = dealer.deal(flow);
        let offset = self.enqueues % hand.len();
        self.enqueues += 1;
        let turned = hand[offset..].iter().chain(&hand[..offset]).copied();
        turned.min_by_key(|queue| self.queues[*queue].work_waiting).unwrap_or(0)
    }

    fn enqueue(&mut self, index: usize, seats: Seats) -> RequestId {
        let request = self.request(seats, Some(index));
        let queue = &mut self.queues[index];
        if queue.waiting.is_empty() && queue.executing == 0 {
            queue.next_dispatch = self.progress;
        }
        queue.work_waiting += request.work;
        queue.seats_waiting += seats.most();
        self.seats_waiting += seats.most();
        self.waiting += 1;
        let id = self.keep(request);
        self.queues[index].waiting.push_back(id);
        id
    }

    fn start_without_queue(&mut self, now: i64, seats: Seats) -> RequestId {
        let request = Request { started: Some(now), ..self.request(seats, None) };
        self.executing += 1;
        self.seats_in_use += seats.most();
        let id = self.keep(request);
        self.started.push(id);
        id
    }

    fn request(&self, seats: Seats, queue: Option<usize>) -> Request {
        let last_nanoseconds = i64::try_from(seats.last_microseconds).unwrap_or(i64::MAX / 1000) * 1000;
        let last_work = SeatSeconds::of(to_f64(seats.last), last_nanoseconds);
        let first_work = SeatSeconds::of(to_f64(seats.initial), GUESSED_NANOSECONDS);
        Request {
            seats,
            work: first_work + last_work,
            last_work,
            last_nanoseconds,
            queue,
            arrived: self.progress,
            started: None,
            done: false,
        }
    }

    fn keep(&mut self, request: Request) -> RequestId {
        let id = self.next_id;
        self.next_id += 1;
        self.requests.insert(id, request);
        id
    }

    pub(super) fn leave_queue(&mut self, index: usize, id: RequestId) {
        let queue = &mut self.queues[index];
        queue.waiting.retain(|other| *other != id);
        if let Some(request) = self.requests.get(&id) {
            queue.work_waiting -= request.work;
            queue.seats_waiting -= request.seats.most();
            self.seats_waiting -= request.seats.most();
        }
        self.waiting -= 1;
    }
}
