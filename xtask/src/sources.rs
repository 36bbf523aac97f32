//! Rules about single source files.

use crate::repository::TextFile;

/// Hard ceiling; most files are under 200 lines.
const LINES_MAX: usize = 500;

/// (text, why it must not stand in a Rust file). Built from halves so that this file does not accuse itself.
const BANNED: [(&str, &str, &str); 5] = [
    ("#[ign", "ore]", "a test that does not run proves nothing"),
    ("#[should_", "panic", "assert the error instead"),
    ("to", "do!(", "finish it or leave it out"),
    ("unimpl", "emented!(", "finish it or leave it out"),
    ("allow(dead", "_code)", "remove what is dead"),
];

const VAGUE_NAMES: [&str; 6] = ["mod.rs", "util.rs", "utils.rs", "common.rs", "helpers.rs", "manager.rs"];

/// One sentence for each broken rule in this file.
pub(crate) fn violations(file: &TextFile) -> Vec<String> {
    let mut found = anywhere(file);
    if file.path.ends_with(".rs") {
        found.extend(in_rust(file));
    }
    found
}

fn in_rust(file: &TextFile) -> Vec<String> {
    let path = &file.path;
    let mut found = Vec::new();
    let name = path.rsplit('/').next().unwrap_or(path);
    if VAGUE_NAMES.contains(&name) {
        found.push(format!("{path}: the name says nothing; name the noun that it is about"));
    }
    if !file.text.trim_start_matches("#![no_main]").trim_start().starts_with("//!") {
        found.push(format!("{path}: begins without `//!`: say what it owns"));
    }
    let lines = file.text.lines().count();
    if lines > LINES_MAX && !path.contains("generated") {
        found.push(format!("{path}: {lines} lines; split it by noun (at most {LINES_MAX})"));
    }
    for (head, tail, why) in BANNED {
        let text = format!("{head}{tail}");
        if file.text.contains(&text) {
            found.push(format!("{path}: `{text}`: {why}"));
        }
    }
    found
}

fn anywhere(file: &TextFile) -> Vec<String> {
    let path = &file.path;
    let mut found = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        if line.ends_with([' ', '\t']) {
            found.push(format!("{path}:{}: trailing space", number + 1));
        }
        for (head, tail) in
            [("/wo", "rk/main"), ("/wo", "rk/shared"), ("/ro", "ot/."), ("/tmp/bash", "_jobs")]
        {
            if line.contains(&format!("{head}{tail}")) {
                found.push(format!("{path}:{}: names a path of one machine", number + 1));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, broken: usize) {
        let file = TextFile { path: path.to_owned(), text: text.to_owned() };
        assert_eq!(violations(&file).len(), broken, "{:?}", violations(&file));
    }

    #[test]
    fn each_rule_is_seen() {
        check("crates/a/src/b.rs", "//! About b.\n", 0);
        check("crates/a/src/b.rs", "fn b() {}\n", 1);
        check("crates/a/src/mod.rs", "//! About b.\n", 1);
        check("crates/a/src/b.rs", &format!("//! B.\n{}", "\n".repeat(LINES_MAX)), 1);
        check("crates/a/src/generated.rs", &format!("//! B.\n{}", "\n".repeat(LINES_MAX)), 0);
        check("crates/a/src/b.rs", &format!("//! B.\n{}ore]\n", "#[ign"), 1);
        check("README.md", "two spaces  \n", 1);
        check("README.md", &format!("see {}rk/main/x\n", "/wo"), 1);
    }
}
