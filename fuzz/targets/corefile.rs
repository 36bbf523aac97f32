//! Any text as a Corefile: settings that hold what they promise, or refusals that say where and what to do; never a panic,
//! never without an end.
#![no_main]

use corefile::{Imported, Sources};

/// Variables that name themselves, and files that import themselves.
struct Given;

impl Sources for Given {
    fn variable(&self, name: &str) -> Option<String> {
        name.starts_with('A').then(|| format!("{{${name}}}"))
    }

    fn import(&self, pattern: &str, _from: &str) -> Result<Vec<Imported>, String> {
        let file = Imported { name: pattern.to_owned(), text: format!("import {pattern}\nimport {pattern}\n") };
        if pattern.contains('*') { Ok(vec![file.clone(), file]) } else { Err("not there".to_owned()) }
    }
}

libfuzzer_sys::fuzz_target!(|text: &str| {
    check(text);
    // Within a block, where most of the code is.
    check(&format!(". {{\n{text}\n}}"));
    let _ = corefile::hosts_entries(text).count();
});

fn check(text: &str) {
    match corefile::parse("Corefile", text, &Given) {
        Err(refusals) => {
            assert!(!refusals.0.is_empty());
            assert!(refusals.0.iter().all(|refusal| refusal.place.line > 0 && !refusal.advice.is_empty()));
            assert!(!refusals.to_string().is_empty());
        }
        Ok(corefile) => {
            for server in &corefile.servers {
                assert!(server.keys.iter().all(|key| key.port > 0 && key.zone.as_str().ends_with('.')));
                assert!(server.forwards.iter().all(|forward| !forward.upstreams.is_empty()));
                assert!(server.cache.iter().all(|cache| cache.success.ttl_seconds_max > 0));
                let names = server.hosts.iter().flat_map(|hosts| &hosts.inline);
                assert!(names.clone().all(|entry| !entry.names.is_empty()));
            }
        }
    }
}
