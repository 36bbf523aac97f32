//! `plimsoll breakglass`.

mod credentials;
mod drill;
mod engaged;
mod levers;
mod lifeboat;
mod log;
mod orders;
mod protect;
mod recover;

pub(crate) use protect::run as protect;
pub(crate) use recover::run as recover;

use std::path::PathBuf;
use std::sync::Arc;

use emergency_access::way::{Way, open_all};
use environment::{Clock, SystemClock};

use crate::commands::person;
use crate::flags::{BreakglassAction, BreakglassFlags, WaysFlags};
use crate::outcome::{Failure, Outcome};

pub(crate) fn run(flags: BreakglassFlags) -> Outcome {
    // Keys come into this process: it leaves no core dump. Where that cannot be, nothing secret is asked for.
    emergency_access::secret::guard_process().map_err(|error| {
        Failure::Environment(anyhow::anyhow!("core dumps cannot be switched off: {error}"))
    })?;
    let place = Place::new(flags.dir)?;
    match flags.action {
        BreakglassAction::Ladder => levers::ladder(),
        BreakglassAction::Propose { hub } => levers::propose(&hub),
        BreakglassAction::Engage(flags) => levers::engage(&place, flags),
        BreakglassAction::Disengage { ways, dry_run } => levers::disengage(&place, &ways, dry_run),
        BreakglassAction::Install { ways, print } => levers::install(&place, &ways, print),
        BreakglassAction::Init(flags) => credentials::init(&place, &flags),
        BreakglassAction::Issue(flags) => credentials::issue(&place, &flags),
        BreakglassAction::Signer { name, out, passphrase } => credentials::signer(&name, &out, &passphrase),
        BreakglassAction::Order { verb } => orders::run(&place, verb),
        BreakglassAction::Lifeboat { verb } => lifeboat::run(&place, verb),
        BreakglassAction::Drill(flags) => drill::run(&place, &flags),
        BreakglassAction::Audit { verb } => log::run(&place, verb),
    }
}

/// The folder, the clock, and who is here.
struct Place {
    dir: PathBuf,
    clock: Arc<dyn Clock>,
    who: String,
}

impl Place {
    fn new(dir: Option<PathBuf>) -> Result<Self, Failure> {
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".plimsoll/breakglass"));
        let dir = dir
            .or_else(home)
            .ok_or_else(|| Failure::Usage("there is no home folder: say --dir DIR".to_owned()))?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Ok(Self { dir, clock: Arc::new(SystemClock::new()), who: format!("{}@{host}", person::name()) })
    }

    /// Seconds since 1970.
    fn now(&self) -> u64 {
        self.clock.wall().as_secs()
    }

    /// All ways in; none is a mistake unless nothing needs one.
    async fn ways(&self, flags: &WaysFlags) -> Result<Vec<(String, Way)>, Failure> {
        let Some(kubeconfig) = &flags.kubeconfig else { return Ok(Vec::new()) };
        open_all(kubeconfig, flags.context.as_deref(), self.clock.clone()).await.map_err(Failure::Usage)
    }

    /// At least one.
    async fn some_ways(&self, flags: &WaysFlags) -> Result<Vec<(String, Way)>, Failure> {
        let ways = self.ways(flags).await?;
        if ways.is_empty() {
            let sentence =
                "no way in: give a kubeconfig with --kubeconfig (`plimsoll breakglass issue` makes one)";
            return Err(Failure::Usage(sentence.to_owned()));
        }
        Ok(ways)
    }
}
