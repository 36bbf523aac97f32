//! Bytes of one object -> [`Object`].

use crate::{Interner, Object, Resource};

/// The two encodings of the Kubernetes API that Plimsoll reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// `application/vnd.kubernetes.protobuf`
    Protobuf,
    /// `application/json`
    Json,
}

/// What to keep beside the fields of the kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// Annotations are large and mostly unread: dropped unless an allowlist asks for them.
    pub annotations: bool,
}

/// Why one object could not be read. The others go on.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The protobuf of the object is damaged or is not UTF-8 where it must be.
    #[error("damaged protobuf")]
    Protobuf(#[from] prost::DecodeError),
    /// The JSON of the object is damaged or has another shape.
    #[error("damaged JSON")]
    Json(#[from] serde_json::Error),
    /// Neither the protobuf magic `k8s\0` nor JSON.
    #[error("{0}")]
    Shape(&'static str),
}

/// Decodes one object (protobuf: the object's own message, without the `k8s\0` envelope).
pub fn object(
    _resource: Resource,
    _encoding: Encoding,
    _bytes: &[u8],
    _keep: Keep,
    _interner: &Interner,
) -> Result<Object, DecodeError> {
    Err(DecodeError::Shape("to be written"))
}
