//! [`crate::Object`] -> the protobuf message it came from, with only the fields that Plimsoll keeps.

use prost::Message;

use crate::Object;
use crate::convert::Lean;

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

fn append<T: Lean>(own: &T, out: &mut Vec<u8>) {
    own.to_wire().encode(out).expect("a vector grows");
}
