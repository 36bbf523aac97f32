//! TLS for a listener of the hub that is not the agents'.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use environment::Clock;
use rustls::ServerConfig;
use tokio_util::sync::CancellationToken;

use super::{CertificateError, End, Reloading, server};

/// How often the files are looked at: certificates are renewed days before they end.
const RELOAD_EVERY: Duration = Duration::from_secs(30);

/// The hub's certificate, and whoever connects has to show one of the same authority.
#[derive(Clone)]
pub struct MutualServer(Arc<Reloading<ServerConfig>>);

impl MutualServer {
    /// From `hub.crt`, `hub.key` and `ca.crt` in `dir`.
    ///
    /// # Errors
    /// [`CertificateError`], one sentence.
    pub fn load(dir: &Path, clock: &Arc<dyn Clock>) -> Result<Self, CertificateError> {
        Reloading::load(dir, End::Hub, server, clock).map(Self)
    }

    /// Follows the files until `stop`.
    pub fn follow(&self, stop: CancellationToken) {
        environment::spawn("audit certificates", self.0.clone().watch(RELOAD_EVERY, stop));
    }

    /// For the next connection.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        self.0.config()
    }
}
