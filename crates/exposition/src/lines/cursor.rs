//! A sample line, from left to right.

use std::borrow::Cow;

use super::{Problem, Sample};
use crate::Format;

pub(super) struct Cursor<'a> {
    rest: &'a str,
    format: Format,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(line: &'a str, format: Format) -> Self {
        // Text allows blanks around everything; OpenMetrics has exactly one space where it has any.
        let rest = if format == Format::Text { line.trim_matches([' ', '\t']) } else { line };
        Self { rest, format }
    }

    pub(super) fn sample(mut self, labels_max: usize) -> Result<Sample<'a>, Problem> {
        let name = self.until(|byte| matches!(byte, b'{' | b' ' | b'\t'));
        if !is_metric_name(name) {
            return Err(Problem::Name);
        }
        let labels = self.labels(labels_max)?;
        self.space()?;
        let value = number(self.word()).ok_or(Problem::Value)?;
        let timestamp = self.timestamp()?;
        if self.format == Format::OpenMetrics {
            self.exemplar(labels_max)?;
        }
        if self.rest.is_empty() { Ok(Sample { name, labels, value, timestamp }) } else { Err(Problem::Shape) }
    }

    fn timestamp(&mut self) -> Result<Option<f64>, Problem> {
        if self.rest.is_empty() || self.rest.starts_with(" # ") {
            return Ok(None);
        }
        self.space()?;
        let word = self.word();
        let seconds = match self.format {
            Format::Text => word.parse::<i64>().ok().map(|millis| millis as f64 / 1_000.0),
            Format::OpenMetrics => number(word).filter(|seconds| seconds.is_finite()),
        };
        seconds.map(Some).ok_or(Problem::Timestamp)
    }

    /// ` # {trace_id="…"} value timestamp`
    fn exemplar(&mut self, labels_max: usize) -> Result<(), Problem> {
        let Some(rest) = self.rest.strip_prefix(" # ") else {
            return Ok(());
        };
        self.rest = rest;
        if !rest.starts_with('{') {
            return Err(Problem::Labels);
        }
        self.labels(labels_max)?;
        self.space()?;
        number(self.word()).ok_or(Problem::Value)?;
        self.timestamp().map(|_| ())
    }

    fn labels(&mut self, labels_max: usize) -> Result<Vec<(&'a str, Cow<'a, str>)>, Problem> {
        let mut labels: Vec<(&'a str, Cow<'a, str>)> = Vec::new();
        self.blanks();
        if !self.skip('{') {
            return Ok(labels);
        }
        self.blanks();
        while !self.skip('}') {
            if labels.len() == labels_max {
                return Err(Problem::LabelLimit);
            }
            let label = self.label()?;
            if labels.iter().any(|(name, _)| *name == label.0) {
                return Err(Problem::LabelTwice);
            }
            labels.push(label);
            self.blanks();
            // Text allows a comma before the closing brace.
            let comma = self.skip(',');
            self.blanks();
            let closes = self.rest.starts_with('}');
            if comma == closes && !(comma && self.format == Format::Text) {
                return Err(Problem::Labels);
            }
        }
        Ok(labels)
    }

    fn label(&mut self) -> Result<(&'a str, Cow<'a, str>), Problem> {
        let name = self.until(|byte| matches!(byte, b'=' | b' ' | b'\t' | b'"' | b'}'));
        if !is_label_name(name) {
            return Err(Problem::LabelName);
        }
        self.blanks();
        let equals = self.skip('=');
        self.blanks();
        if !equals || !self.skip('"') {
            return Err(Problem::Labels);
        }
        let end = closing_quote(self.rest).ok_or(Problem::Labels)?;
        let (value, rest) = self.rest.split_at(end);
        self.rest = &rest[1..];
        Ok((name, unescape(value, true)?))
    }

    fn until(&mut self, stop: impl Fn(u8) -> bool) -> &'a str {
        let end = self.rest.bytes().position(stop).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn word(&mut self) -> &'a str {
        self.until(|byte| matches!(byte, b' ' | b'\t'))
    }

    fn skip(&mut self, what: char) -> bool {
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn blanks(&mut self) {
        if self.format == Format::Text {
            self.rest = self.rest.trim_start_matches([' ', '\t']);
        }
    }

    /// What must stand between two parts. Text's blanks may have been taken already, after a closing brace they may be absent.
    fn space(&mut self) -> Result<(), Problem> {
        self.blanks();
        if self.format == Format::OpenMetrics && !self.skip(' ') {
            return Err(Problem::Shape);
        }
        if self.rest.is_empty() { Err(Problem::Shape) } else { Ok(()) }
    }
}

/// Where the quote is that no backslash escapes.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// Undoes the escapes of a label value, or of a help text, in which only OpenMetrics escapes quotes.
pub(super) fn unescape(text: &str, quotes: bool) -> Result<Cow<'_, str>, Problem> {
    if !text.contains('\\') {
        return Ok(Cow::Borrowed(text));
    }
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            plain.push(char);
            continue;
        }
        plain.push(match chars.next() {
            Some('\\') => '\\',
            Some('n') => '\n',
            Some('"') if quotes => '"',
            _ => return Err(Problem::Escape),
        });
    }
    Ok(Cow::Owned(plain))
}

/// A decimal number or one of the words for what is none. Rust's own parser takes more words than the formats have.
fn number(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "+Inf" | "Inf" => Some(f64::INFINITY),
        "-Inf" => Some(f64::NEG_INFINITY),
        _ if text.bytes().any(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'e' | b'E')) => None,
        _ => text.parse().ok(),
    }
}

pub(super) fn is_metric_name(name: &str) -> bool {
    is_name(name, |byte| byte == b':')
}

fn is_label_name(name: &str) -> bool {
    is_name(name, |_| false)
}

fn is_name(name: &str, extra: impl Fn(u8) -> bool) -> bool {
    let starts = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || extra(byte);
    name.bytes().next().is_some_and(starts) && name.bytes().all(|byte| starts(byte) || byte.is_ascii_digit())
}
