//! Everything that is not the cluster's: rewrite, template, hosts, cache, upstreams.
//!
//! [`Forwarder`] is the [`Elsewhere`] of the pipeline. A query belongs to the block with the longest zone that holds its
//! name, and within it to the forwarder with the longest zone. One question is asked once however many clients want it
//! ([`cached`]), of upstreams in turn while they are well ([`pool`]), in a way that is hard to forge ([`outgoing`],
//! [`exchange`]).

mod block;
mod cached;
mod exchange;
mod health;
mod learnt;
mod looping;
mod metrics;
mod outgoing;
mod policy;
mod pool;
mod settings;
#[cfg(test)]
mod tests;
mod tls;
mod zones;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use dns_message::{EdeCode, Query, Rcode, Scratch, gate};
use environment::{Clock, Entropy};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use prometheus_client::registry::Registry;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

pub use looping::LoopError;
pub use settings::{Settings, SettingsError};

use crate::pipeline::elsewhere::{Elsewhere, Outcome, Reply};
use block::Block;
use looping::Probes;
use pool::Shared;

/// The cluster's zone, for names that a rewrite rule turns into its names.
pub trait Cluster: Send + Sync + 'static {
    /// Appends the answer (without OPT, whole) when the name is the cluster's; `None` otherwise.
    fn answer(&self, query: &Query<'_>, out: &mut Vec<u8>) -> Option<Outcome>;
}

/// Answers for names that are not the cluster's.
pub struct Forwarder {
    blocks: Vec<Block>,
    shared: Arc<Shared>,
    probes: Mutex<Probes>,
    cluster: OnceLock<Arc<dyn Cluster>>,
}

/// How often what cannot be given any more is looked for, a little each time.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);

impl Forwarder {
    /// Sets everything up; asks nobody yet. Within a tokio runtime: fetches that UDP threads begin run there.
    ///
    /// # Errors
    /// Certificates of DNS over TLS cannot be used.
    pub fn new(
        settings: Settings,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        registry: &mut Registry,
    ) -> Result<Arc<Self>, SettingsError> {
        let metrics = metrics::Metrics::register(registry);
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared { clock, entropy, metrics, stop });
        let runtime = Handle::current();
        let blocks: Result<Vec<Block>, SettingsError> =
            settings.blocks.iter().map(|block| Block::new(block, &shared, &runtime)).collect();
        Ok(Arc::new(Self { blocks: blocks?, shared, probes: Mutex::default(), cluster: OnceLock::new() }))
    }

    /// For rewrite rules that lead into the cluster's zone. Once.
    pub fn set_cluster(&self, cluster: Arc<dyn Cluster>) {
        let _ = self.cluster.set(cluster);
    }

    /// Whether a rewrite rule or a template is about this query, also when its name is the cluster's.
    pub fn wants(&self, query: &Query<'_>) -> bool {
        self.block(query.lower()).is_some_and(|block| block.rules_match(query))
    }

    /// Reads hosts files again and sweeps caches until `stop`; then checks of upstreams end too.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let _ended = self.shared.stop.clone().drop_guard();
        let mut since_reload = Duration::ZERO;
        loop {
            tokio::select! {
                () = tokio::time::sleep(SWEEP_INTERVAL) => {}
                () = stop.cancelled() => return,
            }
            since_reload += SWEEP_INTERVAL;
            for block in &self.blocks {
                block.sweep();
                block.reload(since_reload);
            }
            self.shared.metrics.hosts_entries.set(self.blocks.iter().map(Block::hosts_entries).sum());
        }
    }

    /// Whether an upstream is ourselves, or brings our questions back to us. `own` are the addresses that we listen on; we
    /// must listen already.
    ///
    /// # Errors
    /// It is so: going on would ask ourselves for ever.
    pub async fn find_loop(&self, own: &[SocketAddr]) -> Result<(), LoopError> {
        for block in &self.blocks {
            looping::not_ourselves(block, own)?;
        }
        for block in self.blocks.iter().filter(|block| block.loop_check()) {
            looping::check(block, &self.probes, &*self.shared.entropy).await?;
        }
        Ok(())
    }

    /// The closest one.
    fn block(&self, lower: &[u8]) -> Option<&Block> {
        self.blocks
            .iter()
            .filter_map(|block| block.closeness(lower).map(|length| (length, block)))
            .max_by_key(|(length, _)| *length)
            .map(|(_, block)| block)
    }
}

impl Elsewhere for Forwarder {
    fn at_once(&self, query: &Query<'_>, now: Duration, out: &mut Vec<u8>) -> Option<Outcome> {
        self.block(query.lower())?.at_once(query, now, out)
    }

    fn wants(&self, query: &Query<'_>) -> bool {
        Self::wants(self, query)
    }

    fn ask(self: Arc<Self>, query: Vec<u8>, _client: SocketAddr) -> BoxFuture<'static, Reply> {
        Box::pin(async move {
            let mut scratch = Scratch::default();
            let Ok(query) = gate(&query, &mut scratch) else {
                // The pipeline has let it through before.
                return Reply { message: Vec::new(), outcome: outcome(Rcode::FORMERR, "forward", None) };
            };
            if self.probes.lock().seen(query.lower()) {
                return block::short(&query, Rcode::NXDOMAIN, "loop", None);
            }
            match self.block(query.lower()) {
                Some(block) => block.ask(&query, self.cluster.get()).await,
                None => {
                    let why = (EdeCode::NOT_AUTHORITATIVE, "no server block is for this name".to_owned());
                    block::short(&query, Rcode::REFUSED, "forward", Some(why))
                }
            }
        })
    }
}

fn outcome(rcode: Rcode, source: &'static str, error: Option<(EdeCode, String)>) -> Outcome {
    Outcome { rcode, source, stale: false, error: error.map(|(code, text)| (code, text.into())) }
}
