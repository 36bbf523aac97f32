//! Three machines, the network between them and the controller, and everything that can go wrong.

use confirmation::{Directive, Input, Keyring, Phase, Token};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::controller::{Controller, revision};
use crate::node::Machine;

const NODES: u64 = 3;
/// Seconds with faults: several of the longest deadlines.
const FAULTY: u64 = 400;
/// Seconds after the last fault: the clock skew is gone at once, a restart backs off for five minutes at most, fetches and
/// writes are tried again after five seconds, spreads are twenty.
const CALM: u64 = 400;

pub(crate) struct World {
    seed: u64,
    rng: ChaCha8Rng,
    elapsed: u64,
    machines: Vec<Machine>,
    controller: Controller,
    keys: Keyring,
    /// On the way: when, to whom, which of what was said.
    network: Vec<(u64, usize, usize)>,
    seen: Seen,
}

/// What happened, over all seeds: proof that the model does something.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Seen {
    starts: u64,
    keeps: u64,
    reverts: u64,
    forged: u64,
    refused: u64,
    reboots: u64,
    lost_disks: u64,
    trials_at_crash: u64,
}

/// A number under `bound`.
pub(crate) fn below(rng: &mut ChaCha8Rng, bound: u64) -> u64 {
    rng.next_u64() % bound
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let controller = Controller::new();
        Self {
            seed,
            rng: ChaCha8Rng::seed_from_u64(seed),
            elapsed: 0,
            machines: (0..NODES).map(Machine::new).collect(),
            keys: controller.keys(),
            controller,
            network: Vec::new(),
            seen: Seen::default(),
        }
    }

    pub(crate) fn run_with_faults(&mut self) {
        for _ in 0..FAULTY {
            if below(&mut self.rng, 25) == 0 {
                self.controller.speak(&mut self.rng, self.elapsed, NODES);
                self.send(self.controller.said.len() - 1);
            }
            if !self.controller.said.is_empty() && below(&mut self.rng, 20) == 0 {
                let old = below(&mut self.rng, self.controller.said.len() as u64) as usize;
                self.send(old);
            }
            self.fault();
            self.pass();
        }
    }

    /// No more faults; the last word reaches everybody; everybody ends where it says.
    pub(crate) fn settle(&mut self) {
        self.network.clear();
        let confirm = below(&mut self.rng, 2) == 0;
        let expected = self.controller.last_word(self.elapsed, confirm);
        let last = self.controller.said.len() - 1;
        for at in 0..self.machines.len() {
            let machine = &mut self.machines[at];
            (machine.clock, machine.disk_full, machine.is_calm) = (0, false, true);
            machine.start_agent(&mut self.rng);
            machine.give(Input::Hold(false), &mut self.rng);
            machine.give(Input::Freeze(false), &mut self.rng);
            for n in 0..5 {
                machine.give(Input::Allow(revision(n)), &mut self.rng);
            }
            self.network.push((self.elapsed, at, last));
        }
        for _ in 0..CALM {
            self.pass();
        }
        for machine in &self.machines {
            let slot = machine.slot().expect("the agent is up");
            let what = format!("seed {} {} {:?}", self.seed, machine.node.name, slot);
            assert_eq!(slot.refused(), None, "{what}");
            assert_eq!(slot.phase(), Phase::Good(expected), "{what}");
            assert_eq!(machine.running(), Some(expected), "{what}");
        }
    }

    pub(crate) fn seen(&self) -> Seen {
        let sum = |of: fn(&Machine) -> u64| self.machines.iter().map(of).sum();
        Seen { starts: sum(|m| m.starts), keeps: sum(|m| m.keeps), reverts: sum(|m| m.reverts), ..self.seen }
    }

    fn send(&mut self, which: usize) {
        for to in 0..self.machines.len() {
            for _ in 0..below(&mut self.rng, 3) {
                let at = self.elapsed + below(&mut self.rng, 40);
                self.network.push((at, to, which));
            }
        }
    }

    fn fault(&mut self) {
        let rng = &mut self.rng;
        let machine = &mut self.machines[below(rng, NODES) as usize];
        let hash = revision(below(rng, 5));
        match below(rng, 160) {
            0 | 1 => {
                let phase = machine.slot().map(confirmation::Slot::phase);
                self.seen.trials_at_crash += u64::from(matches!(phase, Some(Phase::Trial(_))));
                machine.crash_agent();
            }
            2..10 => machine.start_agent(rng),
            10 => {
                self.seen.reboots += 1;
                machine.reboot();
            }
            11 if below(rng, 4) == 0 => {
                self.seen.lost_disks += 1;
                machine.lose_disk();
            }
            12 => machine.disk_full = true,
            13..18 => machine.disk_full = false,
            18 => machine.clock = i64::try_from(below(rng, 2_000)).expect("small") - 1_000,
            19..23 => machine.clock = 0,
            23 => machine.give(Input::Hold(true), rng),
            24..28 => machine.give(Input::Hold(false), rng),
            28 => machine.give(Input::Revert, rng),
            29 => machine.give(Input::Quarantine(hash), rng),
            30 | 31 => machine.give(Input::Allow(hash), rng),
            32 => machine.give(Input::Outage(true), rng),
            33 => machine.give(Input::Outage(false), rng),
            34 | 35 => machine.end_process(),
            36..39 if self.seed.is_multiple_of(50) && !self.controller.said.is_empty() => {
                self.seen.forged += 1;
                let forged = self.controller.forge(rng);
                assert!(Token::open(&forged, &self.keys).is_err(), "seed {}: forged", self.seed);
            }
            39 => machine.give(Input::Freeze(true), rng),
            40..44 => machine.give(Input::Freeze(false), rng),
            _ => {}
        }
    }

    fn pass(&mut self) {
        self.elapsed += 1;
        while let Some(at) = self.network.iter().position(|(at, ..)| *at <= self.elapsed) {
            let (_, to, which) = self.network.swap_remove(at);
            let directive = self.open(which);
            let machine = &mut self.machines[to];
            machine.hear(directive, &mut self.rng);
            self.seen.refused += u64::from(machine.slot().is_some_and(|slot| slot.refused().is_some()));
        }
        for machine in &mut self.machines {
            machine.tick(&mut self.rng, self.seed);
        }
    }

    /// As it comes out of the bytes on the wire; worlds without signatures take it as it is.
    fn open(&self, which: usize) -> Directive {
        let said = &self.controller.said[which];
        if !self.has_signatures() {
            return said.clone();
        }
        let opened = Token::open(&self.controller.sign(said), &self.keys).expect("a true token");
        assert_eq!(opened, *said);
        opened
    }

    /// In one world of fifty: without optimization, most of the time would go to them.
    fn has_signatures(&self) -> bool {
        self.seed.is_multiple_of(50)
    }
}

impl Seen {
    pub(crate) fn add(&mut self, other: Self) {
        self.starts += other.starts;
        self.keeps += other.keeps;
        self.reverts += other.reverts;
        self.forged += other.forged;
        self.refused += other.refused;
        self.reboots += other.reboots;
        self.lost_disks += other.lost_disks;
        self.trials_at_crash += other.trials_at_crash;
    }

    pub(crate) fn everything(&self) -> bool {
        let all = [self.starts, self.keeps, self.reverts, self.forged, self.refused, self.reboots];
        all.iter().chain([&self.lost_disks, &self.trials_at_crash]).all(|count| *count > 0)
    }
}
