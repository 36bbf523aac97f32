//! All wiring on one screen.

use std::net::SocketAddr;
use std::sync::Arc;

use telemetry_export::{BindError, Limits, bind, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{Config, page};

/// The page, listening but not yet answering.
pub struct DashboardServer {
    listener: TcpListener,
    address: SocketAddr,
    config: Config,
}

/// Listens on the configured address.
///
/// # Errors
/// A sentence for the operator when the address cannot be listened on.
pub async fn assemble(config: Config) -> Result<DashboardServer, BindError> {
    let listener = bind(config.listen, config.port_fallback).await?;
    let address = listener.local_addr().map_err(|error| BindError::Other(config.listen, error))?;
    Ok(DashboardServer { listener, address, config })
}

impl DashboardServer {
    /// Where the page is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let routes = page::routes(self.config.status);
        serve(self.listener, Arc::new(routes), Limits::default(), shutdown).await;
    }
}
