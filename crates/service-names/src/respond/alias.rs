//! Services that are another name (`type: ExternalName`, specification 2.5).

use std::net::IpAddr;
use std::sync::Arc;

use dns_message::{
    Builder, Class, Flags, LABELS_MAX, Message, MessageError, Name, Query, Rcode, Rdata, RecordType, Section,
    Soa,
};

use crate::locate::{Asked, Place};
use crate::reply::{QUESTION, Reply};
use crate::service::{Kind, Service};
use crate::zone::{Answered, Manner, Outcome, Zone};

/// Aliases that are followed within the zone; CoreDNS follows as many.
const ALIASES_MAX: usize = 10;

/// Where a chain of aliases leads.
struct Chain {
    /// The target of each, the last one being no alias of this zone.
    targets: Vec<Name>,
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Inside,
    Outside,
    /// In a circle, or on for too long.
    Lost,
}

impl Zone {
    /// A response for the name of an alias. Only addresses are looked for behind it, as CoreDNS does.
    pub(super) fn respond_alias(
        &self,
        service: &Arc<Service>,
        query: &Query<'_>,
        manner: &Manner<'_>,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let Kind::External(target) = &service.kind else { return Outcome::Elsewhere };
        if !matches!(query.record_type, RecordType::A | RecordType::AAAA) {
            let mut reply = Reply::start(query, manner, out);
            let ttl = self.config().ttl_seconds;
            reply.record(Section::Answer, &[QUESTION], RecordType::CNAME, ttl, &[target.as_wire()]);
            return Outcome::Answered(reply.finish(Rcode::NOERROR));
        }
        let mut chain = self.chain(&query.name(), target);
        match chain.end {
            End::Lost => Outcome::Answered(Reply::start(query, manner, out).finish(Rcode::SERVFAIL)),
            End::Inside => Outcome::Answered(self.answer_inside(&chain, query, manner, out)),
            End::Outside => match chain.targets.pop() {
                Some(target) => Outcome::Chase { target },
                None => Outcome::Elsewhere,
            },
        }
    }

    /// See [`Zone::answer_chased`].
    pub(crate) fn respond_chased(
        &self,
        query: &Query<'_>,
        manner: &Manner<'_>,
        response: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Outcome {
        let place = Asked::of(query).place(&self.suffix);
        let service = match place {
            Some(Place::Service { key }) => self.services.get(key),
            _ => None,
        };
        let Some(Kind::External(target)) = service.as_ref().map(|service| &service.kind) else {
            // It was an alias a moment ago; now it is what the zone says.
            return self.respond(query, manner, out);
        };
        let chain = self.chain(&query.name(), target);
        let start = out.len();
        let answered =
            response.and_then(|response| self.append_chased(&chain, query, manner, response, out).ok());
        Outcome::Answered(answered.unwrap_or_else(|| {
            out.truncate(start);
            Reply::start(query, manner, out).finish(Rcode::SERVFAIL)
        }))
    }

    fn append_chased(
        &self,
        chain: &Chain,
        query: &Query<'_>,
        manner: &Manner<'_>,
        response: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<Answered, MessageError> {
        let message = Message::parse(response)?;
        let asked_for = message.question().zip(chain.targets.last());
        if !asked_for.is_some_and(|(question, target)| question.name.is(target)) {
            return Err(MessageError::Questions);
        }
        // The result is that of the last step (RFC 6604, 3).
        let rcode = message.header().flags.rcode();
        if !matches!(rcode, Rcode::NOERROR | Rcode::NXDOMAIN) {
            return Err(MessageError::Data);
        }
        let mut builder = self.begin(chain, query, manner, rcode, out);
        for record in message.records() {
            let record = record?;
            let wanted = record.section == Section::Answer
                || record.section == Section::Authority && record.record_type == RecordType::SOA;
            if wanted {
                builder.copy(record.section, &record, manner.ttl(record.ttl))?;
            }
        }
        Ok(answered(builder, rcode))
    }

    /// The aliases and what is behind them in this zone.
    fn answer_inside(
        &self,
        chain: &Chain,
        query: &Query<'_>,
        manner: &Manner<'_>,
        out: &mut Vec<u8>,
    ) -> Answered {
        let Some(target) = chain.targets.last() else {
            return Reply::start(query, manner, out).finish(Rcode::SERVFAIL);
        };
        let lower = target.to_lower();
        let mut buffer = [0; LABELS_MAX];
        let place = Asked::of_name(lower.as_wire(), &mut buffer).place(&self.suffix);
        let addresses = place.and_then(|place| self.addresses_at(place));
        let rcode = if addresses.is_some() { Rcode::NOERROR } else { Rcode::NXDOMAIN };
        let mut builder = self.begin(chain, query, manner, rcode, out);
        let ttl = manner.ttl(self.config().ttl_seconds);
        let mut any = false;
        for address in addresses.into_iter().flatten() {
            let data = match address {
                IpAddr::V4(address) => Rdata::A(address),
                IpAddr::V6(address) => Rdata::Aaaa(address),
            };
            if data.record_type() == query.record_type {
                any = true;
                builder.record(Section::Answer, target, Class::IN, ttl, &data);
            }
        }
        if !any {
            self.append_soa(&mut builder, manner);
        }
        answered(builder, rcode)
    }

    /// A response with the aliases in it.
    fn begin<'o>(
        &self,
        chain: &Chain,
        query: &Query<'_>,
        manner: &Manner<'o>,
        rcode: Rcode,
        out: &'o mut Vec<u8>,
    ) -> Builder<'o> {
        let opt = manner.opt_of(rcode);
        let mut builder = Builder::reply(query, Flags::AUTHORITATIVE, rcode, manner.limit_bytes, opt, out);
        let ttl = manner.ttl(self.config().ttl_seconds);
        let mut owner = &query.name();
        for target in &chain.targets {
            builder.record(Section::Answer, owner, Class::IN, ttl, &Rdata::Cname(target));
            owner = target;
        }
        builder
    }

    fn append_soa(&self, builder: &mut Builder<'_>, manner: &Manner<'_>) {
        let config = self.config();
        let ttl = manner.ttl(config.negative_ttl_seconds);
        let label = |labels: &[&[u8]]| Name::from_labels(labels.iter().copied().chain(config.zone.labels()));
        let (Ok(server), Ok(mailbox)) = (label(&[b"ns", b"dns"]), label(&[b"hostmaster"])) else { return };
        let soa = Soa {
            server: &server,
            mailbox: &mailbox,
            serial: self.serial(),
            refresh: 7_200,
            retry: 1_800,
            expire: 86_400,
            minimum: ttl,
        };
        builder.record(Section::Authority, &config.zone, Class::IN, ttl, &Rdata::Soa(soa));
    }

    fn chain(&self, first: &Name, target: &Name) -> Chain {
        let mut chain = Chain { targets: vec![target.clone()], end: End::Inside };
        loop {
            let last = chain.targets.last().unwrap_or(first).to_lower();
            let mut buffer = [0; LABELS_MAX];
            let next = match Asked::of_name(last.as_wire(), &mut buffer).place(&self.suffix) {
                None => {
                    chain.end = End::Outside;
                    return chain;
                }
                Some(Place::Service { key }) => self.services.with(key, |service| match &service.kind {
                    Kind::External(next) => Some(Name::clone(next)),
                    _ => None,
                }),
                Some(_) => None,
            };
            let Some(next) = next.flatten() else { return chain };
            if chain.targets.len() == ALIASES_MAX || chain.targets.contains(&next) || next == *first {
                chain.end = End::Lost;
                return chain;
            }
            chain.targets.push(next);
        }
    }

    /// The addresses of a name; `None` when it does not exist.
    fn addresses_at(&self, place: Place<'_>) -> Option<Vec<IpAddr>> {
        let both = |v4: &[[u8; 4]], v6: &[[u8; 16]]| -> Vec<IpAddr> {
            v4.iter().copied().map(IpAddr::from).chain(v6.iter().copied().map(IpAddr::from)).collect()
        };
        let config = self.config();
        match place {
            Place::Service { key } => self.services.with(key, |service| {
                service.exists(config.empty_services).then(|| both(&service.v4, &service.v6))
            })?,
            Place::Endpoint { key, label } => self.services.with(key, |service| {
                let member = service.endpoints.member(service.endpoints.find(label)?);
                Some(both(member.v4, member.v6))
            })?,
            Place::Pod { key, label } => self.find_pod(key, label).map(|address| vec![address]),
            Place::Server => Some(self.with_server(|_, v4, v6| both(v4, v6))),
            Place::Namespace { key } => self.namespaces.contains(key).then(Vec::new),
            Place::Apex | Place::Container | Place::Version | Place::Freshness => Some(Vec::new()),
            Place::Port { .. } | Place::PodNamespace { .. } | Place::Nothing => None,
        }
    }
}

fn answered(builder: Builder<'_>, rcode: Rcode) -> Answered {
    let finished = builder.finish();
    Answered { rcode, truncated: finished.truncated, answers: finished.answers }
}
