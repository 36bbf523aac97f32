//! One rollout that is steered: its document, its state machine, its gates' answers, its last word.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use confirmation::{Directive, RevisionHash, SigningKey, Token};
use environment::Clock;
use fanout::payload::{PART_BYTES, part_key};
use rollout_plan::{Candidate, Command, Identity, Observation, Phase, PlanError, Rollout, Sample, size};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::kept::{IN_PROGRESS, Kept, Shelf};
use crate::limits::{ANSWERS, VALID};
use crate::spec::{Source, Wanted, Wishes};
use crate::{page, prometheus};

/// Of a gate, by its place in the plan.
type Answer = (usize, Result<Sample, String>);

/// A part of a revision: its key, its bytes.
pub(crate) type Part = (Vec<u8>, Bytes);

pub(crate) struct Steered {
    pub(crate) wanted: Wanted,
    /// The name of its document's file.
    pub(crate) file: String,
    pub(crate) rollout: Rollout,
    pub(crate) hash: RevisionHash,
    pub(crate) stable: Option<RevisionHash>,
    /// All nodes, in the order of this rollout.
    pub(crate) candidates: Vec<Candidate>,
    /// The revision, and the stable one, as nodes are given them.
    pub(crate) content: Vec<Part>,
    pub(crate) stable_content: Vec<Part>,
    pub(crate) kept: Kept,
    followed: Wishes,
    said: Option<Directive>,
    pub(crate) token: Bytes,
    answers: mpsc::Receiver<Answer>,
    _asking: DropGuard,
    /// Why a gate's last question had no answer.
    pub(crate) unanswered: Vec<Option<String>>,
    pub(crate) counts: Counts,
    /// What a person has to know.
    pub(crate) problem: Option<String>,
}

/// Nodes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) total: u32,
    pub(crate) assigned: u32,
    pub(crate) running: u32,
    pub(crate) reverted: u32,
}

impl Steered {
    /// Begins, or goes on where the last life of the controller was.
    pub(crate) fn begin(
        wanted: Wanted,
        cluster: &str,
        shelf: &Shelf,
        clock: &Arc<dyn Clock>,
        elsewhere: Option<Kept>,
    ) -> Result<Self, String> {
        let text = |error: std::io::Error| format!("the controller's folder: {error}");
        let hash = match wanted.undo_to {
            None => {
                let encoded = wanted.revision.encode_bounded().map_err(|error| error.to_string())?;
                let hash = RevisionHash::of(&encoded);
                shelf.keep_revision(hash, &encoded).map_err(text)?;
                hash
            }
            Some(hash) => {
                let missing = |error| format!("spec.undoTo: this hub does not have revision {hash}: {error}");
                shelf.revision(hash).map_err(missing)?;
                hash
            }
        };
        // Another hub may have steered it meanwhile.
        let here = shelf.read(&wanted.rollout).map_err(text)?;
        let kept = [here, elsewhere].into_iter().flatten().max_by_key(|kept| kept.serial);
        let (rollout, kept, stable) =
            restored_or_new(&wanted, cluster, hash, kept).map_err(|error| error.to_string())?;
        let (answers, asking) = ask_for_ever(&wanted, clock);
        let mut this = Self {
            followed: Wishes { retry: kept.retry, promote: kept.promote, ..Wishes::default() },
            unanswered: vec![None; wanted.sources.len()],
            wanted,
            file: String::new(),
            candidates: Vec::new(),
            rollout,
            content: parts(hash, shelf),
            stable_content: stable.map(|hash| parts(hash, shelf)).unwrap_or_default(),
            hash,
            stable,
            kept,
            said: None,
            token: Bytes::new(),
            answers,
            _asking: asking,
            counts: Counts::default(),
            problem: None,
        };
        if this.kept.quarantines(hash) && this.rollout.stopped().is_none() {
            // Somebody, a GitOps tool perhaps, applied again what was stopped: nothing changes.
            this.rollout.command(Command::Abort);
            this.problem = Some(format!(
                "revision {hash} was stopped before and is quarantined: raise spec.retry to try it again"
            ));
        }
        Ok(this)
    }

    /// Follows what people changed in the document.
    pub(crate) fn wish(&mut self, wishes: Wishes) {
        let before = std::mem::replace(&mut self.followed, wishes);
        if wishes.paused != before.paused {
            self.rollout.command(if wishes.paused { Command::Pause } else { Command::Resume });
        }
        if wishes.frozen != before.frozen {
            self.rollout.command(Command::Freeze(wishes.frozen));
        }
        if wishes.retry > before.retry && !wishes.aborted {
            self.kept.quarantined.retain(|bad| bad != self.hash.as_bytes());
            self.problem = None;
            self.rollout.command(Command::Retry);
        }
        if wishes.promote > before.promote {
            self.rollout.command(Command::Promote { full: false });
        }
        if wishes.promote_full && !before.promote_full {
            self.rollout.command(Command::Promote { full: true });
        }
        if wishes.aborted {
            self.rollout.command(Command::Abort);
        }
        (self.kept.retry, self.kept.promote) = (wishes.retry, wishes.promote);
    }

    /// Looks at everything. Whether there is a new word; nothing is said that could not be written down before.
    pub(crate) fn look(
        &mut self,
        now: Duration,
        (running, reverted): (u32, u32),
        key: &SigningKey,
        shelf: &Shelf,
    ) -> bool {
        let samples = self.take_answers();
        self.rollout.observe(&Observation {
            now,
            nodes: &self.candidates,
            running,
            reverted,
            samples: &samples,
            horizon: self.wanted.horizon,
        });
        let is_stopped = self.rollout.stopped().is_some();
        let assigned = if is_stopped { 0 } else { size(self.rollout.assigned(), &self.candidates) };
        self.counts = Counts {
            total: u32::try_from(self.candidates.len()).unwrap_or(u32::MAX),
            assigned,
            running,
            reverted,
        };
        if self.rollout.stopped().is_some() && !self.kept.quarantines(self.hash) {
            self.kept.quarantine(self.hash);
        }
        let outcome = match self.rollout.stopped() {
            Some(stop) => stop.reason().to_owned(),
            None if self.rollout.phase() == Phase::Healthy => "Healthy".to_owned(),
            None => IN_PROGRESS.to_owned(),
        };
        let is_noted = self.kept.note(self.hash, &outcome, now.as_secs());
        let has_spoken = self.speak(now, key, shelf);
        if is_noted && !has_spoken {
            let kept = Kept { saved: self.rollout.save(), ..self.kept.clone() };
            if let Err(error) = shelf.write(&self.wanted.rollout, &kept) {
                tracing::warn!(rollout = self.wanted.rollout, %error, "the history of a rollout is not written down");
            }
        }
        has_spoken
    }

    fn speak(&mut self, now: Duration, key: &SigningKey, shelf: &Shelf) -> bool {
        let issued = now.as_secs();
        let mut next = self.rollout.directive(0, issued, issued + VALID.as_secs());
        next.quarantined.clone_from(&self.kept.quarantined);
        if let Some(said) = &self.said {
            let is_fresh = issued < said.issued + VALID.as_secs() / 2;
            if said.says_the_same(&next) && is_fresh {
                return false;
            }
        }
        // By time, so that also a controller that lost its folder speaks last.
        let serial = (self.kept.serial + 1).max(u64::try_from(now.as_millis()).unwrap_or(u64::MAX));
        next.serial = serial;
        let first_serial = if self.kept.first_serial == 0 { serial } else { self.kept.first_serial };
        let kept = Kept { saved: self.rollout.save(), serial, first_serial, ..self.kept.clone() };
        if let Err(error) = shelf.write(&self.wanted.rollout, &kept) {
            self.problem =
                Some(format!("nothing new is said to nodes, because it cannot be written down: {error}"));
            return false;
        }
        self.kept = kept;
        self.token = Token::sign(&next, key).to_bytes().into();
        self.said = Some(next);
        true
    }

    fn take_answers(&mut self) -> Vec<(usize, Sample)> {
        let mut samples = Vec::new();
        while let Ok((gate, answer)) = self.answers.try_recv() {
            match answer {
                Ok(sample) => {
                    self.unanswered[gate] = None;
                    samples.push((gate, sample));
                }
                // Silence is judged by the gate itself.
                Err(why) => self.unanswered[gate] = Some(why),
            }
        }
        samples
    }
}

fn restored_or_new(
    wanted: &Wanted,
    cluster: &str,
    hash: RevisionHash,
    kept: Option<Kept>,
) -> Result<(Rollout, Kept, Option<RevisionHash>), PlanError> {
    let identity = Identity {
        cluster: cluster.to_owned(),
        rollout: wanted.rollout.clone(),
        workload: wanted.workload.clone(),
    };
    let Some(mut kept) = kept else {
        let rollout = Rollout::new(wanted.plan.clone(), identity, hash, None)?;
        return Ok((rollout, Kept::default(), None));
    };
    let stable = RevisionHash::from_bytes(&kept.saved.stable);
    let before = Rollout::restore(wanted.plan.clone(), identity.clone(), &kept.saved)?;
    if kept.saved.revision == hash.as_bytes() {
        return Ok((before, kept, stable));
    }
    // Another revision: from the beginning, and back to what was healthy if it fails.
    let stable = match before.phase() {
        rollout_plan::Phase::Healthy => RevisionHash::from_bytes(&kept.saved.revision),
        _ => stable,
    };
    kept.first_serial = 0;
    let rollout = Rollout::new(wanted.plan.clone(), identity, hash, stable)?.numbered(kept.saved.attempt + 1);
    Ok((rollout, kept, stable))
}

/// One task for each gate, until the guard is dropped.
fn ask_for_ever(wanted: &Wanted, clock: &Arc<dyn Clock>) -> (mpsc::Receiver<Answer>, DropGuard) {
    let (sender, answers) = mpsc::channel(ANSWERS);
    let stop = CancellationToken::new();
    for (at, (source, gate)) in wanted.sources.iter().zip(&wanted.plan.gates).enumerate() {
        let (source, interval, sender, clock) =
            (source.clone(), gate.interval, sender.clone(), clock.clone());
        environment::spawn(
            "gate question",
            stop.clone().run_until_cancelled_owned(async move {
                loop {
                    // A full queue is a controller that does not look: its gates are silent then.
                    let answer = match &source {
                        Source::Prometheus(query) => prometheus::ask(query).await,
                        Source::Page(page) => page::ask(page, clock.wall()).await,
                    };
                    let _ = sender.try_send((at, answer));
                    tokio::time::sleep(interval).await;
                }
            }),
        );
    }
    (answers, stop.drop_guard())
}

/// A revision as items: it may be larger than one.
fn parts(hash: RevisionHash, shelf: &Shelf) -> Vec<Part> {
    let Ok(bytes) = shelf.revision(hash) else { return Vec::new() };
    let bytes = Bytes::from(bytes);
    let count = bytes.len().div_ceil(PART_BYTES).max(1);
    let number = |count: usize| u16::try_from(count).unwrap_or(u16::MAX);
    let part = |at: usize| {
        let value = bytes.slice(at * PART_BYTES..bytes.len().min((at + 1) * PART_BYTES));
        (part_key(hash.as_bytes(), number(count), number(at)), value)
    };
    (0..count).map(part).collect()
}

#[cfg(test)]
mod tests {
    use confirmation::{Keyring, Node};

    use super::*;

    const DOCUMENT: &str = "
apiVersion: plimsoll.dev/v1alpha1
kind: DaemonRollout
metadata: {name: w, namespace: ns}
spec:
  workload: w
  revision: {template: REVISION}
  maskingHorizon: 0s
  gates: [{name: a, prometheus: {address: 'http://127.0.0.1:1', query: x}, max: 1}]
";

    fn clock() -> Arc<dyn Clock> {
        Arc::new(environment::ManualClock::default())
    }

    fn begin(revision: &str, shelf: &Shelf) -> Steered {
        let wanted = crate::spec::parse(&DOCUMENT.replace("REVISION", revision)).expect("a document");
        let steered = Steered::begin(wanted, "c", shelf, &clock(), None).expect("begun");
        Steered { candidates: nodes(), ..steered }
    }

    fn nodes() -> Vec<Candidate> {
        let node = |n: u32| Node { name: format!("n{n}"), uid: format!("u{n}"), goes_last: false };
        (0..9).map(|n| Candidate::new("ns/w", node(n), String::new(), String::new())).collect()
    }

    #[tokio::test]
    async fn another_life_says_the_same_and_what_was_stopped_stays_stopped() {
        let folder = tempfile::tempdir().expect("a folder");
        let shelf = Shelf::open(folder.path()).expect("a shelf");
        let key = SigningKey::from_seed(&[1; 32]).expect("a key");
        let keys = Keyring::new(vec![key.public()]).expect("keys");
        let at = |seconds: u64| Duration::from_secs(1_000_000 + seconds);
        let look = |steered: &mut Steered, seconds, running, reverted| {
            let is_news = steered.look(at(seconds), (running, reverted), &key, &shelf);
            is_news.then(|| Token::open(&steered.token, &keys).expect("signed"))
        };
        let mut first = begin("one", &shelf);
        let said = look(&mut first, 1, 0, 0).expect("the first word");
        assert_eq!(said.assigned.nodes.len(), 1);
        assert_eq!(look(&mut first, 2, 0, 0), None, "nothing new");

        let mut second = begin("one", &shelf);
        let again = look(&mut second, 3, 1, 0).expect("a first word of its own");
        assert!(again.serial > said.serial);
        assert_eq!(again.assigned, said.assigned);

        let stopped = look(&mut second, 4, 0, 1).expect("the end");
        assert!(stopped.quarantines(second.hash) && stopped.assigned.nodes.is_empty());
        // Another revision is tried; the first one, applied again, is not.
        assert!(look(&mut begin("two", &shelf), 5, 0, 0).expect("a word").assigned.nodes.len() == 1);
        let mut back = begin("one", &shelf);
        let said = look(&mut back, 6, 0, 0).expect("a word");
        assert!(said.assigned.nodes.is_empty() && back.problem.is_some());
        back.wish(Wishes { retry: 1, ..Wishes::default() });
        let said = look(&mut back, 7, 0, 0).expect("a word");
        assert_eq!((said.assigned.nodes.len(), said.attempt), (1, 4), "a number that no node has seen");

        std::fs::write(folder.path().join("rollouts/ns_w"), b"\xff\xff").expect("written");
        let wanted = crate::spec::parse(&DOCUMENT.replace("REVISION", "one")).expect("a document");
        assert!(
            Steered::begin(wanted, "c", &shelf, &clock(), None).is_err(),
            "a controller that forgot must not speak"
        );
    }

    #[tokio::test]
    async fn a_full_disk_says_nothing_new() {
        let folder = tempfile::tempdir().expect("a folder");
        let shelf = Shelf::open(folder.path()).expect("a shelf");
        let mut steered = begin("one", &shelf);
        std::fs::remove_dir_all(folder.path().join("rollouts")).expect("removed");
        let key = SigningKey::from_seed(&[1; 32]).expect("a key");
        assert!(!steered.look(Duration::from_secs(1), (0, 0), &key, &shelf));
        assert!(steered.token.is_empty() && steered.problem.is_some());
    }
}
