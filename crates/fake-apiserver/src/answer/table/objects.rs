//! Kinds with short rows.

use serde_json::{Value, json};

use super::text::{NONE, age, count, each, or_none, pairs};
use super::{Printer, text, wide};

pub(super) const NAME_AND_AGE: Printer = Printer {
    columns: &[text("Name"), text("Age")],
    cells: |object, now| vec![name(object), json!(age(created(object), now))],
};

pub(super) const NAME_AND_CREATED: Printer = Printer {
    columns: &[text("Name"), text("Created At")],
    cells: |object, _| vec![name(object), created(object).clone()],
};

pub(super) const NAMESPACE: Printer = Printer {
    columns: &[text("Name"), text("Status"), text("Age")],
    cells: |object, now| {
        vec![name(object), object["status"]["phase"].clone(), json!(age(created(object), now))]
    },
};

pub(super) const CONFIG_MAP: Printer = Printer {
    columns: &[text("Name"), text("Data"), text("Age")],
    cells: |object, now| {
        let entries = entries(&object["data"]) + entries(&object["binaryData"]);
        vec![name(object), json!(entries.to_string()), json!(age(created(object), now))]
    },
};

pub(super) const SECRET: Printer = Printer {
    columns: &[text("Name"), text("Type"), text("Data"), text("Age")],
    cells: |object, now| {
        let entries = entries(&object["data"]).to_string();
        vec![name(object), object["type"].clone(), json!(entries), json!(age(created(object), now))]
    },
};

pub(super) const LEASE: Printer = Printer {
    columns: &[text("Name"), text("Holder"), text("Age")],
    cells: |object, now| {
        let holder = object["spec"]["holderIdentity"].as_str().unwrap_or_default();
        vec![name(object), json!(holder), json!(age(created(object), now))]
    },
};

pub(super) const SERVICE: Printer = Printer {
    columns: &[
        text("Name"),
        text("Type"),
        text("Cluster-IP"),
        text("External-IP"),
        text("Port(s)"),
        text("Age"),
        wide("Selector"),
    ],
    cells: |object, now| {
        let spec = &object["spec"];
        let ports: Vec<String> = each(&spec["ports"]).map(port).collect();
        let kind = spec["type"].as_str().unwrap_or("ClusterIP");
        let external = match kind {
            "ExternalName" => or_none(&spec["externalName"]),
            "LoadBalancer" => "<pending>".to_owned(),
            _ => NONE.to_owned(),
        };
        vec![
            name(object),
            json!(kind),
            json!(or_none(&spec["clusterIP"])),
            json!(external),
            json!(if ports.is_empty() { NONE.to_owned() } else { ports.join(",") }),
            json!(age(created(object), now)),
            json!(pairs(&spec["selector"])),
        ]
    },
};

pub(super) const ENDPOINT_SLICE: Printer = Printer {
    columns: &[text("Name"), text("AddressType"), text("Ports"), text("Endpoints"), text("Age")],
    cells: |object, now| {
        let ports: Vec<String> = each(&object["ports"]).map(|port| port["port"].to_string()).collect();
        let addresses =
            each(&object["endpoints"]).flat_map(|one| each(&one["addresses"])).filter_map(Value::as_str);
        vec![
            name(object),
            object["addressType"].clone(),
            json!(short(ports.iter().map(String::as_str))),
            json!(short(addresses)),
            json!(age(created(object), now)),
        ]
    },
};

pub(super) const EVENT: Printer = Printer {
    columns: &[
        text("Last Seen"),
        text("Type"),
        text("Reason"),
        text("Object"),
        wide("Subobject"),
        wide("Source"),
        text("Message"),
        wide("First Seen"),
        wide("Count"),
        wide("Name"),
    ],
    cells: |object, now| {
        let about = &object["involvedObject"];
        let kind = about["kind"].as_str().unwrap_or_default().to_lowercase();
        let first =
            [&object["firstTimestamp"], &object["eventTime"]].into_iter().find(|time| !time.is_null());
        let last = [&object["lastTimestamp"], &object["eventTime"]].into_iter().find(|time| !time.is_null());
        vec![
            json!(age(last.unwrap_or(&Value::Null), now)),
            object["type"].clone(),
            object["reason"].clone(),
            json!(format!("{kind}/{}", about["name"].as_str().unwrap_or_default())),
            json!(about["fieldPath"].as_str().unwrap_or_default()),
            json!(object["source"]["component"].as_str().unwrap_or_default()),
            json!(object["message"].as_str().unwrap_or_default().trim()),
            json!(age(first.unwrap_or(&Value::Null), now)),
            json!(count(&object["count"]).max(1).to_string()),
            name(object),
        ]
    },
};

fn name(object: &Value) -> Value {
    object["metadata"]["name"].clone()
}

fn created(object: &Value) -> &Value {
    &object["metadata"]["creationTimestamp"]
}

fn entries(map: &Value) -> usize {
    map.as_object().map_or(0, serde_json::Map::len)
}

fn port(port: &Value) -> String {
    let protocol = port["protocol"].as_str().unwrap_or("TCP");
    match count(&port["nodePort"]) {
        0 => format!("{}/{protocol}", count(&port["port"])),
        node => format!("{}:{node}/{protocol}", count(&port["port"])),
    }
}

/// The first three, and how many more there are.
fn short<'a>(all: impl Iterator<Item = &'a str>) -> String {
    let all: Vec<&str> = all.collect();
    match all.len() {
        0 => "<unset>".to_owned(),
        1..=3 => all.join(","),
        many => format!("{} + {} more...", all[..3].join(","), many - 3),
    }
}
