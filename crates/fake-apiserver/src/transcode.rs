//! JSON <-> Kubernetes protobuf, driven by the table in [`crate::schema`].
//!
//! JSON becomes protobuf in one pass over the text, with no tree in between: a LIST of 150,000 pods is encoded object by
//! object. The way back makes a tree: only request bodies take it.

mod base64;
mod decode;
mod encode;
mod special;
#[cfg(test)]
mod tests;
pub(crate) mod wire;

pub(crate) use base64::{decode as from_base64, encode as to_base64};
#[cfg(test)]
use decode::DecodeError;
pub(crate) use decode::message as protobuf_to_json;
pub(crate) use encode::{Unknown, json_to_protobuf, value_to_protobuf};
