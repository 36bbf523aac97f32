//! Pods.

use std::collections::BTreeMap;

use super::meta::{conditions, meta};
use super::{Into, Lean, boxed, exact, pairs, port, resources, seconds, time};
use crate::pod::{
    Container, ContainerPort, ContainerState, ContainerStatus, Pod, ResourceClaim, Terminated, Toleration,
    VolumeClaim,
};
use crate::wire;
use crate::{Shared, Text};

impl Lean for Pod {
    type Wire = wire::Pod;

    fn from_wire(wire: Self::Wire, to: &Into<'_>) -> Self {
        let (spec, mut status) = (wire.spec.unwrap_or_default(), wire.status.unwrap_or_default());
        if status.pod_ips.is_empty() && !status.pod_ip.is_empty() {
            status.pod_ips.push(wire::PodIp { ip: status.pod_ip });
        }
        Self {
            meta: to.meta(wire.metadata),
            node: to.sym(&spec.node_name),
            host_network: spec.host_network,
            hostname: to.sym(&spec.hostname),
            subdomain: to.sym(&spec.subdomain),
            priority_class: to.sym(&spec.priority_class_name),
            restart_policy: to.sym(&spec.restart_policy),
            runtime_class: to.sym(&spec.runtime_class_name),
            scheduler: to.sym(&spec.scheduler_name),
            service_account: to.sym(&spec.service_account_name),
            node_selector: to.pairs(&spec.node_selector),
            tolerations: to.interner.list(exact(spec.tolerations.iter(), |wire| to.toleration(wire))),
            overhead: to.resources(&spec.overhead),
            claims: to.claims(spec.volumes),
            resource_claims: to.resource_claims(spec.resource_claims, status.resource_claim_statuses),
            containers: to.containers(&spec.containers),
            init_containers: to.containers(&spec.init_containers),
            phase: to.sym(&status.phase),
            reason: to.sym(&status.reason),
            host_ip: to.sym(&status.host_ip),
            pod_ips: boxed(status.pod_ips, |wire| Text::new(wire.ip)),
            qos_class: to.sym(&status.qos_class),
            start_time: status.start_time.map(|time| time.seconds),
            conditions: to.conditions(status.conditions),
            container_statuses: boxed(status.container_statuses, |wire| to.container_status(wire)),
            init_container_statuses: boxed(status.init_container_statuses, |wire| to.container_status(wire)),
        }
    }

    fn to_wire(&self) -> Self::Wire {
        let spec = wire::PodSpec {
            volumes: self.claims.iter().map(volume).collect(),
            containers: self.containers.iter().map(container).collect(),
            restart_policy: self.restart_policy.to_string(),
            node_selector: pairs(&self.node_selector),
            service_account_name: self.service_account.to_string(),
            node_name: self.node.to_string(),
            host_network: self.host_network,
            hostname: self.hostname.to_string(),
            subdomain: self.subdomain.to_string(),
            scheduler_name: self.scheduler.to_string(),
            init_containers: self.init_containers.iter().map(container).collect(),
            tolerations: self.tolerations.iter().map(toleration).collect(),
            priority_class_name: self.priority_class.to_string(),
            runtime_class_name: self.runtime_class.to_string(),
            overhead: resources(&self.overhead),
            resource_claims: self.resource_claims.iter().map(resource_claim).collect(),
        };
        let status = wire::PodStatus {
            phase: self.phase.to_string(),
            conditions: conditions(&self.conditions),
            reason: self.reason.to_string(),
            host_ip: self.host_ip.to_string(),
            pod_ip: String::new(),
            start_time: self.start_time.map(|seconds| wire::Time { seconds, nanos: 0 }),
            container_statuses: self.container_statuses.iter().map(container_status).collect(),
            qos_class: self.qos_class.to_string(),
            init_container_statuses: self.init_container_statuses.iter().map(container_status).collect(),
            pod_ips: self.pod_ips.iter().map(|ip| wire::PodIp { ip: ip.to_string() }).collect(),
            resource_claim_statuses: self.resource_claims.iter().filter_map(resource_claim_status).collect(),
        };
        wire::Pod { metadata: meta(&self.meta), spec: Some(spec), status: Some(status) }
    }
}

impl Into<'_> {
    fn containers(&self, wire: &[wire::Container]) -> Shared<Container> {
        self.interner.list(exact(wire.iter(), |wire| self.container(wire)))
    }

    fn container(&self, wire: &wire::Container) -> Container {
        let (requests, limits) = match &wire.resources {
            Some(wire) => (self.resources(&wire.requests), self.resources(&wire.limits)),
            None => Default::default(),
        };
        let ports = exact(wire.ports.iter(), |wire| ContainerPort {
            name: self.sym(&wire.name),
            protocol: self.sym(&wire.protocol),
            port: port(wire.container_port),
        });
        Container {
            name: self.sym(&wire.name),
            image: self.sym(&wire.image),
            restart_policy: self.sym(&wire.restart_policy),
            requests,
            limits,
            ports: ports.into_boxed_slice(),
        }
    }

    fn toleration(&self, wire: &wire::Toleration) -> Toleration {
        Toleration {
            key: self.sym(&wire.key),
            operator: self.sym(&wire.operator),
            value: self.sym(&wire.value),
            effect: self.sym(&wire.effect),
            seconds: wire.toleration_seconds,
        }
    }

    fn claims(&self, volumes: Vec<wire::Volume>) -> Shared<VolumeClaim> {
        let mut claims = Vec::new();
        for volume in volumes {
            let source = volume.source.unwrap_or_default();
            let ephemeral = source.persistent_volume_claim.is_none() && source.ephemeral.is_some();
            if source.persistent_volume_claim.is_none() && !ephemeral {
                continue;
            }
            let claim = source.persistent_volume_claim.unwrap_or_default();
            claims.push(VolumeClaim {
                volume: self.sym(&volume.name),
                claim: self.sym(&claim.claim_name),
                read_only: claim.read_only,
                ephemeral,
            });
        }
        self.interner.list(claims)
    }

    /// By name, which is their key; maps, because a hostile pod may list 100,000 of them.
    fn resource_claims(
        &self,
        wire: Vec<wire::PodResourceClaim>,
        resolved: Vec<wire::PodResourceClaimStatus>,
    ) -> Box<[ResourceClaim]> {
        let mut resolved: BTreeMap<String, String> =
            resolved.into_iter().map(|status| (status.name, status.resource_claim_name)).collect();
        let mut claims = BTreeMap::new();
        for claim in wire {
            if claim.resource_claim_name.is_none() && claim.resource_claim_template_name.is_none() {
                continue;
            }
            let name = claim.resource_claim_name.or_else(|| resolved.remove(&claim.name));
            let lean = ResourceClaim {
                name: self.sym(&claim.name),
                claim: Text::new(name.unwrap_or_default()),
                template: self.sym(&claim.resource_claim_template_name.unwrap_or_default()),
            };
            claims.entry(claim.name).or_insert(lean);
        }
        claims.into_values().collect()
    }

    fn container_status(&self, wire: wire::ContainerStatus) -> ContainerStatus {
        ContainerStatus {
            name: self.sym(&wire.name),
            image: self.sym(&wire.image),
            image_id: self.sym(&wire.image_id),
            container_id: Text::new(wire.container_id),
            ready: wire.ready,
            restarts: wire.restart_count,
            state: self.container_state(wire.state),
            last_state: self.container_state(wire.last_state),
        }
    }

    fn container_state(&self, wire: Option<wire::ContainerState>) -> ContainerState {
        let wire = wire.unwrap_or_default();
        if let Some(running) = wire.running {
            return ContainerState::Running { started: seconds(running.started_at) };
        }
        if let Some(terminated) = wire.terminated {
            return ContainerState::Terminated(Box::new(Terminated {
                reason: self.sym(&terminated.reason),
                exit_code: terminated.exit_code,
                signal: terminated.signal,
                started: seconds(terminated.started_at),
                finished: seconds(terminated.finished_at),
            }));
        }
        match wire.waiting {
            Some(waiting) => ContainerState::Waiting { reason: self.sym(&waiting.reason) },
            None => ContainerState::Unset,
        }
    }
}

fn container(own: &Container) -> wire::Container {
    let container_port = |own: &ContainerPort| wire::ContainerPort {
        name: own.name.to_string(),
        container_port: own.port.into(),
        protocol: own.protocol.to_string(),
    };
    let requirements =
        wire::Requirements { limits: resources(&own.limits), requests: resources(&own.requests) };
    wire::Container {
        name: own.name.to_string(),
        image: own.image.to_string(),
        ports: own.ports.iter().map(container_port).collect(),
        resources: Some(requirements),
        restart_policy: own.restart_policy.to_string(),
    }
}

fn toleration(own: &Toleration) -> wire::Toleration {
    wire::Toleration {
        key: own.key.to_string(),
        operator: own.operator.to_string(),
        value: own.value.to_string(),
        effect: own.effect.to_string(),
        toleration_seconds: own.seconds,
    }
}

fn volume(own: &VolumeClaim) -> wire::Volume {
    let claim = wire::Claim { claim_name: own.claim.to_string(), read_only: own.read_only };
    let source = wire::VolumeSource {
        persistent_volume_claim: (!own.ephemeral).then_some(claim),
        ephemeral: own.ephemeral.then_some(wire::Ephemeral {}),
    };
    wire::Volume { name: own.volume.to_string(), source: Some(source) }
}

/// The name of a template's claim comes from the status and goes back there.
fn resource_claim(own: &ResourceClaim) -> wire::PodResourceClaim {
    let is_templated = !own.template.is_empty();
    wire::PodResourceClaim {
        name: own.name.to_string(),
        resource_claim_name: (!is_templated).then(|| own.claim.to_string()),
        resource_claim_template_name: is_templated.then(|| own.template.to_string()),
    }
}

fn resource_claim_status(own: &ResourceClaim) -> Option<wire::PodResourceClaimStatus> {
    (!own.template.is_empty() && !own.claim.is_empty()).then(|| wire::PodResourceClaimStatus {
        name: own.name.to_string(),
        resource_claim_name: own.claim.to_string(),
    })
}

fn container_status(own: &ContainerStatus) -> wire::ContainerStatus {
    wire::ContainerStatus {
        name: own.name.to_string(),
        state: container_state(&own.state),
        last_state: container_state(&own.last_state),
        ready: own.ready,
        restart_count: own.restarts,
        image: own.image.to_string(),
        image_id: own.image_id.to_string(),
        container_id: own.container_id.to_string(),
    }
}

fn container_state(own: &ContainerState) -> Option<wire::ContainerState> {
    let mut wire = wire::ContainerState::default();
    match own {
        ContainerState::Unset => return None,
        ContainerState::Waiting { reason } => {
            wire.waiting = Some(wire::Waiting { reason: reason.to_string() })
        }
        ContainerState::Running { started } => {
            wire.running = Some(wire::Running { started_at: time(*started) });
        }
        ContainerState::Terminated(terminated) => {
            wire.terminated = Some(wire::Terminated {
                exit_code: terminated.exit_code,
                signal: terminated.signal,
                reason: terminated.reason.to_string(),
                started_at: time(terminated.started),
                finished_at: time(terminated.finished),
            });
        }
    }
    Some(wire)
}
