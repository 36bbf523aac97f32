//! The cluster in virtual time: nodes, the way between them and the hub, the API servers, the cluster's DNS.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::time::Duration;

use confirmation::{Attempt, Directive, Input, Node, RevisionHash};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rollout_plan::Candidate;

use crate::api_server::ApiServer;
use crate::controller::{CLUSTER, COST, Controller, DNS, HEALTH, INTERVAL, ROLLOUT, SERVICES};
use crate::machine::{Effect, Machine, STOP, Said};
use crate::report::{Event, Report, Second, p99};
use crate::scenario::{Delivery, Fault, Scenario, Workload};

/// The grain of time: requests are done in such slices.
const TICK: Duration = Duration::from_millis(100);
/// The world's clock begins here, so that what is before the beginning can be said.
const EPOCH: Duration = Duration::from_secs(1_000_000);
/// CPU seconds for one pod in a LIST of JSON: 6.2 s for 30,000 on a real API server (the testbed's measurement).
const LIST_POD: f64 = 6.2 / 30_000.0;
/// CPU seconds for a read of one object.
const GET: f64 = 0.001;
/// Cores that the cluster itself keeps busy, of all.
const BACKGROUND: f64 = 0.2;
/// Pods that the DaemonSet controller creates in a second (`--kube-api-qps` 20).
const DAEMONSET_PODS: usize = 20;

/// Runs a drill from its beginning to its end.
pub fn run(scenario: &Scenario) -> Report {
    World::new(scenario).run()
}

struct World<'a> {
    scenario: &'a Scenario,
    rng: ChaCha8Rng,
    /// Since the beginning.
    at: Duration,
    new: RevisionHash,
    machines: Vec<Machine>,
    candidates: Vec<Candidate>,
    said: Vec<Said>,
    controller: Controller,
    hub_alive: bool,
    dns_died: Option<Duration>,
    api: ApiServer,
    /// CPU seconds of the workload up to the last sample.
    attributed: f64,
    /// What is to happen, soonest first; ties in the order in which they were planned.
    plans: BinaryHeap<Reverse<(Duration, u64, usize)>>,
    planned: Vec<What>,
    /// When each node's agent is woken next.
    wakes: Vec<Option<Duration>>,
    running_new: BTreeSet<usize>,
    report: Report,
}

enum What {
    Give(Input),
    Hear(Said),
    Ask,
    Done,
}

impl<'a> World<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let new = RevisionHash::of(b"new");
        let stable = scenario.is_update.then(|| RevisionHash::of(b"stable"));
        let node = |n: u32| Node { name: format!("node-{n}"), uid: format!("uid-{n}"), goes_last: n < 3 };
        let candidate = |n: u32| {
            let zone = format!("zone-{}", n % 3);
            Candidate::new(ROLLOUT, node(n), zone, format!("type-{}", n % 4))
        };
        Self {
            rng: ChaCha8Rng::seed_from_u64(scenario.seed),
            at: Duration::ZERO,
            new,
            machines: (0..scenario.nodes).map(|n| Machine::new(CLUSTER, node(n), stable)).collect(),
            candidates: (0..scenario.nodes).map(candidate).collect(),
            said: vec![Said::default(); scenario.nodes as usize],
            controller: Controller::new(scenario, new, stable),
            hub_alive: true,
            dns_died: None,
            api: ApiServer::new(f64::from(scenario.cores), BACKGROUND * f64::from(scenario.cores)),
            attributed: 0.0,
            wakes: vec![None; scenario.nodes as usize],
            plans: BinaryHeap::new(),
            planned: Vec::new(),
            running_new: BTreeSet::new(),
            report: Report::begin(scenario),
            scenario,
        }
    }

    fn run(mut self) -> Report {
        self.report.latency_before = self.latency().unwrap_or_default();
        while self.at < self.scenario.until {
            self.at += TICK;
            self.due_faults();
            while self.plans.peek().is_some_and(|Reverse((at, ..))| *at <= self.at) {
                let Some(Reverse((_, what, node))) = self.plans.pop() else { break };
                self.happen(node, what);
            }
            for node in self.api.pass(TICK) {
                self.ask_again(node);
            }
            if self.at.subsec_nanos() == 0 {
                self.every_second();
            }
        }
        self.finish()
    }

    fn due_faults(&mut self) {
        let scenario = self.scenario;
        let now = self.at;
        for (_, fault) in scenario.faults.iter().filter(|(at, _)| *at == now) {
            self.tell(format!("{fault:?}"));
            match fault {
                Fault::ApiServerDies => {
                    for node in self.api.die() {
                        self.ask_again(node);
                    }
                }
                Fault::HubDies => self.hub_alive = false,
                Fault::ClusterDnsDies => self.dns_died = Some(self.at),
            }
        }
    }

    fn every_second(&mut self) {
        if self.hub_alive && self.scenario.delivery == Delivery::Rollout {
            if self.at.as_secs().is_multiple_of(INTERVAL.as_secs()) {
                self.sample();
            }
            self.control();
        }
        if self.scenario.delivery == Delivery::DaemonSet {
            self.create_pods();
        }
        let nodes = u32::try_from(self.running_new.len()).unwrap_or(u32::MAX);
        self.report.most_nodes = self.report.most_nodes.max(nodes);
        let latency = self.latency();
        if self.report.first_start.is_some() {
            self.report.unanswered += u32::from(latency.is_none());
        }
        self.report.seconds.push(Second { nodes, latency });
    }

    /// Each gate's answer of now. What does not answer within its deadline is an answer too: the worst.
    fn sample(&mut self) {
        let at = EPOCH + self.at;
        let attributed = self.api.attributed();
        let cost =
            (attributed - std::mem::replace(&mut self.attributed, attributed)) / INTERVAL.as_secs_f64();
        let health = self.latency().map_or(f64::INFINITY, |ms| ms / 1_000.0);
        let dead_for = self.dns_died.map(|died| self.at - died);
        // Behind the caches all is well, until they are empty.
        let horizon = self.scenario.masking_horizon;
        let services = if dead_for.is_some_and(|dead_for| dead_for > horizon) { 0.2 } else { 1.0 };
        let age = dead_for.map_or(0.0, |_| f64::INFINITY);
        self.controller.sample(COST, at, cost);
        self.controller.sample(HEALTH, at, health);
        self.controller.sample(SERVICES, at, services);
        self.controller.sample(DNS, at, age);
    }

    fn control(&mut self) {
        let stopped = self.controller.rollout().stopped().is_some();
        let phase = self.controller.rollout().phase();
        let said = self.controller.look(EPOCH + self.at, &self.candidates, self.scenario.masking_horizon);
        let rollout = self.controller.rollout();
        if let Some(stop) = rollout.stopped().filter(|_| !stopped) {
            let why = format!("stopped ({}): {stop}", stop.reason());
            self.report.stopped = Some(stop.reason().to_owned());
            self.report.stopped_at = Some(self.at.as_secs_f64());
            self.tell(why);
        } else if rollout.phase() != phase {
            let what = format!("{:?}, step {}", rollout.phase(), rollout.step() + 1);
            self.tell(what);
        }
        if let Some(directive) = said {
            self.spread(&directive);
        }
    }

    /// Over the fan-out to every node: some tens of milliseconds each.
    fn spread(&mut self, directive: &Directive) {
        for node in 0..self.machines.len() {
            let input = Input::Directive(Box::new(directive.clone()));
            let after = self.chance(20, 200);
            self.plan(after, node, What::Give(input));
        }
    }

    /// All nodes get a pod, one after the other; nobody asks how the first ones are.
    fn create_pods(&mut self) {
        let next = self.running_new.len()..self.machines.len();
        for node in next.take(DAEMONSET_PODS) {
            self.started(node);
        }
    }

    fn happen(&mut self, node: usize, what: u64) {
        let index = usize::try_from(what).unwrap_or(usize::MAX);
        match std::mem::replace(&mut self.planned[index], What::Done) {
            What::Give(input) => self.give(node, input),
            What::Hear(said) if self.hub_alive => self.controller.hear(node, said),
            What::Ask => self.ask(node),
            What::Hear(_) | What::Done => {}
        }
    }

    fn give(&mut self, node: usize, input: Input) {
        let at = EPOCH + self.at;
        for effect in self.machines[node].give(input, at) {
            match effect {
                Effect::Later(after, input) => self.plan(after, node, What::Give(input)),
                Effect::Started(hash) if hash == self.new => self.started(node),
                Effect::Started(_) => {}
                Effect::Stopped => {
                    self.plan(STOP, node, What::Give(Input::Ended));
                    self.ended(node);
                }
            }
        }
        self.wake(node, at);
        let attempt = Attempt { revision: self.new, number: 1 };
        let said = self.machines[node].said(attempt);
        if self.said[node] != said {
            self.said[node] = said;
            let after = self.chance(20, 300);
            self.plan(after, node, What::Hear(said));
        }
    }

    fn wake(&mut self, node: usize, at: Duration) {
        self.wakes[node] = self.wakes[node].filter(|wake| *wake > at);
        let Some(wake) = self.machines[node].wake_at(at) else { return };
        if self.wakes[node].is_none_or(|planned| planned > wake) {
            self.wakes[node] = Some(wake);
            self.plan(wake.saturating_sub(at), node, What::Give(Input::Tick));
        }
    }

    fn started(&mut self, node: usize) {
        self.running_new.insert(node);
        if self.report.first_start.is_none() {
            self.report.first_start = Some(self.at.as_secs_f64());
            self.tell(format!("{} starts the new revision", self.candidates[node].node.name));
        }
        let after = self.chance(100, 3_000);
        self.plan(after, node, What::Ask);
    }

    fn ended(&mut self, node: usize) {
        self.api.hang_up(node);
        if self.running_new.remove(&node) {
            self.report.last_unconfirmed_at = Some(self.at.as_secs_f64());
        }
    }

    fn ask(&mut self, node: usize) {
        let work = self.work();
        if work > 0.0 && self.running_new.contains(&node) && !self.api.submit(node, work) {
            self.ask_again(node);
        }
    }

    fn ask_again(&mut self, node: usize) {
        let (Workload::ListsAllPods { every } | Workload::AsksItsPeers { every }) = self.scenario.workload
        else {
            return;
        };
        self.plan(every, node, What::Ask);
    }

    /// CPU seconds of what a node asks at once.
    fn work(&self) -> f64 {
        match self.scenario.workload {
            Workload::NodeLocal => 0.0,
            Workload::ListsAllPods { .. } => {
                LIST_POD * f64::from(self.scenario.nodes) * f64::from(self.scenario.pods_per_node)
            }
            Workload::AsksItsPeers { .. } => GET * self.running_new.len() as f64,
        }
    }

    fn latency(&self) -> Option<f64> {
        self.api.latency().map(|latency| latency.as_secs_f64() * 1_000.0)
    }

    fn plan(&mut self, after: Duration, node: usize, what: What) {
        self.plans.push(Reverse((self.at + after, self.planned.len() as u64, node)));
        self.planned.push(what);
    }

    /// Milliseconds from `least` to `most`.
    fn chance(&mut self, least: u64, most: u64) -> Duration {
        Duration::from_millis(least + self.rng.next_u64() % (most - least))
    }

    fn tell(&mut self, what: String) {
        self.report.story.push(Event { at: self.at.as_secs_f64(), what });
    }

    fn finish(mut self) -> Report {
        let count =
            |of: &dyn Fn(&Machine) -> bool| self.machines.iter().filter(|machine| of(machine)).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let report = &mut self.report;
        report.nodes_at_end = number(self.running_new.len());
        report.nodes_running = number(count(&|machine| machine.running().is_some()));
        report.on_trial_at_end = number(count(&Machine::is_on_trial));
        let from = report.first_start.unwrap_or_default() as usize;
        report.latency_p99 = p99(&report.seconds[from.min(report.seconds.len())..]);
        report.workload_requests = self.api.requests();
        report.phase = format!("{:?}", self.controller.rollout().phase());
        report.tokens = self.controller.tokens;
        report.token_bytes = self.controller.token_bytes;
        report.signed_bytes = self.controller.signed_bytes;
        report.api_writes = self.controller.api_writes;
        self.report
    }
}
