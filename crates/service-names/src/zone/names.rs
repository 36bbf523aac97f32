//! Every name that there is, for tests and comparisons.

use std::collections::BTreeMap;
use std::net::IpAddr;

use dns_message::{Name, RecordType};

use super::Zone;
use crate::address::Octets;
use crate::owners::Owners;
use crate::payload::Protocol;
use crate::service::{Kind, Port, Service};

type Names = BTreeMap<Name, Vec<RecordType>>;

impl Zone {
    pub(super) fn all_names(&self) -> Vec<(Name, Vec<RecordType>)> {
        let mut names = Names::new();
        self.add(&mut names, &[], &[RecordType::SOA, RecordType::NS]);
        self.add(&mut names, &[b"dns-version"], &[RecordType::TXT]);
        if self.beat.load().is_some() {
            self.add(&mut names, &[b"_freshness"], &[RecordType::TXT]);
        }
        self.with_server(|_, v4, v6| self.add(&mut names, &[b"ns", b"dns"], &types(v4, v6)));
        for service in self.services.values() {
            if service.exists(self.config().empty_services) {
                self.add_service(&mut names, &service);
            }
        }
        add_addresses(&mut names, &self.owners_v4);
        add_addresses(&mut names, &self.owners_v6);
        self.add_pods(&mut names, &self.pods_v4);
        self.add_pods(&mut names, &self.pods_v6);
        names.into_iter().collect()
    }

    fn add_service(&self, names: &mut Names, service: &Service) {
        let [name, namespace] = service.key.labels();
        let below = |label: &[&[u8]]| -> Vec<Vec<u8>> {
            label.iter().copied().chain([name, namespace, b"svc"]).map(<[u8]>::to_vec).collect()
        };
        let mut add = |labels: &[&[u8]], types: &[RecordType]| {
            let labels = below(labels);
            let labels: Vec<&[u8]> = labels.iter().map(Vec::as_slice).collect();
            self.add(names, &labels, types);
        };
        let own = match service.kind {
            Kind::External(_) => vec![RecordType::CNAME],
            _ => types(&service.v4, &service.v6),
        };
        add(&[], &own);
        let ports: Vec<&Port> = match &service.kind {
            Kind::ClusterIp { ports } => ports.iter().collect(),
            Kind::Headless => service.endpoints.ports().collect(),
            Kind::External(_) => Vec::new(),
        };
        if !ports.is_empty() && !own.is_empty() {
            add(&[], &[RecordType::SRV]);
        }
        for port in ports.iter().filter(|port| !port.name.is_empty()) {
            add(&[&[b"_", &*port.name].concat(), protocol(port.protocol)], &[RecordType::SRV]);
        }
        for index in 0..service.endpoints.len() {
            let member = service.endpoints.member(index);
            let label = member.label.label().to_vec();
            add(&[&label], &types(member.v4, member.v6));
            if service.endpoints.members_of(None).any(|entry| entry.has(index)) {
                add(&[&label], &[RecordType::SRV]);
            }
        }
    }

    fn add_pods<A: Octets>(&self, names: &mut Names, pods: &Owners<A>) {
        pods.each_entry(|owner| {
            let [namespace, ..] = owner.key.labels();
            let record_type = if owner.address.ip().is_ipv4() { RecordType::A } else { RecordType::AAAA };
            self.add(names, &[owner.address.dashed().label(), namespace, b"pod"], &[record_type]);
        });
    }

    /// Adds a name below the zone, if it is one.
    fn add(&self, names: &mut Names, labels: &[&[u8]], types: &[RecordType]) {
        if types.is_empty() {
            return;
        }
        let zone = self.config().zone.labels();
        if let Ok(name) = Name::from_labels(labels.iter().copied().chain(zone)) {
            let known = names.entry(name).or_default();
            known.extend(types);
            known.sort_unstable();
            known.dedup();
        }
    }
}

fn add_addresses<A: Octets>(names: &mut Names, owners: &Owners<A>) {
    owners.each_entry(|owner| {
        names.insert(pointer_name(owner.address.ip()), vec![RecordType::PTR]);
    });
}

/// The name of an address in the reverse zones.
fn pointer_name(address: IpAddr) -> Name {
    let text = match address {
        IpAddr::V4(address) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
        }
        IpAddr::V6(address) => {
            let nibbles =
                address.octets().into_iter().rev().map(|octet| format!("{:x}.{:x}.", octet & 15, octet >> 4));
            nibbles.collect::<String>() + "ip6.arpa."
        }
    };
    Name::parse(&text).unwrap_or_else(|_| Name::root())
}

fn types(v4: &[[u8; 4]], v6: &[[u8; 16]]) -> Vec<RecordType> {
    let v4 = (!v4.is_empty()).then_some(RecordType::A);
    v4.into_iter().chain((!v6.is_empty()).then_some(RecordType::AAAA)).collect()
}

fn protocol(protocol: Protocol) -> &'static [u8] {
    match protocol {
        Protocol::Tcp => b"_tcp",
        Protocol::Udp => b"_udp",
        Protocol::Sctp => b"_sctp",
    }
}
