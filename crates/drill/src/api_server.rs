//! The API servers, as one pool of cores that all requests share.
//!
//! Each request has its work, in CPU seconds, and is done by one thread; all that are under way share the cores evenly
//! (processor sharing), so that a small request takes as much longer as there are more of them than cores. No seats, no
//! queues: what APF would do for the others is not counted in their favour.

use std::time::Duration;

/// A read of one object: about a millisecond of CPU on the testbed's API server.
const SMALL_REQUEST: Duration = Duration::from_millis(1);
/// What a small request takes on an idle server, with the network.
const BASE_LATENCY: Duration = Duration::from_millis(5);

/// The model.
#[derive(Debug)]
pub(crate) struct ApiServer {
    cores: f64,
    /// Cores that everything else in the cluster takes.
    background: f64,
    alive: bool,
    underway: Vec<Request>,
    /// CPU seconds that the workload's requests have taken.
    attributed: f64,
    requests: u64,
}

#[derive(Debug)]
struct Request {
    node: usize,
    /// CPU seconds left.
    work: f64,
}

impl ApiServer {
    pub(crate) fn new(cores: f64, background: f64) -> Self {
        Self { cores, background, alive: true, underway: Vec::new(), attributed: 0.0, requests: 0 }
    }

    /// A node asks for what takes `work` CPU seconds. Whether anybody is there to ask.
    pub(crate) fn submit(&mut self, node: usize, work: f64) -> bool {
        self.requests += 1;
        if self.alive {
            self.underway.push(Request { node, work });
        }
        self.alive
    }

    /// Time passes; the nodes whose requests were answered.
    pub(crate) fn pass(&mut self, time: Duration) -> Vec<usize> {
        let speed = self.speed() * time.as_secs_f64();
        let mut answered = Vec::new();
        let attributed = &mut self.attributed;
        self.underway.retain_mut(|request| {
            let done = request.work.min(speed);
            *attributed += done;
            request.work -= done;
            let left = request.work > 0.0;
            if !left {
                answered.push(request.node);
            }
            left
        });
        answered
    }

    /// The requests of a node that has stopped asking are given up.
    pub(crate) fn hang_up(&mut self, node: usize) {
        self.underway.retain(|request| request.node != node);
    }

    /// Nobody answers any more; the nodes whose requests were cut off.
    pub(crate) fn die(&mut self) -> Vec<usize> {
        self.alive = false;
        self.underway.drain(..).map(|request| request.node).collect()
    }

    /// How long somebody else's small request takes now; none if nobody answers.
    pub(crate) fn latency(&self) -> Option<Duration> {
        self.alive.then(|| BASE_LATENCY + SMALL_REQUEST.div_f64(self.speed()))
    }

    /// CPU seconds of the workload so far, as its flow schema's metrics would say.
    pub(crate) fn attributed(&self) -> f64 {
        self.attributed
    }

    /// Requests of the workload so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// Cores that one thread has: one, or its share.
    fn speed(&self) -> f64 {
        let threads = self.underway.len() as f64 + self.background;
        (self.cores / threads.max(1.0)).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_slows_everybody_down() {
        let mut server = ApiServer::new(4.0, 1.0);
        assert_eq!(server.latency(), Some(Duration::from_millis(6)));
        for node in 0..39 {
            assert!(server.submit(node, 1.0));
        }
        assert_eq!(server.latency(), Some(Duration::from_millis(15)));
        assert!(server.pass(Duration::from_secs(9)).is_empty());
        assert_eq!(server.pass(Duration::from_secs(2)).len(), 39);
        assert!((server.attributed() - 39.0).abs() < 1e-9);
    }

    #[test]
    fn a_dead_server_answers_nobody() {
        let mut server = ApiServer::new(4.0, 1.0);
        server.submit(7, 1.0);
        assert_eq!(server.die(), vec![7]);
        assert!(!server.submit(7, 1.0));
        assert_eq!(server.latency(), None);
    }
}
