//! The new process.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use tokio::net::UnixStream;

use super::conversation::{Conversation, Line};
use super::{Handed, HandoverError, STEP, path};
use crate::server::sockets::Sockets;

/// Sockets of a process that still reads them.
pub(crate) struct Taken {
    pub(crate) handed: Handed,
    with: Conversation,
}

/// Takes the sockets of the process that uses this data folder; `None` when there is none.
///
/// # Errors
/// There is one, and it does not give them away.
pub(crate) async fn take(folder: &Path) -> Result<Option<Taken>, HandoverError> {
    let failed = |error: io::Error| HandoverError::Failed(folder.to_owned(), error.to_string());
    let Some(mut with) = reach(folder).await.map_err(failed)? else { return Ok(None) };
    let handed = within(STEP, ask(&mut with)).await.map_err(failed)?;
    Ok(Some(Taken { handed, with }))
}

impl Taken {
    /// Tells the old process that its time is over.
    ///
    /// # Errors
    /// It is gone already, or does not listen; whatever happens, this process serves.
    pub(crate) async fn serving(self) -> io::Result<()> {
        within(STEP, self.with.send(&Line::Serving, &[])).await
    }
}

async fn reach(folder: &Path) -> io::Result<Option<Conversation>> {
    match UnixStream::connect(path(folder)).await {
        Ok(stream) => Ok(Some(Conversation::new(stream))),
        // Nobody was here yet, or one that did not end well.
        Err(failed)
            if matches!(failed.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
        {
            Ok(None)
        }
        Err(failed) => Err(failed),
    }
}

async fn ask(with: &mut Conversation) -> io::Result<Handed> {
    with.send(&Line::Take, &[]).await?;
    let mut handed = Handed::default();
    loop {
        match with.receive().await? {
            (Line::Sockets { address, .. }, descriptors) => {
                handed.sockets.push(sockets(address, descriptors)?)
            }
            (Line::Http { address, .. }, mut descriptors) => {
                handed.http.extend(descriptors.pop().map(|listener| (address, TcpListener::from(listener))));
            }
            (Line::End, _) => return Ok(handed),
            (Line::Take | Line::Serving, _) => {
                return Err(io::Error::other("it says what only a new process says"));
            }
        }
    }
}

fn sockets(address: SocketAddr, mut descriptors: Vec<OwnedFd>) -> io::Result<Sockets> {
    let tcp =
        descriptors.pop().map(TcpListener::from).ok_or_else(|| io::Error::other("it gives no sockets"))?;
    let udp = descriptors.into_iter().map(UdpSocket::from).collect();
    Ok(Sockets { address, udp, tcp })
}

/// Ends a step that takes too long.
pub(super) async fn within<T>(limit: Duration, step: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(limit, step).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
