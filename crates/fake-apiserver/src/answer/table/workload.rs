//! Deployments and what else runs pods.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::text::{age, condition, count, duration, joined, pairs, selector};
use super::{Printer, number, text, wide};

pub(super) const DEPLOYMENT: Printer = Printer {
    columns: &[
        text("Name"),
        text("Ready"),
        text("Up-to-date"),
        text("Available"),
        text("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells: |object, now| {
        let status = &object["status"];
        row(
            object,
            now,
            &[
                json!(ready(object)),
                json!(count(&status["updatedReplicas"]).to_string()),
                json!(count(&status["availableReplicas"]).to_string()),
            ],
        )
    },
};

pub(super) const REPLICA_SET: Printer = Printer {
    columns: &[
        text("Name"),
        number("Desired"),
        number("Current"),
        number("Ready"),
        text("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells: |object, now| {
        let status = &object["status"];
        row(
            object,
            now,
            &[
                json!(desired(object)),
                json!(count(&status["replicas"])),
                json!(count(&status["readyReplicas"])),
            ],
        )
    },
};

pub(super) const STATEFUL_SET: Printer = Printer {
    columns: &[text("Name"), text("Ready"), text("Age"), wide("Containers"), wide("Images")],
    cells: |object, now| {
        let mut cells = row(object, now, &[json!(ready(object))]);
        cells.pop();
        cells
    },
};

pub(super) const DAEMON_SET: Printer = Printer {
    columns: &[
        text("Name"),
        number("Desired"),
        number("Current"),
        number("Ready"),
        number("Up-to-date"),
        number("Available"),
        text("Node Selector"),
        text("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells: |object, now| {
        let status = &object["status"];
        row(
            object,
            now,
            &[
                json!(count(&status["desiredNumberScheduled"])),
                json!(count(&status["currentNumberScheduled"])),
                json!(count(&status["numberReady"])),
                json!(count(&status["updatedNumberScheduled"])),
                json!(count(&status["numberAvailable"])),
                json!(pairs(&object["spec"]["template"]["spec"]["nodeSelector"])),
            ],
        )
    },
};

pub(super) const JOB: Printer = Printer {
    columns: &[
        text("Name"),
        text("Status"),
        text("Completions"),
        text("Duration"),
        text("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells: |object, now| {
        let status = &object["status"];
        let state = match () {
            () if condition(object, "Complete", "True") => "Complete",
            () if condition(object, "Failed", "True") => "Failed",
            () if !object["metadata"]["deletionTimestamp"].is_null() => "Terminating",
            () if condition(object, "Suspended", "True") => "Suspended",
            () => "Running",
        };
        let wanted = object["spec"]["completions"].as_i64().unwrap_or(1);
        row(
            object,
            now,
            &[
                json!(state),
                json!(format!("{}/{wanted}", count(&status["succeeded"]))),
                json!(run_time(status, now)),
            ],
        )
    },
};

/// Name, the cells of the kind, age, and what `-o wide` adds.
fn row(object: &Value, now: Timestamp, own: &[Value]) -> Vec<Value> {
    let containers = &object["spec"]["template"]["spec"]["containers"];
    let mut cells = vec![object["metadata"]["name"].clone()];
    cells.extend_from_slice(own);
    cells.extend([
        json!(age(&object["metadata"]["creationTimestamp"], now)),
        json!(joined(containers, "name")),
        json!(joined(containers, "image")),
        json!(selector(&object["spec"]["selector"])),
    ]);
    cells
}

fn desired(object: &Value) -> i64 {
    object["spec"]["replicas"].as_i64().unwrap_or(1)
}

fn ready(object: &Value) -> String {
    format!("{}/{}", count(&object["status"]["readyReplicas"]), desired(object))
}

fn run_time(status: &Value, now: Timestamp) -> String {
    let parse = |value: &Value| value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let Some(start) = parse(&status["startTime"]) else { return String::new() };
    let end = parse(&status["completionTime"]).unwrap_or(now);
    duration(end.as_second() - start.as_second())
}
