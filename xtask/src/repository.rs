//! Where the repository is and which files it has.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// One tracked (or new and not ignored) text file.
pub(crate) struct TextFile {
    /// Relative to the root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// The folder that holds the workspace's Cargo.toml.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the root").to_owned()
}

/// Every text file that git tracks or would track.
pub(crate) fn text_files() -> Result<Vec<TextFile>> {
    let listing = run("git", &["ls-files", "--cached", "--others", "--exclude-standard"])?;
    let files = listing.lines().filter_map(|path| {
        // Deleted but still in the index, binary, or a link to nowhere: nothing to check.
        let text = std::fs::read_to_string(root().join(path)).ok()?;
        Some(TextFile { path: path.to_owned(), text })
    });
    Ok(files.collect())
}

/// Runs a program at the root; its standard output.
pub(crate) fn run(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .output()
        .with_context(|| format!("cannot start {program}"))?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{program} {}: {}: {error}", arguments.join(" "), output.status);
    Ok(String::from_utf8(output.stdout)?)
}
