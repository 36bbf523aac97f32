//! Any text: an answer or refusals with a place and advice, never a panic.

use proptest::prelude::*;

use super::*;

const WORDS: [&str; 30] = [
    ".:53",
    "{",
    "}",
    "\n",
    "\n",
    "\n",
    "(a)",
    "import",
    "a",
    "forward",
    ".",
    "192.0.2.1",
    "cache",
    "30",
    "kubernetes",
    "cluster.local",
    "rewrite",
    "name",
    "regex",
    "(.*)",
    "{1}",
    "answer",
    "auto",
    "hosts",
    "fallthrough",
    "ttl",
    "{$X}",
    "\"",
    "#",
    "__PILLAR__CLUSTER__DNS__",
];

proptest! {
    #[test]
    fn words_in_any_order(picked in prop::collection::vec(0..WORDS.len(), 0..60)) {
        let text: Vec<&str> = picked.into_iter().map(|at| WORDS[at]).collect();
        check(&text.join(" "));
    }

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        check(&text);
        check(&format!(". {{\n{text}\n}}"));
    }
}

fn check(text: &str) {
    match parse("Corefile", text, &Given) {
        Ok(corefile) => assert!(corefile.servers.iter().all(|server| !server.keys.is_empty())),
        Err(refusals) => {
            assert!(!refusals.0.is_empty());
            assert!(refusals.0.iter().all(|refusal| refusal.place.line > 0 && !refusal.advice.is_empty()));
        }
    }
}
