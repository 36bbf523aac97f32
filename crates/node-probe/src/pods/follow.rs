//! From one source to the next, and back to the best.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use environment::Entropy;
use objects::Interner;
use tokio::time::{Instant, sleep};

use super::cri::Cri;
use super::{Pod, Source, SourceError, kubelet, readonly};

/// While the Pods API is away, the next sources are asked this often: a change is then known within a second of the
/// kubelet's own knowledge, the asking included.
const POLL_MILLISECONDS: u64 = 900;
/// First wait before the Pods API is tried again. A missing socket costs a microsecond to find out.
const RETRY_MILLISECONDS_MIN: u64 = 500;
/// Longest wait: a kubelet before 1.37 has no such socket until it is upgraded, which restarts it anyway.
const RETRY_MILLISECONDS_MAX: u64 = 30_000;

/// Where the sources are.
#[derive(Debug, Clone)]
pub struct FollowConfig {
    /// Socket of the kubelet's Pods API.
    pub pods_api: PathBuf,
    /// Socket of the container runtime.
    pub cri: PathBuf,
    /// The kubelet's read-only port; `None` leaves it alone.
    pub read_only_port: Option<SocketAddr>,
}

/// Takes what the sources say.
pub trait PodSink: Send + Sync + 'static {
    /// All pods there are, by this source: what is not among them is gone.
    fn replace(&self, source: Source, pods: Vec<Pod>);
    /// A pod is new or has changed.
    fn apply(&self, pod: Pod);
    /// A pod is gone.
    fn remove(&self, uid: &str);
    /// The source gives nothing any more (or still not).
    fn failed(&self, source: Source, error: &SourceError);
    /// One pod could not be read; the others go on.
    fn undecodable(&self, source: Source);
}

/// Follows the pods of this node for as long as it is polled. What is known stays known while no source answers.
pub async fn follow(
    config: FollowConfig,
    interner: Arc<Interner>,
    sink: Arc<dyn PodSink>,
    entropy: Arc<dyn Entropy>,
) {
    let mut fallback = Fallback { config: config.clone(), cri: None };
    let mut failures = 0;
    loop {
        let begun = Instant::now();
        match kubelet::watch(&config.pods_api, &interner, &*sink, entropy.fraction()).await {
            Ok(()) => {
                failures = 0;
                continue;
            }
            Err(error) => sink.failed(Source::PodsApi, &error),
        }
        // A stream that held for a while was healthy.
        let held = begun.elapsed() > Duration::from_millis(RETRY_MILLISECONDS_MAX);
        failures = if held { 0 } else { failures + 1 };
        let retry_at = Instant::now() + retry_after(failures, entropy.fraction());
        while Instant::now() < retry_at {
            fallback.poll(&interner, &*sink).await;
            sleep(
                Duration::from_millis(POLL_MILLISECONDS)
                    .min(retry_at.saturating_duration_since(Instant::now())),
            )
            .await;
        }
    }
}

/// Doubles with each failure in a row; the second half of each wait is chance.
fn retry_after(failures: u32, chance: f64) -> Duration {
    let doubled = RETRY_MILLISECONDS_MIN.saturating_mul(1 << failures.saturating_sub(1).min(16));
    Duration::from_millis(doubled.min(RETRY_MILLISECONDS_MAX)).mul_f64(0.5 + chance / 2.0)
}

struct Fallback {
    config: FollowConfig,
    cri: Option<Cri>,
}

impl Fallback {
    async fn poll(&mut self, interner: &Interner, sink: &dyn PodSink) {
        match self.cri().await {
            Ok(pods) => return sink.replace(Source::Cri, pods),
            Err(error) => {
                self.cri = None;
                sink.failed(Source::Cri, &error);
            }
        }
        let Some(address) = self.config.read_only_port else { return };
        match readonly::pods(address, interner, sink).await {
            Ok(pods) => sink.replace(Source::ReadOnlyPort, pods),
            Err(error) => sink.failed(Source::ReadOnlyPort, &error),
        }
    }

    async fn cri(&mut self) -> Result<Vec<Pod>, SourceError> {
        if self.cri.is_none() {
            self.cri = Some(Cri::connect(&self.config.cri).await?);
        }
        match &mut self.cri {
            Some(cri) => cri.pods().await,
            None => Err(SourceError::Ended),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit_and_keep_half_of_their_chance() {
        let check = |failures, chance, milliseconds| {
            assert_eq!(
                retry_after(failures, chance),
                Duration::from_millis(milliseconds),
                "{failures} {chance}"
            );
        };
        check(1, 0.0, 250);
        check(1, 1.0, 500);
        check(2, 1.0, 1_000);
        check(4, 0.5, 3_000);
        check(40, 1.0, 30_000);
        check(u32::MAX, 0.0, 15_000);
    }
}
