//! The part of `plimsoll agent` that follows sealed orders: the desk, with the fuse and the gates as its hands.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use agent_link::AgentLink;
use environment::{Clock, boot_id, files, since_boot};
use fuse::{Action, Order, Whom};
use order_courier::{Config, Counts, Desk, Doing, Hands};
use sealed_order::Roster;
use tokio_util::sync::CancellationToken;
use workload_gate::protocol::{Answer, Verb};

use crate::flags::AgentOrderFlags;
use crate::outcome::Failure;

/// Sixteen people and their comments.
const ROSTER_BYTES_MAX: usize = 16 * 1024;

/// What was asked for, checked.
pub(crate) struct Orders {
    desk: Desk,
    counts: Counts,
}

/// The folders that people use by hand, too.
struct Folders {
    run: PathBuf,
    fuse: PathBuf,
}

impl Orders {
    /// Checks everything that can be, if orders are to be followed.
    pub(crate) fn prepare(
        flags: AgentOrderFlags,
        node: &str,
        run_dir: &Path,
        fuse_dir: &Path,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, Failure> {
        let (Some(roster), Some(state_dir)) = (flags.order_roster, flags.order_state_dir) else {
            return Ok(None);
        };
        let config = Config {
            node: node.to_owned(),
            roster: self::roster("--order-roster", &roster)?,
            run_dir: run_dir.to_owned(),
            state_dir,
            // Where the kernel does not say, no start differs from another.
            boot: boot_id().unwrap_or_default(),
        };
        let hands = Folders { run: run_dir.to_owned(), fuse: fuse_dir.to_owned() };
        let counts = Counts::default();
        let desk = Desk::open(config, Arc::new(hands), clock, counts.clone())
            .map_err(|error| Failure::Usage(format!("sealed orders: {error}")))?;
        Ok(Some(Self { desk, counts }))
    }

    /// Their metrics.
    pub(crate) fn collector(&self) -> Box<dyn prometheus_client::collector::Collector> {
        Box::new(self.counts.clone())
    }

    /// Begins.
    pub(crate) fn start(self, link: Option<AgentLink>, stop: CancellationToken) {
        environment::spawn("sealed orders", self.desk.run(link, stop));
    }
}

/// The roster of a flag's file.
pub(crate) fn roster(flag: &str, file: &Path) -> Result<Roster, Failure> {
    let at = |error: &dyn std::fmt::Display| Failure::Usage(format!("{flag} {}: {error}", file.display()));
    let mut text = Vec::new();
    files::read_into(file, &mut text, ROSTER_BYTES_MAX).map_err(|error| at(&error))?;
    Roster::parse(&String::from_utf8_lossy(&text)).map_err(|error| at(&error))
}

impl Folders {
    fn ask(&self, verb: Verb) -> Doing<'_> {
        Box::pin(async move {
            match workload_gate::ask(&self.run, &verb).await {
                Ok(Answer::Done { what }) => Ok(what),
                Ok(Answer::Refused { why }) => Err(why),
                Ok(Answer::Status { .. }) => Err("an answer to another question".to_owned()),
                Err(error) => Err(error.to_string()),
            }
        })
    }
}

impl Hands for Folders {
    fn stop<'a>(&'a self, workload: &'a str) -> Doing<'a> {
        self.ask(Verb::Stop { workload: workload.to_owned() })
    }

    fn revert<'a>(&'a self, workload: &'a str) -> Doing<'a> {
        self.ask(Verb::Revert { workload: workload.to_owned() })
    }

    fn cut<'a>(&'a self, whom: &'a str, seconds: u64, why: &'a str) -> Doing<'a> {
        Box::pin(async move {
            let subject = subject(whom)?;
            let order = Order {
                subject,
                action: Action::Cut,
                until_up_seconds: Some(since_boot().as_secs() + seconds),
                by: "a sealed order".to_owned(),
                why: why.to_owned(),
            };
            let folder = self.fuse.join("orders");
            order.write(&folder).map_err(|error| {
                format!("{}: {error}; does this agent run with --fuse?", folder.display())
            })?;
            Ok(format!("the fuse cuts {} for {seconds} s", order.subject))
        })
    }

    fn restore<'a>(&'a self, whom: &'a str) -> Doing<'a> {
        Box::pin(async move {
            let subject = subject(whom)?;
            match std::fs::remove_file(Order::path(&self.fuse.join("orders"), &subject)) {
                Ok(()) => Ok(format!("the fuse lets {subject} through again")),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    Ok(format!("the fuse has no order on {subject}"))
                }
                Err(error) => Err(error.to_string()),
            }
        })
    }

    fn freeze(&self, frozen: bool) -> Doing<'_> {
        self.ask(Verb::Freeze { frozen })
    }
}

fn subject(whom: &str) -> Result<Whom, String> {
    if whom.is_empty() { Ok(Whom::Everybody) } else { whom.parse().map_err(|error| format!("{error}")) }
}
