//! A configuration that changes: the next server takes over from the running one as a new process would, so that no query is
//! lost, and the one before it comes back when the next one cannot stay.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use environment::{Clock, Entropy};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::assemble::{NodeDns, StartError, assemble};
use crate::config::Config;
use crate::run::Ended;

/// Where settings come from, and how to know that they are others.
pub trait Source: Send + Sync {
    /// Reads everything anew.
    fn read(&self) -> Reading;
}

/// What one look found.
pub struct Reading {
    /// Of all text that was read; another one: something has changed.
    pub fingerprint: u64,
    /// Settings, or the sentence for the operator.
    pub config: Result<Config, String>,
}

/// How often the settings are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Every {
    /// Every so often.
    pub interval: Duration,
    /// Earlier or later by up to this, so that a fleet does not change at once.
    pub jitter: Duration,
}

/// Counts that go on over reloads, unlike those of a server.
#[derive(Debug, Clone, Default)]
pub struct Reloads {
    done: Counter,
    failed: Counter,
}

/// A server and whatever comes after it.
pub struct Reloading {
    source: Arc<dyn Source>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    stop: CancellationToken,
    fingerprint: u64,
    config: Config,
    /// What served before `config`.
    before: Option<Config>,
    running: JoinHandle<Result<Ended, StartError>>,
}

impl Every {
    /// Until the next look.
    fn wait(self, entropy: &dyn Entropy) -> Duration {
        let width = u64::try_from(self.jitter.as_millis() * 2).unwrap_or(u64::MAX);
        let shift = Duration::from_millis(if width == 0 { 0 } else { entropy.next_u64() % (width + 1) });
        (self.interval + shift).saturating_sub(self.jitter)
    }
}

impl Reloads {
    pub(crate) fn register(&self, registry: &mut Registry) {
        let done = "Settings that were taken over from a changed Corefile while serving";
        registry.register("plimsoll_dns_reloads", done, self.done.clone());
        let failed = "Changed Corefiles that were refused; the settings before them went on";
        registry.register("coredns_reload_failed", failed, self.failed.clone());
    }
}

impl Reloading {
    /// Starts `server`, which was assembled from `first`.
    pub fn start(
        server: NodeDns,
        first: u64,
        source: Arc<dyn Source>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        stop: CancellationToken,
    ) -> Self {
        let config = where_it_is(&server, server.config.clone());
        let running = environment::spawn("dns", server.run(stop.clone()));
        Self { source, clock, entropy, stop, fingerprint: first, config, before: None, running }
    }

    /// Serves until the stop, or until another process has taken the sockets; looks at the settings as often as they say.
    ///
    /// # Errors
    /// [`StartError`] of the running server, when there is none before it to go back to.
    pub async fn run(mut self) -> Result<(), StartError> {
        if self.config.reload.is_some() && self.config.feed.data_dir.is_none() {
            tracing::warn!(
                "`reload` needs --data-dir, where the next server takes over; a changed Corefile is not looked at"
            );
        }
        loop {
            let wait = self.wait();
            tokio::select! {
                ended = &mut self.running => match ended {
                    Ok(Ok(Ended::Stopped)) => return Ok(()),
                    Ok(Ok(Ended::TakenOver)) => {
                        if self.config.wait_after_handover {
                            self.stop.cancelled().await;
                        }
                        return Ok(());
                    }
                    Ok(Err(failed)) => self.back(failed).await?,
                    // A panic, which has been reported.
                    Err(_) => return Ok(()),
                },
                () = sleep(wait) => self.look().await,
            }
        }
    }

    fn wait(&self) -> Option<Duration> {
        self.config.feed.data_dir.as_ref()?;
        Some(self.config.reload?.wait(self.entropy.as_ref()))
    }

    async fn look(&mut self) {
        let source = self.source.clone();
        // It reads files, and a disk may hang: the server goes on.
        let Ok(reading) = tokio::task::spawn_blocking(move || source.read()).await else { return };
        if reading.fingerprint == self.fingerprint {
            return;
        }
        self.fingerprint = reading.fingerprint;
        let refused = match reading.config {
            Ok(config) => self.change(config).await.err().map(|failed| failed.to_string()),
            Err(sentence) => Some(sentence),
        };
        match refused {
            None => tracing::info!("the Corefile has changed; a server with the new settings has taken over"),
            Some(refused) => {
                self.config.reloads.failed.inc();
                tracing::error!(%refused, "the Corefile has changed and cannot be served; the settings before it go on");
            }
        }
    }

    async fn change(&mut self, mut config: Config) -> Result<(), StartError> {
        config.reloads = self.config.reloads.clone();
        let next = assemble(config.clone(), self.clock.clone(), self.entropy.clone()).await?;
        let config = where_it_is(&next, config);
        config.reloads.done.inc();
        // The one before ends by itself when this one serves.
        self.running = environment::spawn("dns", next.run(self.stop.clone()));
        self.before = Some(std::mem::replace(&mut self.config, config));
        Ok(())
    }

    /// An upstream of the new settings leads back to this server, say.
    async fn back(&mut self, failed: StartError) -> Result<(), StartError> {
        let Some(before) = self.before.take() else { return Err(failed) };
        before.reloads.failed.inc();
        tracing::error!(refused = %failed, "the new settings cannot be served; those before them come back");
        let server = assemble(before.clone(), self.clock.clone(), self.entropy.clone()).await?;
        self.running = environment::spawn("dns", server.run(self.stop.clone()));
        self.config = before;
        Ok(())
    }
}

/// Whoever comes after `server` listens at the same places, also where any port was asked for.
fn where_it_is(server: &NodeDns, mut config: Config) -> Config {
    config.listen.clone_from(&server.addresses.dns);
    config.http.clone_from(&server.addresses.http);
    if let (Some((listen, _)), Some(address)) = (&mut config.neighbour_listen, server.addresses.neighbours) {
        *listen = address;
    }
    config
}

async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}
