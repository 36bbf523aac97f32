//! A controller, or two, that may say anything, and what becomes of its words on the way.

use confirmation::{Directive, Keyring, RevisionHash, SigningKey, Token, Wave};
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::world::below;

/// Seconds since the Unix epoch when a world begins.
pub(crate) const EPOCH: u64 = 1_000_000;
/// The longest confirm timeout that this controller gives.
pub(crate) const TIMEOUT_MAX: u64 = 90;

pub(crate) struct Controller {
    key: SigningKey,
    foreign: SigningKey,
    serial: u64,
    /// Everything that was said.
    pub(crate) said: Vec<Directive>,
}

pub(crate) fn revision(n: u64) -> RevisionHash {
    RevisionHash::of(&n.to_le_bytes())
}

impl Controller {
    pub(crate) fn new() -> Self {
        let key = |seed| SigningKey::from_seed(&[seed; 32]).expect("a key");
        Self { key: key(1), foreign: key(2), serial: 0, said: Vec::new() }
    }

    pub(crate) fn keys(&self) -> Keyring {
        Keyring::new(vec![self.key.public()]).expect("one key")
    }

    /// Says something; sometimes with the serial of what another leader said.
    pub(crate) fn speak(&mut self, rng: &mut ChaCha8Rng, elapsed: u64, nodes: u64) {
        if below(rng, 10) > 0 {
            self.serial += 1;
        }
        let issued = EPOCH + elapsed;
        let assigned = wave(rng, nodes);
        let confirmed = if below(rng, 2) == 0 { Wave::none() } else { assigned.clone() };
        let hash = |n| revision(n).as_bytes().to_vec();
        self.said.push(Directive {
            cluster: "c".into(),
            rollout: format!("ns/r{}", below(rng, 8) / 7),
            workload: "w".into(),
            serial: self.serial,
            issued,
            not_after: issued + 30 + below(rng, 600),
            revision: hash(below(rng, 3)),
            attempt: 1 + u32::try_from(below(rng, 3)).expect("small"),
            stable: if below(rng, 3) == 0 { Vec::new() } else { hash(2 + below(rng, 3)) },
            assigned,
            confirmed,
            quarantined: (0..below(rng, 5) / 4).map(|_| hash(below(rng, 5))).collect(),
            frozen: below(rng, 8) == 0,
            confirm_timeout: 10 + below(rng, TIMEOUT_MAX - 9),
            start_spread: below(rng, 20),
            revert_spread: below(rng, 20),
            tries: 1 + u32::try_from(below(rng, 3)).expect("small"),
        });
    }

    /// The last word: everybody runs the revision for good, or everybody the stable one.
    pub(crate) fn last_word(&mut self, elapsed: u64, confirm: bool) -> RevisionHash {
        self.serial += 1;
        let issued = EPOCH + elapsed;
        let wave = if confirm { Wave::all() } else { Wave::none() };
        self.said.push(Directive {
            cluster: "c".into(),
            rollout: "ns/r0".into(),
            workload: "w".into(),
            serial: self.serial,
            issued,
            not_after: issued + 10_000,
            revision: revision(0).as_bytes().to_vec(),
            attempt: 1,
            stable: revision(4).as_bytes().to_vec(),
            assigned: wave.clone(),
            confirmed: wave,
            confirm_timeout: 60,
            start_spread: 10,
            revert_spread: 10,
            tries: 3,
            ..Default::default()
        });
        revision(if confirm { 0 } else { 4 })
    }

    /// A token of an enemy: another key, or true bytes changed, for everybody and for ever.
    pub(crate) fn forge(&self, rng: &mut ChaCha8Rng) -> Vec<u8> {
        let directive = &self.said[below(rng, self.said.len() as u64) as usize];
        let mut wish = directive.clone();
        wish.serial += 1_000;
        wish.confirmed = Wave::all();
        match below(rng, 3) {
            0 => Token::sign(&wish, &self.foreign).to_bytes(),
            1 => {
                let mut token = Token::sign(&wish, &self.foreign);
                token.key = self.key.public().id().0.to_vec();
                token.to_bytes()
            }
            _ => {
                let mut bytes = self.sign(directive);
                let at = below(rng, bytes.len() as u64) as usize;
                bytes[at] ^= 1 << below(rng, 8);
                bytes
            }
        }
    }

    /// As sent.
    pub(crate) fn sign(&self, directive: &Directive) -> Vec<u8> {
        Token::sign(directive, &self.key).to_bytes()
    }
}

fn wave(rng: &mut ChaCha8Rng, nodes: u64) -> Wave {
    match below(rng, 4) {
        0 => Wave { nodes: vec![format!("u{}", below(rng, nodes))], threshold: 0 },
        1 => Wave { nodes: Vec::new(), threshold: u64::from(rng.next_u32()) },
        2 => Wave::none(),
        _ => Wave::all(),
    }
}
