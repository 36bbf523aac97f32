//! Names of Kubernetes labels -> names of Prometheus labels.

use std::collections::BTreeMap;
use std::ops::Range;

use exposition::append;

/// Pods have a handful of labels: their names are compared with each other directly up to this many (32 * 31 / 2 = 496
/// comparisons), by a sorted map beyond.
const PAIRWISE_MAX: usize = 32;

/// Appends `prefix_name="value"` for each pair, sorted by key. Two keys that become one name both get a suffix,
/// `_conflict1` and `_conflict2`.
pub(crate) fn append<'l>(
    out: &mut Vec<u8>,
    prefix: &str,
    pairs: impl Iterator<Item = (&'l str, &'l str)> + Clone,
) {
    let start = out.len();
    let mut seen: [Range<usize>; PAIRWISE_MAX] = std::array::from_fn(|_| 0..0);
    for (at, (key, value)) in pairs.clone().enumerate() {
        if out.last() != Some(&b'{') {
            out.push(b',');
        }
        let from = out.len();
        append_name(out, prefix, key);
        let name = from..out.len();
        if at >= PAIRWISE_MAX || seen[..at].iter().any(|other| out[other.clone()] == out[name.clone()]) {
            out.truncate(start);
            return append_resolved(out, prefix, pairs);
        }
        seen[at] = name;
        out.extend_from_slice(b"=\"");
        append::label_value(out, value);
        out.push(b'"');
    }
}

/// The name of a resource as a label value: only the characters are made fit.
pub(crate) fn sanitized(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().map(|char| if char.is_ascii_alphanumeric() || char == '_' { char } else { '_' })
}

/// Snake case: an underscore between a small letter or digit and a capital one, then all small.
fn append_name(out: &mut Vec<u8>, prefix: &str, key: &str) {
    out.extend_from_slice(prefix.as_bytes());
    out.push(b'_');
    let mut before = '_';
    for char in sanitized(key) {
        if char.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            out.push(b'_');
        }
        out.push(char.to_ascii_lowercase() as u8);
        before = char;
    }
}

/// The slow way, for the few objects whose keys collide: a suffix must not collide either.
fn append_resolved<'l>(out: &mut Vec<u8>, prefix: &str, pairs: impl Iterator<Item = (&'l str, &'l str)>) {
    let mut names = Names::default();
    let mut values = Vec::new();
    for (key, value) in pairs {
        let mut base = Vec::new();
        append_name(&mut base, prefix, key);
        names.add(String::from_utf8_lossy(&base).into_owned());
        values.push(value);
    }
    for (name, value) in names.in_order.iter().zip(values) {
        append::label(out, name, value);
    }
}

#[derive(Default)]
struct Names {
    in_order: Vec<String>,
    used: BTreeMap<String, usize>,
    /// How many suffixes each colliding name has handed out.
    conflicts: BTreeMap<String, usize>,
}

impl Names {
    fn add(&mut self, base: String) {
        let name = match self.used.get(&base).copied() {
            _ if self.conflicts.contains_key(&base) => self.next_free(&base),
            Some(first) => {
                let renamed = self.next_free(&base);
                self.used.remove(&base);
                self.used.insert(renamed.clone(), first);
                self.in_order[first] = renamed;
                self.next_free(&base)
            }
            None => base,
        };
        self.used.insert(name.clone(), self.in_order.len());
        self.in_order.push(name);
    }

    fn next_free(&mut self, base: &str) -> String {
        let count = self.conflicts.entry(base.to_owned()).or_default();
        loop {
            *count += 1;
            let candidate = format!("{base}_conflict{count}");
            if !self.used.contains_key(&candidate) {
                return candidate;
            }
        }
    }
}

#[cfg(test)]
mod tests;
