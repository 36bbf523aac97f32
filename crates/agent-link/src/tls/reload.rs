//! Certificates that change on disk while the process runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use environment::Clock;
use parking_lot::RwLock;
use tokio_util::sync::CancellationToken;

use super::{CertificateError, End, Files};

type Build<C> = fn(&Files, &Arc<dyn Clock>) -> Result<C, CertificateError>;

/// A TLS configuration that follows its files. New connections get the new one; what is wrong on disk never replaces
/// what works.
pub(crate) struct Reloading<C> {
    dir: PathBuf,
    end: End,
    build: Build<C>,
    clock: Arc<dyn Clock>,
    current: RwLock<Current<C>>,
    reloads: AtomicU64,
    failures: AtomicU64,
}

struct Current<C> {
    files: Files,
    config: Arc<C>,
}

impl<C: Send + Sync + 'static> Reloading<C> {
    pub(crate) fn load(
        dir: &Path,
        end: End,
        build: Build<C>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Arc<Self>, CertificateError> {
        let files = Files::read(dir, end)?;
        let config = Arc::new(build(&files, clock)?);
        Ok(Arc::new(Self {
            dir: dir.to_owned(),
            end,
            build,
            clock: clock.clone(),
            current: RwLock::new(Current { files, config }),
            reloads: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }))
    }

    pub(crate) fn config(&self) -> Arc<C> {
        self.current.read().config.clone()
    }

    pub(crate) fn not_after(&self) -> Option<i64> {
        self.current.read().files.not_after()
    }

    pub(crate) fn end(&self) -> End {
        self.end
    }

    pub(crate) fn reloads(&self) -> u64 {
        self.reloads.load(Ordering::Relaxed)
    }

    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Looks at the files once per `every`.
    pub(crate) async fn watch(self: Arc<Self>, every: Duration, stop: CancellationToken) {
        let mut reported = None;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
            let this = self.clone();
            // A folder may be on a file system that hangs.
            let Ok(outcome) = tokio::task::spawn_blocking(move || this.reload()).await else { continue };
            match outcome {
                Ok(false) => reported = None,
                Ok(true) => tracing::info!(dir = %self.dir.display(), "certificates reloaded"),
                Err(error) => {
                    let error = error.to_string();
                    if reported.as_ref() != Some(&error) {
                        tracing::warn!(%error, "certificates on disk cannot be used, the former ones stay");
                        reported = Some(error);
                    }
                }
            }
        }
    }

    /// Returns whether there was something new.
    fn reload(&self) -> Result<bool, CertificateError> {
        let build = || {
            let files = Files::read(&self.dir, self.end)?;
            if files == self.current.read().files {
                return Ok(None);
            }
            let config = Arc::new((self.build)(&files, &self.clock)?);
            Ok(Some(Current { files, config }))
        };
        match build() {
            Ok(None) => Ok(false),
            Ok(Some(new)) => {
                *self.current.write() = new;
                self.reloads.fetch_add(1, Ordering::Relaxed);
                Ok(true)
            }
            Err(error) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
                Err(error)
            }
        }
    }
}
