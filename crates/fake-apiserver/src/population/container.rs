//! The two containers of a pod: specification and status.

use serde_json::{Value, json};

use super::{App, Draw};

const SIDECAR: &str = "registry.example.com/mesh/sidecar:2.4.1";

/// `spec.containers` of the app's pods.
pub(super) fn containers(app: &App) -> Value {
    let resources = |millicores: u64, mebibytes: u64| {
        json!({"requests": {"cpu": format!("{millicores}m"), "memory": format!("{mebibytes}Mi")},
            "limits": {"memory": format!("{}Mi", mebibytes * 2)}})
    };
    let probe = |path: &str| {
        json!({"httpGet": {"path": path, "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10,
        "timeoutSeconds": 1, "successThreshold": 1, "failureThreshold": 3})
    };
    // Assigned, not put into `json!`, which copies what it is given: there are as many of these as pods.
    let fixed = |mut container: Value, millicores: u64, mebibytes: u64| {
        container["resources"] = resources(millicores, mebibytes);
        container["terminationMessagePath"] = json!("/dev/termination-log");
        container["terminationMessagePolicy"] = json!("File");
        container["imagePullPolicy"] = json!("IfNotPresent");
        container
    };
    let mut main = json!({
            "name": "app", "image": app.image(),
            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"},
                {"name": "metrics", "containerPort": 9090, "protocol": "TCP"}],
            "env": [{"name": "LOG_LEVEL", "value": "info"},
                {"name": "POD_NAME", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}],
            "volumeMounts": [{"name": "kube-api-access", "readOnly": true,
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
    });
    main["livenessProbe"] = probe("/livez");
    main["readinessProbe"] = probe("/readyz");
    let sidecar = json!({
        "name": "sidecar", "image": SIDECAR,
        "ports": [{"name": "proxy", "containerPort": 15001, "protocol": "TCP"}],
    });
    Value::Array(vec![fixed(main, app.millicores, app.mebibytes), fixed(sidecar, 10, 32)])
}

/// How a container is.
#[derive(Debug, Clone)]
pub(super) enum Condition<'a> {
    Waiting(&'a str),
    Running { since: &'a str },
    Completed { start: &'a str, end: &'a str },
}

/// `status.containerStatuses`; `last_end` is when the app's container ended last, if it ever did.
pub(super) fn statuses(
    app: &App,
    condition: &Condition<'_>,
    ready: bool,
    restarts: u64,
    last_end: Option<&str>,
    draw: &mut Draw,
) -> Value {
    let state = |draw: &mut Draw| match condition {
        Condition::Waiting(reason) => json!({"waiting": {"reason": reason}}),
        Condition::Running { since } => json!({"running": {"startedAt": since}}),
        Condition::Completed { start, end } => json!({"terminated": {
            "exitCode": 0, "reason": "Completed", "startedAt": start, "finishedAt": end,
            "containerID": format!("containerd://{}", draw.digest())}}),
    };
    let one = |name: &str, image: String, restarts: u64, last_end: Option<&str>, draw: &mut Draw| {
        let started = matches!(condition, Condition::Running { .. });
        let mut status = json!({
            "name": name, "image": image, "ready": ready, "started": started, "restartCount": restarts,
            "lastState": {}, "imageID": "",
        });
        status["state"] = state(draw);
        if !matches!(condition, Condition::Waiting(_)) {
            let repository = image.rsplit_once(':').map_or(image.as_str(), |(repository, _)| repository);
            status["imageID"] = json!(format!("{repository}@sha256:{}", digest_of(&image)));
            status["containerID"] = json!(format!("containerd://{}", draw.digest()));
        }
        if let (Some(end), true) = (last_end, restarts > 0) {
            status["lastState"] = json!({"terminated": {
                "exitCode": 137, "reason": "OOMKilled", "startedAt": end, "finishedAt": end,
                "containerID": format!("containerd://{}", draw.digest())}});
        }
        status
    };
    json!([
        one("app", app.image(), restarts, last_end, draw),
        one("sidecar", SIDECAR.to_owned(), 0, None, draw)
    ])
}

/// The same image has the same digest, whoever runs it.
fn digest_of(image: &str) -> String {
    let mut draw =
        Draw::new(image.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        }));
    draw.digest()
}
