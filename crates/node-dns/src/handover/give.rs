//! The old process.

use std::fs::Permissions;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::conversation::{Conversation, DESCRIPTORS_MAX, Line};
use super::take::within;
use super::{Handed, START, STEP, path};

/// After a failed accept nothing gets better at once.
const RETRY: Duration = Duration::from_millis(100);
/// The superuser may take anything anyway.
const ROOT: u32 = 0;

/// Where a new process knocks.
pub(crate) struct Door {
    file: PathBuf,
    requests: mpsc::Receiver<Request>,
    /// Ends the task that listens.
    _listening: DropGuard,
}

/// A new process that wants the sockets.
pub(crate) struct Request {
    with: Conversation,
}

impl Door {
    /// Opens the door, instead of that of a process that goes.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        let file = path(folder);
        // In one step: a process that starts at this moment finds the old one or this one.
        let new = file.with_extension("new");
        let _ = std::fs::remove_file(&new);
        let listener = UnixListener::bind(&new)?;
        std::fs::set_permissions(&new, Permissions::from_mode(0o600))?;
        std::fs::rename(&new, &file)?;
        let (sender, requests) = mpsc::channel(1);
        let stop = CancellationToken::new();
        environment::spawn("dns handover", stop.clone().run_until_cancelled_owned(hear(listener, sender)));
        Ok(Self { file, requests, _listening: stop.drop_guard() })
    }

    /// The next process that asks for the sockets and may have them.
    pub(crate) async fn knock(&mut self) -> Option<Request> {
        self.requests.recv().await
    }

    /// Takes the door away, unless it is another's by now.
    pub(crate) fn close(self, handed_over: bool) {
        if !handed_over {
            let _ = std::fs::remove_file(&self.file);
        }
    }
}

async fn hear(listener: UnixListener, requests: mpsc::Sender<Request>) {
    loop {
        match asked(&listener).await {
            Ok(Some(request)) => {
                if requests.send(request).await.is_err() {
                    return;
                }
            }
            Ok(None) => {}
            Err(failed) => {
                tracing::warn!(error = %failed, "a process that may have wanted the sockets went away");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

async fn asked(listener: &UnixListener) -> io::Result<Option<Request>> {
    let mut with = Conversation::new(listener.accept().await?.0);
    let user = with.user()?;
    if user != rustix::process::geteuid().as_raw() && user != ROOT {
        tracing::warn!(user, "somebody else asked for the sockets; refused");
        return Ok(None);
    }
    match within(STEP, with.receive()).await {
        Ok((Line::Take, _)) => Ok(Some(Request { with })),
        Ok(_) | Err(_) => Ok(None),
    }
}

impl Request {
    /// Gives the sockets and waits until the new process serves.
    ///
    /// # Errors
    /// It does not; this process goes on.
    pub(crate) async fn give(&mut self, handed: &Handed) -> io::Result<()> {
        for sockets in &handed.sockets {
            let mut descriptors: Vec<BorrowedFd<'_>> =
                sockets.udp.iter().take(DESCRIPTORS_MAX - 1).map(AsFd::as_fd).collect();
            descriptors.push(sockets.tcp.as_fd());
            let line = Line::Sockets { address: sockets.address, descriptors: descriptors.len() };
            within(STEP, self.with.send(&line, &descriptors)).await?;
        }
        for (address, listener) in &handed.http {
            let line = Line::Http { address: *address, descriptors: 1 };
            within(STEP, self.with.send(&line, &[listener.as_fd()])).await?;
        }
        within(STEP, self.with.send(&Line::End, &[])).await?;
        match within(START, self.with.receive()).await? {
            (Line::Serving, _) => Ok(()),
            (other, _) => Err(io::Error::other(format!("the new process says {other:?} out of turn"))),
        }
    }
}
