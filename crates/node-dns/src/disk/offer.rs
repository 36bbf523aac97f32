//! What another node needs to know what this one does.

use std::fs::File;
use std::path::Path;

use super::load;

/// The newest snapshot and the logs behind it, with as much of each as there is now: they only grow while they are read.
pub(crate) fn offer(folder: &Path) -> Vec<(String, File, u64)> {
    let mut all = load::files(folder);
    all.sort_by_key(|(_, generation)| *generation);
    let is_snapshot = |path: &Path| path.extension().is_some_and(|of| of == "snapshot");
    let base = all.iter().rev().find(|(path, _)| is_snapshot(path)).map_or(0, |(_, generation)| *generation);
    let opened = all.iter().filter(|(_, generation)| *generation >= base).filter_map(|(path, _)| {
        let file = File::open(path).ok()?;
        let bytes = file.metadata().ok()?.len();
        Some((path.file_name()?.to_str()?.to_owned(), file, bytes))
    });
    opened.collect()
}

/// Whether a file may have this name: a number, and nothing that leads out of a folder.
pub(crate) fn is_a_file_of_ours(name: &str) -> bool {
    let stem = name.strip_suffix(".snapshot").or_else(|| name.strip_suffix(".log"));
    let number = stem.and_then(|stem| stem.strip_prefix("zone-"));
    number.is_some_and(|number| number.len() == 10 && number.bytes().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        let check = |name: &str, expected: bool| assert_eq!(is_a_file_of_ours(name), expected, "{name}");
        check("zone-0000000001.snapshot", true);
        check("zone-0000000012.log", true);
        check("zone-1.log", false);
        check("zone-+000000001.log", false);
        check("zone-0000000001.writing", false);
        check("../zone-0000000001.log", false);
        check("zone-../00000001.log", false);
        check("confirm", false);
        check("", false);
    }

    #[test]
    fn the_newest_snapshot_and_what_is_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "zone-0000000001.snapshot",
            "zone-0000000001.log",
            "zone-0000000002.snapshot",
            "zone-0000000002.log",
            "zone-0000000003.log",
            "zone-0000000004.writing",
            "zone.lock",
        ];
        for (length, name) in names.iter().enumerate() {
            std::fs::write(folder.path().join(name), vec![0; length]).unwrap();
        }
        let mut offered: Vec<(String, u64)> =
            offer(folder.path()).into_iter().map(|(name, _, bytes)| (name, bytes)).collect();
        offered.sort();
        let expected =
            [("zone-0000000002.log", 3), ("zone-0000000002.snapshot", 2), ("zone-0000000003.log", 4)];
        assert_eq!(offered, expected.map(|(name, bytes)| (name.to_owned(), bytes)));
    }
}
