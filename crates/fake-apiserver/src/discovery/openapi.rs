//! OpenAPI, as much as kubectl needs: paths that say that the server validates fields itself, and the fields' types.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::resources::{named_groups, served, versions};
use super::schemas;
use crate::error::ApiError;
use crate::kind::Kind;
use crate::reply::{self, Reply};
use crate::transcode::wire;

/// `/openapi/v3`: where the documents are.
pub(super) fn index(kinds: &[Arc<Kind>]) -> Value {
    let mut paths = Map::new();
    let mut add = |path: String| {
        paths.insert(path.clone(), json!({"serverRelativeURL": format!("/openapi/v3/{path}?hash=0")}));
    };
    add("api/v1".to_owned());
    for group in named_groups(kinds) {
        for version in versions(kinds, &group) {
            add(format!("apis/{group}/{version}"));
        }
    }
    json!({"paths": paths})
}

/// The document of one group and version.
pub(super) fn v3(kinds: &[Arc<Kind>], group: &str, version: &str) -> Option<Value> {
    if !versions(kinds, group).iter().any(|known| known == version) {
        return None;
    }
    let base = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for kind in served(kinds, group, version) {
        let scope = if kind.namespaced { "/namespaces/{namespace}" } else { "" };
        let collection = format!("{base}{scope}/{}", kind.plural);
        let id = json!({"group": group, "version": version, "kind": kind.kind});
        paths.insert(
            format!("{collection}/{{name}}"),
            json!({
                "get": operation(&id, "get", &[]),
                "put": operation(&id, "put", &["dryRun", "fieldManager", "fieldValidation"]),
                "patch": operation(&id, "patch", &["dryRun", "fieldManager", "fieldValidation", "force"]),
                "delete": operation(&id, "delete", &["dryRun", "gracePeriodSeconds", "propagationPolicy"]),
            }),
        );
        paths.insert(collection, json!({
            "get": operation(&id, "list", &["labelSelector", "fieldSelector", "limit", "continue", "watch"]),
            "post": operation(&id, "post", &["dryRun", "fieldManager", "fieldValidation"]),
        }));
        if let Some(version) = kind.version(version) {
            schemas::add(kind, version, &mut schemas);
        }
    }
    Some(json!({
        "openapi": "3.0.0", "info": {"title": "Plimsoll's fake API server", "version": "v1.37.2"},
        "paths": paths, "components": {"schemas": schemas},
    }))
}

/// The protobuf form of OpenAPI v2, which is the only one that kubectl reads.
const V2_PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";
const V2_TITLE: &str = "Plimsoll's fake API server";

/// `/openapi/v2`: present and empty. Clients that get there have not found a kind in v3; an empty document lets them say that
/// there is no such kind, where a refusal would make them complain about content types.
pub(super) fn v2(accept: Option<&str>) -> Result<Reply, ApiError> {
    let accept = accept.unwrap_or("*/*");
    // Asked for as "…v2@v1.0+protobuf"; a Content-Type cannot have the @, and the real server answers like this.
    if accept.contains("proto-openapi.spec.v2") {
        let (mut info, mut document) = (Vec::new(), Vec::new());
        wire::put_bytes(1, V2_TITLE.as_bytes(), &mut info);
        wire::put_bytes(2, b"v1.37.2", &mut info);
        wire::put_bytes(1, b"2.0", &mut document);
        wire::put_bytes(2, &info, &mut document);
        wire::put_bytes(8, b"", &mut document);
        return Ok(reply::full(200, V2_PROTOBUF, document));
    }
    if !accept.contains("application/json") && !accept.contains("*/*") {
        return Err(ApiError::not_acceptable("application/json"));
    }
    Ok(reply::json(
        200,
        &json!({
            "swagger": "2.0", "info": {"title": V2_TITLE, "version": "v1.37.2"},
            "paths": {}, "definitions": {},
        }),
    ))
}

fn operation(id: &Value, action: &str, parameters: &[&str]) -> Value {
    let parameters: Vec<Value> = parameters
        .iter()
        .map(|name| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}}))
        .collect();
    json!({
        "x-kubernetes-action": action, "x-kubernetes-group-version-kind": id, "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
    })
}
