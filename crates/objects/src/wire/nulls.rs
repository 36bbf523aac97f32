//! `null` reads as the zero value of whatever should stand there, as Go's JSON decoder has it.
//!
//! serde refuses `null` for a string, a number or a list. Wrapping the deserializer once is smaller, and harder to
//! forget, than an attribute on each of some two hundred fields.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// Reads one JSON value that fills `bytes`.
pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = T::deserialize(Nulls(&mut json))?;
    json.end()?;
    Ok(value)
}

/// What a `null` stands for.
#[derive(Clone, Copy)]
enum Zero {
    Unit,
    Bool,
    Number,
    Text,
    List,
    Map,
}

/// A deserializer, an access or a seed whose values may be `null`.
struct Nulls<D>(D);

macro_rules! zeroes {
    ($($method:ident => $zero:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.0.deserialize_any(OrZero { visitor, zero: Zero::$zero })
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Nulls<D> {
    type Error = D::Error;

    zeroes! {
        deserialize_any => Unit,
        deserialize_bool => Bool,
        deserialize_i32 => Number,
        deserialize_i64 => Number,
        deserialize_u64 => Number,
        deserialize_str => Text,
        deserialize_string => Text,
        deserialize_seq => List,
        deserialize_map => Map,
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(OrZero { visitor, zero: Zero::Map })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(OrZero { visitor, zero: Zero::Unit })
    }

    // Skipping needs no help, and serde_json skips without recursion.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_ignored_any(visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u32 u128 f32 f64 char bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct
        enum identifier
    }
}

struct OrZero<V> {
    visitor: V,
    zero: Zero,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for OrZero<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        match self.zero {
            Zero::Unit => self.visitor.visit_unit(),
            Zero::Bool => self.visitor.visit_bool(false),
            Zero::Number => self.visitor.visit_u64(0),
            Zero::Text => self.visitor.visit_str(""),
            Zero::List => self.visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<()>())),
            Zero::Map => self.visitor.visit_map(MapDeserializer::new(std::iter::empty::<((), ())>())),
        }
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Nulls(value))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<V::Value, E> {
        self.visitor.visit_bool(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.visitor.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.visitor.visit_u64(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        self.visitor.visit_f64(value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<V::Value, E> {
        self.visitor.visit_str(value)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<V::Value, E> {
        self.visitor.visit_borrowed_str(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_seq(Nulls(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Nulls(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(variant)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Nulls<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.0.next_element_seed(Nulls(seed))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Nulls<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.0.next_value_seed(Nulls(seed))
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Nulls<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Nulls(deserializer))
    }
}
