//! The recording proxy: a workload's requests pass through it unharmed on their way to a real API server, and what they have in
//! common becomes a profile.
//!
//! It listens on loopback only and adds the kubeconfig's identity to requests that bring none of their own; a request with an
//! `Authorization` keeps it. Bodies stream both ways; what is counted in them never holds them up.

mod body;
mod command;
mod count;
mod facts;
mod forward;
mod kubeconfig;
mod provoke;
mod serve;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use apiserver_client::ConnectError;
use apiserver_client::config::Source as Credentials;
use apiserver_client::passage::Passage;
use environment::Clock;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use workload_profile::{Collector, DocumentError, Facts, Observation, Profile, Source};

pub use command::CommandEnded;

/// Requests that have ended and wait to be taken into account: at 5,000 a second, the collector may be two seconds late.
const QUEUE_OBSERVATIONS: usize = 10_000;

/// What to record.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the API server is, and who one is there.
    pub credentials: Credentials,
    /// Where to listen; loopback, port 0 for a free one.
    pub listen: SocketAddr,
    /// How many copies of the command are started, each with an address of its own.
    pub copies: u16,
    /// The program and its arguments; empty: whoever comes.
    pub command: Vec<String>,
    /// For how long, at most.
    pub duration: Option<Duration>,
    /// Where a kubeconfig for the first address is written.
    pub write_kubeconfig: Option<PathBuf>,
    /// Put faults in the workload's way, to learn how it retries.
    pub provoke: bool,
    /// What is known beforehand.
    pub facts: Facts,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The kubeconfig.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The address.
    #[error("cannot listen on {address}: {error}; take another --listen, port 0 for a free one")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// What the system says.
        error: std::io::Error,
    },
    /// Everybody who can reach it would be the kubeconfig's user.
    #[error(
        "--listen {0} is not on loopback: whoever reaches it would have the kubeconfig's rights; listen on 127.0.0.1"
    )]
    NotLoopback(SocketAddr),
    /// The kubeconfig for the workload.
    #[error("cannot write {}: {error}", path.display())]
    Kubeconfig {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The command.
    #[error("cannot start {program}: {error}; name a program that is there, after `--`")]
    Command {
        /// Which.
        program: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// No request came.
    #[error(transparent)]
    Nothing(#[from] DocumentError),
}

impl RecordError {
    /// Whether somebody has to change something before it can work.
    #[must_use]
    pub fn is_operators(&self) -> bool {
        match self {
            Self::Connect(error) => error.is_operators(),
            Self::Listen { .. } | Self::NotLoopback(_) | Self::Kubeconfig { .. } | Self::Command { .. } => {
                true
            }
            Self::Nothing(_) => false,
        }
    }
}

/// A recording that is ready to begin.
pub struct Recording {
    config: Config,
    passage: Arc<Passage>,
    doors: Vec<serve::Door>,
    shared: Arc<Shared>,
    observed: mpsc::Receiver<Observation>,
}

/// What requests share.
struct Shared {
    clock: Arc<dyn Clock>,
    to: mpsc::Sender<Observation>,
    dropped: AtomicU64,
    passed: AtomicU64,
    /// `--provoke`.
    provocations: Option<Mutex<provoke::Provocations>>,
    /// From here on, what is still open has not ended by itself.
    ending: AtomicBool,
}

/// What came of it.
#[derive(Debug)]
pub struct Recorded {
    /// The profile.
    pub profile: Profile,
    /// How the commands ended.
    pub commands: Vec<CommandEnded>,
    /// Requests that passed.
    pub requests: u64,
    /// Faults that were put in the way.
    pub provoked: u64,
}

/// Reads the credentials and opens the addresses.
///
/// # Errors
/// [`RecordError`].
pub async fn assemble(config: Config, clock: Arc<dyn Clock>) -> Result<Recording, RecordError> {
    if !config.listen.ip().is_loopback() {
        return Err(RecordError::NotLoopback(config.listen));
    }
    let passage = Arc::new(Passage::open(&config.credentials, clock.wall()).await?);
    let mut doors = Vec::new();
    for copy in 0..config.copies.max(1) {
        let address = if copy == 0 { config.listen } else { SocketAddr::new(config.listen.ip(), 0) };
        doors.push(serve::Door::open(address).await?);
    }
    if let Some(path) = &config.write_kubeconfig {
        kubeconfig::write(path, doors[0].address())?;
    }
    let (to, observed) = mpsc::channel(QUEUE_OBSERVATIONS);
    let (dropped, passed, ending) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let provocations = config.provoke.then(Mutex::default);
    let shared = Arc::new(Shared { clock, to, dropped, passed, provocations, ending });
    Ok(Recording { config, passage, doors, shared, observed })
}

impl Recording {
    /// Where it listens, as a URL; the first copy's.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.doors[0].address())
    }

    /// The API server behind it.
    #[must_use]
    pub fn server(&self) -> String {
        self.passage.server()
    }

    /// Lets requests pass until the commands have ended, the time is up, or `shutdown`.
    ///
    /// # Errors
    /// [`RecordError`] when a command does not start, or nothing was seen.
    pub async fn run(self, shutdown: CancellationToken) -> Result<Recorded, RecordError> {
        let Self { config, passage, doors, shared, mut observed } = self;
        let stop = CancellationToken::new();
        let addresses: Vec<SocketAddr> = doors.iter().map(serve::Door::address).collect();
        for (number, door) in doors.into_iter().enumerate() {
            let (passage, shared) = (Arc::clone(&passage), Arc::clone(&shared));
            environment::spawn("recording proxy", door.serve(number + 1, passage, shared, stop.clone()));
        }
        let collecting = environment::spawn("recorded requests", async move {
            let mut collector = Collector::new(Source::Proxy);
            while let Some(seen) = observed.recv().await {
                collector.take(&seen);
            }
            collector
        });
        let commands = wait(&config, &addresses, shutdown).await;
        shared.ending.store(true, Ordering::Relaxed);
        stop.cancel();
        let mut facts = config.facts.clone();
        facts::read(&passage, &mut facts).await;
        let dropped = shared.dropped.load(Ordering::Relaxed);
        if dropped > 0 {
            facts
                .unknown
                .push(format!("{dropped} requests passed faster than they could be taken into account"));
        }
        let requests = shared.passed.load(Ordering::Relaxed);
        let provoked = shared.provocations.as_ref().map_or(0, |provocations| provocations.lock().made());
        // The last sender is gone when the last request is.
        drop(shared);
        let collector = collecting.await.unwrap_or_else(|_| Collector::new(Source::Proxy));
        // A command that did not start is why nothing was seen.
        let commands = commands?;
        Ok(Recorded { profile: collector.finish(facts)?, commands, requests, provoked })
    }
}

/// Until there is no reason to go on.
async fn wait(
    config: &Config,
    addresses: &[SocketAddr],
    shutdown: CancellationToken,
) -> Result<Vec<CommandEnded>, RecordError> {
    let time_is_up = async {
        match config.duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    let over = async {
        tokio::select! {
            () = time_is_up => {}
            () = shutdown.cancelled() => {}
        }
    };
    if config.command.is_empty() {
        over.await;
        return Ok(Vec::new());
    }
    command::run(&config.command, addresses, over).await
}
