//! CustomResourceDefinitions: from the object to the kind that is served.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::kind::{self, Kind, PrinterColumn, ScalePaths, SelectableField, Version};
use crate::store::Store;

/// The kind that a CustomResourceDefinition defines; `None` for objects of other kinds and for definitions that lack a name.
pub(crate) fn kind_from_definition(kind: &Kind, definition: &Value) -> Option<Kind> {
    if !kind.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        return None;
    }
    let spec = &definition["spec"];
    let names = &spec["names"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let list = |value: &Value| value.as_array().into_iter().flatten().filter_map(text).collect();
    let versions = spec["versions"].as_array()?.iter().filter(|version| version["served"] == true);
    let versions: Vec<&Value> = versions.collect();
    let plural = text(&names["plural"])?;
    let singular =
        text(&names["singular"]).unwrap_or_else(|| text(&names["kind"]).unwrap_or_default().to_lowercase());
    Some(Kind {
        group: text(&spec["group"])?,
        status: versions.iter().any(|version| version["subresources"]["status"].is_object()),
        versions: versions.iter().filter_map(|version| read_version(version)).collect(),
        plural,
        singular,
        kind: text(&names["kind"])?,
        short_names: list(&names["shortNames"]),
        categories: list(&names["categories"]),
        namespaced: spec["scope"] == "Namespaced",
        scale: versions.iter().find_map(|version| scale_paths(&version["subresources"]["scale"])),
        schema: None,
        fields: versions.first().map(|version| selectable_fields(version)).unwrap_or_default(),
    })
}

/// `.spec.replicas` as `spec.replicas`.
fn dotted(path: &Value) -> Option<String> {
    path.as_str().map(|path| path.trim_start_matches('.').to_owned()).filter(|path| !path.is_empty())
}

fn scale_paths(scale: &Value) -> Option<ScalePaths> {
    let (wanted, present) = (dotted(&scale["specReplicasPath"])?, dotted(&scale["statusReplicasPath"])?);
    Some(ScalePaths { wanted, present, selector: dotted(&scale["labelSelectorPath"]) })
}

fn selectable_fields(version: &Value) -> Vec<SelectableField> {
    let fields = version["selectableFields"].as_array().into_iter().flatten();
    let labels = fields.filter_map(|field| dotted(&field["jsonPath"]));
    labels.map(|label| SelectableField { label: label.into(), indexed: false }).collect()
}

fn read_version(version: &Value) -> Option<Version> {
    let columns = version["additionalPrinterColumns"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let columns = columns.map(|column| PrinterColumn {
        name: text(&column["name"]),
        kind: text(&column["type"]),
        path: text(&column["jsonPath"]),
        priority: column["priority"].as_i64().unwrap_or(0),
    });
    Some(Version {
        name: version["name"].as_str()?.to_owned(),
        columns: columns.collect(),
        schema: version["schema"]["openAPIV3Schema"].clone(),
    })
}

/// Checks a definition and writes into it that it is established: here that happens at once.
pub(crate) fn establish(kind: &Kind, definition: &mut Value, store: &Store) -> Result<(), ApiError> {
    if !kind.is("apiextensions.k8s.io", "CustomResourceDefinition") {
        return Ok(());
    }
    let name = definition["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let invalid = |field: &str, why: &str| Err(ApiError::invalid(&kind.kind, &name, field, why));
    let Some(served) = kind_from_definition(kind, definition) else {
        return invalid("spec", "Required value: group, names.plural, names.kind and versions");
    };
    if name != served.qualified() {
        return invalid("metadata.name", "Invalid value: must be spec.names.plural+\".\"+spec.group");
    }
    if !served.group.contains('.') || served.versions.is_empty() {
        return invalid("spec", "Invalid value: the group is no domain, or no version is served");
    }
    // Not asked of the store: it is locked while an update is decided.
    if kind::builtin().iter().any(|found| found.group == served.group && found.plural == served.plural) {
        return invalid("spec.names.plural", "Invalid value: taken by a built-in kind");
    }
    let old = &definition["status"]["conditions"];
    if old.as_array().is_some_and(|conditions| !conditions.is_empty()) {
        return Ok(());
    }
    let versions = definition["spec"]["versions"].as_array().into_iter().flatten();
    let stored: Vec<Value> =
        versions.filter(|one| one["storage"] == true).map(|one| one["name"].clone()).collect();
    let now = store.timestamp();
    let condition = |kind: &str, reason: &str, message: &str| json!({"type": kind, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message});
    definition["status"] = json!({
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
        "acceptedNames": definition["spec"]["names"],
        "storedVersions": stored,
    });
    Ok(())
}
