//! Protobuf message -> JSON object.

use serde_json::{Map, Number, Value};

use super::wire::{self, Payload};
use super::{base64, special};
use crate::schema::{Field, Kind, Message, Shape, Zero};

/// Kubernetes' own objects nest less than 20 deep; JSONSchemaProps are not served as protobuf.
const DEPTH_MAX: usize = 64;

/// Why a message could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("proto: damaged wire format")]
    Damaged,
    #[error("proto: a string is not valid UTF-8")]
    NotUtf8,
    #[error("proto: nested too deep")]
    TooDeep,
}

/// The JSON object of this message.
pub(crate) fn message(schema: &'static Message, bytes: &[u8]) -> Result<Map<String, Value>, DecodeError> {
    let mut object = Map::new();
    read(schema, bytes, 0, &mut object)?;
    Ok(object)
}

fn read(
    schema: &'static Message,
    mut bytes: &[u8],
    depth: usize,
    object: &mut Map<String, Value>,
) -> Result<(), DecodeError> {
    if depth > DEPTH_MAX {
        return Err(DecodeError::TooDeep);
    }
    while !bytes.is_empty() {
        let (number, payload) = wire::take_field(&mut bytes).ok_or(DecodeError::Damaged)?;
        let Some(field) = schema.fields.iter().find(|field| field.number == number) else { continue };
        put(field, payload, depth, object)?;
    }
    for field in schema.fields {
        if field.zero == Zero::Always && field.shape == Shape::One && !object.contains_key(field.name) {
            object.extend(zero(field.kind).map(|value| (field.name.to_owned(), value)));
        }
    }
    Ok(())
}

fn zero(kind: Kind) -> Option<Value> {
    match kind {
        Kind::String => Some(Value::String(String::new())),
        Kind::Bool => Some(Value::Bool(false)),
        Kind::Int32 | Kind::Int64 => Some(Value::from(0)),
        _ => None,
    }
}

fn put(
    field: &'static Field,
    payload: Payload<'_>,
    depth: usize,
    object: &mut Map<String, Value>,
) -> Result<(), DecodeError> {
    match (field.shape, payload) {
        (Shape::Inline, Payload::Bytes(bytes)) => match field.kind {
            Kind::Nested(place) => read(Message::at(place), bytes, depth + 1, object),
            _ => Err(DecodeError::Damaged),
        },
        (Shape::Map, Payload::Bytes(bytes)) => {
            let (key, value) = entry(field, bytes, depth)?;
            if let Value::Object(map) = object.entry(field.name).or_insert_with(|| Value::Object(Map::new()))
            {
                map.insert(key, value);
            }
            Ok(())
        }
        (Shape::Repeated, payload) => {
            let list = object.entry(field.name).or_insert_with(|| Value::Array(Vec::new()));
            let Value::Array(list) = list else { return Ok(()) };
            match payload {
                // Packed numbers: allowed by protobuf, not written by Kubernetes.
                Payload::Bytes(mut packed) if matches!(field.kind, Kind::Int32 | Kind::Int64) => {
                    while !packed.is_empty() {
                        let value = wire::take_varint(&mut packed).ok_or(DecodeError::Damaged)?;
                        list.push(Value::Number(Number::from(value as i64)));
                    }
                }
                payload => list.push(value(field, payload, depth)?),
            }
            Ok(())
        }
        (Shape::One, payload) => {
            let value = value(field, payload, depth)?;
            if !value.is_null() && (field.zero != Zero::Drop || !is_zero(&value, field.kind)) {
                merge(object, field.name, value);
            }
            Ok(())
        }
        _ => Err(DecodeError::Damaged),
    }
}

/// A message that comes in two pieces is one message.
fn merge(object: &mut Map<String, Value>, name: &str, value: Value) {
    match (object.get_mut(name), value) {
        (Some(Value::Object(old)), Value::Object(new)) => old.extend(new),
        (_, value) => {
            object.insert(name.to_owned(), value);
        }
    }
}

fn is_zero(value: &Value, kind: Kind) -> bool {
    match value {
        Value::String(text) => text.is_empty(),
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_i64() == Some(0) && kind != Kind::IntOrString,
        _ => false,
    }
}

fn entry(field: &'static Field, mut bytes: &[u8], depth: usize) -> Result<(String, Value), DecodeError> {
    let (mut key, mut found) = (String::new(), None);
    while !bytes.is_empty() {
        match wire::take_field(&mut bytes).ok_or(DecodeError::Damaged)? {
            (1, Payload::Bytes(name)) => key = text(name)?,
            (2, payload) => found = Some(value(field, payload, depth)?),
            _ => {}
        }
    }
    Ok((key, found.unwrap_or_else(|| Value::String(String::new()))))
}

fn value(field: &'static Field, payload: Payload<'_>, depth: usize) -> Result<Value, DecodeError> {
    match (field.kind, payload) {
        (Kind::Bool, Payload::Varint(value)) => Ok(Value::Bool(value != 0)),
        (Kind::Int32, Payload::Varint(value)) => Ok(Value::from(value as i32)),
        (Kind::Int64, Payload::Varint(value)) => Ok(Value::from(value as i64)),
        (Kind::String, Payload::Bytes(bytes)) => Ok(Value::String(text(bytes)?)),
        (Kind::Bytes, Payload::Bytes(bytes)) => Ok(Value::String(base64::encode(bytes))),
        (Kind::Nested(place), Payload::Bytes(bytes)) => {
            let mut object = Map::new();
            read(Message::at(place), bytes, depth + 1, &mut object)?;
            Ok(Value::Object(object))
        }
        (Kind::Time, Payload::Bytes(bytes)) => {
            special::time_to_json(bytes, false).ok_or(DecodeError::Damaged)
        }
        (Kind::MicroTime, Payload::Bytes(bytes)) => {
            special::time_to_json(bytes, true).ok_or(DecodeError::Damaged)
        }
        (Kind::IntOrString, Payload::Bytes(bytes)) => {
            special::int_or_string_to_json(bytes).ok_or(DecodeError::Damaged)
        }
        (Kind::Quantity, Payload::Bytes(bytes)) => {
            Ok(Value::String(text(special::wrapped(bytes).ok_or(DecodeError::Damaged)?)?))
        }
        (Kind::FieldsV1, Payload::Bytes(bytes)) => {
            let raw = special::wrapped(bytes).ok_or(DecodeError::Damaged)?;
            serde_json::from_slice(raw).map_err(|_| DecodeError::Damaged)
        }
        _ => Err(DecodeError::Damaged),
    }
}

fn text(bytes: &[u8]) -> Result<String, DecodeError> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| DecodeError::NotUtf8)
}
