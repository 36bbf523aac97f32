//! The pieces of a line, for callers that write many lines and want to copy what repeats.

use crate::{Format, Kind, append_number};

/// Appends `text` as a label value without its quotes: `\`, `"` and line breaks are escaped, in both formats alike.
pub fn label_value(out: &mut Vec<u8>, text: &str) {
    if !needs_escape(text.as_bytes()) {
        return out.extend_from_slice(text.as_bytes());
    }
    escaped(out, text, is_special);
}

/// Appends `name="value"`, with a comma before it unless it is the first after the brace.
pub fn label(out: &mut Vec<u8>, name: &str, value: &str) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"=\"");
    label_value(out, value);
    out.push(b'"');
}

/// Appends the value and ends the line.
pub fn value(out: &mut Vec<u8>, value: f64) {
    out.push(b' ');
    append_number(out, value);
    out.push(b'\n');
}

/// Appends `# HELP` and `# TYPE`. `name` is the one that the samples have: of a counter, OpenMetrics wants the family's name
/// without `_total`, of an info without `_info`.
pub fn header(out: &mut Vec<u8>, format: Format, name: &str, help: &str, kind: Kind) {
    let family = family_name(format, name, kind);
    out.extend_from_slice(b"# HELP ");
    out.extend_from_slice(family.as_bytes());
    out.push(b' ');
    match format {
        Format::Text => escaped(out, help, |byte| matches!(byte, b'\\' | b'\n')),
        Format::OpenMetrics => label_value(out, help),
    }
    out.extend_from_slice(b"\n# TYPE ");
    out.extend_from_slice(family.as_bytes());
    out.push(b' ');
    out.extend_from_slice(kind.word(format).as_bytes());
    out.push(b'\n');
}

/// Appends what must stand at the end: `# EOF` in OpenMetrics, nothing in text.
pub fn end(out: &mut Vec<u8>, format: Format) {
    if format == Format::OpenMetrics {
        out.extend_from_slice(b"# EOF\n");
    }
}

/// The family's name for samples called `name`.
pub(crate) fn family_name(format: Format, name: &str, kind: Kind) -> &str {
    match (format, kind) {
        (Format::OpenMetrics, Kind::Counter) => name.strip_suffix("_total").unwrap_or(name),
        (Format::OpenMetrics, Kind::Info) => name.strip_suffix("_info").unwrap_or(name),
        _ => name,
    }
}

fn escaped(out: &mut Vec<u8>, text: &str, special: impl Fn(u8) -> bool) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| special(*byte)) {
        out.extend_from_slice(&rest[..at]);
        out.push(b'\\');
        out.push(if rest[at] == b'\n' { b'n' } else { rest[at] });
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
}

const fn is_special(byte: u8) -> bool {
    matches!(byte, b'\\' | b'"' | b'\n')
}

/// Whether a label value has anything to escape. Hardly any has, and a scrape asks this for each of its tens of millions of
/// label values: eight bytes at a time.
fn needs_escape(bytes: &[u8]) -> bool {
    let (words, rest) = bytes.as_chunks::<8>();
    words.iter().any(|word| has_special(u64::from_le_bytes(*word)))
        || rest.iter().any(|byte| is_special(*byte))
}

/// Whether one of the eight bytes is special. Exact as a whole: a byte is reported wrongly only above one that is special.
const fn has_special(word: u64) -> bool {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    const fn zeros(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word & HIGHS
    }
    let found = zeros(word ^ (ONES * b'\\' as u64))
        | zeros(word ^ (ONES * b'"' as u64))
        | zeros(word ^ (ONES * b'\n' as u64));
    found != 0
}
