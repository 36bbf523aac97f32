//! All rules at once.

use anyhow::{Result, bail};

use crate::{documents, layers, repository, sources, supply};

/// Fails with every broken rule, one a line.
pub(crate) fn run() -> Result<()> {
    let mut found = layers::violations()?;
    found.extend(supply::violations()?);
    for file in repository::text_files()? {
        found.extend(sources::violations(&file));
        found.extend(documents::dead_paths(&file));
    }
    if found.is_empty() {
        return Ok(());
    }
    bail!("{} rules of CONTRIBUTING.md are broken:\n{}", found.len(), found.join("\n"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_is_tidy() {
        if let Err(broken) = super::run() {
            panic!("{broken:#}");
        }
    }
}
