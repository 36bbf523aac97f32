//! A node's part: orders in, from the hub and from a folder; each is followed once.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use agent_link::AgentLink;
use confirmation::hex;
use environment::{Clock, files};
use fanout::Topic;
use sealed_order::limits::{SEALED_BYTES_MAX, SPENT_MAX};
use sealed_order::{Admission, Order, Place, Purpose, Roster, Sealed, Spent};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::LOOK;
use crate::hands::Hands;
use crate::outcomes::{Counts, Outcome, Outcomes};

/// Where orders come by hand, in the folder of the node's sockets: files that end in [`SUFFIX`].
pub const FOLDER: &str = "orders";
/// What an order's file ends in.
pub const SUFFIX: &str = "order";
/// What came of them, in [`FOLDER`].
pub const OUTCOMES: &str = "outcomes.json";
const SPENT: &str = "orders-spent";
const FROZEN: &str = "orders-frozen-until";
const CUTS: &str = "orders-cuts.json";
const TEXT_BYTES_MAX: usize = 2 * SEALED_BYTES_MAX + 64;
/// Also of cuts: 256 names and reasons of 1.3 KiB.
const STATE_BYTES_MAX: usize = SPENT_MAX * 2048;

/// What a desk is given.
pub struct Config {
    /// The node's name.
    pub node: String,
    /// Who may say something.
    pub roster: Roster,
    /// The folder of the node's sockets: [`FOLDER`] is made in it, for root only.
    pub run_dir: PathBuf,
    /// A folder that outlives reboots.
    pub state_dir: PathBuf,
    /// Which start of the machine this is (`/proc/sys/kernel/random/boot_id`).
    pub boot: String,
}

/// Cuts that hold. What the fuse was told is gone with a reboot, and the order is not over.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cuts {
    boot: String,
    /// By whom they are for: until when (seconds since 1970), and why.
    by_subject: BTreeMap<String, (u64, String)>,
}

/// Why there is no desk.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct DeskError {
    path: PathBuf,
    source: io::Error,
}

/// A node's desk.
pub struct Desk {
    config: Config,
    hands: Arc<dyn Hands>,
    clock: Arc<dyn Clock>,
    spent: Spent,
    frozen_until: Option<u64>,
    /// Whoever keeps gated workloads has heard of it.
    is_frozen: bool,
    cuts: Cuts,
    /// Orders of the hub that were looked at.
    seen: BTreeSet<Vec<u8>>,
    outcomes: Outcomes,
    counts: Counts,
}

impl Desk {
    /// Goes on from the disk.
    ///
    /// # Errors
    /// A folder cannot be made, or what was followed cannot be read.
    pub fn open(
        config: Config,
        hands: Arc<dyn Hands>,
        clock: Arc<dyn Clock>,
        counts: Counts,
    ) -> Result<Self, DeskError> {
        let folder = config.run_dir.join(FOLDER);
        let at = |path: &Path| {
            let path = path.to_owned();
            move |source| DeskError { path, source }
        };
        std::fs::create_dir_all(&folder).map_err(at(&folder))?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).map_err(at(&folder))?;
        std::fs::create_dir_all(&config.state_dir).map_err(at(&config.state_dir))?;
        let spent = read(&config.state_dir.join(SPENT)).map_err(at(&config.state_dir))?;
        let frozen = read(&config.state_dir.join(FROZEN)).map_err(at(&config.state_dir))?;
        let cuts = read(&config.state_dir.join(CUTS)).map_err(at(&config.state_dir))?;
        Ok(Self {
            spent: Spent::parse(&spent),
            cuts: serde_json::from_str(&cuts)
                .unwrap_or_else(|_| Cuts { boot: config.boot.clone(), ..Cuts::default() }),
            frozen_until: frozen.trim().parse().ok(),
            is_frozen: false,
            config,
            hands,
            clock,
            seen: BTreeSet::new(),
            outcomes: Outcomes::default(),
            counts,
        })
    }

    /// Until `stop`.
    pub async fn run(mut self, link: Option<AgentLink>, stop: CancellationToken) {
        loop {
            self.look(link.as_ref()).await;
            if stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_none() {
                return;
            }
        }
    }

    async fn look(&mut self, link: Option<&AgentLink>) {
        let now = self.clock.wall().as_secs();
        if self.frozen_until.is_some_and(|until| until <= now) {
            let _ = self.freeze(None).await;
        }
        // After a restart, and as long as nobody is there to hear it.
        if self.frozen_until.is_some() && !self.is_frozen {
            self.is_frozen = self.hands.freeze(true).await.is_ok();
        }
        if self.cuts.boot != self.config.boot {
            self.cut_again(now).await;
        }
        if let Some(link) = link {
            let view = link.view();
            let orders: Vec<_> =
                view.borrow().topic(Topic::ORDERS).map(|(id, text)| (id.to_vec(), text.clone())).collect();
            self.seen.retain(|seen| orders.iter().any(|(id, _)| id == seen));
            for (id, text) in orders {
                if self.seen.insert(id) {
                    self.take(&String::from_utf8_lossy(&text)).await;
                }
            }
        }
        let folder = self.config.run_dir.join(FOLDER);
        for path in files::with_extension(&folder, SUFFIX).unwrap_or_default() {
            let mut text = Vec::new();
            let read = files::read_into(&path, &mut text, TEXT_BYTES_MAX);
            // Whatever it is: it is looked at once.
            let _ = std::fs::remove_file(&path);
            match read {
                Ok(()) => self.take(&String::from_utf8_lossy(&text)).await,
                Err(error) => tracing::warn!(path = %path.display(), %error, "an order cannot be read"),
            }
        }
    }

    /// Looks at one order, and follows it if it is one for here and now.
    pub async fn take(&mut self, text: &str) {
        let now = self.clock.wall().as_secs();
        let place = Place { node: Some(&self.config.node), now };
        let sealed = Sealed::parse(text);
        let said = sealed.as_ref().ok().and_then(|sealed| sealed.order().ok());
        let admitted = sealed.and_then(|sealed| sealed.admit(&self.config.roster, place, &mut self.spent));
        let (result, what) = match admitted {
            Ok(Admission::Follow(order)) => match self.follow(&order, now).await {
                Ok(what) => ("followed", what),
                Err(why) => {
                    self.spent.forget(&order.id);
                    ("failed", why)
                }
            },
            Ok(Admission::Test(order)) => {
                ("rehearsed", format!("this node would {}", order.purpose().name()))
            }
            Ok(Admission::Elsewhere) => ("elsewhere", "it is for other nodes".to_owned()),
            Ok(Admission::Done) => ("done before", "this node has followed it already".to_owned()),
            Err(refusal) => ("refused", refusal.to_string()),
        };
        tracing::warn!(order = said.as_ref().map(ToString::to_string), result, what, "a sealed order");
        self.counts.count(result);
        self.outcomes.add(Outcome {
            id: said.as_ref().map(|order| hex::encode(&order.id)).unwrap_or_default(),
            order: said.map(|order| order.to_string()).unwrap_or_default(),
            result: result.to_owned(),
            what,
            at: now,
        });
        let file = self.config.run_dir.join(FOLDER).join(OUTCOMES);
        if let Err(error) =
            files::write_atomic(&file, |file| Ok(serde_json::to_writer(file, &self.outcomes)?))
        {
            tracing::warn!(%error, "what came of an order cannot be written down");
        }
    }

    async fn follow(&mut self, order: &Order, now: u64) -> Result<String, String> {
        let written = write(&self.config.state_dir.join(SPENT), &self.spent.to_text());
        // Whoever could bring an order again after a reboot could open what is closed: then it is not followed. The other way
        // round, a disk that is full must not keep a workload running.
        let opens = matches!(order.purpose(), Purpose::Restore | Purpose::Thaw);
        if let (Err(error), true) = (&written, opens) {
            return Err(format!("it cannot be written down that it was followed: {error}"));
        }
        let subject = order.subject.as_str();
        let seconds = order.not_after.saturating_sub(now);
        match order.purpose() {
            Purpose::Stop => self.hands.stop(subject).await,
            Purpose::Revert => self.hands.revert(subject).await,
            Purpose::Cut => {
                let done = self.hands.cut(subject, seconds, &order.reason).await?;
                let cut = (order.not_after, order.reason.clone());
                self.cuts.by_subject.insert(subject.to_owned(), cut);
                Ok(self.remember_cuts(done))
            }
            Purpose::Restore => {
                let done = self.hands.restore(subject).await?;
                self.cuts.by_subject.remove(subject);
                Ok(self.remember_cuts(done))
            }
            Purpose::Freeze => self.freeze(Some(order.not_after)).await,
            Purpose::Thaw => self.freeze(None).await,
            Purpose::Unknown => Err("a purpose that is not known here".to_owned()),
        }
    }

    /// After a reboot, what still holds.
    async fn cut_again(&mut self, now: u64) {
        self.cuts.by_subject.retain(|_, (until, _)| *until > now);
        for (subject, (until, why)) in &self.cuts.by_subject {
            match self.hands.cut(subject, until - now, why).await {
                Ok(what) => tracing::warn!(what, "an order holds after a restart of the machine"),
                // Tried again at the next look.
                Err(why) => return tracing::warn!(why, "an order is not followed again"),
            }
        }
        self.cuts.boot.clone_from(&self.config.boot);
        self.remember_cuts(String::new());
    }

    /// Adds to `done` if it cannot be written down.
    fn remember_cuts(&self, done: String) -> String {
        let text = serde_json::to_string(&self.cuts).unwrap_or_default();
        match write(&self.config.state_dir.join(CUTS), &text) {
            Ok(()) => done,
            Err(error) => format!("{done}; not written down ({error}): a reboot forgets it"),
        }
    }

    async fn freeze(&mut self, until: Option<u64>) -> Result<String, String> {
        self.frozen_until = until;
        let text = until.map(|until| until.to_string()).unwrap_or_default();
        let written = write(&self.config.state_dir.join(FROZEN), &text);
        let done = self.hands.freeze(until.is_some()).await?;
        self.is_frozen = until.is_some();
        match written {
            Ok(()) => Ok(done),
            Err(error) => {
                Ok(format!("{done}; not written down ({error}): a restart of the agent forgets it"))
            }
        }
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    match files::read_into(path, &mut bytes, STATE_BYTES_MAX) {
        Ok(()) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(error) => Err(error),
    }
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    files::write_atomic(path, |file| file.write_all(text.as_bytes()))
}

#[cfg(test)]
mod tests;
