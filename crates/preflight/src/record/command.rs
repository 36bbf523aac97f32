//! The workload itself, started with its way through the proxy.

use std::net::SocketAddr;
use std::process::ExitStatus;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::{RecordError, kubeconfig};

/// What a workload gets to end by itself before it is ended.
const GRACE: Duration = Duration::from_secs(10);

/// How one copy ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandEnded {
    /// Which, from 1.
    pub copy: usize,
    /// As the system says it; `None` when it did not end by itself.
    pub code: Option<i32>,
}

/// Starts a copy for each address and waits until all have ended, or until `over`; then they are asked to end.
pub(super) async fn run(
    command: &[String],
    addresses: &[SocketAddr],
    over: impl Future<Output = ()>,
) -> Result<Vec<CommandEnded>, RecordError> {
    let folder = tempfile::tempdir().map_err(|error| failed("a temporary folder", error))?;
    let mut children = Vec::new();
    for (number, address) in addresses.iter().enumerate() {
        children.push(start(command, number + 1, *address, &folder)?);
    }
    let all = async {
        let mut ended = Vec::new();
        for child in &mut children {
            ended.push(child.wait().await.ok());
        }
        ended
    };
    let ended = tokio::select! {
        ended = all => Some(ended),
        () = over => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => stop(&mut children).await,
    };
    let code = |status: Option<ExitStatus>| status.and_then(|status| status.code());
    Ok(ended
        .into_iter()
        .enumerate()
        .map(|(copy, status)| CommandEnded { copy: copy + 1, code: code(status) })
        .collect())
}

fn start(
    command: &[String],
    copy: usize,
    address: SocketAddr,
    folder: &TempDir,
) -> Result<Child, RecordError> {
    let program = command.first().map_or("", String::as_str);
    let kubeconfig = folder.path().join(format!("kubeconfig-{copy}"));
    kubeconfig::write(&kubeconfig, address)?;
    Command::new(program)
        .args(command.get(1..).unwrap_or_default())
        .env("KUBECONFIG", &kubeconfig)
        .env("PLIMSOLL_PROXY_URL", format!("http://{address}"))
        .env("PLIMSOLL_COPY", copy.to_string())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(program, error))
}

fn failed(program: &str, error: std::io::Error) -> RecordError {
    RecordError::Command { program: program.to_owned(), error }
}

/// SIGTERM, then, for who does not listen, SIGKILL.
async fn stop(children: &mut [Child]) -> Vec<Option<ExitStatus>> {
    let pids = children.iter().filter_map(|child| rustix::process::Pid::from_raw(child.id()?.cast_signed()));
    for pid in pids {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    let mut ended = Vec::new();
    for child in children {
        match tokio::time::timeout(GRACE, child.wait()).await {
            Ok(status) => ended.push(status.ok()),
            Err(_) => {
                let _ = child.kill().await;
                ended.push(None);
            }
        }
    }
    ended
}
