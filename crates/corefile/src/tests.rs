//! The Corefiles that clusters have, rows of lines that are accepted, and rows of lines that are refused.

use std::time::Duration;

use super::*;

mod defaults;
mod lines;
mod properties;
mod refused;

/// Variables and files of the tests.
struct Given;

impl Sources for Given {
    fn variable(&self, name: &str) -> Option<String> {
        match name {
            "UPSTREAM" => Some("192.0.2.53".to_owned()),
            "LOOP" => Some("{$LOOP}".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    fn import(&self, pattern: &str, from: &str) -> Result<Vec<Imported>, String> {
        let file = |name: &str, text: &str| Imported { name: name.to_owned(), text: text.to_owned() };
        match pattern {
            "custom/*.server" => {
                Ok(vec![file("custom/a.server", "example.org:53 {\n forward . 192.0.2.1\n}\n")])
            }
            "custom/*.override" => Ok(vec![
                file("custom/b.override", "log\n"),
                file("custom/c.override", "hosts {\n 192.0.2.7 b.example\n fallthrough\n}"),
            ]),
            "none/*.override" => Ok(Vec::new()),
            "itself" => Ok(vec![file("itself", "import itself\n")]),
            _ => Err(format!("{pattern} is not there (asked from {from})")),
        }
    }
}

fn accepted(text: &str) -> Corefile {
    parse("Corefile", text, &Given).unwrap_or_else(|refusals| panic!("{refusals}"))
}

/// The only block with this one line in it.
fn line(text: &str) -> Server {
    let mut corefile = accepted(&format!(".:53 {{\n{text}\n}}\n"));
    corefile.servers.remove(0)
}

fn zone(text: &str) -> Zone {
    Zone::new(text).unwrap()
}

fn zones(texts: &[&str]) -> Vec<Zone> {
    texts.iter().map(|text| zone(text)).collect()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
