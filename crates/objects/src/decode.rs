//! Bytes of one object -> [`Object`].

use std::sync::Arc;

use prost::Message;

use crate::convert::{Into, Lean, Metadata};
use crate::meta::MetaOnly;
use crate::wire;
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

/// Decodes one object (protobuf: the object's own message, without the `k8s\0` envelope; see [`crate::envelope`]).
pub fn object(
    resource: Resource,
    encoding: Encoding,
    bytes: &[u8],
    keep: Keep,
    interner: &Interner,
) -> Result<Object, DecodeError> {
    let to = &Into { interner, keep };
    Ok(match resource {
        Resource::Namespaces => Object::Namespace(lean(encoding, bytes, to)?),
        Resource::Nodes => Object::Node(lean(encoding, bytes, to)?),
        Resource::Pods => Object::Pod(lean(encoding, bytes, to)?),
        Resource::Services => Object::Service(lean(encoding, bytes, to)?),
        Resource::EndpointSlices => Object::EndpointSlice(lean(encoding, bytes, to)?),
        Resource::Deployments => Object::Deployment(lean(encoding, bytes, to)?),
        Resource::ReplicaSets => Object::ReplicaSet(lean(encoding, bytes, to)?),
        Resource::StatefulSets => Object::StatefulSet(lean(encoding, bytes, to)?),
        Resource::DaemonSets => Object::DaemonSet(lean(encoding, bytes, to)?),
        Resource::Jobs => Object::Job(lean(encoding, bytes, to)?),
        Resource::Leases => Object::Lease(lean(encoding, bytes, to)?),
        Resource::ConfigMaps => Object::MetaOnly(Arc::new(metadata(encoding, bytes, keep, interner)?)),
        Resource::Secrets => Object::MetaOnly(lean(encoding, bytes, to)?),
    })
}

/// Decodes only the metadata of an object of any kind, whole or `PartialObjectMetadata`.
pub fn metadata(
    encoding: Encoding,
    bytes: &[u8],
    keep: Keep,
    interner: &Interner,
) -> Result<MetaOnly, DecodeError> {
    Ok(read::<Metadata>(encoding, bytes, &Into { interner, keep })?.0)
}

fn lean<T: Lean>(encoding: Encoding, bytes: &[u8], to: &Into<'_>) -> Result<Arc<T>, DecodeError> {
    read(encoding, bytes, to).map(Arc::new)
}

fn read<T: Lean>(encoding: Encoding, bytes: &[u8], to: &Into<'_>) -> Result<T, DecodeError> {
    let wire = match encoding {
        Encoding::Protobuf => T::Wire::decode(bytes)?,
        Encoding::Json if !bytes.trim_ascii_start().starts_with(b"{") => {
            return Err(DecodeError::Shape("not a JSON object"));
        }
        Encoding::Json => wire::from_json(bytes)?,
    };
    Ok(T::from_wire(wire, to))
}
