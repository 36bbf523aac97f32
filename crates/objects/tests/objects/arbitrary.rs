//! Any object of any kind, made from bytes: a property test shrinks the bytes.

use std::sync::Arc;

use objects::meta::MetaOnly;
use objects::node::{Lease, Namespace, Node, NodeInfo, Taint};
use objects::pod::{
    Container, ContainerPort, ContainerState, ContainerStatus, Pod, ResourceClaim, Resources, Terminated,
    Toleration, VolumeClaim,
};
use objects::service::{Endpoint, EndpointSlice, Service, ServicePort};
use objects::workload::{DaemonSet, Deployment, Job, ReplicaSet, StatefulSet};
use objects::{Condition, IntOrString, Labels, Meta, Object, Owner, Quantity, Resource, Status3, Sym, Text};

/// Choices, taken from bytes; when they are used up, every choice is the simplest.
pub(crate) struct Choices<'a>(pub(crate) &'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    fn i64(&mut self) -> i64 {
        match self.byte() % 8 {
            0 => 0,
            1 => i64::MAX,
            2 => i64::MIN,
            3 => -1,
            _ => i64::from(i32::from_be_bytes([0, self.byte(), self.byte(), self.byte()])),
        }
    }

    fn i32(&mut self) -> i32 {
        match self.byte() % 8 {
            0 => i32::MAX,
            1 => i32::MIN,
            _ => i32::from(self.byte()),
        }
    }

    fn string(&mut self) -> String {
        const PARTS: [&str; 8] =
            ["a", "web", "kubernetes.io/", "é", "\"", "\n", "0", "-a-long-part-of-a-name-"];
        let parts = self.byte() % 4;
        (0..parts).map(|_| PARTS[usize::from(self.byte() % 8)]).collect()
    }

    fn sym(&mut self) -> Sym {
        Sym::new(&self.string())
    }

    fn text(&mut self) -> Text {
        Text::new(self.string())
    }

    fn option<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.flag() { Some(make(self)) } else { None }
    }

    fn list<T, L: FromIterator<T>>(&mut self, mut make: impl FnMut(&mut Self) -> T) -> L {
        let items = self.byte() % 3;
        (0..items).map(|_| make(self)).collect()
    }

    fn labels(&mut self) -> Labels {
        let mut labels: Vec<(Sym, Sym)> = self.list(|c| (c.sym(), c.sym()));
        labels.sort();
        labels.dedup_by(|a, b| a.0 == b.0);
        labels.into()
    }

    fn resources(&mut self) -> Resources {
        self.labels().iter().map(|(name, amount)| (name.clone(), Quantity(amount.clone()))).collect()
    }

    fn meta(&mut self) -> Meta {
        Meta {
            namespace: self.sym(),
            name: self.text(),
            uid: self.text(),
            resource_version: self.text(),
            generation: self.i64(),
            created: self.i64(),
            deleted: self.option(Self::i64),
            owners: self.list(|c| Owner {
                kind: c.sym(),
                name: c.sym(),
                uid: c.text(),
                controller: c.option(Self::flag),
            }),
            labels: self.labels(),
            annotations: self.labels(),
        }
    }

    fn conditions(&mut self) -> Box<[Condition]> {
        self.list(|c| Condition {
            kind: c.sym(),
            status: [Status3::True, Status3::False, Status3::Unknown][usize::from(c.byte() % 3)],
            reason: c.sym(),
            since: c.i64(),
        })
    }

    fn int_or_string(&mut self) -> IntOrString {
        if self.flag() { IntOrString::Int(self.i32()) } else { IntOrString::Text(self.sym()) }
    }

    fn service_ports(&mut self) -> Box<[ServicePort]> {
        self.list(|c| ServicePort { name: c.sym(), protocol: c.sym(), port: c.i64() as u16 })
    }

    fn containers<L: FromIterator<Container>>(&mut self) -> L {
        self.list(|c| Container {
            name: c.sym(),
            image: c.sym(),
            restart_policy: c.sym(),
            requests: c.resources(),
            limits: c.resources(),
            ports: c.list(|c| ContainerPort { name: c.sym(), protocol: c.sym(), port: c.i64() as u16 }),
        })
    }

    fn state(&mut self) -> ContainerState {
        match self.byte() % 4 {
            0 => ContainerState::Unset,
            1 => ContainerState::Waiting { reason: self.sym() },
            2 => ContainerState::Running { started: self.i64() },
            _ => ContainerState::Terminated(Box::new(Terminated {
                reason: self.sym(),
                exit_code: self.i32(),
                signal: self.i32(),
                started: self.i64(),
                finished: self.i64(),
            })),
        }
    }

    fn statuses(&mut self) -> Box<[ContainerStatus]> {
        self.list(|c| ContainerStatus {
            name: c.sym(),
            image: c.sym(),
            image_id: c.sym(),
            container_id: c.text(),
            ready: c.flag(),
            restarts: c.i32(),
            state: c.state(),
            last_state: c.state(),
        })
    }

    fn volume_claim(&mut self) -> VolumeClaim {
        let volume = self.sym();
        if self.flag() {
            // The name of an ephemeral volume's claim follows from the pod's: it is not kept.
            return VolumeClaim { volume, ephemeral: true, ..VolumeClaim::default() };
        }
        VolumeClaim { volume, claim: self.sym(), read_only: self.flag(), ephemeral: false }
    }

    fn pod(&mut self) -> Pod {
        Pod {
            meta: self.meta(),
            node: self.sym(),
            host_network: self.flag(),
            hostname: self.sym(),
            subdomain: self.sym(),
            priority_class: self.sym(),
            restart_policy: self.sym(),
            runtime_class: self.sym(),
            scheduler: self.sym(),
            service_account: self.sym(),
            node_selector: self.labels(),
            tolerations: self.list(|c| Toleration {
                key: c.sym(),
                operator: c.sym(),
                value: c.sym(),
                effect: c.sym(),
                seconds: c.option(Self::i64),
            }),
            overhead: self.resources(),
            claims: self.list(Self::volume_claim),
            // One at most: two of the same name share a status.
            resource_claims: self
                .option(|c| ResourceClaim { name: c.sym(), claim: c.text(), template: c.sym() })
                .into_iter()
                .collect(),
            containers: self.containers(),
            init_containers: self.containers(),
            phase: self.sym(),
            reason: self.sym(),
            host_ip: self.sym(),
            pod_ips: self.list(Self::text),
            qos_class: self.sym(),
            start_time: self.option(Self::i64),
            conditions: self.conditions(),
            container_statuses: self.statuses(),
            init_container_statuses: self.statuses(),
        }
    }

    fn node(&mut self) -> Node {
        Node {
            meta: self.meta(),
            pod_cidr: self.sym(),
            pod_cidrs: self.list(Self::sym),
            provider_id: self.sym(),
            unschedulable: self.flag(),
            taints: self.list(|c| Taint { key: c.sym(), value: c.sym(), effect: c.sym() }),
            addresses: self.list(|c| (c.sym(), c.sym())),
            capacity: self.resources(),
            allocatable: self.resources(),
            conditions: self.conditions(),
            info: NodeInfo {
                kernel_version: self.sym(),
                os_image: self.sym(),
                container_runtime_version: self.sym(),
                kubelet_version: self.sym(),
                kube_proxy_version: self.sym(),
                operating_system: self.sym(),
                architecture: self.sym(),
                system_uuid: self.sym(),
            },
        }
    }

    fn service(&mut self) -> Service {
        Service {
            meta: self.meta(),
            kind: self.sym(),
            cluster_ips: self.list(Self::text),
            external_ips: self.list(Self::text),
            external_name: self.sym(),
            load_balancer_ip: self.sym(),
            ingress: self.list(|c| (c.sym(), c.sym())),
            publish_not_ready: self.flag(),
            ports: self.service_ports(),
        }
    }

    fn endpoint_slice(&mut self) -> EndpointSlice {
        EndpointSlice {
            meta: self.meta(),
            address_type: self.sym(),
            ports: self.service_ports(),
            endpoints: self.list(|c| Endpoint {
                addresses: c.list(Self::text),
                ready: c.option(Self::flag),
                serving: c.option(Self::flag),
                terminating: c.option(Self::flag),
                hostname: c.sym(),
                node: c.sym(),
                zone: c.sym(),
                target_kind: c.sym(),
                target_namespace: c.sym(),
                target_name: c.text(),
            }),
        }
    }

    fn deployment(&mut self) -> Deployment {
        Deployment {
            meta: self.meta(),
            replicas: self.option(Self::i32),
            paused: self.flag(),
            strategy: self.sym(),
            max_unavailable: self.option(Self::int_or_string),
            max_surge: self.option(Self::int_or_string),
            status_replicas: self.i32(),
            ready_replicas: self.i32(),
            available_replicas: self.i32(),
            unavailable_replicas: self.i32(),
            updated_replicas: self.i32(),
            terminating_replicas: self.option(Self::i32),
            observed_generation: self.i64(),
            conditions: self.conditions(),
        }
    }

    fn replica_set(&mut self) -> ReplicaSet {
        ReplicaSet {
            meta: self.meta(),
            replicas: self.option(Self::i32),
            status_replicas: self.i32(),
            fully_labeled_replicas: self.i32(),
            ready_replicas: self.i32(),
            available_replicas: self.i32(),
            terminating_replicas: self.option(Self::i32),
            observed_generation: self.i64(),
        }
    }

    fn stateful_set(&mut self) -> StatefulSet {
        StatefulSet {
            meta: self.meta(),
            replicas: self.option(Self::i32),
            ordinals_start: self.option(Self::i32),
            claim_retention: self.option(|c| (c.sym(), c.sym())),
            status_replicas: self.i32(),
            ready_replicas: self.i32(),
            available_replicas: self.i32(),
            current_replicas: self.i32(),
            updated_replicas: self.i32(),
            observed_generation: self.i64(),
            current_revision: self.sym(),
            update_revision: self.sym(),
        }
    }

    fn daemon_set(&mut self) -> DaemonSet {
        DaemonSet {
            meta: self.meta(),
            current_scheduled: self.i32(),
            desired_scheduled: self.i32(),
            misscheduled: self.i32(),
            ready: self.i32(),
            available: self.i32(),
            unavailable: self.i32(),
            updated_scheduled: self.i32(),
            observed_generation: self.i64(),
        }
    }

    fn job(&mut self) -> Job {
        Job {
            meta: self.meta(),
            parallelism: self.option(Self::i32),
            completions: self.option(Self::i32),
            active_deadline_seconds: self.option(Self::i64),
            suspend: self.option(Self::flag),
            active: self.i32(),
            ready: self.i32(),
            succeeded: self.i32(),
            failed: self.i32(),
            start_time: self.option(Self::i64),
            completion_time: self.option(Self::i64),
            conditions: self.conditions(),
        }
    }

    fn lease(&mut self) -> Lease {
        Lease {
            meta: self.meta(),
            holder: self.sym(),
            duration_seconds: self.i32(),
            acquire_micros: self.i64(),
            renew_micros: self.i64(),
            transitions: self.i32(),
        }
    }

    pub(crate) fn object(&mut self, resource: Resource) -> Object {
        match resource {
            Resource::Namespaces => Object::Namespace(Arc::new(Namespace {
                meta: self.meta(),
                phase: self.sym(),
                conditions: self.conditions(),
            })),
            Resource::Nodes => Object::Node(Arc::new(self.node())),
            Resource::Pods => Object::Pod(Arc::new(self.pod())),
            Resource::Services => Object::Service(Arc::new(self.service())),
            Resource::EndpointSlices => Object::EndpointSlice(Arc::new(self.endpoint_slice())),
            Resource::Deployments => Object::Deployment(Arc::new(self.deployment())),
            Resource::ReplicaSets => Object::ReplicaSet(Arc::new(self.replica_set())),
            Resource::StatefulSets => Object::StatefulSet(Arc::new(self.stateful_set())),
            Resource::DaemonSets => Object::DaemonSet(Arc::new(self.daemon_set())),
            Resource::Jobs => Object::Job(Arc::new(self.job())),
            Resource::Leases => Object::Lease(Arc::new(self.lease())),
            Resource::ConfigMaps => {
                Object::MetaOnly(Arc::new(MetaOnly { meta: self.meta(), kind: Sym::default() }))
            }
            Resource::Secrets => Object::MetaOnly(Arc::new(MetaOnly { meta: self.meta(), kind: self.sym() })),
        }
    }
}
