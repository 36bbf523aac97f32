//! Numbers as Go's `strconv.FormatFloat(f, 'g', -1, 64)` writes them, which is what every Prometheus client library of Go
//! prints: the shortest digits that read back the same, with an exponent from 1e+06 upwards and below 1e-04.

use std::fmt::{self, Write as _};

/// Below this every integer is a `f64` of its own: its shortest form is its digits without trailing zeros.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0; // 2^53

/// `FormatFloat` with the shortest precision changes to an exponent here.
const EXPONENT_MAX: i32 = 6;
const EXPONENT_MIN: i32 = -4;

/// The longest is "-2.2250738585072014e-308": 24 bytes.
const SCRATCH_BYTES: usize = 32;

/// Appends `value`. Never allocates beyond `out` itself.
pub fn append_number(out: &mut Vec<u8>, value: f64) {
    if value.abs() < EXACT_INTEGERS && value.trunc() == value {
        return append_integer(out, value as i64);
    }
    if value.is_nan() {
        return out.extend_from_slice(b"NaN");
    }
    if value.is_infinite() {
        return out.extend_from_slice(if value > 0.0 { b"+Inf" } else { b"-Inf" });
    }
    append_shortest(out, value);
}

fn append_integer(out: &mut Vec<u8>, value: i64) {
    // Most samples of a cluster are 0 or 1.
    if let 0..=9 = value {
        return out.push(b'0' + value as u8);
    }
    let mut digits = [0; 20];
    let mut start = digits.len();
    let mut rest = value.unsigned_abs();
    while rest > 0 {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    append_digits(out, value < 0, &digits[start..], (digits.len() - start) as i32 - 1);
}

/// By way of Rust's `{:e}`, which has the same digits (both are the shortest that read back) in another layout.
fn append_shortest(out: &mut Vec<u8>, value: f64) {
    let mut scratch = Scratch::default();
    write!(scratch, "{:e}", value.abs()).expect("the scratch buffer holds the longest f64");
    let (mantissa, exponent) = scratch.split();
    let mut digits = [0; SCRATCH_BYTES];
    let mut count = 0;
    for &byte in mantissa.iter().filter(|byte| **byte != b'.') {
        digits[count] = byte;
        count += 1;
    }
    append_digits(out, value < 0.0, &digits[..count], exponent);
}

/// `digits` are d.ddd times ten to the power of `exponent`.
fn append_digits(out: &mut Vec<u8>, negative: bool, digits: &[u8], exponent: i32) {
    if negative {
        out.push(b'-');
    }
    let significant = digits.iter().rposition(|digit| *digit != b'0').map_or(1, |last| last + 1);
    if !(EXPONENT_MIN..EXPONENT_MAX).contains(&exponent) {
        return append_scientific(out, &digits[..significant], exponent);
    }
    if exponent < 0 {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', (-exponent - 1) as usize));
        return out.extend_from_slice(&digits[..significant]);
    }
    let whole = exponent as usize + 1;
    if significant <= whole {
        out.extend_from_slice(&digits[..significant]);
        return out.extend(std::iter::repeat_n(b'0', whole - significant));
    }
    out.extend_from_slice(&digits[..whole]);
    out.push(b'.');
    out.extend_from_slice(&digits[whole..significant]);
}

/// At least two digits of exponent, always with a sign.
fn append_scientific(out: &mut Vec<u8>, digits: &[u8], exponent: i32) {
    out.push(digits[0]);
    if digits.len() > 1 {
        out.push(b'.');
        out.extend_from_slice(&digits[1..]);
    }
    out.extend_from_slice(if exponent < 0 { b"e-" } else { b"e+" });
    let exponent = exponent.unsigned_abs();
    if exponent >= 100 {
        out.push(b'0' + (exponent / 100) as u8);
    }
    out.push(b'0' + (exponent / 10 % 10) as u8);
    out.push(b'0' + (exponent % 10) as u8);
}

#[derive(Default)]
struct Scratch {
    bytes: [u8; SCRATCH_BYTES],
    len: usize,
}

impl Scratch {
    /// Digits with their point, and the exponent.
    fn split(&self) -> (&[u8], i32) {
        let text = &self.bytes[..self.len];
        let at = text.iter().position(|byte| *byte == b'e').unwrap_or(text.len());
        let exponent = text.get(at + 1..).and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        (&text[..at], exponent.unwrap_or(0))
    }
}

impl fmt::Write for Scratch {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}
