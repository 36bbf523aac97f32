//! Question -> response.

mod alias;
mod records;

use std::net::IpAddr;
use std::sync::Arc;

use dns_message::{Class, Query, Rcode, RecordType, Section};

use crate::address;
use crate::config::PodRecords;
use crate::locate::{Asked, Place};
use crate::reply::{QUESTION, Reply};
use crate::service::{Kind, Service, protocol_of};
use crate::zone::{Answered, Manner, Outcome, Zone};

/// What the specification is called in its own record (2.2).
const VERSION_TEXT: &[u8] = b"\x051.1.0";

/// What there is at a name.
enum Found {
    /// A response was written.
    Done(Answered),
    /// The name exists, without such records.
    NoData,
    /// The name does not exist.
    NoName,
    /// The name is an alias.
    Alias(Arc<Service>),
}

impl Zone {
    /// See [`Zone::answer`].
    #[inline]
    pub(crate) fn respond(&self, query: &Query<'_>, manner: &Manner<'_>, out: &mut Vec<u8>) -> Outcome {
        if query.class != Class::IN {
            return Outcome::Elsewhere;
        }
        let asked = Asked::of(query);
        let Some(place) = asked.place(&self.suffix) else {
            return self.respond_reverse(asked, query, manner, out);
        };
        if is_transfer(query.record_type) {
            return refuse(query, manner, out);
        }
        let uncached = place == Place::Freshness;
        let zone_at = asked.zone_at(&self.suffix);
        match self.find(place, query, manner, out) {
            Found::Done(answered) => Outcome::Answered(answered),
            Found::NoData => {
                Outcome::Answered(self.negative(query, manner, zone_at, Rcode::NOERROR, uncached, out))
            }
            Found::NoName if self.falls_through(asked) => Outcome::Elsewhere,
            Found::NoName => {
                Outcome::Answered(self.negative(query, manner, zone_at, Rcode::NXDOMAIN, false, out))
            }
            Found::Alias(service) => self.respond_alias(&service, query, manner, out),
        }
    }

    #[inline]
    fn negative(
        &self,
        query: &Query<'_>,
        manner: &Manner<'_>,
        zone_at: usize,
        rcode: Rcode,
        uncached: bool,
        out: &mut Vec<u8>,
    ) -> Answered {
        let mut reply = Reply::start(query, manner, out);
        let ttl = if uncached { 0 } else { self.config().negative_ttl_seconds };
        reply.soa(Section::Authority, zone_at, self.serial(), ttl, ttl);
        reply.finish(rcode)
    }

    #[inline]
    fn falls_through(&self, asked: Asked<'_>) -> bool {
        self.fallthrough.iter().any(|zone| asked.is_within(zone))
    }

    #[inline]
    fn find(&self, place: Place<'_>, query: &Query<'_>, manner: &Manner<'_>, out: &mut Vec<u8>) -> Found {
        let wanted = query.record_type;
        match place {
            Place::Service { key } => self
                .services
                .with(key, |service| self.find_service(service, query, manner, out))
                .unwrap_or(Found::NoName),
            Place::Nothing => Found::NoName,
            Place::Endpoint { key, label } => self
                .services
                .with(key, |service| self.find_endpoint(service, label, query, manner, out))
                .unwrap_or(Found::NoName),
            Place::Port { key, port, protocol } => self
                .services
                .with(key, |service| self.find_port(service, port, protocol, query, manner, out))
                .unwrap_or(Found::NoName),
            Place::Container => Found::NoData,
            Place::Namespace { key } => exists(self.namespaces.contains(key)),
            Place::PodNamespace { key } => {
                exists(self.config().pods != PodRecords::Disabled && self.namespaces.contains(key))
            }
            Place::Pod { key, label } => match self.find_pod(key, label) {
                Some(IpAddr::V4(address)) => self.addresses(&[address.octets()], &[], query, manner, out),
                Some(IpAddr::V6(address)) => self.addresses(&[], &[address.octets()], query, manner, out),
                None => Found::NoName,
            },
            Place::Server => self.with_server(|_, v4, v6| self.addresses(v4, v6, query, manner, out)),
            Place::Version if is(wanted, RecordType::TXT) => {
                let mut reply = Reply::start(query, manner, out);
                let ttl = self.config().ttl_seconds;
                reply.record(Section::Answer, &[QUESTION], RecordType::TXT, ttl, &[VERSION_TEXT]);
                Found::Done(reply.finish(Rcode::NOERROR))
            }
            Place::Version => Found::NoData,
            Place::Freshness => self.find_freshness(query, manner, out),
            Place::Apex => self.find_apex(query, manner, out),
        }
    }

    #[inline]
    fn find_service(
        &self,
        service: &Arc<Service>,
        query: &Query<'_>,
        manner: &Manner<'_>,
        out: &mut Vec<u8>,
    ) -> Found {
        if !service.exists(self.config().empty_services) {
            return Found::NoName;
        }
        if let Kind::External(_) = service.kind {
            return Found::Alias(service.clone());
        }
        if query.record_type == RecordType::SRV {
            return self.service_srv(service, None, query, manner, out);
        }
        self.addresses(&service.v4, &service.v6, query, manner, out)
    }

    /// A or AAAA, whichever is asked; for ANY one set, the least that RFC 8482 asks for.
    #[inline]
    fn addresses(
        &self,
        v4: &[[u8; 4]],
        v6: &[[u8; 16]],
        query: &Query<'_>,
        manner: &Manner<'_>,
        out: &mut Vec<u8>,
    ) -> Found {
        let wanted = query.record_type;
        let ttl = self.config().ttl_seconds;
        if is(wanted, RecordType::A) && !v4.is_empty() {
            let mut reply = Reply::start(query, manner, out);
            reply.addresses(ttl, v4, manner.rotation);
            return Found::Done(reply.finish(Rcode::NOERROR));
        }
        if is(wanted, RecordType::AAAA) && !v6.is_empty() {
            let mut reply = Reply::start(query, manner, out);
            reply.addresses(ttl, v6, manner.rotation);
            return Found::Done(reply.finish(Rcode::NOERROR));
        }
        Found::NoData
    }

    fn find_endpoint(
        &self,
        service: &Service,
        label: &[u8],
        query: &Query<'_>,
        manner: &Manner<'_>,
        out: &mut Vec<u8>,
    ) -> Found {
        // Below `_tcp` there are ports: a name with nothing of its own (RFC 8020).
        if label.first() == Some(&b'_') {
            return exists(protocol_of(label).is_some_and(|protocol| service.has_protocol(protocol)));
        }
        let Some(index) = service.endpoints.find(label) else { return Found::NoName };
        if query.record_type == RecordType::SRV {
            return self.endpoint_srv(service, index, query, manner, out);
        }
        let member = service.endpoints.member(index);
        self.addresses(member.v4, member.v6, query, manner, out)
    }

    fn find_port(
        &self,
        service: &Service,
        port: &[u8],
        protocol: &[u8],
        query: &Query<'_>,
        manner: &Manner<'_>,
        out: &mut Vec<u8>,
    ) -> Found {
        let (Some(port), Some(protocol)) = (port.strip_prefix(b"_"), protocol_of(protocol)) else {
            return Found::NoName;
        };
        let wanted = Some((port, protocol));
        let known = match &service.kind {
            Kind::ClusterIp { ports } => {
                service.exists(self.config().empty_services) && ports.iter().any(|port| port.is(wanted))
            }
            Kind::Headless => service.endpoints.members_of(wanted).next().is_some(),
            Kind::External(_) => false,
        };
        match (known, is(query.record_type, RecordType::SRV)) {
            (false, _) => Found::NoName,
            (true, false) => Found::NoData,
            (true, true) => self.service_srv(service, wanted, query, manner, out),
        }
    }

    /// The address of a pod's name.
    fn find_pod(&self, namespace: &[u8], text: &[u8]) -> Option<IpAddr> {
        let address = match self.config().pods {
            PodRecords::Disabled => return None,
            PodRecords::Insecure => address::of_pod(text).filter(|_| self.namespaces.contains(namespace))?,
            PodRecords::Verified => address::of_pod(text)?,
        };
        if self.config().pods == PodRecords::Verified {
            let mut known = false;
            match address {
                IpAddr::V4(address) => self.pods_v4.each(address.octets(), |owner| {
                    known = owner.key.wire() == namespace;
                    !known
                }),
                IpAddr::V6(address) => self.pods_v6.each(address.octets(), |owner| {
                    known = owner.key.wire() == namespace;
                    !known
                }),
            }
            known.then_some(())?;
        }
        Some(address)
    }

    fn respond_reverse(
        &self,
        asked: Asked<'_>,
        query: &Query<'_>,
        manner: &Manner<'_>,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let Some(zone) = self.reverse.iter().find(|zone| asked.is_within(zone)) else {
            return Outcome::Elsewhere;
        };
        if is_transfer(query.record_type) {
            return refuse(query, manner, out);
        }
        let zone_at = asked.zone_at(zone);
        let found = match asked.address() {
            Some(address) => self.find_pointer(address, query, manner, out),
            None => exists(zone_at == 0),
        };
        match found {
            Found::Done(answered) => Outcome::Answered(answered),
            Found::NoName if self.falls_through(asked) => Outcome::Elsewhere,
            // The apex of a zone that is shared with others is theirs too.
            Found::NoData if zone_at == 0 && self.falls_through(asked) => Outcome::Elsewhere,
            Found::NoName => {
                Outcome::Answered(self.negative(query, manner, zone_at, Rcode::NXDOMAIN, false, out))
            }
            _ => Outcome::Answered(self.negative(query, manner, zone_at, Rcode::NOERROR, false, out)),
        }
    }
}

/// Nobody gets the whole zone.
#[inline]
fn is_transfer(wanted: RecordType) -> bool {
    matches!(wanted, RecordType::AXFR | RecordType::IXFR)
}

fn refuse(query: &Query<'_>, manner: &Manner<'_>, out: &mut Vec<u8>) -> Outcome {
    let mut reply = Reply::start(query, manner, out);
    reply.without_authority();
    Outcome::Answered(reply.finish(Rcode::REFUSED))
}

/// Whether a question for `wanted` is one for `record_type`.
#[inline]
fn is(wanted: RecordType, record_type: RecordType) -> bool {
    wanted == record_type || wanted == RecordType::ANY
}

#[inline]
fn exists(there: bool) -> Found {
    if there { Found::NoData } else { Found::NoName }
}
