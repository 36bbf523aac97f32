//! `k8s\0` and `runtime.Unknown`: what Kubernetes puts around every protobuf message.

use crate::transcode::wire::{self, Payload};

const MAGIC: &[u8; 4] = b"k8s\0";

/// Writes everything that stands before the message.
pub(crate) fn open(api_version: &str, kind: &str, message_bytes: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(MAGIC);
    let mut type_meta = Vec::with_capacity(api_version.len() + kind.len() + 4);
    wire::put_bytes(1, api_version.as_bytes(), &mut type_meta);
    wire::put_bytes(2, kind.as_bytes(), &mut type_meta);
    wire::put_bytes(1, &type_meta, out);
    wire::put_tag(2, wire::LENGTH, out);
    wire::put_varint(message_bytes as u64, out);
}

/// Writes what stands behind it: an empty content encoding and content type, as the real server does.
pub(crate) fn close(out: &mut Vec<u8>) {
    wire::put_bytes(3, b"", out);
    wire::put_bytes(4, b"", out);
}

/// A message as it came: (apiVersion, kind, message).
pub(crate) fn read(body: &[u8]) -> Option<(String, String, &[u8])> {
    let mut rest = body.strip_prefix(MAGIC)?;
    let (mut api_version, mut kind, mut message) = (String::new(), String::new(), &[][..]);
    while !rest.is_empty() {
        match wire::take_field(&mut rest)? {
            (1, Payload::Bytes(mut type_meta)) => {
                while !type_meta.is_empty() {
                    match wire::take_field(&mut type_meta)? {
                        (1, Payload::Bytes(text)) => api_version = String::from_utf8(text.to_vec()).ok()?,
                        (2, Payload::Bytes(text)) => kind = String::from_utf8(text.to_vec()).ok()?,
                        _ => {}
                    }
                }
            }
            (2, Payload::Bytes(raw)) => message = raw,
            _ => {}
        }
    }
    Some((api_version, kind, message))
}
