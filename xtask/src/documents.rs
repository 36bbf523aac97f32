//! Rules about documents: no dead paths; generated pages written anew.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::repository::{self, TextFile};

/// A word in back-quotes that begins so is a path in this repository and must exist.
const ROOTS: [&str; 9] =
    ["crates/", "docs/", "deploy/", "testbed/", "bench/", "xtask/", "fuzz/", ".ci/", "scenarios/"];

/// Tests that compare a generated page with the code; with `UPDATE_DOCS=1` they write it.
const GENERATORS: [&str; 3] = ["apiserver-client", "plimsoll", "workload-profile"];

/// One sentence for each path in this document that leads nowhere.
pub(crate) fn dead_paths(file: &TextFile) -> Vec<String> {
    if !file.path.ends_with(".md") {
        return Vec::new();
    }
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let linked = links(&file.text).map(|target| (target, repository::root().join(folder).join(target)));
    let quoted = quoted_paths(&file.text).map(|target| (target, repository::root().join(target)));
    let dead = linked.chain(quoted).filter(|(_, path)| !path.exists());
    dead.map(|(target, _)| format!("{}: {target} does not exist", file.path)).collect()
}

/// Runs the drift tests in the mode in which they write.
pub(crate) fn write_generated() -> Result<()> {
    for package in GENERATORS {
        let status = Command::new(env!("CARGO"))
            .args(["test", "--quiet", "--package", package, "generated_page"])
            .env("UPDATE_DOCS", "1")
            .current_dir(repository::root())
            .status()?;
        ensure!(status.success(), "the generator in {package} failed");
    }
    Ok(())
}

/// Targets of `[text](target)` that are files of this repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| {
        let target = rest.split(')').next()?.split('#').next()?;
        let local = !target.is_empty() && !target.contains("://") && !target.contains(' ');
        local.then_some(target)
    })
}

/// Back-quoted words that look like paths of this repository, without patterns and place-holders.
fn quoted_paths(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2).filter(|word| {
        let path = ROOTS.iter().any(|root| word.starts_with(root));
        path && !word.contains(['*', '<', '{', ' ', '\n', '$', '…', ':'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, dead: &[&str]) {
        let file = TextFile { path: "docs/page.md".to_owned(), text: text.to_owned() };
        let found = dead_paths(&file);
        assert_eq!(found.len(), dead.len(), "{found:?}");
        assert!(found.iter().zip(dead).all(|(sentence, path)| sentence.contains(path)), "{found:?}");
    }

    #[test]
    fn paths_in_documents_exist() {
        check("see [this](architecture.md) and `crates/objects/src/lib.rs`", &[]);
        check("see [that](../README.nowhere)", &["README.nowhere"]);
        check("`crates/nowhere/src`, `crates/*/src`, `docs/<name>.md`", &["crates/nowhere/src"]);
        check("[web](https://kubernetes.io/) [anchor](#here)", &[]);
    }
}
