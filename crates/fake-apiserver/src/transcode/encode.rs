//! JSON object -> protobuf message, in one pass.

use std::fmt;

use serde::Deserialize as _;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::{base64, special, wire};
use crate::schema::{Field, Kind, Message, Shape};

/// Enough to show somebody what is wrong with a manifest.
const UNKNOWN_FIELDS_MAX: usize = 50;

/// Names of fields that the schema does not have, as paths: what `fieldValidation` reports.
#[derive(Debug, Default)]
pub(crate) struct Unknown {
    path: Vec<String>,
    pub(crate) fields: Vec<String>,
}

/// Appends the protobuf message of this JSON text. Unknown fields are left out, as the real server does.
pub(crate) fn json_to_protobuf(
    schema: &'static Message,
    json: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    Fields { schema, out, unknown: None }.deserialize(&mut deserializer)
}

/// The same for a tree; says which fields were unknown.
pub(crate) fn value_to_protobuf(
    schema: &'static Message,
    value: &Value,
    out: &mut Vec<u8>,
    unknown: &mut Unknown,
) -> Result<(), serde_json::Error> {
    Fields { schema, out, unknown: Some(unknown) }.deserialize(value)
}

/// The fields of one message.
struct Fields<'a> {
    schema: &'static Message,
    out: &'a mut Vec<u8>,
    unknown: Option<&'a mut Unknown>,
}

/// The value of one field, of one element of a list or of one entry of a map (`element`).
struct Content<'a> {
    field: &'static Field,
    /// The field's own number; 2 in the entry of a map.
    number: u32,
    out: &'a mut Vec<u8>,
    unknown: Option<&'a mut Unknown>,
    element: bool,
}

struct Name(&'static Message);

enum Found {
    Direct(&'static Field),
    Inlined(&'static Field, &'static Field),
    Unknown(String),
}

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Found;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a field name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Found, E> {
        match self.0.field(name) {
            Some(field) if field.shape != Shape::Inline => Ok(Found::Direct(field)),
            _ => Ok(match self.0.inlined_field(name) {
                Some((holder, field)) => Found::Inlined(holder, field),
                None => Found::Unknown(name.to_owned()),
            }),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the object {}", self.schema.name)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        // Fields of an inlined message are scattered over the object and belong into one message.
        let mut inlined: Vec<(u32, Vec<u8>)> = Vec::new();
        while let Some(found) = map.next_key_seed(Name(self.schema))? {
            match found {
                Found::Direct(field) => {
                    let unknown = self.unknown.as_deref_mut();
                    map.next_value_seed(Content {
                        field,
                        number: field.number,
                        out: self.out,
                        unknown,
                        element: false,
                    })?;
                }
                Found::Inlined(holder, field) => {
                    let place = match inlined.iter().position(|(number, _)| *number == holder.number) {
                        Some(place) => place,
                        None => {
                            inlined.push((holder.number, Vec::new()));
                            inlined.len() - 1
                        }
                    };
                    let unknown = self.unknown.as_deref_mut();
                    map.next_value_seed(Content {
                        field,
                        number: field.number,
                        out: &mut inlined[place].1,
                        unknown,
                        element: false,
                    })?;
                }
                Found::Unknown(name) => {
                    if let Some(unknown) = self.unknown.as_deref_mut() {
                        unknown.note(&name);
                    }
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        for (number, message) in inlined {
            wire::put_bytes(number, &message, self.out);
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Content<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Content<'_> {
    /// A list or map where one value is meant, or the other way round.
    fn is_single(&self) -> bool {
        self.element || matches!(self.field.shape, Shape::One | Shape::Inline)
    }

    fn message(self, write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<()> {
        wire::put_tag(self.number, wire::LENGTH, self.out);
        let start = self.out.len();
        write(self.out)?;
        wire::close_length(start, self.out);
        Some(())
    }
}

impl<'de> Visitor<'de> for Content<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = if self.is_single() { "" } else { "a collection of " };
        write!(formatter, "{list}{:?} for field {:?}", self.field.kind, self.field.name)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        if self.is_single() && self.field.kind == Kind::Bool {
            wire::put_int(self.number, i64::from(value), self.out);
            return Ok(());
        }
        Err(E::invalid_type(serde::de::Unexpected::Bool(value), &self))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        match self.field.kind {
            Kind::Int64 if self.is_single() => wire::put_int(self.number, value, self.out),
            Kind::Int32 if self.is_single() && i32::try_from(value).is_ok() => {
                wire::put_int(self.number, value, self.out);
            }
            Kind::IntOrString if self.is_single() && i32::try_from(value).is_ok() => {
                self.message(|out| {
                    special::int_to_protobuf(value, out);
                    Some(())
                });
            }
            Kind::Quantity if self.is_single() => {
                self.message(|out| {
                    special::quantity_to_protobuf(&value.to_string(), out);
                    Some(())
                });
            }
            _ => return Err(E::invalid_type(serde::de::Unexpected::Signed(value), &self)),
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(E::invalid_type(serde::de::Unexpected::Unsigned(value), &self)),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        if self.is_single() && self.field.kind == Kind::Quantity {
            return self.visit_str(&value.to_string());
        }
        Err(E::invalid_type(serde::de::Unexpected::Float(value), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if !self.is_single() {
            return Err(E::invalid_type(serde::de::Unexpected::Str(text), &self));
        }
        let (kind, name) = (self.field.kind, self.field.name);
        let done = match self.field.kind {
            Kind::String => {
                wire::put_bytes(self.number, text.as_bytes(), self.out);
                Some(())
            }
            Kind::Bytes => base64::decode(text).map(|bytes| wire::put_bytes(self.number, &bytes, self.out)),
            Kind::Time => self.message(|out| special::time_to_protobuf(text, false, out)),
            Kind::MicroTime => self.message(|out| special::time_to_protobuf(text, true, out)),
            Kind::Quantity => self.message(|out| {
                special::quantity_to_protobuf(text, out);
                Some(())
            }),
            Kind::IntOrString => self.message(|out| {
                special::text_to_protobuf(text, out);
                Some(())
            }),
            _ => None,
        };
        // Made only when it is needed: most values are strings, and all are right.
        done.ok_or_else(|| {
            E::custom(format_args!("invalid value: {text:?}, expected {kind:?} for field {name:?}"))
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        if self.field.kind == Kind::FieldsV1 {
            return raw(self, Value::deserialize(SeqAccessDeserializer::new(list))?);
        }
        if self.element || self.field.shape != Shape::Repeated {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        }
        for place in 0.. {
            let mut unknown = self.unknown.as_deref_mut();
            if let Some(unknown) = unknown.as_deref_mut() {
                unknown.path.push(format!("{}[{place}]", self.field.name));
            }
            let element =
                Content { field: self.field, number: self.number, out: self.out, unknown, element: true };
            let more = list.next_element_seed(element)?.is_some();
            if let Some(unknown) = self.unknown.as_deref_mut() {
                unknown.path.pop();
            }
            if !more {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        if self.field.kind == Kind::FieldsV1 {
            return raw(self, Value::deserialize(MapAccessDeserializer::new(map))?);
        }
        if !self.element && self.field.shape == Shape::Map {
            while let Some(key) = map.next_key::<String>()? {
                wire::put_tag(self.number, wire::LENGTH, self.out);
                let start = self.out.len();
                wire::put_bytes(1, key.as_bytes(), self.out);
                let field = self.field;
                map.next_value_seed(Content {
                    field,
                    number: 2,
                    out: self.out,
                    unknown: None,
                    element: true,
                })?;
                wire::close_length(start, self.out);
            }
            return Ok(());
        }
        let Kind::Nested(place) = self.field.kind else {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        };
        if !self.is_single() {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        }
        if !self.element
            && let Some(unknown) = self.unknown.as_deref_mut()
        {
            unknown.path.push(self.field.name.to_owned());
        }
        wire::put_tag(self.number, wire::LENGTH, self.out);
        let start = self.out.len();
        let unknown = self.unknown.as_deref_mut();
        Fields { schema: Message::at(place), out: self.out, unknown }.visit_map(map)?;
        wire::close_length(start, self.out);
        if !self.element
            && let Some(unknown) = self.unknown.as_deref_mut()
        {
            unknown.path.pop();
        }
        Ok(())
    }
}

fn raw<E: Error>(content: Content<'_>, value: Value) -> Result<(), E> {
    let text = serde_json::to_vec(&value).map_err(E::custom)?;
    content.message(|out| {
        wire::put_bytes(1, &text, out);
        Some(())
    });
    Ok(())
}

impl Unknown {
    fn note(&mut self, name: &str) {
        if self.fields.len() == UNKNOWN_FIELDS_MAX {
            return;
        }
        let parents: String = self.path.iter().map(|part| format!("{part}.")).collect();
        self.fields.push(format!("{parents}{name}"));
    }
}
