//! Writes the inputs that fuzzing starts from: `cargo run -p objects --example fuzz_seeds -- DIR` (`fuzz/run` calls it).
//!
//! One folder per target of `fuzz/`. The targets for lists and watches put the first bytes (`k8s\0`, `{`, a zero) in front
//! themselves, so those are cut off here.
#![expect(dead_code, reason = "the tests' builders are shared; some of them are for tests only")]

#[path = "../tests/objects/arbitrary.rs"]
mod arbitrary;
#[path = "../tests/objects/bodies.rs"]
mod bodies;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use objects::{Resource, encode};

const SEEDS_PER_KIND: u8 = 6;

const JSON_OBJECTS: [&str; 3] = [
    r#"{"metadata":{"name":"a","namespace":"n","labels":{"k":"v"},"creationTimestamp":"2026-11-24T00:00:00Z"},
        "spec":{"nodeName":"n","containers":[{"name":"c","resources":{"limits":{"cpu":1,"memory":"1Gi"}}}],
        "volumes":[{"name":"v","persistentVolumeClaim":{"claimName":"c"}}],"replicas":3,"ports":[{"port":80}]},
        "status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"c",
        "state":{"terminated":{"exitCode":1}}}],"capacity":{"cpu":"4"}}}"#,
    r#"{"metadata":{"name":"b"},"spec":{"strategy":{"rollingUpdate":{"maxSurge":"25%","maxUnavailable":1}},
        "renewTime":"2026-11-24T00:00:00.123456Z","taints":[{"key":"k"}],"clusterIPs":["10.96.0.1"],"suspend":null},
        "endpoints":[{"addresses":["10.0.0.1"],"conditions":{"ready":true},"targetRef":{"kind":"Pod"}}],"type":"Opaque"}"#,
    r#"{"kind":"Status","code":429,"reason":"TooManyRequests","details":{"retryAfterSeconds":3}}"#,
];

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or_else(|| io::Error::other("usage: fuzz_seeds DIR"))?;
    let objects = protobuf_objects();
    let all: Vec<Vec<u8>> = objects.iter().flatten().cloned().collect();

    for (resource, seeds) in objects.iter().enumerate() {
        for (index, seed) in seeds.iter().enumerate() {
            let data = [&[resource as u8][..], seed].concat();
            write(&folder, "object", &format!("protobuf-{resource}-{index}"), &data)?;
        }
    }
    for (index, object) in JSON_OBJECTS.iter().enumerate() {
        // 130 is the first choice of JSON that stands for the first resource.
        for resource in 0..Resource::ALL.len() {
            let data = [&[130 + resource as u8][..], object.as_bytes()].concat();
            write(&folder, "object", &format!("json-{resource}-{index}"), &data)?;
        }
    }
    lists(&folder, &all)?;
    watches(&folder, &all)?;
    for text in ["0", "100m", "1.5Gi", "-12e-3", "9E", "1Ei", ".5u", "007n"] {
        write(&folder, "quantity", text, text.as_bytes())?;
    }
    Ok(())
}

/// Objects of each resource, from the simplest on.
fn protobuf_objects() -> Vec<Vec<Vec<u8>>> {
    let object = |resource, seed: u8| {
        let choices: Vec<u8> =
            (0..200u8).map(|index| index.wrapping_mul(seed * 2 + 1).wrapping_add(seed)).collect();
        let choices = if seed == 0 { &[][..] } else { &choices };
        let mut bytes = Vec::new();
        encode::object(&arbitrary::Choices(choices).object(resource), &mut bytes);
        bytes
    };
    Resource::ALL.map(|resource| (0..SEEDS_PER_KIND).map(|seed| object(resource, seed)).collect()).into()
}

fn lists(folder: &Path, objects: &[Vec<u8>]) -> io::Result<()> {
    for (index, some) in objects.chunks(7).enumerate() {
        let items: Vec<&[u8]> = some.iter().map(Vec::as_slice).collect();
        let body = bodies::protobuf_list("PodList", "7", "token", &items);
        write(folder, "list_protobuf", &index.to_string(), &body[4..])?;
    }
    let items = JSON_OBJECTS.join(",");
    let body = format!(
        r#"{{"kind":"PodList","metadata":{{"resourceVersion":"7","continue":"t"}},"items":[{items}]}}"#
    );
    write(folder, "list_json", "full", &body.as_bytes()[1..])?;
    let body = r#"{"items":[],"other":[{"a":"\"}"}],"metadata":{"resourceVersion":"7"}}"#;
    write(folder, "list_json", "empty", &body.as_bytes()[1..])
}

fn watches(folder: &Path, objects: &[Vec<u8>]) -> io::Result<()> {
    let end = bodies::protobuf_object("", "9", &[("k8s.io/initial-events-end", "true")]);
    for (index, object) in objects.iter().enumerate() {
        let events = [
            bodies::protobuf_event("ADDED", "Pod", object),
            bodies::protobuf_event("BOOKMARK", "Pod", &end),
            bodies::protobuf_event("ERROR", "Status", object),
        ];
        write(folder, "watch_protobuf", &index.to_string(), &events.concat()[1..])?;
    }
    for (index, object) in JSON_OBJECTS.iter().enumerate() {
        let event = |kind| format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n");
        let events = ["ADDED", "DELETED", "BOOKMARK", "ERROR"].map(event).concat();
        write(folder, "watch_json", &index.to_string(), &events.as_bytes()[1..])?;
    }
    Ok(())
}

fn write(folder: &Path, target: &str, name: &str, data: &[u8]) -> io::Result<()> {
    let folder = folder.join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("seed-{name}")), data)
}
