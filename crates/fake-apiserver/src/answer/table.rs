//! `meta.k8s.io/v1 Table`: what `kubectl get` prints. The columns are those of the real server.

mod custom;
mod node;
mod objects;
mod pod;
pub(crate) mod text;
mod workload;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::item::META_VERSION;
use super::list::{Head, list_metadata};
use crate::kind::Kind;
use crate::store::Stored;

/// What a row carries of its object: `includeObject`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Embed {
    Nothing,
    Metadata,
    Object,
}

/// How rows are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    /// For ages.
    pub(crate) now: Timestamp,
    pub(crate) embed: Embed,
}

/// One column: its name, its type, and whether only `-o wide` shows it.
#[derive(Debug, Clone, Copy)]
struct Column {
    name: &'static str,
    kind: &'static str,
    wide: bool,
}

/// How a kind is shown.
struct Printer {
    columns: &'static [Column],
    cells: fn(&Value, Timestamp) -> Vec<Value>,
}

const fn text(name: &'static str) -> Column {
    Column { name, kind: "string", wide: false }
}

const fn number(name: &'static str) -> Column {
    Column { name, kind: "integer", wide: false }
}

const fn wide(name: &'static str) -> Column {
    Column { name, kind: "string", wide: true }
}

/// The table without its rows.
pub(crate) fn head(
    kind: &Kind,
    version: &str,
    resource_version: u64,
    continue_token: Option<&str>,
    remaining: Option<usize>,
) -> Value {
    let head =
        Head { version: resource_version, continue_token: continue_token.map(str::to_owned), remaining };
    let columns = match custom::columns(kind, version) {
        Some(columns) => columns,
        None => printer(kind).columns.iter().map(definition).collect(),
    };
    json!({
        "kind": "Table", "apiVersion": META_VERSION, "metadata": list_metadata(&head), "columnDefinitions": columns,
    })
}

/// The row of one object.
pub(crate) fn row(kind: &Kind, version: &str, object: &Stored, view: View) -> Value {
    let now = view.now;
    let value = object.value();
    let cells = match custom::cells(kind, version, &value, now) {
        Some(cells) => cells,
        None => (printer(kind).cells)(&value, now),
    };
    match view.embed {
        Embed::Nothing => json!({"cells": cells}),
        Embed::Metadata => {
            let metadata = &value["metadata"];
            let object =
                json!({"kind": "PartialObjectMetadata", "apiVersion": META_VERSION, "metadata": metadata});
            json!({"cells": cells, "object": object})
        }
        Embed::Object => {
            let object = crate::store::typed(kind, &kind.api_version(version), value);
            json!({"cells": cells, "object": object})
        }
    }
}

fn definition(column: &Column) -> Value {
    json!({
        "name": column.name,
        "type": column.kind,
        "format": if column.name == "Name" { "name" } else { "" },
        "description": column.name,
        "priority": i32::from(column.wide),
    })
}

fn printer(kind: &Kind) -> Printer {
    match kind.kind.as_str() {
        "Pod" => pod::PRINTER,
        "Node" => node::PRINTER,
        "Deployment" => workload::DEPLOYMENT,
        "ReplicaSet" => workload::REPLICA_SET,
        "StatefulSet" => workload::STATEFUL_SET,
        "DaemonSet" => workload::DAEMON_SET,
        "Job" => workload::JOB,
        "Service" => objects::SERVICE,
        "EndpointSlice" => objects::ENDPOINT_SLICE,
        "Namespace" => objects::NAMESPACE,
        "ConfigMap" => objects::CONFIG_MAP,
        "Secret" => objects::SECRET,
        "Event" => objects::EVENT,
        "Lease" => objects::LEASE,
        "ServiceAccount" => objects::NAME_AND_AGE,
        _ => objects::NAME_AND_CREATED,
    }
}
