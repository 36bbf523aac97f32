//! One object as the store holds it: compact JSON, and beside it what selectors ask for.

use std::sync::atomic::{AtomicU32, Ordering};

use serde::Deserialize;
use serde_json::Value;

use crate::kind::Kind;

/// Shared by the store, its history and running answers.
#[derive(Debug)]
pub(crate) struct Stored {
    /// "namespace/name", or "name" for cluster-scoped kinds.
    pub(crate) key: Box<str>,
    pub(crate) version: u64,
    /// The object without `apiVersion` and `kind`, as LISTs of built-in kinds have it.
    pub(crate) json: Box<[u8]>,
    pub(crate) labels: Pairs,
    /// Values of the indexed fields of the kind.
    pub(crate) fields: Pairs,
    /// UIDs of the owners, for garbage collection.
    pub(crate) owners: Box<[Box<str>]>,
    /// Length of the object's protobuf message, once somebody asked for it; 0 before.
    protobuf_bytes: AtomicU32,
}

/// Keys and values in one allocation: 150,000 pods have half a million labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pairs(Box<str>);

/// A key or value with this character cannot be selected; Kubernetes allows it in neither.
const SEPARATOR: char = '\0';

impl Stored {
    pub(crate) fn new(kind: &Kind, key: Box<str>, version: u64, object: &Value) -> Self {
        let metadata = &object["metadata"];
        let labels = metadata["labels"].as_object().into_iter().flatten();
        let labels =
            Pairs::new(labels.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?.to_owned()))));
        let indexed = kind.fields.iter().filter(|field| field.indexed);
        let fields = Pairs::new(indexed.map(|field| (&*field.label, field_text(object, &field.label))));
        let owners = metadata["ownerReferences"].as_array().into_iter().flatten();
        let owners = owners.filter_map(|owner| owner["uid"].as_str().map(Into::into)).collect();
        let json = serde_json::to_vec(object).expect("a tree of JSON values is always JSON").into();
        Self { key, version, json, labels, fields, owners, protobuf_bytes: AtomicU32::new(0) }
    }

    /// The same content at another version.
    pub(crate) fn at_version(&self, kind: &Kind, version: u64) -> Self {
        let mut object = self.value();
        object["metadata"]["resourceVersion"] = Value::String(version.to_string());
        Self::new(kind, self.key.clone(), version, &object)
    }

    pub(crate) fn namespace(&self) -> &str {
        self.key.split_once('/').map_or("", |(namespace, _)| namespace)
    }

    pub(crate) fn name(&self) -> &str {
        self.key.split_once('/').map_or(&*self.key, |(_, name)| name)
    }

    /// The object as a tree.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.json).expect("written by this store")
    }

    /// Its metadata alone.
    pub(crate) fn metadata(&self) -> Value {
        #[derive(Deserialize)]
        struct OnlyMetadata {
            #[serde(default)]
            metadata: Value,
        }
        let found: OnlyMetadata = serde_json::from_slice(&self.json).expect("written by this store");
        found.metadata
    }

    /// Length of its protobuf message: `measure` is asked once.
    pub(crate) fn protobuf_bytes(&self, measure: impl FnOnce() -> usize) -> usize {
        let known = self.protobuf_bytes.load(Ordering::Relaxed);
        if known != 0 {
            return known as usize;
        }
        let measured = measure();
        self.protobuf_bytes.store(u32::try_from(measured).unwrap_or(0), Ordering::Relaxed);
        measured
    }
}

impl Pairs {
    fn new<'a>(pairs: impl Iterator<Item = (&'a str, String)>) -> Self {
        let mut text = String::new();
        for (key, value) in pairs {
            if key.contains(SEPARATOR) || value.contains(SEPARATOR) {
                continue;
            }
            text.push_str(key);
            text.push(SEPARATOR);
            text.push_str(&value);
            text.push(SEPARATOR);
        }
        Self(text.into())
    }

    /// The value of `key`.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let mut parts = self.0.split(SEPARATOR);
        while let (Some(found), Some(value)) = (parts.next(), parts.next()) {
            if found == key {
                return Some(value);
            }
        }
        None
    }
}

/// What a field selector compares: the text at a dotted path; numbers and booleans as their JSON; "" where nothing is.
pub(crate) fn field_text(object: &Value, path: &str) -> String {
    let found = match path {
        // `source` of an Event is its component.
        "source" => &object["source"]["component"],
        "status.successful" => &object["status"]["succeeded"],
        path => path.split('.').fold(object, |value, name| &value[name]),
    };
    match (found, path) {
        (Value::String(text), _) => text.clone(),
        (Value::Null, "spec.unschedulable" | "spec.hostNetwork") => "false".to_owned(),
        (Value::Null, _) => String::new(),
        (other, _) => other.to_string(),
    }
}
