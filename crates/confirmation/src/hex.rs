//! Bytes as hexadecimal digits: hashes, keys and what people bring by hand are shown and read in one way.

use std::fmt::{self, Write};

/// Two digits for each byte.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    // Writing to a string cannot fail.
    let _ = write(bytes, &mut text);
    text
}

/// The bytes of an even number of digits.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| match pair {
        [_, _] => u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok(),
        _ => None,
    };
    text.as_bytes().chunks(2).map(byte).collect()
}

pub(crate) fn write(bytes: &[u8], to: &mut impl Write) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(to, "{byte:02x}"))
}

/// 32 bytes of exactly 64 digits.
pub(crate) fn parse(text: &str) -> Option<[u8; 32]> {
    decode(text)?.try_into().ok()
}
