//! From the first answer to the last.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use telemetry_export::{Limits, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::assemble::{NodeDns, StartError};
use crate::handover::{Door, Handed, Request};
use crate::metrics::{Protocol, Writers};
use crate::server::later;
use crate::server::sockets::Sockets;
use crate::server::tcp::TcpServer;
use crate::server::udp::UdpServer;

/// Answers that are still awaited from upstreams when the server stops get this long: what a client waits for one try.
const DRAIN: Duration = Duration::from_secs(5);
/// The server before this one reads its sockets no more by then: it would swallow a question that came back.
const ALONE_AFTER: Duration = Duration::from_secs(1);

/// What stops, and when.
struct Stops {
    /// The sockets are read no more.
    serving: CancellationToken,
    /// Metrics and health.
    http: CancellationToken,
    /// The forwarder.
    all: CancellationToken,
}

/// How a server came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It was told to stop.
    Stopped,
    /// Another one has its sockets.
    TakenOver,
}

impl NodeDns {
    /// Serves until `stop` is cancelled or a new process has taken the sockets, then answers what is under way.
    ///
    /// # Errors
    /// Threads cannot be started, or an upstream leads back to this server.
    pub async fn run(mut self, stop: CancellationToken) -> Result<Ended, StartError> {
        let stops = Stops {
            serving: CancellationToken::new(),
            http: CancellationToken::new(),
            all: CancellationToken::new(),
        };
        let _end = stops.all.clone().drop_guard();
        let handed = self.copies().map_err(StartError::Thread)?;
        let tasks = TaskTracker::new();
        let udp = self.serve(&stops, &tasks)?;
        let alone_after = if self.taken.is_some() { ALONE_AFTER } else { Duration::ZERO };
        self.handed_over().await;
        let mut door = self.door();
        let forwarding = self.forwarder.clone().run(stops.all.clone());
        environment::spawn("dns upstreams", tasks.track_future(forwarding));
        if let Some(prober) = self.prober.take() {
            environment::spawn("dns prober", tasks.track_future(prober.run(stops.serving.clone())));
        }
        if let Some(neighbours) = self.neighbours.take() {
            environment::spawn("dns neighbours", tasks.track_future(neighbours.run(stops.serving.clone())));
        }
        let mut feed_stop = self.feed(&tasks);

        let forwarder = self.forwarder.clone();
        let own = self.addresses.dns.clone();
        let mut looks = std::pin::pin!(async move {
            tokio::time::sleep(alone_after).await;
            forwarder.find_loop(&own).await
        });
        let mut looked = false;
        let mut result = Ok(());
        let taken_over = loop {
            tokio::select! {
                () = stop.cancelled() => break false,
                found = &mut looks, if !looked => {
                    looked = true;
                    if let Err(found) = found {
                        result = Err(found.into());
                        break false;
                    }
                }
                request = knock(door.as_mut()) => {
                    feed_stop.cancel();
                    match give(request, &handed).await {
                        Ok(()) => break true,
                        Err(failed) => {
                            tracing::warn!(error = %failed, "a new process asked for the sockets and does not serve; this one goes on");
                            feed_stop = self.feed(&tasks);
                        }
                    }
                }
            }
        };
        if taken_over {
            self.shared.metrics.handovers.inc();
            tracing::info!("a new process serves now; this one answers what it has and leaves");
        } else if result.is_ok() {
            self.lifecycle.leave();
            tokio::time::sleep(self.config.lame_duck).await;
        }
        // The other process answers on these ports now, for health too.
        stops.http.cancel();
        stops.serving.cancel();
        udp.iter().for_each(UdpServer::stop);
        let joined = tokio::task::spawn_blocking(move || udp.into_iter().for_each(UdpServer::join));
        // A panic of a thread has been reported.
        let _ = joined.await;
        feed_stop.cancel();
        stops.all.cancel();
        tasks.close();
        let _ = tokio::time::timeout(DRAIN, tasks.wait()).await;
        if let Some(door) = door {
            door.close(taken_over);
        }
        if let (Some(interface), false) = (self.interface, taken_over) {
            interface.remove();
        }
        if let (Some(untracked), false) = (self.untracked, taken_over) {
            untracked.remove();
        }
        result.map(|()| if taken_over { Ended::TakenOver } else { Ended::Stopped })
    }

    /// Starts to answer.
    fn serve(&mut self, stops: &Stops, tasks: &TaskTracker) -> Result<Vec<UdpServer>, StartError> {
        let shared = &self.shared;
        let (sender, receiver) = std::mem::replace(&mut self.queue, tokio::sync::mpsc::channel(1));
        let mut threads = Vec::new();
        for Sockets { address, udp, tcp } in self.sockets.drain(..) {
            let name = format!("dns://{address}");
            threads.push(UdpServer::start(address, udp, &name, shared, &sender).map_err(StartError::Thread)?);
            let tally = shared.metrics.tally(&name, Protocol::Tcp, address.is_ipv6(), Writers::Many);
            let server = Arc::new(TcpServer::new(shared.clone(), tally));
            let listener = tcp.set_nonblocking(true).and_then(|()| TcpListener::from_std(tcp));
            let listener = listener.map_err(StartError::Thread)?;
            environment::spawn("dns tcp", tasks.track_future(server.serve(listener, stops.serving.clone())));
        }
        // The threads hold the senders: it ends when they have ended and the queue is empty.
        environment::spawn("dns queries", tasks.track_future(later::run(shared.clone(), receiver)));
        for listener in self.http.drain(..) {
            let served = serve(listener, self.routes.clone(), Limits::default(), stops.http.clone());
            environment::spawn("dns http", tasks.track_future(served));
        }
        Ok(threads)
    }

    /// The sockets for the process after this one; they are the same ones under other descriptors.
    fn copies(&self) -> io::Result<Handed> {
        let mut handed = Handed::default();
        if self.config.feed.data_dir.is_none() {
            return Ok(handed);
        }
        for sockets in &self.sockets {
            let udp = sockets.udp.iter().map(std::net::UdpSocket::try_clone).collect::<io::Result<_>>()?;
            handed.sockets.push(Sockets { address: sockets.address, udp, tcp: sockets.tcp.try_clone()? });
        }
        for listener in &self.http {
            let copy = listener.as_fd().try_clone_to_owned()?;
            handed.http.push((listener.local_addr()?, copy.into()));
        }
        Ok(handed)
    }

    /// Tells the process before this one that it may go.
    async fn handed_over(&mut self) {
        if let Some(taken) = self.taken.take()
            && let Err(failed) = taken.serving().await
        {
            tracing::warn!(error = %failed, "the process before this one does not listen; it may still be there");
        }
    }

    fn door(&self) -> Option<Door> {
        let folder = self.config.feed.data_dir.as_deref()?;
        Door::open(folder)
            .inspect_err(|failed| {
                tracing::warn!(error = %failed, folder = %folder.display(), "no handover to a new process is possible");
            })
            .ok()
    }

    /// Follows the hub until the token is cancelled.
    fn feed(&self, tasks: &TaskTracker) -> CancellationToken {
        let stop = CancellationToken::new();
        environment::spawn("dns zone", tasks.track_future(self.feed.clone().run(stop.clone())));
        stop
    }
}

/// The next process that wants the sockets.
async fn knock(door: Option<&mut Door>) -> Option<Request> {
    match door {
        Some(door) => door.knock().await,
        None => std::future::pending().await,
    }
}

async fn give(request: Option<Request>, handed: &Handed) -> io::Result<()> {
    match request {
        Some(mut request) => request.give(handed).await,
        // The task that listens has ended, by a panic that was reported.
        None => std::future::pending().await,
    }
}
