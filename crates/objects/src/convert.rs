//! Wire messages -> lean objects, and back.

mod meta;
mod node;
mod pod;
mod service;
mod workload;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

pub(crate) use crate::convert::meta::Metadata;
use crate::decode::Keep;
use crate::wire;
use crate::{Interner, Quantity, Seconds, Shared, Sym, Text};

/// A lean object and the partial message that it is read from and written as.
pub(crate) trait Lean: Sized {
    /// The message of [`crate::wire`].
    type Wire: prost::Message + Default + DeserializeOwned;

    /// Keeps of the message what Plimsoll needs.
    fn from_wire(wire: Self::Wire, to: &Into<'_>) -> Self;

    /// The message that reads back as this object.
    fn to_wire(&self) -> Self::Wire;
}

/// Where the strings of an object go, and which of them.
pub(crate) struct Into<'a> {
    pub(crate) interner: &'a Interner,
    pub(crate) keep: Keep,
}

impl Into<'_> {
    fn sym(&self, text: &str) -> Sym {
        self.interner.sym(text)
    }

    /// Sorted by key, as a `BTreeMap` is.
    fn pairs(&self, map: &BTreeMap<String, String>) -> Shared<(Sym, Sym)> {
        self.interner.list(exact(map.iter(), |(key, value)| (self.sym(key), self.sym(value))))
    }

    fn resources(&self, map: &BTreeMap<String, wire::Quantity>) -> Shared<(Sym, Quantity)> {
        self.interner
            .list(exact(map.iter(), |(key, value)| (self.sym(key), Quantity(self.sym(&value.string)))))
    }
}

fn pairs(list: &[(Sym, Sym)]) -> BTreeMap<String, String> {
    list.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

fn resources(list: &[(Sym, Quantity)]) -> BTreeMap<String, wire::Quantity> {
    let entry =
        |(key, value): &(Sym, Quantity)| (key.to_string(), wire::Quantity { string: value.0.to_string() });
    list.iter().map(entry).collect()
}

/// Collects into a vector without spare capacity. A plain `collect` may reuse the allocation of the larger wire messages.
fn exact<A, B>(items: impl ExactSizeIterator<Item = A>, convert: impl FnMut(A) -> B) -> Vec<B> {
    let mut out = Vec::with_capacity(items.len());
    out.extend(items.map(convert));
    out
}

fn boxed<A, B>(items: Vec<A>, convert: impl FnMut(A) -> B) -> Box<[B]> {
    exact(items.into_iter(), convert).into_boxed_slice()
}

fn texts(items: Vec<String>) -> Box<[Text]> {
    boxed(items, |text| Text::new(text))
}

fn strings(items: &[Text]) -> Vec<String> {
    items.iter().map(Text::to_string).collect()
}

/// Ports are 16 bits; what lies outside is no port and is moved to the nearest.
fn port(number: i32) -> u16 {
    number.clamp(0, i32::from(u16::MAX)) as u16
}

fn seconds(time: Option<wire::Time>) -> Seconds {
    time.map_or(0, |time| time.seconds)
}

/// Zero is the time that is not set, as in Go's `metav1.Time`.
fn time(seconds: Seconds) -> Option<wire::Time> {
    (seconds != 0).then_some(wire::Time { seconds, nanos: 0 })
}

fn micros(time: Option<wire::Time>) -> i64 {
    let Some(time) = time else { return 0 };
    let micros = i128::from(time.seconds) * 1_000_000 + i128::from(time.nanos / 1_000);
    micros.clamp(i64::MIN.into(), i64::MAX.into()) as i64
}

fn micro_time(micros: i64) -> Option<wire::Time> {
    let nanos = (micros.rem_euclid(1_000_000) * 1_000) as i32;
    (micros != 0).then_some(wire::Time { seconds: micros.div_euclid(1_000_000), nanos })
}
