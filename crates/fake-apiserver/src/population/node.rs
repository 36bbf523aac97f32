//! Nodes and their leases.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Draw, ago};

/// What pods must know of their node.
#[derive(Debug, Clone)]
pub(crate) struct NodeSeat {
    pub(crate) name: String,
    pub(crate) uid: String,
    pub(crate) address: String,
    number: usize,
    /// The next pod gets the next address.
    addresses_given: usize,
}

/// (instance type, cores, GiB)
const SIZES: [(&str, u64, u64); 5] = [
    ("general-4", 4, 16),
    ("general-8", 8, 32),
    ("general-16", 16, 64),
    ("compute-16", 16, 32),
    ("memory-8", 8, 64),
];
const ZONES: [&str; 3] = ["region-1a", "region-1b", "region-1c"];
/// A /23: 510 addresses, for at most 500 pods.
const ADDRESSES_PER_NODE: usize = 512;
const KUBELET_VERSION: &str = "v1.37.2";
/// As kubelets renew it.
pub(crate) const LEASE_SECONDS: u64 = 40;

impl NodeSeat {
    pub(super) fn new(number: usize, draw: &mut Draw) -> Self {
        let address =
            format!("172.{}.{}.{}", 16 + number / 64_516 % 16, number / 254 % 254, 1 + number % 254);
        Self { name: format!("node-{number:05}"), uid: draw.uid(), address, number, addresses_given: 0 }
    }

    /// An address in the node's range; used again after the range is through.
    pub(crate) fn pod_address(&mut self) -> String {
        let place = 1 + self.addresses_given % (ADDRESSES_PER_NODE - 2);
        self.addresses_given += 1;
        dotted(self.number * ADDRESSES_PER_NODE + place)
    }
}

fn dotted(offset: usize) -> String {
    format!("10.{}.{}.{}", offset >> 16 & 0xff, offset >> 8 & 0xff, offset & 0xff)
}

pub(super) fn node(seat: &NodeSeat, now: Timestamp, draw: &mut Draw) -> Value {
    let (size, cores, gibibytes) = *draw.one(&SIZES);
    let zone = ZONES[seat.number % ZONES.len()];
    let created = draw.between(86_400, 120 * 86_400);
    let cidr = format!("{}/23", dotted(seat.number * ADDRESSES_PER_NODE));
    let ready = !draw.once_in(200);
    let memory = gibibytes * 1024 * 1024 - draw.between(100_000, 400_000);
    let capacity = |cpu: String, memory: u64| {
        json!({"cpu": cpu, "memory": format!("{memory}Ki"), "pods": "110", "ephemeral-storage": "104845292Ki",
            "hugepages-1Gi": "0", "hugepages-2Mi": "0"})
    };
    let cordoned = draw.once_in(100);
    let mut spec = json!({"podCIDR": cidr, "podCIDRs": [cidr], "providerID": format!("example:///{zone}/{}", seat.name)});
    if cordoned {
        spec["unschedulable"] = json!(true);
        spec["taints"] = json!([{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule",
            "timeAdded": ago(now, 3600)}]);
    }
    json!({
        "metadata": {
            "name": seat.name, "uid": seat.uid, "creationTimestamp": ago(now, created),
            "labels": {
                "kubernetes.io/hostname": seat.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
                "node.kubernetes.io/instance-type": size, "topology.kubernetes.io/zone": zone,
                "topology.kubernetes.io/region": "region-1",
            },
            "annotations": {"node.alpha.kubernetes.io/ttl": "0",
                "volumes.kubernetes.io/controller-managed-attach-detach": "true"},
        },
        "spec": spec,
        "status": {
            "addresses": [{"type": "InternalIP", "address": seat.address}, {"type": "Hostname", "address": seat.name}],
            "capacity": capacity(cores.to_string(), memory),
            "allocatable": capacity(format!("{}m", cores * 1000 - 80), memory - 600_000),
            "conditions": conditions(ready, created, now),
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "images": (0..5).map(|_| json!({
                "names": [format!("registry.example.com/library/image@sha256:{}", draw.digest())],
                "sizeBytes": draw.between(5_000_000, 400_000_000),
            })).collect::<Vec<_>>(),
            "nodeInfo": {
                "machineID": draw.letters(13), "systemUUID": draw.uid(), "bootID": draw.uid(),
                "kernelVersion": "6.12.30", "osImage": "Debian GNU/Linux 13 (trixie)",
                "containerRuntimeVersion": "containerd://2.1.4", "kubeletVersion": KUBELET_VERSION,
                "kubeProxyVersion": "", "operatingSystem": "linux", "architecture": "amd64",
            },
        },
    })
}

fn conditions(ready: bool, created: u64, now: Timestamp) -> Value {
    let one = |kind: &str, status: bool, reason: &str, message: &str| {
        json!({"type": kind, "status": if status { "True" } else { "False" }, "reason": reason, "message": message,
            "lastHeartbeatTime": ago(now, 60), "lastTransitionTime": ago(now, created)})
    };
    let last = match ready {
        true => one("Ready", true, "KubeletReady", "kubelet is posting ready status"),
        false => one("Ready", false, "KubeletNotReady", "container runtime network not ready"),
    };
    json!([
        one("MemoryPressure", false, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        one("DiskPressure", false, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        one("PIDPressure", false, "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        last,
    ])
}

pub(super) fn lease(seat: &NodeSeat, now: Timestamp, draw: &mut Draw) -> Value {
    let renewed = now.checked_sub(jiff::SignedDuration::from_secs(draw.between(0, 9) as i64)).unwrap_or(now);
    json!({
        "metadata": {
            "name": seat.name, "namespace": "kube-node-lease", "uid": draw.uid(), "creationTimestamp": ago(now, 86_400),
            "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": seat.name, "uid": seat.uid}],
        },
        "spec": {"holderIdentity": seat.name, "leaseDurationSeconds": LEASE_SECONDS, "renewTime": format!("{renewed:.6}")},
    })
}
