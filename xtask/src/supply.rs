//! What `deny.toml` says about licences, sources and banned crates, checked without cargo-deny: it is not on every machine.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::repository;

/// One sentence for each package that deny.toml does not allow, as far as this platform builds it.
pub(crate) fn violations() -> Result<Vec<String>> {
    let deny = std::fs::read_to_string(repository::root().join("deny.toml"))?;
    let (allowed, banned) = (quoted(&deny, "allow = ["), crates(&deny));
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let arguments = ["metadata", "--format-version", "1", "--offline", "--filter-platform", &platform];
    let metadata: Value = serde_json::from_str(&repository::run(env!("CARGO"), &arguments)?)?;
    let packages = metadata["packages"].as_array().context("cargo metadata without packages")?;
    let (mut found, mut used) = (Vec::new(), BTreeSet::new());
    for package in packages {
        let name = package["name"].as_str().context("a package without a name")?;
        let license = package["license"].as_str().unwrap_or_default();
        match grants(license, &allowed) {
            Some(licences) => used.extend(licences),
            None => found.push(format!("{name}: deny.toml does not allow its licence {license:?}")),
        }
        let source = package["source"].as_str();
        if source.is_some_and(|source| !source.starts_with(REGISTRY)) {
            found.push(format!("{name}: from {source:?}, not from a package registry"));
        }
        if banned.contains(name) {
            found.push(format!("{name}: deny.toml bans it"));
        }
    }
    found.extend(
        allowed.difference(&used).map(|idle| format!("deny.toml allows {idle}, which nothing needs")),
    );
    Ok(found)
}

/// How cargo writes a source that is a registry, and neither a repository nor a folder. Which registry, Cargo.lock says.
const REGISTRY: &str = "registry+";

/// The strings of the list that begins with `opening`.
fn quoted(text: &str, opening: &str) -> BTreeSet<String> {
    let list = text.split_once(opening).map_or("", |(_, rest)| rest.split(']').next().unwrap_or_default());
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The names in `{ crate = "name", … }`.
fn crates(text: &str) -> BTreeSet<String> {
    text.split("crate = \"").skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

/// The licences of an SPDX expression that are taken, the first that fits of each choice; `None` when not allowed.
fn grants(expression: &str, allowed: &BTreeSet<String>) -> Option<Vec<String>> {
    // "MIT/Apache-2.0" is how crates said it before SPDX.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let taken = any(&mut rest, allowed);
    taken.filter(|_| rest.is_empty() && !words.is_empty())
}

fn any(rest: &mut &[&str], allowed: &BTreeSet<String>) -> Option<Vec<String>> {
    let mut taken = all(rest, allowed);
    while let ["OR", tail @ ..] = rest {
        *rest = tail;
        let other = all(rest, allowed);
        taken = taken.or(other);
    }
    taken
}

fn all(rest: &mut &[&str], allowed: &BTreeSet<String>) -> Option<Vec<String>> {
    let mut taken = one(rest, allowed);
    while let ["AND", tail @ ..] = rest {
        *rest = tail;
        let other = one(rest, allowed);
        taken = taken.zip(other).map(|(mut both, other)| {
            both.extend(other);
            both
        });
    }
    taken
}

fn one(rest: &mut &[&str], allowed: &BTreeSet<String>) -> Option<Vec<String>> {
    let name = match *rest {
        ["(", tail @ ..] => {
            *rest = tail;
            let taken = any(rest, allowed);
            *rest = rest.strip_prefix(&[")"]).unwrap_or(rest);
            return taken;
        }
        [licence, "WITH", exception, tail @ ..] => {
            *rest = tail;
            format!("{licence} WITH {exception}")
        }
        [licence, tail @ ..] => {
            *rest = tail;
            (*licence).to_owned()
        }
        [] => return None,
    };
    allowed.contains(&name).then(|| vec![name])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        let allowed =
            quoted("allow = [\n \"MIT\", # why\n \"ISC\",\n \"A WITH E\",\n]\nx = [\"GPL\"]", "allow = [");
        let check = |expression: &str, expected: Option<&[&str]>| {
            let expected =
                expected.map(|names| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
            assert_eq!(grants(expression, &allowed), expected, "{expression}");
        };
        check("MIT", Some(&["MIT"]));
        check("GPL OR MIT", Some(&["MIT"]));
        check("GPL/MIT", Some(&["MIT"]));
        check("(GPL OR MIT) AND ISC", Some(&["MIT", "ISC"]));
        check("MIT AND GPL", None);
        check("A WITH E OR GPL", Some(&["A WITH E"]));
        check("A", None);
        check("", None);
        check("MIT)", None);
    }
}
