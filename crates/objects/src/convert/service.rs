//! Services and endpoint slices.

use super::meta::meta;
use super::{Into, Lean, boxed, port, strings, texts};
use crate::service::{Endpoint, EndpointSlice, Service, ServicePort};
use crate::wire;
use crate::{Sym, Text};

impl Lean for Service {
    type Wire = wire::Service;

    fn from_wire(wire: Self::Wire, to: &Into<'_>) -> Self {
        let (mut spec, status) = (wire.spec.unwrap_or_default(), wire.status.unwrap_or_default());
        if spec.cluster_ips.is_empty() && !spec.cluster_ip.is_empty() {
            spec.cluster_ips.push(spec.cluster_ip);
        }
        let ingress = status.load_balancer.unwrap_or_default().ingress;
        Self {
            meta: to.meta(wire.metadata),
            kind: to.sym(&spec.kind),
            cluster_ips: texts(spec.cluster_ips),
            external_ips: texts(spec.external_ips),
            external_name: to.sym(&spec.external_name),
            load_balancer_ip: to.sym(&spec.load_balancer_ip),
            ingress: boxed(ingress, |ingress| (to.sym(&ingress.ip), to.sym(&ingress.hostname))),
            publish_not_ready: spec.publish_not_ready_addresses,
            ports: boxed(spec.ports, |wire| to.service_port(&wire.name, &wire.protocol, wire.port)),
        }
    }

    fn to_wire(&self) -> Self::Wire {
        let service_port = |own: &ServicePort| wire::ServicePort {
            name: own.name.to_string(),
            protocol: own.protocol.to_string(),
            port: own.port.into(),
        };
        let spec = wire::ServiceSpec {
            ports: self.ports.iter().map(service_port).collect(),
            cluster_ip: String::new(),
            kind: self.kind.to_string(),
            external_ips: strings(&self.external_ips),
            load_balancer_ip: self.load_balancer_ip.to_string(),
            external_name: self.external_name.to_string(),
            publish_not_ready_addresses: self.publish_not_ready,
            cluster_ips: strings(&self.cluster_ips),
        };
        let ingress = |(ip, hostname): &(Sym, Sym)| wire::Ingress {
            ip: ip.to_string(),
            hostname: hostname.to_string(),
        };
        let load_balancer = wire::LoadBalancer { ingress: self.ingress.iter().map(ingress).collect() };
        let status = wire::ServiceStatus { load_balancer: Some(load_balancer) };
        wire::Service { metadata: meta(&self.meta), spec: Some(spec), status: Some(status) }
    }
}

impl Lean for EndpointSlice {
    type Wire = wire::EndpointSlice;

    fn from_wire(wire: Self::Wire, to: &Into<'_>) -> Self {
        Self {
            meta: to.meta(wire.metadata),
            address_type: to.sym(&wire.address_type),
            ports: boxed(wire.ports, |wire| to.service_port(&wire.name, &wire.protocol, wire.port)),
            endpoints: boxed(wire.endpoints, |wire| to.endpoint(wire)),
        }
    }

    fn to_wire(&self) -> Self::Wire {
        let endpoint_port = |own: &ServicePort| wire::EndpointPort {
            name: own.name.to_string(),
            protocol: own.protocol.to_string(),
            port: own.port.into(),
        };
        wire::EndpointSlice {
            metadata: meta(&self.meta),
            endpoints: self.endpoints.iter().map(endpoint).collect(),
            ports: self.ports.iter().map(endpoint_port).collect(),
            address_type: self.address_type.to_string(),
        }
    }
}

impl Into<'_> {
    fn service_port(&self, name: &str, protocol: &str, number: i32) -> ServicePort {
        ServicePort { name: self.sym(name), protocol: self.sym(protocol), port: port(number) }
    }

    fn endpoint(&self, wire: wire::Endpoint) -> Endpoint {
        let conditions = wire.conditions.unwrap_or_default();
        let target = wire.target_ref.unwrap_or_default();
        Endpoint {
            addresses: texts(wire.addresses),
            ready: conditions.ready,
            serving: conditions.serving,
            terminating: conditions.terminating,
            hostname: self.sym(&wire.hostname),
            node: self.sym(&wire.node_name),
            zone: self.sym(&wire.zone),
            target_kind: self.sym(&target.kind),
            target_namespace: self.sym(&target.namespace),
            target_name: Text::new(&target.name),
        }
    }
}

fn endpoint(own: &Endpoint) -> wire::Endpoint {
    let conditions =
        wire::EndpointConditions { ready: own.ready, serving: own.serving, terminating: own.terminating };
    let target = wire::ObjectReference {
        kind: own.target_kind.to_string(),
        namespace: own.target_namespace.to_string(),
        name: own.target_name.to_string(),
    };
    wire::Endpoint {
        addresses: strings(&own.addresses),
        conditions: Some(conditions),
        hostname: own.hostname.to_string(),
        target_ref: Some(target),
        node_name: own.node.to_string(),
        zone: own.zone.to_string(),
    }
}
