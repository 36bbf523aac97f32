//! [`crate::Object`] -> the protobuf message it came from, with only the fields that Plimsoll keeps; and the envelopes
//! around messages, as an API server writes them.

use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};

use crate::Object;
use crate::convert::Lean;
use crate::envelope::PROTOBUF_MAGIC;

/// Appends the object's protobuf message (no envelope) to `out`; [`crate::decode::object`] reads it back.
pub fn object(object: &Object, out: &mut Vec<u8>) {
    match object {
        Object::Node(own) => append(&**own, out),
        Object::Pod(own) => append(&**own, out),
        Object::Namespace(own) => append(&**own, out),
        Object::Service(own) => append(&**own, out),
        Object::EndpointSlice(own) => append(&**own, out),
        Object::Deployment(own) => append(&**own, out),
        Object::ReplicaSet(own) => append(&**own, out),
        Object::StatefulSet(own) => append(&**own, out),
        Object::DaemonSet(own) => append(&**own, out),
        Object::Job(own) => append(&**own, out),
        Object::Lease(own) => append(&**own, out),
        Object::MetaOnly(own) => append(&**own, out),
    }
}

/// Appends the magic and `runtime.Unknown` around the message `raw` of a kind: the body of an answer.
pub fn envelope(api_version: &str, kind: &str, raw: &[u8], out: &mut Vec<u8>) {
    let mut type_meta = Vec::new();
    field(1, api_version.as_bytes(), &mut type_meta);
    field(2, kind.as_bytes(), &mut type_meta);
    out.extend_from_slice(&PROTOBUF_MAGIC);
    field(1, &type_meta, out);
    field(2, raw, out);
    field(3, b"", out);
    field(4, b"", out);
}

/// Appends one frame of a watch stream; `object` comes in its [`envelope`].
pub fn watch_frame(event_type: &str, object: &[u8], out: &mut Vec<u8>) {
    let mut extension = Vec::new();
    field(1, object, &mut extension);
    let mut event = Vec::new();
    field(1, event_type.as_bytes(), &mut event);
    field(2, &extension, &mut event);
    let length = u32::try_from(event.len()).expect("an event is below 4 GiB");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&event);
}

/// Appends a length-delimited field.
pub fn field(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn append<T: Lean>(own: &T, out: &mut Vec<u8>) {
    own.to_wire().encode(out).expect("a vector grows");
}
