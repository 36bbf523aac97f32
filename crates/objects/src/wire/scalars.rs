//! Types that are messages in protobuf and plain values in JSON.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// `metav1.Time` and `metav1.MicroTime`: {seconds, nanos} or an RFC 3339 string.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct Time {
    #[prost(int64, tag = "1")]
    pub(crate) seconds: i64,
    #[prost(int32, tag = "2")]
    pub(crate) nanos: i32,
}

/// `resource.Quantity`: {string}, or a string or a number.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct Quantity {
    #[prost(string, tag = "1")]
    pub(crate) string: String,
}

/// `intstr.IntOrString`: {type, intVal, strVal}, or a number or a string.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub(crate) struct IntOrString {
    /// 0 says that `int_val` counts, 1 that `str_val` does.
    #[prost(int64, tag = "1")]
    pub(crate) kind: i64,
    #[prost(int32, tag = "2")]
    pub(crate) int_val: i32,
    #[prost(string, tag = "3")]
    pub(crate) str_val: String,
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TimeVisitor)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(QuantityVisitor)
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntOrStringVisitor)
    }
}

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an RFC 3339 time")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
        if text.is_empty() {
            return Ok(Time::default());
        }
        // Go's zero time, which its JSON writes as `null` nowadays.
        if text == "0001-01-01T00:00:00Z" {
            return Ok(Time::default());
        }
        let parsed: jiff::Timestamp = text.parse().map_err(|_| E::custom("not an RFC 3339 time"))?;
        // Protobuf's rule: nanoseconds count forward, also before 1970.
        let back = i64::from(parsed.subsec_nanosecond() < 0);
        let nanos = parsed.subsec_nanosecond().rem_euclid(1_000_000_000);
        Ok(Time { seconds: parsed.as_second() - back, nanos })
    }
}

struct QuantityVisitor;

impl Visitor<'_> for QuantityVisitor {
    type Value = Quantity;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quantity")
    }

    fn visit_unit<E: Error>(self) -> Result<Quantity, E> {
        Ok(Quantity::default())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Quantity, E> {
        Ok(Quantity { string: text.trim().to_owned() })
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Quantity, E> {
        Ok(Quantity { string: number.to_string() })
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Quantity, E> {
        Ok(Quantity { string: number.to_string() })
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Quantity, E> {
        Ok(Quantity { string: number.to_string() })
    }
}

struct IntOrStringVisitor;

impl Visitor<'_> for IntOrStringVisitor {
    type Value = IntOrString;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer or a string")
    }

    fn visit_unit<E: Error>(self) -> Result<IntOrString, E> {
        Ok(IntOrString::default())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<IntOrString, E> {
        Ok(IntOrString { kind: 1, str_val: text.to_owned(), ..IntOrString::default() })
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<IntOrString, E> {
        let int_val = i32::try_from(number).map_err(|_| E::custom("integer beyond 32 bits"))?;
        Ok(IntOrString { int_val, ..IntOrString::default() })
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<IntOrString, E> {
        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
