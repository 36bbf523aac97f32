//! Scripts of the repository, started from wherever the user stands.

use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::repository;

/// Runs a script with these arguments; its output goes to the terminal.
pub(crate) fn script(path: &str, arguments: &[&str]) -> Result<()> {
    let status = Command::new(repository::root().join(path))
        .args(arguments)
        .status()
        .with_context(|| format!("cannot start {path}"))?;
    ensure!(status.success(), "{path} {}: {status}", arguments.join(" "));
    Ok(())
}
