//! `api-cost`'s flow control beside a real API server's, request by request. `testbed/checks/7-apf.sh` runs it; without a testbed
//! it is left out.
//!
//! Every request is a create that an admission webhook holds until it is told to answer: who comes and who ends, and when, is up
//! to a seed. After each event the server's own dump is compared with the model, which is given the same arrivals at the same
//! nanosecond: who runs, who waits in which queue at which place, who is refused, why, and what it is told.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a real server takes its time, and what was compared is printed"
)]

mod apf {
    pub(crate) mod server;
    pub(crate) mod webhook;
}

use std::collections::BTreeMap;
use std::time::Duration;

use apf::server::{Answer, Asked, RealServer, Row, by_level, now, until};
use apf::webhook::{Held, serve};
use api_cost::apf::{
    Borrower, Dealer, LimitResponse, Phase, PriorityLevel, QueueSet, Queuing, Reject, RequestId, RetryAfter,
    Seats, SmoothedDemand, borrow, flow_hash, limits,
};

/// The level of `testbed/manifests/apf.yaml`.
const QUEUES: usize = 8;
const HAND: usize = 3;
const LENGTH: usize = 3;
const STEPS: u32 = 160;
/// A create with ten watchers or more keeps seats for a moment after it: this long at most.
const LINGER: Duration = Duration::from_millis(150);

/// A webhook may hold a request for 30 s.
const HELD_NANOSECONDS_MAX: i64 = 20_000_000_000;
/// A request may wait for a quarter of the API server's minute.
const WAIT_NANOSECONDS: i64 = 15_000_000_000;

struct Comparison {
    server: RealServer,
    /// Of this run alone: an API server remembers rejects by a level's name.
    level: String,
    held: Held,
    model: QueueSet,
    retry_after: RetryAfter,
    rejects: BTreeMap<&'static str, u32>,
    /// What the API server had refused before.
    refused_before: BTreeMap<String, f64>,
    alive: BTreeMap<u32, One>,
    releases: Vec<(i64, RequestId)>,
    last: i64,
    compared: u32,
    waited: u32,
}

struct One {
    id: RequestId,
    asked: Asked,
    arrived: i64,
    name: String,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the testbed: testbed/checks/7-apf.sh"]
async fn queues_as_a_real_api_server_does() {
    let server = RealServer::from_env().expect("APISERVER, TOKEN, CONTROLPLANE and WORK are set");
    let held = Held::default();
    let (address, certificate) = serve(held.clone()).await;
    tokio::task::spawn_blocking(move || {
        webhook(&server, &held, address, &certificate);
        // 30 of them make a create three seats wide, if its level allows.
        let mut watchers: Vec<_> = (0..30).map(|_| server.watch()).collect();
        let mut comparison = Comparison::new(server, held);
        comparison.run();
        for watcher in &mut watchers {
            let _gone = watcher.kill();
            let _reaped = watcher.wait();
        }
        comparison.report();
    })
    .await
    .expect("no difference");
}

fn webhook(server: &RealServer, held: &Held, address: std::net::SocketAddr, certificate: &str) {
    let bundle = base64(certificate.as_bytes());
    server.apply(&format!(
        "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {{name: apf-check}}
webhooks:
- name: hold.apf-check.plimsoll.dev
  clientConfig: {{url: 'https://{address}/', caBundle: {bundle}}}
  rules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [configmaps, secrets]}}]
  namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: apf-check}}}}
  matchConditions: [{{name: ours, expression: 'object.metadata.name.startsWith(\"r-\")'}}]
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  timeoutSeconds: 30
"
    ));
    // Until the API server has seen the configuration, requests go through unheld.
    let mut probe = 0;
    until("the webhook is asked", || {
        probe += 1;
        let name = format!("r-probe-{probe}");
        let mut asked = server.create("probe", "apf-borrow", "secrets", &name, 10);
        std::thread::sleep(Duration::from_millis(200));
        let seen = held.has(&name);
        held.release(&name);
        asked.answer("a probe");
        seen.then_some(())
    });
}

impl Comparison {
    fn new(server: RealServer, held: Held) -> Self {
        let level = server.level.clone();
        let limit = server.by_level("apiserver_flowcontrol_current_limit_seats")[&level];
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of seats")]
        let limit = limit as u64;
        let refused_before = server.rejects(&level);
        let begun = now();
        let dealer = Dealer::new(QUEUES, HAND).expect("valid");
        Self {
            server,
            level,
            held,
            model: QueueSet::queuing(dealer, QUEUES, LENGTH, limit, begun),
            retry_after: RetryAfter::default(),
            rejects: BTreeMap::new(),
            refused_before,
            alive: BTreeMap::new(),
            releases: Vec::new(),
            last: begun,
            compared: 0,
            waited: 0,
        }
    }

    fn run(&mut self) {
        let mut state = 20_261_127_u64;
        let mut dice = |sides: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % sides
        };
        for step in 0..STEPS {
            if let Some(old) = self.old() {
                self.finish(old);
                continue;
            }
            let running = self.running();
            // More come than go until queues are full, then as many.
            if running.is_empty() || dice(100) < 62 {
                let resource = if dice(3) == 0 { "configmaps" } else { "secrets" };
                let short = dice(12) == 0;
                self.arrive(step, dice(6), resource, short);
            } else {
                let which = usize::try_from(dice(running.len() as u64)).expect("small");
                self.finish(running[which]);
            }
        }
        while let Some(first) = self.running().first().copied() {
            self.finish(first);
        }
        assert!(self.alive.is_empty(), "somebody was forgotten");
    }

    fn running(&self) -> Vec<u32> {
        let runs = |one: &One| matches!(self.model.phase(one.id), Some(Phase::Executing { .. }));
        self.alive.iter().filter(|(_, one)| runs(one)).map(|(step, _)| *step).collect()
    }

    /// A request that the webhook may not hold for much longer.
    fn old(&self) -> Option<u32> {
        let since = |one: &One| match self.model.phase(one.id) {
            Some(Phase::Executing { since, .. }) => Some(since),
            _ => None,
        };
        let old = |one: &One| since(one).is_some_and(|since| now() - since > HELD_NANOSECONDS_MAX);
        self.alive.iter().find(|(_, one)| old(one)).map(|(step, _)| *step)
    }

    /// One request comes. A short one gives up after a second, if it waits: a quarter of its four.
    fn arrive(&mut self, step: u32, user: u64, resource: &str, short: bool) {
        let (user, name) = (format!("flow-{user}"), format!("r-{step}"));
        let known: Vec<i64> = self.server.dump(&self.level).iter().map(|row| row.arrived).collect();
        let timeout = if short { 4 } else { 120 };
        let mut asked = self.server.create(&user, "apf-check", resource, &name, timeout);
        let new = |row: &Row| !known.contains(&row.arrived);
        let seen = until("it arrives or is refused", || {
            let row = self.server.dump(&self.level).into_iter().find(new);
            row.map(Ok).or_else(|| asked.answered().map(Err))
        });
        match seen {
            Err(answer) => self.refused(step, &user, answer),
            Ok(row) => {
                self.accepted(step, &user, row, asked, &name);
                if short && self.waits(&self.alive[&step]) {
                    self.time_out(step);
                }
            }
        }
        self.compare(&format!("{name} of {user} ({resource})"));
    }

    fn refused(&mut self, step: u32, user: &str, answer: Answer) {
        let at = self.time(now());
        // A refused request's width does not show: one seat is refused where any is.
        let seats = Seats { initial: 1, last: 0, last_microseconds: 0 };
        let ours = self.model.arrive(at, flow_hash(&self.level, user), seats);
        assert_eq!(ours, Err(Reject::QueueFull), "step {step}: the API server refused {user}");
        self.rejected("queue-full", answer, at);
    }

    fn rejected(&mut self, reason: &'static str, answer: Answer, at: i64) {
        *self.rejects.entry(reason).or_insert(0) += 1;
        self.retry_after.reject(at / 1_000_000_000);
        let expected = Answer { status: 429, retry_after: Some(self.retry_after.seconds()) };
        assert_eq!(answer, expected, "{reason}");
    }

    fn accepted(&mut self, step: u32, user: &str, row: Row, asked: Asked, name: &str) {
        assert_eq!(row.user, user);
        let at = self.time(row.arrived);
        let last_microseconds = u64::try_from(row.last_nanoseconds / 1000).expect("not negative");
        let seats = Seats { initial: row.initial, last: row.last, last_microseconds };
        let id = self.model.arrive(at, flow_hash(&self.level, user), seats).expect("the API server took it");
        let one = One { id, asked, arrived: row.arrived, name: name.to_owned() };
        self.alive.insert(step, one);
    }

    /// Its answer says when: nothing else has happened since.
    fn time_out(&mut self, step: u32) {
        until("its time-out", || self.alive.get_mut(&step)?.asked.answered());
        self.time(now());
    }

    fn finish(&mut self, step: u32) {
        let mut one = self.alive.remove(&step).expect("it runs");
        until("the webhook has it", || self.held.has(&one.name).then_some(()));
        self.held.release(&one.name);
        let answer = one.asked.answer("its end");
        assert_eq!(answer.status, 201, "{}", one.name);
        let rows = self.server.dump(&self.level);
        // Who began with this says when it was, to the microsecond.
        let began = rows.iter().filter_map(|row| row.started).filter(|at| *at > self.last).min();
        let at = self.time(began.unwrap_or_else(now));
        if let Some(lingers) = self.model.finish(at, one.id) {
            self.releases.push((at + lingers, one.id));
            std::thread::sleep(LINGER);
        }
        self.compare(&format!("the end of {}", one.name));
    }

    /// Time goes on for the model: last seats that fall due on the way are given back, and who has waited for too long leaves.
    fn time(&mut self, at: i64) -> i64 {
        let at = at.max(self.last);
        loop {
            let release = self.releases.iter().min().copied();
            let patience = self.patience(at);
            match (release, patience) {
                (Some((due, id)), next) if due <= at && next.is_none_or(|(end, _)| due <= end) => {
                    self.model.release(due, id);
                    self.releases.retain(|(_, other)| *other != id);
                }
                (_, Some((end, step))) if end <= at => self.leave(step, end),
                _ => break,
            }
        }
        self.last = at;
        at
    }

    /// Who leaves next, and when: at the end of its patience, or before `at` if the API server has already said so. Its clock
    /// for the wait starts a little before the request arrives at the queues.
    fn patience(&mut self, at: i64) -> Option<(i64, u32)> {
        let model = &self.model;
        let waits = |one: &One| matches!(model.phase(one.id), Some(Phase::Waiting { .. }));
        let ends = self.alive.iter_mut().filter(|(_, one)| waits(one)).map(|(step, one)| {
            let end = one.arrived + WAIT_NANOSECONDS;
            (if one.asked.answered().is_some() { end.min(at) } else { end }, *step)
        });
        ends.min()
    }

    fn leave(&mut self, step: u32, at: i64) {
        let mut one = self.alive.remove(&step).expect("it waits");
        let answer = one.asked.answer("its time-out");
        assert!(self.model.give_up(at, one.id), "it waits");
        self.rejected("time-out", answer, at);
    }

    fn waits(&self, one: &One) -> bool {
        matches!(self.model.phase(one.id), Some(Phase::Waiting { .. }))
    }

    fn compare(&mut self, after: &str) {
        let by_arrival = until(&format!("as many requests there as here, after {after}"), || {
            self.time(now());
            let rows = self.server.dump(&self.level).into_iter().map(|row| (row.arrived, row));
            let rows: BTreeMap<i64, Row> = rows.collect();
            (rows.len() == self.alive.len()).then_some(rows)
        });
        for one in self.alive.values() {
            let row = &by_arrival[&one.arrived];
            let real = match row.started {
                Some(_) => "runs".to_owned(),
                None => format!("waits at {}/{}", row.queue, row.position),
            };
            let ours = match self.model.phase(one.id) {
                Some(Phase::Executing { .. }) => "runs".to_owned(),
                Some(Phase::Waiting { queue, position }) => format!("waits at {queue}/{position}"),
                other => format!("{other:?}"),
            };
            self.waited += u32::from(row.started.is_none());
            self.compared += 1;
            assert_eq!(ours, real, "{} after {after}", one.name);
        }
        let seats = self.server.by_level("apiserver_flowcontrol_current_executing_seats");
        let real = seats.get(&self.level).copied().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "a number of seats")]
        let ours = self.model.seats_in_use() as f64;
        assert!((ours - real).abs() < 0.5, "{ours} seats in use, {real} at the API server, after {after}");
    }

    fn report(&self) {
        let real = self.server.rejects(&self.level);
        for (reason, ours) in &self.rejects {
            let of = |rejects: &BTreeMap<String, f64>| rejects.get(*reason).copied().unwrap_or_default();
            let real = of(&real) - of(&self.refused_before);
            assert!((real - f64::from(*ours)).abs() < 0.5, "{reason}: {ours} here, {real} at the API server");
        }
        println!(
            "{STEPS} events; {} positions compared, {} of them in queues; rejects {:?}: no difference",
            self.compared, self.waited, self.rejects
        );
    }
}

#[tokio::test]
#[ignore = "needs the testbed: testbed/checks/7-apf.sh"]
async fn borrows_as_a_real_api_server_does() {
    let server = RealServer::from_env().expect("APISERVER, TOKEN, CONTROLPLANE and WORK are set");
    let held = Held::default();
    let (address, certificate) = serve(held.clone()).await;
    tokio::task::spawn_blocking(move || {
        webhook(&server, &held, address, &certificate);
        let levels = configured(&server);
        // Something to borrow for: three times the level's own seats, for as long as a webhook may take.
        let create = |number: u32| {
            server.create(&format!("borrower-{number}"), "apf-borrow", "secrets", &format!("r-b{number}"), 60)
        };
        let _held: Vec<Asked> = (0..40).map(create).collect();
        let mut last = BTreeMap::new();
        let mut periods = 0;
        while periods < 4 {
            std::thread::sleep(Duration::from_millis(500));
            // Read twice: the API server may be at the next period while it writes the page.
            let state = Borrowing::read(&server);
            if state.smoothed == last || state != Borrowing::read(&server) {
                continue;
            }
            last.clone_from(&state.smoothed);
            periods += 1;
            state.check(&levels);
        }
        println!("{} levels over {periods} periods of borrowing: no difference", levels.len());
    })
    .await
    .expect("no difference");
}

/// What the API server says about one period.
#[derive(PartialEq)]
struct Borrowing {
    nominal: BTreeMap<String, f64>,
    lower: BTreeMap<String, f64>,
    upper: BTreeMap<String, f64>,
    high: BTreeMap<String, f64>,
    smoothed: BTreeMap<String, u64>,
    current: BTreeMap<String, f64>,
}

impl Borrowing {
    fn read(server: &RealServer) -> Self {
        let page = server.get("/metrics");
        let of = |name: &str| by_level(&page, &format!("apiserver_flowcontrol_{name}"));
        Self {
            nominal: of("nominal_limit_seats"),
            lower: of("lower_limit_seats"),
            upper: of("upper_limit_seats"),
            high: of("demand_seats_high_watermark"),
            smoothed: of("demand_seats_smoothed")
                .into_iter()
                .map(|(level, seats)| (level, seats.to_bits()))
                .collect(),
            current: of("current_limit_seats"),
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seats")]
    fn check(&self, levels: &[PriorityLevel]) {
        let ours = limits(levels, 600);
        for (level, ours) in levels.iter().zip(&ours) {
            let real = [&self.nominal, &self.lower, &self.upper].map(|by_level| by_level[&level.name] as u64);
            assert_eq!([ours.nominal, ours.lower, ours.upper], real, "{}", level.name);
        }
        let borrowers: Vec<Borrower> = levels
            .iter()
            .zip(&ours)
            .map(|(level, limits)| Borrower {
                limits: *limits,
                demand: SmoothedDemand {
                    high_watermark: self.high[&level.name] as u64,
                    smoothed: f64::from_bits(self.smoothed[&level.name]),
                    ..SmoothedDemand::default()
                },
                exempt: level.response == LimitResponse::Exempt,
            })
            .collect();
        let sum = ours.iter().map(|limits| limits.nominal).sum();
        let given = borrow(sum, &borrowers).expect("possible");
        for (level, given) in levels.iter().zip(given) {
            assert_eq!(given, self.current[&level.name] as u64, "{} of {:?}", level.name, self.smoothed);
        }
    }
}

/// All priority levels, as the API server has them.
fn configured(server: &RealServer) -> Vec<PriorityLevel> {
    let text = server.get("/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations");
    let list: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let items = list["items"].as_array().expect("a list");
    items.iter().map(configured_level).collect()
}

fn configured_level(item: &serde_json::Value) -> PriorityLevel {
    let spec =
        if item["spec"]["type"] == "Exempt" { &item["spec"]["exempt"] } else { &item["spec"]["limited"] };
    let queuing = &spec["limitResponse"]["queuing"];
    let number =
        |value: &serde_json::Value| value.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    let response = match (item["spec"]["type"].as_str(), spec["limitResponse"]["type"].as_str()) {
        (Some("Exempt"), _) => LimitResponse::Exempt,
        (_, Some("Queue")) => LimitResponse::Queue(Queuing {
            queues: number(&queuing["queues"]),
            hand_size: number(&queuing["handSize"]),
            queue_length_limit: number(&queuing["queueLengthLimit"]),
        }),
        _ => LimitResponse::Reject,
    };
    PriorityLevel {
        name: item["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
        shares: spec["nominalConcurrencyShares"].as_u64().unwrap_or(0),
        lendable_percent: spec["lendablePercent"].as_u64().unwrap_or(0),
        borrowing_limit_percent: spec["borrowingLimitPercent"].as_u64(),
        response,
    }
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits =
            three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for at in 0..4 {
            let letter = char::from(LETTERS[(bits >> (18 - 6 * at) & 63) as usize]);
            text.push(if at <= three.len() { letter } else { '=' });
        }
    }
    text
}
