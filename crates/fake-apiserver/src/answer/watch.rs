//! Events of a watch, as frames.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Damage, envelope, item, table};
use crate::error::ApiError;
use crate::kind::Kind;
use crate::media::{Accepted, Encoding, View};
use crate::schema::Message;
use crate::store::Stored;
use crate::transcode::{json_to_protobuf, wire};

/// The annotation of the bookmark that ends the initial events of a watch-list.
const INITIAL_EVENTS_END: &str = "k8s.io/initial-events-end";

/// Writes events in what the client accepts.
#[derive(Debug)]
pub(crate) struct EventWriter {
    pub(crate) kind: std::sync::Arc<Kind>,
    pub(crate) version: String,
    pub(crate) accepted: Accepted,
    pub(crate) embed: table::Embed,
    pub(crate) damage: Option<Damage>,
}

impl EventWriter {
    /// ADDED, MODIFIED or DELETED.
    pub(crate) fn object(&mut self, event: &str, object: &Stored, now: Timestamp, out: &mut Vec<u8>) {
        let rows = table::View { now, embed: self.embed };
        let mut encoded = Vec::with_capacity(object.json.len());
        match (self.accepted.encoding, self.accepted.view) {
            (_, View::Table) => {
                let mut table = table::head(&self.kind, &self.version, object.version, None, None);
                table["rows"] = vec![table::row(&self.kind, &self.version, object, rows)].into();
                item::append(&table, &mut encoded);
            }
            (Encoding::Json, view) => item::json(&self.kind, &self.version, object, view, true, &mut encoded),
            (Encoding::Protobuf, view) => {
                // What cannot be encoded was not accepted by the store.
                let _ = item::protobuf(&self.kind, object, view, &mut encoded);
            }
        }
        if let Some(damage) = self.damage.take() {
            damage.spoil(object.name(), &mut encoded);
        }
        let (api_version, name) = item::names(&self.kind, &self.version, self.accepted.view);
        self.frame(event, &api_version, name, &encoded, out);
    }

    /// A BOOKMARK: nothing but a resource version.
    pub(crate) fn bookmark(&self, version: u64, ends_initial_events: bool, out: &mut Vec<u8>) {
        let mut metadata = json!({"resourceVersion": version.to_string(), "creationTimestamp": null});
        if ends_initial_events {
            metadata["annotations"] = json!({INITIAL_EVENTS_END: "true"});
        }
        let (api_version, name) = item::names(&self.kind, &self.version, self.accepted.view);
        if self.accepted.view == View::Table {
            let mut table = table::head(&self.kind, &self.version, version, None, None);
            let object = json!({"kind": "PartialObjectMetadata", "apiVersion": item::META_VERSION, "metadata": metadata});
            let cells =
                vec![Value::String(String::new()); table["columnDefinitions"].as_array().map_or(0, Vec::len)];
            table["rows"] = json!([{"cells": cells, "object": object}]);
            return self.frame("BOOKMARK", &api_version, name, table.to_string().as_bytes(), out);
        }
        let object = json!({"kind": name, "apiVersion": api_version, "metadata": metadata});
        let encoded = self
            .encode(Message::named("k8s.io.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata"), &object);
        self.frame("BOOKMARK", &api_version, name, &encoded, out);
    }

    /// An ERROR: the watch is over.
    pub(crate) fn error(&self, error: &ApiError, out: &mut Vec<u8>) {
        let schema = Message::named("k8s.io.apimachinery.pkg.apis.meta.v1.Status");
        let encoded = self.encode(schema, &error.status());
        self.frame("ERROR", "v1", "Status", &encoded, out);
    }

    /// Metadata is field 1 of every kind, so that a bookmark of any kind is a `PartialObjectMetadata` on the wire.
    fn encode(&self, schema: Option<&'static Message>, object: &Value) -> Vec<u8> {
        let text = object.to_string().into_bytes();
        let (Encoding::Protobuf, Some(schema)) = (self.accepted.encoding, schema) else { return text };
        let mut message = Vec::new();
        // Made above, of the right types.
        let _ = json_to_protobuf(schema, &text, &mut message);
        message
    }

    fn frame(&self, event: &str, api_version: &str, kind: &str, encoded: &[u8], out: &mut Vec<u8>) {
        if self.accepted.encoding == Encoding::Json {
            out.extend_from_slice(b"{\"type\":\"");
            out.extend_from_slice(event.as_bytes());
            out.extend_from_slice(b"\",\"object\":");
            out.extend_from_slice(encoded);
            out.extend_from_slice(b"}\n");
            return;
        }
        // Four bytes of length, big-endian; WatchEvent {1: type, 2: RawExtension {1: raw}}.
        let mut raw = Vec::with_capacity(encoded.len() + 64);
        envelope::open(api_version, kind, encoded.len(), &mut raw);
        raw.extend_from_slice(encoded);
        envelope::close(&mut raw);
        let mut extension = Vec::with_capacity(raw.len() + 8);
        wire::put_bytes(1, &raw, &mut extension);
        let mut message = Vec::with_capacity(extension.len() + 32);
        wire::put_bytes(1, event.as_bytes(), &mut message);
        wire::put_bytes(2, &extension, &mut message);
        out.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
        out.extend_from_slice(&message);
    }
}
