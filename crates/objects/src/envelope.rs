//! What stands around an object on the wire.

use std::borrow::Cow;

use serde::Deserialize;

use crate::decode::{self, DecodeError, Encoding, Keep};
use crate::meta::MetaOnly;
use crate::wire::{self, Damaged, Fields};
use crate::{Interner, Object, Resource};

/// The first bytes of a Kubernetes protobuf body; `runtime.Unknown` follows.
pub const PROTOBUF_MAGIC: [u8; 4] = *b"k8s\0";

/// `runtime.Unknown`, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// `TypeMeta.apiVersion`: "apps/v1"; empty where there was none.
    pub api_version: Cow<'a, str>,
    /// `TypeMeta.kind`: "Deployment"; empty where there was none.
    pub kind: Cow<'a, str>,
    /// The message of that kind.
    pub raw: &'a [u8],
}

/// One object as it came, still encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ObjectBytes<'a> {
    /// How `bytes` are to be read.
    pub encoding: Encoding,
    /// Protobuf: the object's own message, without envelope. JSON: the object.
    pub bytes: &'a [u8],
}

/// What can be told about an object that could not be decoded. What is not there is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Identity {
    /// `metadata.namespace`
    pub namespace: String,
    /// `metadata.name`
    pub name: String,
    /// `metadata.resourceVersion`: a watch resumes behind it.
    pub resource_version: String,
}

impl<'a> Envelope<'a> {
    /// Reads the magic and what follows it.
    pub fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let unknown = bytes.strip_prefix(&PROTOBUF_MAGIC).ok_or(DecodeError::Shape("no k8s\\0 magic"))?;
        let mut envelope = Self { api_version: Cow::Borrowed(""), kind: Cow::Borrowed(""), raw: &[] };
        for field in Fields(unknown) {
            match field? {
                (1, type_meta) => envelope.read_type_meta(type_meta)?,
                (2, raw) => envelope.raw = raw,
                _ => {}
            }
        }
        Ok(envelope)
    }

    fn read_type_meta(&mut self, type_meta: &'a [u8]) -> Result<(), Damaged> {
        for field in Fields(type_meta) {
            match field? {
                (1, text) => self.api_version = String::from_utf8_lossy(text),
                (2, text) => self.kind = String::from_utf8_lossy(text),
                _ => {}
            }
        }
        Ok(())
    }
}

impl<'a> ObjectBytes<'a> {
    /// The object in the body of a GET, in whichever encoding the server chose.
    pub fn of_body(body: &'a [u8]) -> Result<Self, DecodeError> {
        if body.starts_with(&PROTOBUF_MAGIC) {
            return Ok(Self { encoding: Encoding::Protobuf, bytes: Envelope::read(body)?.raw });
        }
        match body.trim_ascii_start().first() {
            Some(b'{') => Ok(Self { encoding: Encoding::Json, bytes: body }),
            _ => Err(DecodeError::Shape("neither Kubernetes protobuf nor a JSON object")),
        }
    }

    /// The object; see [`decode::object`].
    pub fn object(self, resource: Resource, keep: Keep, interner: &Interner) -> Result<Object, DecodeError> {
        decode::object(resource, self.encoding, self.bytes, keep, interner)
    }

    /// Its metadata alone, whatever its kind; see [`decode::metadata`].
    pub fn metadata(self, keep: Keep, interner: &Interner) -> Result<MetaOnly, DecodeError> {
        decode::metadata(self.encoding, self.bytes, keep, interner)
    }

    /// Its identity, as far as it can be read: for objects that cannot be decoded.
    pub fn identity(self) -> Identity {
        match self.encoding {
            Encoding::Protobuf => protobuf_identity(self.bytes),
            Encoding::Json => json_identity(self.bytes),
        }
    }
}

fn protobuf_identity(bytes: &[u8]) -> Identity {
    let mut identity = Identity::default();
    let metadata = Fields(bytes).flatten().find(|(number, _)| *number == 1);
    for (number, text) in Fields(metadata.map_or(&[], |(_, bytes)| bytes)).flatten() {
        match number {
            1 => identity.name = String::from_utf8_lossy(text).into_owned(),
            3 => identity.namespace = String::from_utf8_lossy(text).into_owned(),
            6 => identity.resource_version = String::from_utf8_lossy(text).into_owned(),
            _ => {}
        }
    }
    identity
}

fn json_identity(bytes: &[u8]) -> Identity {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Whole {
        metadata: Named,
    }
    #[derive(Deserialize, Default)]
    #[serde(default, rename_all = "camelCase")]
    struct Named {
        namespace: String,
        name: String,
        resource_version: String,
    }
    let Named { namespace, name, resource_version } =
        wire::from_json::<Whole>(bytes).unwrap_or_default().metadata;
    Identity { namespace, name, resource_version }
}

impl From<Damaged> for DecodeError {
    fn from(_: Damaged) -> Self {
        Self::Shape("damaged protobuf envelope")
    }
}
