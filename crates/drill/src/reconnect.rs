//! A cold restart: an API server comes back with empty caches, and every client asks for everything at once.
//!
//! The model: clients with client-go's backoff, who wait so long for an answer and ask again; an API server whose cores all
//! requests under way share; what was done for somebody who has hung up is lost. With [`recovery::Recovery`], whoever is not
//! let in is turned away (429), which costs a handshake and no more.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng};
use rand_chacha::ChaCha8Rng;
use recovery::{Admission, Phase, Recovery, Vitals};
use serde::Serialize;

/// One step of the world.
const TICK: Duration = Duration::from_millis(250);
/// After a restart the caches fill, and whoever asks is told to come again (`ResilientWatchCacheInitialization`).
const COLD: Duration = Duration::from_secs(15);
/// A client waits so long: the kubelet's heartbeat client, which then closes all connections (Kubernetes #65954).
const PATIENCE: Duration = Duration::from_secs(10);
/// client-go's reflector: from 0.8 s, doubled up to 30 s, with jitter up to twice that.
const BACKOFF: Duration = Duration::from_millis(800);
const BACKOFF_MAX: Duration = Duration::from_secs(30);
/// A request that is turned away: TLS, authentication, audit. CPU seconds.
const REFUSAL: f64 = 0.002;
/// `--max-requests-inflight` and `--max-mutating-requests-inflight`.
const IN_FLIGHT: u32 = 600;
/// The shares of Kubernetes' own priority levels.
const SHARES: u32 = 245;
/// What a GET takes on an idle server, and what each request more than a core can take adds: on the testbed, 40 LISTs on two
/// cores made it 1.06 s (`testbed/checks/13-breakglass.sh`).
const IDLE: Duration = Duration::from_millis(5);
const CROWDED: Duration = Duration::from_millis(55);
/// Beyond this an API server is drowned.
const DROWNED: Duration = Duration::from_secs(1);

/// A cold restart.
#[derive(Debug, Clone)]
pub struct ColdRestart {
    /// Agents, one on each node: the second cohort.
    pub agents: u32,
    /// Controllers: the first.
    pub controllers: u32,
    /// Cores of all API servers.
    pub cores: u32,
    /// What one client's full state costs, CPU seconds: of an agent, of a controller. LISTs of some thousand objects; with
    /// three quarters of it client-go alone comes back as well, as nearly all are answered in time.
    pub costs: (f64, f64),
    /// With a recovery, or with client-go alone.
    pub with_recovery: bool,
    /// When it ends.
    pub until: Duration,
    /// Of all chance.
    pub seed: u64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reconnected {
    /// Clients in all, and those that have their state at the end.
    pub clients: u32,
    /// See `clients`.
    pub synced: u32,
    /// When everybody has it and a GET is fast again, seconds.
    pub steady_after: Option<f64>,
    /// Seconds in which a GET took longer than a second.
    pub drowned_seconds: f64,
    /// Of them, those after everybody had been shed: a second collapse.
    pub drowned_again_seconds: f64,
    /// CPU seconds for answers that nobody waited for.
    pub wasted_cpu_seconds: f64,
    /// How often a recovery had to let fewer in.
    pub relapses: u32,
}

impl Default for ColdRestart {
    fn default() -> Self {
        Self {
            agents: 5_000,
            controllers: 200,
            cores: 16,
            costs: (0.4, 1.5),
            with_recovery: true,
            until: Duration::from_secs(900),
            seed: 1,
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Client {
    /// Asks again then; so often it has failed.
    Waits {
        at: Duration,
        failed: u32,
    },
    /// CPU seconds left and spent; when it gives up; so often it has failed.
    Asks {
        left: f64,
        spent: f64,
        until: Duration,
        failed: u32,
    },
    Synced,
}

struct World {
    of: ColdRestart,
    clients: Vec<Client>,
    recovery: Option<Recovery>,
    rng: ChaCha8Rng,
    now: Duration,
    /// CPU seconds that refusals take in this tick.
    refusals: f64,
    turned_away: f64,
    wasted: f64,
}

/// Plays it.
pub fn cold_restart(of: &ColdRestart) -> Reconnected {
    let mut world = World {
        clients: vec![Client::Waits { at: Duration::ZERO, failed: 0 }; (of.agents + of.controllers) as usize],
        recovery: of.with_recovery.then(|| Recovery::new(2, Phase::Shed)),
        rng: ChaCha8Rng::seed_from_u64(of.seed),
        of: of.clone(),
        now: Duration::ZERO,
        refusals: 0.0,
        turned_away: 0.0,
        wasted: 0.0,
    };
    let (mut drowned, mut again, mut steady) = (0.0, 0.0, None);
    while world.now < of.until && steady.is_none() {
        world.now += TICK;
        world.ask();
        world.serve();
        let takes = world.takes();
        let is_shed = world.recovery.as_ref().is_none_or(|recovery| recovery.phase() == Phase::Shed);
        if takes.is_none_or(|takes| takes > DROWNED) && world.now > COLD {
            drowned += TICK.as_secs_f64();
            again += if is_shed { 0.0 } else { TICK.as_secs_f64() };
        }
        world.recover(takes);
        let is_fast = takes.is_some_and(|takes| takes <= recovery::GOOD_TAKES);
        let is_over = world.recovery.as_ref().is_none_or(|recovery| recovery.phase() == Phase::Done);
        if world.synced() == world.clients.len() && is_fast && is_over {
            steady = Some(world.now.as_secs_f64());
        }
    }
    Reconnected {
        clients: of.agents + of.controllers,
        synced: u32::try_from(world.synced()).unwrap_or(u32::MAX),
        steady_after: steady,
        drowned_seconds: drowned,
        drowned_again_seconds: again,
        wasted_cpu_seconds: world.wasted,
        relapses: world.recovery.as_ref().map_or(0, Recovery::relapses),
    }
}

impl World {
    /// Whoever has waited long enough asks, and is let in or turned away.
    fn ask(&mut self) {
        let mut seats = [self.seats(0), self.seats(1)];
        for (number, client) in self.clients.iter().enumerate() {
            if matches!(client, Client::Asks { .. }) {
                let cohort = self.cohort(number);
                seats[cohort] = seats[cohort].saturating_sub(1);
            }
        }
        // Without a recovery all share the server's own limit.
        if self.recovery.is_none() {
            let left = (seats[0] + seats[1]).saturating_sub(IN_FLIGHT);
            seats = [left, left];
        }
        (self.refusals, self.turned_away) = (0.0, 0.0);
        for number in 0..self.clients.len() {
            let Client::Waits { at, failed } = self.clients[number] else { continue };
            if at > self.now {
                continue;
            }
            let cohort = self.cohort(number);
            if self.now <= COLD || seats[cohort] == 0 {
                self.refusals += REFUSAL;
                self.turned_away += 1.0 / TICK.as_secs_f64();
                self.clients[number] = self.failed(failed + 1);
                continue;
            }
            seats[cohort] -= 1;
            if self.recovery.is_none() {
                seats[1 - cohort] = seats[cohort];
            }
            let left = if cohort == 0 { self.of.costs.1 } else { self.of.costs.0 };
            self.clients[number] = Client::Asks { left, spent: 0.0, until: self.now + PATIENCE, failed };
        }
    }

    /// Cores are shared; who has waited too long hangs up.
    fn serve(&mut self) {
        let threads = self.threads();
        let cores = (f64::from(self.of.cores) - self.refusals / TICK.as_secs_f64()).max(0.1);
        let speed = (cores / threads.max(1.0)).min(1.0) * TICK.as_secs_f64();
        for number in 0..self.clients.len() {
            let Client::Asks { left, spent, until, failed } = self.clients[number] else { continue };
            let done = left.min(speed);
            let (left, spent) = (left - done, spent + done);
            self.clients[number] = if left <= 0.0 {
                Client::Synced
            } else if self.now >= until {
                self.wasted += spent;
                self.failed(failed + 1)
            } else {
                Client::Asks { left, spent, until, failed }
            };
        }
    }

    fn failed(&mut self, failed: u32) -> Client {
        let backoff = (BACKOFF * 2u32.pow(failed.min(6))).min(BACKOFF_MAX);
        Client::Waits { at: self.now + backoff.mul_f64(1.0 + self.rng.random::<f64>()), failed }
    }

    fn recover(&mut self, takes: Option<Duration>) {
        // Once a second, as the driver does.
        if self.now.subsec_millis() != 0 {
            return;
        }
        let (now, turned_away) = (self.now, Some(self.turned_away));
        if let Some(recovery) = &mut self.recovery {
            recovery.look(now, Vitals { slowest: takes, turned_away });
        }
    }

    fn takes(&self) -> Option<Duration> {
        let crowd = self.threads() / f64::from(self.of.cores) - 1.0;
        (self.now > COLD).then(|| IDLE + CROWDED.mul_f64(crowd.max(0.0)))
    }

    fn threads(&self) -> f64 {
        self.clients.iter().filter(|client| matches!(client, Client::Asks { .. })).count() as f64
    }

    /// How many of a cohort may ask at a time.
    fn seats(&self, cohort: usize) -> u32 {
        match self.recovery.as_ref().map(|recovery| recovery.admission(cohort)) {
            None | Some(Admission::Free) => IN_FLIGHT,
            Some(Admission::Shed) => 0,
            Some(Admission::Level(shares)) => (IN_FLIGHT * shares).div_ceil(SHARES + shares),
        }
    }

    fn cohort(&self, number: usize) -> usize {
        usize::from(number >= self.of.controllers as usize)
    }

    fn synced(&self) -> usize {
        self.clients.iter().filter(|client| matches!(client, Client::Synced)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_a_recovery_everybody_is_back_in_five_minutes_and_without_nobody_is() {
        for seed in 1..=5 {
            let with = cold_restart(&ColdRestart { seed, ..ColdRestart::default() });
            let without = cold_restart(&ColdRestart { seed, with_recovery: false, ..ColdRestart::default() });
            assert_eq!(with.synced, with.clients, "{with:?}");
            assert!(with.steady_after.is_some_and(|seconds| seconds < 300.0), "{with:?}");
            assert_eq!(with.drowned_again_seconds, 0.0, "{with:?}");
            assert!(without.steady_after.is_none() && without.synced < without.clients / 2, "{without:?}");
            assert!(without.drowned_seconds > 600.0, "{without:?}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_story() {
        let of = ColdRestart { agents: 500, cores: 2, ..ColdRestart::default() };
        assert_eq!(cold_restart(&of), cold_restart(&of));
    }
}
