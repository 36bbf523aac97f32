//! SRV, PTR, NS, SOA and TXT records.

use std::net::IpAddr;

use dns_message::{Query, Rcode, RecordType, Section};

use super::{Found, is};
use crate::address::Octets;
use crate::endpoints::{Member, PortMembers};
use crate::owners::{Owner, Owners};
use crate::payload::Protocol;
use crate::reply::{Pieces, QUESTION, Reply, fits};
use crate::service::{Kind, Port, Service};
use crate::zone::{Manner, Zone};

/// The label between a service and its zone.
const SVC: &[u8] = b"\x03svc";
/// What CoreDNS gives the records of a set: an equal part of this for each address and port, at least 1.
const WEIGHT_SUM: usize = 100;
/// Targets whose place in the message is remembered, so that their addresses need not repeat the name: more than fit into
/// 1,232 octets.
const TARGETS_REMEMBERED: usize = 32;

impl Zone {
    /// SRV of a service: of the port that is named, or of all ports when the service itself is asked.
    pub(super) fn service_srv(
        &self,
        service: &Service,
        wanted: Option<(&[u8], Protocol)>,
        query: &Query<'_>,
        manner: &Manner<'_>,
        out: &mut Vec<u8>,
    ) -> Found {
        match &service.kind {
            Kind::ClusterIp { ports } => self.cluster_srv(service, ports, wanted, query, manner, out),
            Kind::Headless => self.headless_srv(service, wanted, query, manner, out),
            Kind::External(_) => Found::NoData,
        }
    }

    /// One record per port, to the service's own name.
    fn cluster_srv(
        &self,
        service: &Service,
        ports: &[Port],
        wanted: Option<(&[u8], Protocol)>,
        query: &Query<'_>,
        manner: &Manner<'_>,
        out: &mut Vec<u8>,
    ) -> Found {
        let matching = || ports.iter().filter(|port| port.is(wanted));
        let addresses = service.v4.len() + service.v6.len();
        if addresses == 0 || matching().next().is_none() {
            return Found::NoData;
        }
        let weight = weight(matching().count() * addresses);
        let target: Pieces<'_> = &[service.key.wire(), SVC, &self.suffix.wire];
        let mut reply = Reply::start(query, manner, out);
        let mut written = None;
        for (index, port) in matching().enumerate() {
            // Two ports of one number (53 over UDP and over TCP) are one record when both are asked for.
            if matching().take(index).any(|before| before.number == port.number) {
                continue;
            }
            written = self.srv(&mut reply, weight, port.number, target).or(written);
        }
        if let Some(target_at) = written {
            self.srv_additional(&mut reply, target_at, target, &service.v4, &service.v6);
        }
        Found::Done(reply.finish(Rcode::NOERROR))
    }

    /// One record per endpoint and port, to the endpoint's name.
    fn headless_srv(
        &self,
        service: &Service,
        wanted: Option<(&[u8], Protocol)>,
        query: &Query<'_>,
        manner: &Manner<'_>,
        out: &mut Vec<u8>,
    ) -> Found {
        let endpoints = &service.endpoints;
        let ports = endpoints.members_of(wanted);
        let total = ports.clone().map(|port| port.addresses).sum();
        if total == 0 {
            return Found::NoData;
        }
        let weight = weight(total);
        let mut reply = Reply::start(query, manner, out);
        let mut targets = [None; TARGETS_REMEMBERED];
        for (nth, entry) in ports.clone().enumerate() {
            for (place, index) in rotated(entry, endpoints.len(), manner.rotation).enumerate() {
                let same_number = |before: &PortMembers| before.port.number == entry.port.number;
                if ports.clone().take(nth).any(|before| same_number(before) && before.has(index)) {
                    continue;
                }
                let member = endpoints.member(index);
                let name = self.endpoint_name(service, &member);
                let target_at = self.srv(&mut reply, weight, entry.port.number, &name);
                if let (0, Some(slot)) = (nth, targets.get_mut(place)) {
                    *slot = target_at.and_then(|at| reply.pointer_to(at));
                }
                if reply.is_full() {
                    return Found::Done(reply.finish(Rcode::NOERROR));
                }
            }
        }
        // Addresses come after all records of the answer section, once for each endpoint.
        for (nth, entry) in ports.clone().enumerate() {
            for (place, index) in rotated(entry, endpoints.len(), manner.rotation).enumerate() {
                if ports.clone().take(nth).any(|before| before.has(index)) {
                    continue;
                }
                let member = endpoints.member(index);
                let name = self.endpoint_name(service, &member);
                let pointer = targets.get(place).filter(|_| nth == 0).and_then(Option::as_ref);
                let pointer = pointer.map(|pointer| [pointer.as_slice()]);
                let owner = pointer.as_ref().map_or(name.as_slice(), |pointer| pointer.as_slice());
                reply.additional(owner, self.config().ttl_seconds, member.v4);
                reply.additional(owner, self.config().ttl_seconds, member.v6);
                if reply.is_full() {
                    return Found::Done(reply.finish(Rcode::NOERROR));
                }
            }
        }
        Found::Done(reply.finish(Rcode::NOERROR))
    }

    /// SRV asked at an endpoint's name: its ports.
    pub(super) fn endpoint_srv(
        &self,
        service: &Service,
        index: usize,
        query: &Query<'_>,
        manner: &Manner<'_>,
        out: &mut Vec<u8>,
    ) -> Found {
        let endpoints = &service.endpoints;
        let ports = || endpoints.members_of(None).filter(|entry| entry.has(index)).map(|entry| &entry.port);
        if ports().next().is_none() {
            return Found::NoData;
        }
        let member = endpoints.member(index);
        let name = self.endpoint_name(service, &member);
        let weight = weight(ports().count() * (member.v4.len() + member.v6.len()));
        let mut reply = Reply::start(query, manner, out);
        let mut written = None;
        for (nth, port) in ports().enumerate() {
            if ports().take(nth).any(|before| before.number == port.number) {
                continue;
            }
            written = self.srv(&mut reply, weight, port.number, &name).or(written);
        }
        if let Some(target_at) = written {
            self.srv_additional(&mut reply, target_at, &name, member.v4, member.v6);
        }
        Found::Done(reply.finish(Rcode::NOERROR))
    }

    /// The name of an endpoint, in pieces.
    fn endpoint_name<'a>(&'a self, service: &'a Service, member: &'a Member<'_>) -> [&'a [u8]; 4] {
        [member.label.wire(), service.key.wire(), SVC, &self.suffix.wire]
    }

    /// Where the target stands in the message.
    fn srv(&self, reply: &mut Reply<'_>, weight: u16, port: u16, target: Pieces<'_>) -> Option<usize> {
        if !fits(target) {
            return None;
        }
        let [weight_high, weight_low] = weight.to_be_bytes();
        let [port_high, port_low] = port.to_be_bytes();
        let numbers = [0, 0, weight_high, weight_low, port_high, port_low];
        let mut data: [&[u8]; 5] = [&numbers, &[], &[], &[], &[]];
        data[1..=target.len()].copy_from_slice(target);
        let ttl = self.config().ttl_seconds;
        let at = reply.record(Section::Answer, &[QUESTION], RecordType::SRV, ttl, &data)?;
        Some(at + numbers.len())
    }

    fn srv_additional(
        &self,
        reply: &mut Reply<'_>,
        target_at: usize,
        target: Pieces<'_>,
        v4: &[[u8; 4]],
        v6: &[[u8; 16]],
    ) {
        let ttl = self.config().ttl_seconds;
        let pointer = reply.pointer_to(target_at);
        let pointer = pointer.as_ref().map(|pointer| [pointer.as_slice()]);
        let owner = pointer.as_ref().map_or(target, |pointer| pointer.as_slice());
        reply.additional(owner, ttl, v4);
        reply.additional(owner, ttl, v6);
    }

    /// PTR: the service whose own address it is (two, for a moment, when an address moves), else every endpoint that has it.
    pub(super) fn find_pointer(
        &self,
        address: IpAddr,
        query: &Query<'_>,
        manner: &Manner<'_>,
        out: &mut Vec<u8>,
    ) -> Found {
        match address {
            IpAddr::V4(address) => self.pointer_of(&self.owners_v4, address.octets(), query, manner, out),
            IpAddr::V6(address) => self.pointer_of(&self.owners_v6, address.octets(), query, manner, out),
        }
    }

    fn pointer_of<A: Octets>(
        &self,
        owners: &Owners<A>,
        address: A,
        query: &Query<'_>,
        manner: &Manner<'_>,
        out: &mut Vec<u8>,
    ) -> Found {
        let (mut known, mut own) = (false, false);
        owners.each(address, |owner| {
            known = true;
            own = owner.own;
            !own
        });
        if !known {
            return Found::NoName;
        }
        if !is(query.record_type, RecordType::PTR) {
            return Found::NoData;
        }
        let mut reply = Reply::start(query, manner, out);
        owners.each(address, |owner| {
            if owner.own == own {
                self.pointer(&mut reply, owner);
            }
            !reply.is_full()
        });
        Found::Done(reply.finish(Rcode::NOERROR))
    }

    fn pointer<A: Octets>(&self, reply: &mut Reply<'_>, owner: &Owner<A>) {
        let ttl = self.config().ttl_seconds;
        let mut ptr = |name: Pieces<'_>| {
            if fits(name) {
                reply.record(Section::Answer, &[QUESTION], RecordType::PTR, ttl, name);
            }
        };
        if owner.own {
            ptr(&[owner.key.wire(), SVC, &self.suffix.wire]);
            return;
        }
        // The service may have gone since; then there is nothing to say.
        self.services.with(owner.key.wire(), |service| {
            let endpoints = &service.endpoints;
            let mut each = |index| ptr(&self.endpoint_name(service, &endpoints.member(index)));
            match owner.address.ip() {
                IpAddr::V4(address) => endpoints.with_v4(address.octets()).for_each(&mut each),
                IpAddr::V6(address) => endpoints.with_v6(address.octets()).for_each(&mut each),
            }
        });
    }

    /// The zone itself: SOA and NS.
    pub(super) fn find_apex(&self, query: &Query<'_>, manner: &Manner<'_>, out: &mut Vec<u8>) -> Found {
        if is(query.record_type, RecordType::SOA) {
            let mut reply = Reply::start(query, manner, out);
            let config = self.config();
            reply.soa(
                Section::Answer,
                0,
                self.serial(),
                config.negative_ttl_seconds,
                config.negative_ttl_seconds,
            );
            return Found::Done(reply.finish(Rcode::NOERROR));
        }
        if query.record_type != RecordType::NS {
            return Found::NoData;
        }
        self.with_server(|service, v4, v6| {
            let key = service.map_or(b"\x02ns\x03dns".as_slice(), |service| service.key.wire());
            // The zone's name stands in the question.
            let svc = if service.is_some() { SVC } else { &[] };
            let mut reply = Reply::start(query, manner, out);
            let ttl = self.config().ttl_seconds;
            let data = [key, svc, QUESTION];
            if let Some(target_at) = reply.record(Section::Answer, &[QUESTION], RecordType::NS, ttl, &data) {
                self.srv_additional(&mut reply, target_at, &data, v4, v6);
            }
            Found::Done(reply.finish(Rcode::NOERROR))
        })
    }

    /// Calls `with` with the service that clients ask and its addresses, or without one and the addresses of the settings.
    pub(crate) fn with_server<R>(
        &self,
        with: impl FnOnce(Option<&Service>, &[[u8; 4]], &[[u8; 16]]) -> R,
    ) -> R {
        let service = self.server_key.as_ref().and_then(|key| self.services.get(key.wire()));
        match service.filter(|service| matches!(service.kind, Kind::ClusterIp { .. })) {
            Some(service) => with(Some(&service), &service.v4, &service.v6),
            None => with(None, &self.server_v4, &self.server_v6),
        }
    }

    /// The heartbeat, never to be cached. Before the first one the name exists and has no record.
    pub(super) fn find_freshness(&self, query: &Query<'_>, manner: &Manner<'_>, out: &mut Vec<u8>) -> Found {
        let beat = self.beat.load();
        let Some(beat) = beat.as_ref().filter(|_| is(query.record_type, RecordType::TXT)) else {
            return Found::NoData;
        };
        let mut reply = Reply::start(query, manner, out);
        reply.record(Section::Answer, &[QUESTION], RecordType::TXT, 0, &[&beat.text]);
        Found::Done(reply.finish(Rcode::NOERROR))
    }
}

/// The endpoints of a port, beginning with another one at each question.
fn rotated(entry: &PortMembers, all: usize, rotation: u32) -> impl Iterator<Item = usize> + '_ {
    let count = entry.count(all);
    let first = rotation as usize % count.max(1);
    (first..count).chain(0..first).map(|n| entry.nth(n))
}

fn weight(records: usize) -> u16 {
    (WEIGHT_SUM / records.max(1)).max(1) as u16
}
