//! The agent's two sockets: one for gates, one for people who are root on the node.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use confirmation::{Input, RevisionHash, hex};
use environment::spawn;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::keeper::Message;
use crate::limits::{CONNECTIONS_MAX, LOOK, QUEUE};
use crate::protocol::{Answer, FromGate, Messages, ToGate, Verb, send};
use crate::registry::{Refused, Registry};

/// The folder of gates: the only one that is mounted into gated workloads, which have no business with [`NODE_SOCKET`].
pub const GATE_DIR: &str = "gate";
/// The socket of gates, in their folder.
pub const GATE_SOCKET: &str = "gate.sock";
/// The socket of people, mode 0600.
pub const NODE_SOCKET: &str = "node.sock";
/// While this file is in the folder of gates, no gated workload of the node runs: `touch` needs no program of ours.
pub const SENTINEL: &str = "stop";

/// Both sockets, bound.
pub struct Server {
    dir: PathBuf,
    gates: UnixListener,
    people: UnixListener,
    registry: Registry,
}

impl Server {
    /// Binds both in `dir`. What an agent that is dead left there is replaced.
    ///
    /// # Errors
    /// Those of the operating system.
    pub fn bind(dir: &Path, registry: Registry) -> io::Result<Self> {
        std::fs::create_dir_all(dir.join(GATE_DIR))?;
        let gates = bind(&dir.join(GATE_DIR).join(GATE_SOCKET), 0o666)?;
        let people = bind(&dir.join(NODE_SOCKET), 0o600)?;
        Ok(Self { dir: dir.to_owned(), gates, people, registry })
    }

    /// Serves until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let mut held = false;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Ok((stream, _)) = self.gates.accept() => {
                    let Ok(place) = places.clone().try_acquire_owned() else { continue };
                    let registry = self.registry.clone();
                    spawn("gate", async move {
                        let _place = place;
                        if let Err(error) = serve_gate(stream, registry).await {
                            tracing::debug!(%error, "a gate's connection ended");
                        }
                    });
                }
                Ok((stream, _)) = self.people.accept() => {
                    let Ok(place) = places.clone().try_acquire_owned() else { continue };
                    let registry = self.registry.clone();
                    spawn("node command", async move {
                        let _place = place;
                        if let Err(error) = serve_person(stream, registry).await {
                            tracing::debug!(%error, "a command's connection ended");
                        }
                    });
                }
                () = tokio::time::sleep(LOOK) => {}
            }
            let sentinel = self.dir.join(GATE_DIR).join(SENTINEL).exists();
            if sentinel != held {
                tracing::warn!(sentinel, "the sentinel file came or went");
                self.registry.give_all(&Input::Hold(sentinel)).await;
                held = sentinel;
            }
        }
    }
}

fn bind(path: &Path, mode: u32) -> io::Result<UnixListener> {
    // Somebody who answers is alive; what nobody answers on is left over.
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::Error::new(
            io::ErrorKind::AddrInUse,
            format!("another agent serves {}", path.display()),
        ));
    }
    let _ = std::fs::remove_file(path);
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    Ok(listener)
}

async fn serve_gate(stream: UnixStream, registry: Registry) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut messages = Messages::of(reading);
    let Some(FromGate::Hello { workload, running }) = messages.next().await? else { return Ok(()) };
    let (gate, keeper) = match registry.gate(&workload).await {
        Ok(found) => found,
        Err(refused) => return send(&mut writing, &ToGate::Refused { why: refused.to_string() }).await,
    };
    let (to_gate, mut outbox) = mpsc::channel(QUEUE);
    let closed = |_| io::Error::from(io::ErrorKind::BrokenPipe);
    keeper.send(Message::Connected { gate, running, to_gate }).await.map_err(closed)?;
    let result = async {
        loop {
            tokio::select! {
                message = messages.next() => match message? {
                    Some(FromGate::Ended { id, how }) => {
                        keeper.send(Message::Ended { gate, id, how }).await.map_err(closed)?;
                    }
                    Some(FromGate::Hello { .. }) | None => return Ok(()),
                },
                message = outbox.recv() => match message {
                    Some(message) => send(&mut writing, &message).await?,
                    None => return Ok(()),
                },
            }
        }
    }
    .await;
    let _ = keeper.send(Message::Gone { gate }).await;
    result
}

async fn serve_person(stream: UnixStream, registry: Registry) -> io::Result<()> {
    let (reading, mut writing) = stream.into_split();
    let mut messages = Messages::of(reading);
    let answer = match messages.next::<Verb>().await {
        Ok(Some(verb)) => {
            answer(verb, &registry).await.unwrap_or_else(|why| Answer::Refused { why: why.to_string() })
        }
        Ok(None) => return Ok(()),
        Err(error) => Answer::Refused { why: format!("this agent does not understand the command: {error}") },
    };
    send(&mut writing, &answer).await
}

async fn answer(verb: Verb, registry: &Registry) -> Result<Answer, Refused> {
    let what = match verb {
        Verb::Status => return Ok(Answer::Status { workloads: registry.status().await }),
        Verb::Stop { workload } => {
            registry.give(&workload, Input::Hold(true)).await?;
            format!(
                "{workload} is stopped on this node, and stays so through restarts, until `plimsoll node allow {workload}`"
            )
        }
        Verb::Revert { workload } => {
            registry.give(&workload, Input::Revert).await?;
            format!("{workload} goes back to its last known good revision on this node")
        }
        Verb::Quarantine { workload, revision } => {
            registry.give(&workload, Input::Quarantine(hash(&revision)?)).await?;
            format!("{workload} never runs {revision} on this node, whoever asks for it")
        }
        Verb::Allow { workload, revision } => {
            if let Some(revision) = &revision {
                registry.give(&workload, Input::Allow(hash(revision)?)).await?;
            }
            registry.give(&workload, Input::Hold(false)).await?;
            format!("{workload} may run {} on this node", revision.as_deref().unwrap_or("again"))
        }
        Verb::Freeze { frozen } => {
            registry.freeze(frozen).await;
            match frozen {
                true => "gated workloads of this node start nothing that has not run before".to_owned(),
                false => "gated workloads of this node may start something new again".to_owned(),
            }
        }
        Verb::Tell { token } => {
            let said = registry.tell(&bytes(&token)?).await?;
            format!(
                "{} heard directive {} of {}; `plimsoll node status` says whether it is followed",
                said.workload, said.serial, said.rollout
            )
        }
        Verb::Load { revision } => {
            format!("revision {} is on this node", registry.load(&bytes(&revision)?).await?)
        }
    };
    Ok(Answer::Done { what })
}

fn hash(text: &str) -> Result<RevisionHash, Refused> {
    text.parse().map_err(Refused::Invalid)
}

fn bytes(hexadecimal: &str) -> Result<Vec<u8>, Refused> {
    hex::decode(hexadecimal).ok_or_else(|| Refused::Invalid("the command is not in hexadecimal".into()))
}
