//! The hub's leader: the production state machine of the rollout, what it sees, and what it signs.

use std::time::Duration;

use confirmation::{Directive, Keyring, RevisionHash, SigningKey, Token};
use rollout_plan::{Bound, Candidate, Gate, Identity, Observation, Plan, Rollout, Sample};

use crate::machine::Said;
use crate::scenario::Scenario;

/// The place of each gate in the plan.
pub(crate) const COST: usize = 0;
pub(crate) const HEALTH: usize = 1;
pub(crate) const SERVICES: usize = 2;
pub(crate) const DNS: usize = 3;

/// How often gates are asked.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);
/// A workload may take this share of the API servers' cores.
const COST_SHARE: f64 = 0.05;
/// How long a word may be accepted by nodes that have not heard it.
const VALID: u64 = 3_600;

pub(crate) struct Controller {
    rollout: Rollout,
    key: SigningKey,
    keys: Keyring,
    serial: u64,
    said: Option<Directive>,
    reports: Vec<Said>,
    running: u32,
    reverted: u32,
    samples: Vec<(usize, Sample)>,
    status: Option<String>,
    pub(crate) tokens: u32,
    pub(crate) token_bytes: usize,
    pub(crate) signed_bytes: usize,
    pub(crate) api_writes: u32,
}

pub(crate) const ROLLOUT: &str = "plimsoll/agent";
pub(crate) const CLUSTER: &str = "drill";

impl Controller {
    pub(crate) fn new(scenario: &Scenario, new: RevisionHash, stable: Option<RevisionHash>) -> Self {
        let identity =
            Identity { cluster: CLUSTER.into(), rollout: ROLLOUT.into(), workload: "agent".into() };
        let plan = Plan::doubling(gates(scenario));
        let rollout = Rollout::new(plan, identity, new, stable).expect("the drill's plan can be meant");
        let key = SigningKey::from_seed(&[7; 32]).expect("any seed is a key");
        let keys = Keyring::new(vec![key.public()]).expect("one key");
        Self {
            rollout,
            key,
            keys,
            serial: 0,
            said: None,
            reports: vec![Said::default(); scenario.nodes as usize],
            running: 0,
            reverted: 0,
            samples: Vec::new(),
            status: None,
            tokens: 0,
            token_bytes: 0,
            signed_bytes: 0,
            api_writes: 0,
        }
    }

    pub(crate) fn rollout(&self) -> &Rollout {
        &self.rollout
    }

    /// A node's report came in.
    pub(crate) fn hear(&mut self, node: usize, said: Said) {
        let before = std::mem::replace(&mut self.reports[node], said);
        self.running = self.running + u32::from(said.runs_new) - u32::from(before.runs_new);
        self.reverted = self.reverted + u32::from(said.reverted) - u32::from(before.reverted);
    }

    /// A gate was answered.
    pub(crate) fn sample(&mut self, gate: usize, at: Duration, value: f64) {
        self.samples.push((gate, Sample { at, value }));
    }

    /// Looks at everything; what is to be said to all nodes, if that is news.
    pub(crate) fn look(
        &mut self,
        now: Duration,
        nodes: &[Candidate],
        horizon: Duration,
    ) -> Option<Directive> {
        let samples = std::mem::take(&mut self.samples);
        self.rollout.observe(&Observation {
            now,
            nodes,
            running: self.running,
            reverted: self.reverted,
            samples: &samples,
            horizon: Some(horizon),
        });
        self.write_status();
        let issued = now.as_secs();
        let said = self.rollout.directive(self.serial + 1, issued, issued + VALID);
        if self.said.as_ref().is_some_and(|known| known.says_the_same(&said)) {
            return None;
        }
        self.serial += 1;
        let bytes = Token::sign(&said, &self.key).to_bytes();
        self.tokens += 1;
        self.token_bytes = self.token_bytes.max(bytes.len());
        self.signed_bytes += bytes.len();
        // All nodes get the same bytes and hold the same keys: what one of them makes of them, all do.
        let opened = Token::open(&bytes, &self.keys).expect("signed with a key that is trusted");
        self.said = Some(opened.clone());
        Some(opened)
    }

    /// `status` is written when a person would see a difference in it, not for each node.
    fn write_status(&mut self) {
        let status =
            format!("{:?} {} {:?}", self.rollout.phase(), self.rollout.step(), self.rollout.stopped());
        if self.status.as_ref() != Some(&status) {
            self.api_writes += 1;
            self.status = Some(status);
        }
    }
}

fn gates(scenario: &Scenario) -> Vec<Gate> {
    let gate = |name: &str, bound, failure_limit| Gate {
        name: name.into(),
        bound,
        hard: None,
        interval: INTERVAL,
        failure_limit,
        predict: false,
    };
    let limit = COST_SHARE * f64::from(scenario.cores);
    let cost = Gate { predict: true, ..gate("api-cost", Bound::Max(limit), 2) };
    // Seconds for somebody else's small request.
    let health = gate("api-health", Bound::Max(0.1), 1);
    // The share of the services' requests that succeed.
    let services = gate("services", Bound::Min(0.99), 1);
    let mut gates = vec![cost, health, services];
    if scenario.dns_gate {
        // The age of the freshness name, asked past all caches, seconds.
        gates.push(gate("dns-freshness", Bound::Max(15.0), 1));
    }
    gates
}
