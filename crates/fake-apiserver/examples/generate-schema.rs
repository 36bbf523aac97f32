//! Writes `src/schema/generated.rs` from the `.proto` and `types.go` files of the Kubernetes API modules.
//!
//! `cargo run -p fake-apiserver --example generate-schema -- $(go env GOMODCACHE)/k8s.io v0.37.2 > src/schema/generated.rs`
//!
//! Only facts go in: names, field numbers, types, merge keys. `types.go` adds what `.proto` does not say: which embedded
//! message is inlined in JSON, whether a zero is written, and how lists merge.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const CORE: &str = "k8s.io.api.core.v1";
const META: &str = "k8s.io.apimachinery.pkg.apis.meta.v1";

/// (package, folder of the module, folder inside it)
const PACKAGES: [(&str, &str, &str); 8] = [
    (CORE, "api", "core/v1"),
    ("k8s.io.api.apps.v1", "api", "apps/v1"),
    ("k8s.io.api.batch.v1", "api", "batch/v1"),
    ("k8s.io.api.discovery.v1", "api", "discovery/v1"),
    ("k8s.io.api.coordination.v1", "api", "coordination/v1"),
    ("k8s.io.api.authorization.v1", "api", "authorization/v1"),
    ("k8s.io.api.autoscaling.v1", "api", "autoscaling/v1"),
    (META, "apimachinery", "pkg/apis/meta/v1"),
];

/// Messages that requests and answers are made of; what they reach comes along.
const ROOTS: [(&str, &str); 25] = [
    (CORE, "Binding"),
    (CORE, "ConfigMap"),
    (CORE, "Event"),
    (CORE, "Namespace"),
    (CORE, "Node"),
    (CORE, "Pod"),
    (CORE, "Secret"),
    (CORE, "Service"),
    (CORE, "ServiceAccount"),
    ("k8s.io.api.apps.v1", "DaemonSet"),
    ("k8s.io.api.apps.v1", "Deployment"),
    ("k8s.io.api.apps.v1", "ReplicaSet"),
    ("k8s.io.api.apps.v1", "StatefulSet"),
    ("k8s.io.api.batch.v1", "Job"),
    ("k8s.io.api.discovery.v1", "EndpointSlice"),
    ("k8s.io.api.coordination.v1", "Lease"),
    ("k8s.io.api.authorization.v1", "SelfSubjectAccessReview"),
    ("k8s.io.api.autoscaling.v1", "Scale"),
    (META, "CreateOptions"),
    (META, "DeleteOptions"),
    (META, "ListMeta"),
    (META, "PatchOptions"),
    (META, "PartialObjectMetadata"),
    (META, "Status"),
    (META, "UpdateOptions"),
];

/// Messages whose JSON is not an object.
const SPECIAL: [(&str, &str); 8] = [
    ("k8s.io.apimachinery.pkg.apis.meta.v1.Time", "Time"),
    ("k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime", "MicroTime"),
    ("k8s.io.apimachinery.pkg.apis.meta.v1.Duration", "Duration"),
    ("k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1", "FieldsV1"),
    ("k8s.io.apimachinery.pkg.api.resource.Quantity", "Quantity"),
    ("k8s.io.apimachinery.pkg.util.intstr.IntOrString", "IntOrString"),
    ("k8s.io.apimachinery.pkg.runtime.RawExtension", "Raw"),
    ("k8s.io.apimachinery.pkg.apis.meta.v1.Verbs", ""),
];

#[derive(Debug, Clone)]
struct Field {
    number: u32,
    name: String,
    /// Type of the field, or of the value of a map.
    of: String,
    shape: &'static str,
}

/// What `types.go` says about one field, by message and name in the `.proto`.
#[derive(Debug, Clone, Default)]
struct Tag {
    json: String,
    pointer: bool,
    omit_empty: bool,
    merge_key: String,
}

type Messages = BTreeMap<String, Vec<Field>>;
type Tags = BTreeMap<(String, String), Tag>;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a generator prints what it generates")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [modules, version] = arguments.as_slice() else {
        eprintln!("usage: generate-schema FOLDER-OF-k8s.io VERSION");
        return ExitCode::from(64);
    };
    match generate(Path::new(modules), version) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn generate(modules: &Path, version: &str) -> Result<String, std::io::Error> {
    let mut messages = Messages::new();
    let mut tags = Tags::new();
    for (package, module, folder) in PACKAGES {
        let folder: PathBuf = modules.join(format!("{module}@{version}")).join(folder);
        read_proto(package, &std::fs::read_to_string(folder.join("generated.proto"))?, &mut messages);
        for name in ["types.go", "micro_time.go"] {
            if let Ok(text) = std::fs::read_to_string(folder.join(name)) {
                read_tags(package, &text, &mut tags);
            }
        }
    }
    let mut reached = BTreeSet::new();
    for (package, name) in ROOTS {
        reach(&format!("{package}.{name}"), &messages, &mut reached);
    }
    Ok(render(&reached, &messages, &tags, version))
}

fn read_proto(package: &str, text: &str, messages: &mut Messages) {
    let mut current: Option<String> = None;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("message ").and_then(|rest| rest.strip_suffix(" {")) {
            current = Some(format!("{package}.{name}"));
            messages.insert(format!("{package}.{name}"), Vec::new());
        } else if line == "}" {
            current = None;
        } else if let Some(message) = &current
            && let Some(field) = proto_field(package, line)
        {
            messages.entry(message.clone()).or_default().push(field);
        }
    }
}

fn proto_field(package: &str, line: &str) -> Option<Field> {
    let (left, number) = line.strip_suffix(';')?.split_once(" = ")?;
    let (label, rest) = left.split_once(' ')?;
    let (shape, of, name) = if let Some(map) = left.strip_prefix("map<") {
        let (types, name) = map.split_once("> ")?;
        ("Map", types.split_once(", ")?.1, name)
    } else {
        let (of, name) = rest.split_once(' ')?;
        (if label == "repeated" { "Repeated" } else { "One" }, of, name)
    };
    let of = match of.strip_prefix('.') {
        Some(absolute) => absolute.to_owned(),
        None if of.starts_with(char::is_uppercase) => format!("{package}.{of}"),
        None => of.to_owned(),
    };
    Some(Field { number: number.split(' ').next()?.parse().ok()?, name: name.to_owned(), of, shape })
}

fn read_tags(package: &str, text: &str, tags: &mut Tags) {
    let mut current = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("type ") {
            current = format!("{package}.{}", rest.split(' ').next().unwrap_or_default());
        }
        let Some((left, tag)) = line.split_once('`') else { continue };
        if left.trim_start().starts_with("//") {
            continue;
        }
        let Some(protobuf) = part(tag, "protobuf") else { continue };
        let name = match protobuf.split("name=").nth(1) {
            Some(name) => name.split(',').next().unwrap_or_default().to_owned(),
            None => lower_first(left.trim()),
        };
        let json = part(tag, "json").unwrap_or_default();
        let mut options = json.split(',');
        let json_name = options.next().unwrap_or_default().to_owned();
        let merges = part(tag, "patchStrategy").is_some_and(|all| all.split(',').any(|one| one == "merge"));
        tags.insert(
            (current.clone(), name),
            Tag {
                json: json_name,
                pointer: left.split_whitespace().nth(1).is_some_and(|of| of.starts_with('*')),
                omit_empty: options.any(|option| option == "omitempty" || option == "omitzero"),
                merge_key: match part(tag, "patchMergeKey") {
                    Some(key) => key,
                    None if merges => ".".to_owned(),
                    None => String::new(),
                },
            },
        );
    }
}

/// `part("json:\"a\" protobuf:\"b\"", "json")` is `a`.
fn part(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split(&format!("{name}:\"")).nth(1)?;
    rest.split('"').next().map(str::to_owned)
}

/// The name of an embedded message without `name=` in its tag.
fn lower_first(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

fn reach(name: &str, messages: &Messages, reached: &mut BTreeSet<String>) {
    if SPECIAL.iter().any(|(special, _)| *special == name) || !messages.contains_key(name) {
        return;
    }
    if !reached.insert(name.to_owned()) {
        return;
    }
    for field in messages.get(name).into_iter().flatten() {
        reach(&field.of, messages, reached);
    }
}

fn render(reached: &BTreeSet<String>, messages: &Messages, tags: &Tags, version: &str) -> String {
    let mut out = format!(
        "//! Generated by `examples/generate-schema.rs` from the Kubernetes API modules {version}; do not edit.\n\n\
         use super::{{Kind::*, Message, Shape::*, Zero::*, field as f}};\n\n\
         /// Every message that is served or read, by name.\n#[rustfmt::skip]\n\
         pub(super) static MESSAGES: [Message; {}] = [\n",
        reached.len()
    );
    let numbers: BTreeMap<&String, usize> =
        reached.iter().enumerate().map(|(number, name)| (name, number)).collect();
    for name in reached {
        let _ = writeln!(out, "    Message {{ name: \"{name}\", fields: &[");
        let mut lines: Vec<(String, String)> = Vec::new();
        for field in messages.get(name).into_iter().flatten() {
            let Some(kind) = kind(field, &numbers) else { continue };
            let tag = tags.get(&(name.clone(), field.name.clone())).cloned().unwrap_or_default();
            let inline = tag.json.is_empty() && tags.contains_key(&(name.clone(), field.name.clone()));
            let shape = if inline { "Inline" } else { field.shape };
            let json = if tag.json.is_empty() { &field.name } else { &tag.json };
            let zero = match (tag.pointer, tag.omit_empty) {
                (true, _) => "Keep",
                (false, true) => "Drop",
                (false, false) => "Always",
            };
            let line =
                format!("f({}, \"{json}\", {kind}, {shape}, {zero}, \"{}\")", field.number, tag.merge_key);
            lines.push((json.clone(), line));
        }
        lines.sort();
        for (_, line) in lines {
            let _ = writeln!(out, "        {line},");
        }
        out.push_str("    ] },\n");
    }
    out.push_str("];\n");
    let fields = out.matches("        f(").count();
    let _ = writeln!(out, "\n/// How many fields the table has, for the test that notices a damaged table.");
    let _ = writeln!(out, "#[cfg(test)]\npub(super) const FIELDS: usize = {fields};");
    out
}

fn kind(field: &Field, numbers: &BTreeMap<&String, usize>) -> Option<String> {
    if let Some((_, special)) = SPECIAL.iter().find(|(name, _)| *name == field.of) {
        return (!special.is_empty()).then(|| (*special).to_owned());
    }
    let scalar = match field.of.as_str() {
        "string" => "String",
        "bytes" => "Bytes",
        "bool" => "Bool",
        "int32" => "Int32",
        "int64" => "Int64",
        "double" => "Double",
        other => return numbers.get(&other.to_owned()).map(|number| format!("Nested({number})")),
    };
    Some(scalar.to_owned())
}
