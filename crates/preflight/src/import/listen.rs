//! Events as they happen, from kube-apiserver's audit webhook.

use std::net::SocketAddr;
use std::path::PathBuf;

use audit_webhook::{Counts as Received, Sink};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use workload_profile::audit::{Events, Line};

use super::{Counts, ImportError, Workloads};

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
        let (mut events, mut counts) = (Events::default(), Counts::default());
        loop {
            let item = tokio::select! {
                item = from.recv() => item,
                () = stop.cancelled() => from.try_recv().ok(),
            };
            let Some((_, event)) = item else { break };
            counts.bytes += event.get().len() as u64;
            match events.take(event.get().as_bytes()) {
                Line::NoEvent => counts.broken += 1,
                Line::Begun => counts.events += 1,
                Line::Request(seen) => {
                    counts.events += 1;
                    into.take(&seen);
                }
            }
        }
        serving.abort();
        let received = received.counted();
        counts.dropped = received.dropped + received.sampled;
        if counts.events == 0 {
            return Err(ImportError::NoLog { path: PathBuf::from(address) });
        }
        let (open, forgotten) = events.open();
        for seen in &open {
            into.take(seen);
        }
        into.forgotten += forgotten;
        into.note(&counts);
        Ok(counts)
    }
}
