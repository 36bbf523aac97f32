//! Events as they happen, from kube-apiserver's audit webhook.

use std::net::SocketAddr;
use std::path::Path;

use audit_webhook::{Counts as Received, Sink};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Counts, ImportError, Taking, Workloads};

/// A port that is open, and takes nothing yet.
pub struct Listening {
    sink: Sink,
    received: std::sync::Arc<Received>,
    events: mpsc::Receiver<audit_webhook::Item>,
}

/// Opens the port.
///
/// # Errors
/// [`audit_webhook::AuditError`].
pub async fn listen(
    config: &audit_webhook::AuditConfig,
    clock: &std::sync::Arc<dyn environment::Clock>,
) -> Result<Listening, audit_webhook::AuditError> {
    let (sink, received, events) = Sink::bind(config, clock).await?;
    Ok(Listening { sink, received, events })
}

impl Listening {
    /// Where API servers send to.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.sink.address()
    }

    /// Takes what comes until `stop`.
    ///
    /// # Errors
    /// [`ImportError::NoLog`] when nothing came.
    pub async fn run(self, into: &mut Workloads, stop: CancellationToken) -> Result<Counts, ImportError> {
        let Self { sink, received, events: mut from } = self;
        let address = sink.address().map(|address| address.to_string()).unwrap_or_default();
        let serving = environment::spawn("audit webhook", sink.serve(stop.clone()));
        let mut taking = Taking::new(into);
        loop {
            let item = tokio::select! {
                item = from.recv() => item,
                () = stop.cancelled() => from.try_recv().ok(),
            };
            let Some((_, event)) = item else { break };
            taking.counts.bytes += event.get().len() as u64;
            taking.event(event.get().as_bytes());
        }
        serving.abort();
        let received = received.counted();
        taking.counts.dropped = received.dropped + received.sampled;
        taking.end(Path::new(&address))
    }
}
