//! Messages whose JSON is not an object: times, quantities, ports that are names or numbers.

use jiff::Timestamp;
use serde_json::{Number, Value};

use super::wire::{self, Payload};

/// Message of a `metav1.Time` or `metav1.MicroTime`: seconds in field 1, nanoseconds in field 2.
pub(super) fn time_to_protobuf(text: &str, with_fraction: bool, out: &mut Vec<u8>) -> Option<()> {
    let time: Timestamp = text.parse().ok()?;
    wire::put_int(1, time.as_second(), out);
    // `metav1.Time` drops the fraction.
    let nanos = if with_fraction { time.subsec_nanosecond() } else { 0 };
    wire::put_int(2, i64::from(nanos), out);
    Some(())
}

/// The RFC 3339 text; `Null` for the zero time, which is an empty message.
pub(super) fn time_to_json(mut message: &[u8], with_fraction: bool) -> Option<Value> {
    if message.is_empty() {
        return Some(Value::Null);
    }
    let (mut seconds, mut nanos) = (0, 0);
    while !message.is_empty() {
        match wire::take_field(&mut message)? {
            (1, Payload::Varint(value)) => seconds = value as i64,
            (2, Payload::Varint(value)) => nanos = value as i32,
            _ => {}
        }
    }
    let time = Timestamp::new(seconds, if with_fraction { nanos } else { 0 }).ok()?;
    Some(Value::String(if with_fraction { format!("{time:.6}") } else { time.to_string() }))
}

/// `resource.Quantity` is its text in field 1.
pub(super) fn quantity_to_protobuf(text: &str, out: &mut Vec<u8>) {
    wire::put_bytes(1, text.as_bytes(), out);
}

/// `intstr.IntOrString`: type (0 number, 1 text), number, text.
pub(super) fn int_to_protobuf(value: i64, out: &mut Vec<u8>) {
    wire::put_int(1, 0, out);
    wire::put_int(2, value, out);
    wire::put_bytes(3, b"", out);
}

pub(super) fn text_to_protobuf(text: &str, out: &mut Vec<u8>) {
    wire::put_int(1, 1, out);
    wire::put_int(2, 0, out);
    wire::put_bytes(3, text.as_bytes(), out);
}

pub(super) fn int_or_string_to_json(mut message: &[u8]) -> Option<Value> {
    let (mut is_text, mut number, mut text) = (false, 0i64, &[][..]);
    while !message.is_empty() {
        match wire::take_field(&mut message)? {
            (1, Payload::Varint(kind)) => is_text = kind == 1,
            (2, Payload::Varint(value)) => number = value as i64,
            (3, Payload::Bytes(bytes)) => text = bytes,
            _ => {}
        }
    }
    if is_text {
        return Some(Value::String(std::str::from_utf8(text).ok()?.to_owned()));
    }
    Some(Value::Number(Number::from(number)))
}

/// Field 1 of a message that wraps bytes.
pub(super) fn wrapped(mut message: &[u8]) -> Option<&[u8]> {
    let mut found = &[][..];
    while !message.is_empty() {
        if let (1, Payload::Bytes(bytes)) = wire::take_field(&mut message)? {
            found = bytes;
        }
    }
    Some(found)
}
