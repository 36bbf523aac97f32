//! The program `nft`: the one way in which this crate touches the kernel.

use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use crate::counters::{self, Readings};
use crate::limits::{NFT_BYTES_MAX, NFT_DEADLINE, TABLE};

/// A sentence of `nft` that goes into a log.
const COMPLAINT_CHARS_MAX: usize = 200;

/// Why the kernel was not told, or did not listen.
#[derive(Debug, thiserror::Error)]
pub enum NftError {
    /// The program is not there.
    #[error("the program {0} cannot be started ({1}); install nftables, or leave out --fuse")]
    Program(String, std::io::Error),
    /// Not allowed.
    #[error(
        "nf_tables cannot be changed here: that needs the capability NET_ADMIN in the node's network; grant it, or leave out --fuse"
    )]
    NotPermitted,
    /// It refused.
    #[error("nft refused: {0}")]
    Refused(String),
    /// It did not come back.
    #[error("nft did not end within {} s", NFT_DEADLINE.as_secs())]
    Deadline,
    /// Its answer.
    #[error("nft's answer cannot be read: {0}")]
    Answer(String),
}

/// How to call it.
#[derive(Debug, Clone)]
pub struct Nft {
    program: PathBuf,
}

impl Nft {
    /// By name, or by path.
    pub fn new(program: PathBuf) -> Self {
        Self { program }
    }

    /// Runs a script, as one transaction.
    ///
    /// # Errors
    /// [`NftError`]; nothing has changed then.
    pub async fn run(&self, script: &str) -> Result<(), NftError> {
        self.call(&["-f", "-"], script.as_bytes()).await.map(drop)
    }

    /// What the table has counted.
    ///
    /// # Errors
    /// [`NftError`]; the table may be gone.
    pub async fn counters(&self) -> Result<Readings, NftError> {
        let json = self.call(&["-j", "list", "counters", "table", "inet", TABLE], b"").await?;
        counters::parse(&json).map_err(|error| NftError::Answer(error.to_string()))
    }

    async fn call(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, NftError> {
        tokio::time::timeout(NFT_DEADLINE, self.talk(arguments, input))
            .await
            .map_err(|_| NftError::Deadline)?
    }

    async fn talk(&self, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, NftError> {
        let failed = |error: std::io::Error| NftError::Program(self.program.display().to_string(), error);
        let mut child = Command::new(&self.program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let (mut stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let write = async {
            if let Some(mut stdin) = stdin.take() {
                // One that ends early does not read it all: its complaint says why.
                let _ = stdin.write_all(input).await;
            }
        };
        let ((), answer, complaint) = tokio::join!(write, read(stdout), read(stderr));
        let status = child.wait().await.map_err(failed)?;
        if status.success() {
            return Ok(answer);
        }
        Err(refusal(&String::from_utf8_lossy(&complaint)))
    }
}

fn refusal(complaint: &str) -> NftError {
    if complaint.contains("Operation not permitted") || complaint.contains("you must be root") {
        return NftError::NotPermitted;
    }
    let first = complaint.lines().next().unwrap_or("it gave no reason");
    NftError::Refused(first.chars().take(COMPLAINT_CHARS_MAX).collect())
}

async fn read(from: Option<impl tokio::io::AsyncRead + Unpin>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        // What is cut off does not parse; a pipe that breaks has said what it had to say.
        let _ = from.take(NFT_BYTES_MAX as u64).read_to_end(&mut bytes).await;
    }
    bytes
}
