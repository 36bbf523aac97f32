//! Text -> words, by the rules of the Caddyfile, which the Corefile inherits.
//!
//! White space separates words. A word that begins with `"` goes on to the next `"`; inside, only `\"` is an escape. `#`
//! begins a comment, also in the middle of a word that is not quoted.

use std::sync::Arc;

use crate::place::Place;
use crate::report::Report;

/// A Corefile lives in a ConfigMap, which holds 1 MiB.
pub const COREFILE_BYTES_MAX: usize = 1 << 20;

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) place: Place,
    /// It is the first of its line: a directive begins here, unless a quoted word went over the line's end.
    pub(crate) first: bool,
    pub(crate) quoted: bool,
}

impl Word {
    /// This very word stands here unquoted: braces.
    pub(crate) fn is(&self, text: &str) -> bool {
        !self.quoted && self.text == text
    }
}

/// All words of `text`, or nothing when it is too long.
pub(crate) fn words(name: &str, text: &str, report: &mut Report) -> Option<Vec<Word>> {
    let file: Arc<str> = Arc::from(name);
    if text.len() > COREFILE_BYTES_MAX {
        let place = Place { file, line: 1 };
        let word = Word { text: name.to_owned(), place, first: true, quoted: false };
        report.refuse(&word, format!("longer than {COREFILE_BYTES_MAX} bytes"), "give a shorter file");
        return None;
    }
    let mut found = Vec::new();
    let mut line = 1u32;
    let mut first = true;
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    while let Some(&next) = rest.peek() {
        if next == '\n' {
            line += 1;
            first = true;
            rest.next();
        } else if next.is_whitespace() {
            rest.next();
        } else if next == '#' {
            while rest.next_if(|&c| c != '\n').is_some() {}
        } else {
            let place = Place { file: Arc::clone(&file), line };
            let quoted = next == '"';
            let text = if quoted { quoted_word(&mut rest, &mut line) } else { plain_word(&mut rest) };
            found.push(Word { text, place, first, quoted });
            first = false;
        }
    }
    Some(found)
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn plain_word(rest: &mut Characters<'_>) -> String {
    let mut text = String::new();
    while let Some(c) = rest.next_if(|&c| !c.is_whitespace() && c != '#') {
        text.push(c);
    }
    text
}

fn quoted_word(rest: &mut Characters<'_>, line: &mut u32) -> String {
    rest.next();
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' if rest.next_if_eq(&'"').is_some() => text.push('"'),
            '\n' => {
                *line += 1;
                text.push(c);
            }
            _ => text.push(c),
        }
    }
    text
}
