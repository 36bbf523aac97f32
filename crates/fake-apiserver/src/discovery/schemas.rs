//! OpenAPI schemas: of built-in kinds from the table of messages (names and types, no prose), of custom resources what their
//! definition says.

use serde_json::{Map, Value, json};

use crate::kind::{self, Version};
use crate::schema::{Field, Kind, Message, Shape};

/// What `kubectl explain` shows above the fields.
const NO_PROSE: &str =
    "Names and types only: this API server is a test double and has no descriptions of its fields.";

/// Adds the schema of this kind, and of all messages in it, to `schemas`.
pub(super) fn add(kind: &kind::Kind, version: &Version, schemas: &mut Map<String, Value>) {
    let id = json!([{"group": kind.group, "version": version.name, "kind": kind.kind}]);
    let (name, mut schema) = match kind.schema {
        Some(message) => (public_name(message), whole(message, schemas)),
        None => {
            let name = format!("{}.{}.{}", reversed(&kind.group), version.name, kind.kind);
            (name, of_custom(&version.schema))
        }
    };
    let properties = &mut schema["properties"];
    for (field, what) in [("apiVersion", "Group and version."), ("kind", "The kind's name.")] {
        properties[field] = json!({"type": "string", "description": what});
    }
    if properties["metadata"]["$ref"].is_null()
        && let Some(metadata) = Message::named("k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta")
    {
        properties["metadata"] = reference(metadata, schemas);
    }
    schema["x-kubernetes-group-version-kind"] = id;
    schemas.insert(name, schema);
}

fn of_custom(schema: &Value) -> Value {
    match schema {
        Value::Object(_) => schema.clone(),
        _ => json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}),
    }
}

/// "example.com" as "com.example".
fn reversed(group: &str) -> String {
    group.rsplit('.').collect::<Vec<_>>().join(".")
}

/// `io.k8s.api.core.v1.Pod`
fn public_name(message: &Message) -> String {
    message
        .name
        .strip_prefix("k8s.io.")
        .map_or_else(|| message.name.to_owned(), |rest| format!("io.k8s.{rest}"))
}

fn whole(message: &'static Message, schemas: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for field in message.fields {
        add_property(field, &mut properties, schemas);
    }
    json!({"type": "object", "description": NO_PROSE, "properties": properties})
}

fn add_property(
    field: &'static Field,
    properties: &mut Map<String, Value>,
    schemas: &mut Map<String, Value>,
) {
    if let (Shape::Inline, Kind::Nested(place)) = (field.shape, field.kind) {
        for inlined in Message::at(place).fields {
            add_property(inlined, properties, schemas);
        }
        return;
    }
    let element = of_value(field.kind, schemas);
    let schema = match field.shape {
        Shape::One | Shape::Inline => element,
        Shape::Repeated => json!({"type": "array", "items": element}),
        Shape::Map => json!({"type": "object", "additionalProperties": element}),
    };
    properties.insert(field.name.to_owned(), schema);
}

fn of_value(kind: Kind, schemas: &mut Map<String, Value>) -> Value {
    match kind {
        Kind::String | Kind::Quantity => json!({"type": "string"}),
        Kind::Bytes => json!({"type": "string", "format": "byte"}),
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Int32 => json!({"type": "integer", "format": "int32"}),
        Kind::Int64 => json!({"type": "integer", "format": "int64"}),
        Kind::Time | Kind::MicroTime => json!({"type": "string", "format": "date-time"}),
        Kind::FieldsV1 => json!({"type": "object"}),
        Kind::IntOrString => json!({"type": "string", "format": "int-or-string"}),
        Kind::Nested(place) => reference(Message::at(place), schemas),
    }
}

fn reference(message: &'static Message, schemas: &mut Map<String, Value>) -> Value {
    let name = public_name(message);
    if !schemas.contains_key(&name) {
        // Before its fields: some messages contain themselves.
        schemas.insert(name.clone(), Value::Null);
        let schema = whole(message, schemas);
        schemas.insert(name.clone(), schema);
    }
    // As the real server writes it: a description beside a bare reference would be ignored.
    json!({"allOf": [{"$ref": format!("#/components/schemas/{name}")}]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        for kind in kind::builtin() {
            let mut schemas = Map::new();
            add(&kind, &kind.versions[0], &mut schemas);
            let text = Value::Object(schemas.clone()).to_string();
            for part in text.split("#/components/schemas/").skip(1) {
                let name = part.split('"').next().expect("a part");
                assert!(schemas[name].is_object(), "{name}");
            }
        }
    }

    #[test]
    fn fields() {
        let pod = kind::builtin().into_iter().find(|kind| kind.kind == "Pod").expect("built in");
        let mut schemas = Map::new();
        add(&pod, &pod.versions[0], &mut schemas);
        let rows = [
            ("/io.k8s.api.core.v1.Pod/properties/apiVersion/type", json!("string")),
            ("/io.k8s.api.core.v1.Pod/x-kubernetes-group-version-kind/0/kind", json!("Pod")),
            (
                "/io.k8s.api.core.v1.Pod/properties/spec/allOf/0/$ref",
                json!("#/components/schemas/io.k8s.api.core.v1.PodSpec"),
            ),
            ("/io.k8s.api.core.v1.PodSpec/properties/containers/type", json!("array")),
            (
                "/io.k8s.api.core.v1.PodSpec/properties/nodeSelector/additionalProperties/type",
                json!("string"),
            ),
            // Inlined: no field of its own.
            (
                "/io.k8s.api.core.v1.Volume/properties/emptyDir/allOf/0/$ref",
                json!("#/components/schemas/io.k8s.api.core.v1.EmptyDirVolumeSource"),
            ),
        ];
        let all = Value::Object(schemas);
        for (path, expected) in rows {
            assert_eq!(all.pointer(path), Some(&expected), "{path}");
        }
    }
}
