//! Where the running API server's flags are found, and what is written for the lifeboat: a static pod or a systemd unit, and a
//! filter for its port.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;

use serde_json::{Value, json};

use super::{FILES, Lifeboat, NAME, Running, derive};

/// A manifest of kubeadm has 6 KB.
const MANIFEST_BYTES_MAX: usize = 1 << 20;
const PROGRAM: &str = "kube-apiserver";

/// Why there is nothing to derive from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ManifestError(pub String);

/// The static pod of the API server (kubeadm: `/etc/kubernetes/manifests/kube-apiserver.yaml`).
///
/// # Errors
/// It is no pod, or has no container that runs an API server.
pub fn from_manifest(text: &str) -> Result<(Value, Running), ManifestError> {
    let pod: Value = serde_saphyr::from_str(text)
        .map_err(|_| ManifestError("not a manifest in YAML or JSON".to_owned()))?;
    let command = container(&pod)
        .map(|container| {
            let words = |field: &str| container[field].as_array().cloned().unwrap_or_default();
            let all = words("command").into_iter().chain(words("args"));
            all.filter_map(|word| word.as_str().map(str::to_owned)).collect::<Vec<_>>()
        })
        .filter(|command| is_api_server(command))
        .ok_or_else(|| ManifestError("no container of it runs kube-apiserver".to_owned()))?;
    Ok((pod, Running::parse(&command)))
}

fn container(pod: &Value) -> Option<&Value> {
    pod["spec"]["containers"].as_array()?.first()
}

fn is_api_server(command: &[String]) -> bool {
    command.iter().take(2).any(|word| word.rsplit('/').next() == Some(PROGRAM))
}

/// The API server that runs on this machine, from `/proc`: the one with this secure port, or the only one. A lifeboat made from
/// another cluster's server would be none, so that nothing is guessed.
///
/// # Errors
/// There is none, there are several and no port says which, or it may not be looked at.
pub fn running_in(procfs: &Path, port: Option<u16>) -> Result<Running, ManifestError> {
    let entries =
        std::fs::read_dir(procfs).map_err(|error| ManifestError(format!("{}: {error}", procfs.display())))?;
    let mut found: Vec<Running> = Vec::new();
    for entry in entries.flatten() {
        let mut bytes = Vec::new();
        let path = entry.path().join("cmdline");
        if environment::files::read_into(&path, &mut bytes, MANIFEST_BYTES_MAX).is_err() {
            continue;
        }
        let command: Vec<String> = bytes
            .split(|byte| *byte == 0)
            .filter(|word| !word.is_empty())
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        if is_api_server(&command) && !command.iter().any(|word| word.contains("lifeboat-tokens.pub")) {
            found.push(Running::parse(&command));
        }
    }
    let port_of = |running: &Running| running.get("secure-port").unwrap_or("6443").to_owned();
    if let Some(port) = port {
        found.retain(|running| port_of(running) == port.to_string());
    }
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(ManifestError(
            "no such kube-apiserver runs on this machine: give its manifest, or go to a control-plane node"
                .to_owned(),
        )),
        several => {
            let ports: Vec<String> = several.iter().map(port_of).collect();
            let ports = ports.join(", ");
            Err(ManifestError(format!(
                "{} API servers run on this machine, with the ports {ports}: say with --of-port which is meant",
                several.len()
            )))
        }
    }
}

/// A static pod beside the one that it is made from: the same image, volumes and host network.
pub fn static_pod(pod: &Value, running: &Running, lifeboat: &Lifeboat) -> Value {
    let original = container(pod).cloned().unwrap_or_default();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut mounts = list(&original["volumeMounts"]);
    mounts.push(json!({"name": "plimsoll", "mountPath": lifeboat.folder, "readOnly": true}));
    let mut volumes = list(&pod["spec"]["volumes"]);
    volumes.push(json!({"name": "plimsoll", "hostPath": {"path": lifeboat.folder, "type": "Directory"}}));
    let memory = format!("{}Mi", lifeboat.memory >> 20);
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": NAME,
            "namespace": "kube-system",
            "labels": {"component": NAME, "tier": "control-plane"},
        },
        "spec": {
            "hostNetwork": true,
            "priorityClassName": "system-node-critical",
            "securityContext": pod["spec"]["securityContext"],
            "containers": [{
                "name": NAME,
                "image": original["image"],
                "imagePullPolicy": "IfNotPresent",
                "command": derive(running, lifeboat),
                "env": [{"name": "GOMEMLIMIT", "value": lifeboat.go_memory()}],
                // Four times kubeadm's 250m for the other one: a share of the processors that the crowd cannot take. No probe:
                // the kubelet would end it when etcd is slow, which is when it is needed.
                "resources": {"requests": {"cpu": "1", "memory": memory}, "limits": {"memory": memory}},
                "volumeMounts": mounts,
            }],
            "volumes": volumes,
        },
    })
}

/// The same for control planes that systemd keeps.
pub fn unit(running: &Running, lifeboat: &Lifeboat) -> String {
    let command: Vec<String> = derive(running, lifeboat).iter().map(|word| quoted(word)).collect();
    let (memory, go) = (lifeboat.memory, lifeboat.go_memory());
    format!(
        "# A second kube-apiserver, for people in an emergency. Its files: {}\n\
         [Unit]\n\
         Description=Kubernetes API server for people (Plimsoll lifeboat)\n\
         After=network.target\n\
         \n\
         [Service]\n\
         ExecStart={}\n\
         Environment=GOMEMLIMIT={go}\n\
         Restart=always\n\
         RestartSec=1\n\
         LimitNOFILE=65536\n\
         # Processors and memory that the crowd cannot take.\n\
         Nice=-15\n\
         CPUWeight=10000\n\
         MemoryMin={memory}\n\
         MemoryMax={memory}\n\
         OOMScoreAdjust=-998\n\
         \n\
         [Install]\n\
         WantedBy=multi-user.target\n",
        FILES.map(|file| lifeboat.file(file)).join(" "),
        command.join(" \\\n  "),
    )
}

/// systemd.service(5): quotes, and `%` and `$` doubled.
fn quoted(word: &str) -> String {
    let word = word.replace('%', "%%").replace('$', "$$");
    if word.chars().all(|c| c.is_ascii_alphanumeric() || "-_=./:,%$[]".contains(c)) {
        return word;
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

/// For `nft -f`: who may reach the port. Applied twice it is there once.
///
/// # Errors
/// An address or prefix that is none.
pub fn nftables(lifeboat: &Lifeboat) -> Result<String, ManifestError> {
    let mut text = format!(
        "# Who may reach the lifeboat: `nft -f` this file at each start of the machine.\n\
         table inet plimsoll-lifeboat\n\
         delete table inet plimsoll-lifeboat\n\
         table inet plimsoll-lifeboat {{\n    chain input {{\n        type filter hook input priority -10; policy accept;\n        tcp dport != {} accept\n        iif \"lo\" accept\n",
        lifeboat.port
    );
    for range in &lifeboat.allowed {
        let (address, bits) = range.split_once('/').unwrap_or((range, ""));
        let parsed: IpAddr =
            address.parse().map_err(|_| ManifestError(format!("{range:?} is no address and no prefix")))?;
        let longest = if parsed.is_ipv4() { 32 } else { 128 };
        if !bits.is_empty() && bits.parse::<u8>().ok().is_none_or(|bits| bits > longest) {
            return Err(ManifestError(format!("{range:?} is no address and no prefix")));
        }
        let family = if parsed.is_ipv4() { "ip" } else { "ip6" };
        let _ = writeln!(text, "        {family} saddr {range} accept");
    }
    let last = if lifeboat.allowed.is_empty() { "accept" } else { "drop" };
    let _ = write!(text, "        {last}\n    }}\n}}\n");
    Ok(text)
}
