//! The rest of a search list, walked here: with `ndots:5` a pod asks for `example.org.NAMESPACE.svc.ZONE` first and for
//! `example.org` last; one answer with an alias to what exists saves it the way (CoreDNS's `autopath @kubernetes`).
//!
//! Only for pods: the zone must say that the client's address is a pod's in that very namespace (`pods verified`), so that
//! an answer is never that of somebody else's search list.

use std::net::{IpAddr, SocketAddr};

use dns_message::{
    Builder, Class, Flags, MESSAGE_BYTES_MAX, Message, Name, Query, Rcode, Rdata, RecordType, Scratch,
    Section, gate,
};
use service_names::{Manner, Outcome};

use super::Shared;
use super::finish::Reply;

/// TTL of the alias; what it leads to keeps its own.
const TTL_SECONDS: u32 = 30;

/// The search list of pods, as the kubelet writes it.
pub(crate) struct Autopath {
    zone: Name,
    svc: Name,
    pod: Name,
    /// What follows the cluster's domains: those of the node.
    node: Vec<Name>,
}

/// What one step of the list brought.
enum Step {
    /// The name exists: a whole response.
    Exists(Vec<u8>),
    Missing,
}

impl Autopath {
    pub(crate) fn new(zone: &Name, node: &[Name]) -> Self {
        let below = |label: &str| {
            let relative = Name::parse(label).unwrap_or_else(|_| Name::root());
            relative.below(zone).unwrap_or_else(|_| zone.clone())
        };
        Self { zone: zone.clone(), svc: below("svc"), pod: below("pod"), node: node.to_vec() }
    }

    /// What the client has before its search list, if `query` is the first step of the list of a pod at `client`.
    pub(super) fn first_step(&self, shared: &Shared, query: &Query<'_>, client: SocketAddr) -> Option<Name> {
        if !matches!(query.record_type, RecordType::A | RecordType::AAAA) {
            return None;
        }
        let count = query.label_starts().len();
        // BASE... NAMESPACE svc ZONE...
        let own = count.checked_sub(self.svc.labels().count() + 1).filter(|own| *own > 0)?;
        if !query.name().is_within(&self.svc) {
            return None;
        }
        let namespace = query.label(own)?;
        self.is_pod(shared, client.ip(), namespace)?;
        let asked = query.name();
        Name::from_labels(asked.labels().take(own)).ok()
    }

    /// Whether the zone knows a pod with this address in the namespace.
    fn is_pod(&self, shared: &Shared, address: IpAddr, namespace: &[u8]) -> Option<()> {
        let (dashed, kind) = match address {
            IpAddr::V4(address) => (address.to_string().replace('.', "-"), RecordType::A),
            IpAddr::V6(address) => (address.to_string().replace(':', "-"), RecordType::AAAA),
        };
        let labels = [dashed.as_bytes(), namespace];
        let name = Name::from_labels(labels).ok()?.below(&self.pod).ok()?;
        match from_zone(shared, &name, kind)? {
            Step::Exists(response) => (Message::parse(&response).ok()?.header().counts[1] > 0).then_some(()),
            Step::Missing => None,
        }
    }

    /// The names that come after the first one.
    fn rest(&self, base: &Name) -> Vec<Name> {
        let domains = [&self.svc, &self.zone].into_iter().chain(&self.node);
        let completed = domains.filter_map(|domain| base.below(domain).ok());
        completed.chain([base.clone()]).collect()
    }

    /// Walks the list; appends the first that exists, with an alias to it. `None`, and nothing appended, when none does.
    pub(super) async fn walk(&self, reply: &Reply<'_>, base: &Name, out: &mut Vec<u8>) -> Option<Rcode> {
        for name in self.rest(base) {
            let kind = reply.query.record_type;
            let step = match from_zone(reply.shared, &name, kind) {
                Some(step) => step,
                None => elsewhere(reply, &name, kind).await,
            };
            if let Step::Exists(response) = step {
                reply.shared.metrics.autopath.inc();
                return compose(reply, &name, &response, out);
            }
        }
        None
    }
}

/// `None` when the name is not the zone's.
fn from_zone(shared: &Shared, name: &Name, kind: RecordType) -> Option<Step> {
    let packet = question(name, kind);
    let mut scratch = Scratch::default();
    let query = gate(&packet, &mut scratch).ok()?;
    let manner = Manner { limit_bytes: MESSAGE_BYTES_MAX, rotation: 0, opt: None, stale: None };
    let mut response = Vec::new();
    match shared.zone.answer(&query, &manner, &mut response) {
        Outcome::Answered(answered) if answered.rcode == Rcode::NOERROR => Some(Step::Exists(response)),
        // An alias to the outside is followed by the client's own next step.
        Outcome::Answered(_) | Outcome::Chase { .. } => Some(Step::Missing),
        Outcome::Elsewhere => None,
    }
}

async fn elsewhere(reply: &Reply<'_>, name: &Name, kind: RecordType) -> Step {
    let asked = reply.shared.elsewhere.clone().ask(question(name, kind), reply.client).await;
    match asked.outcome.rcode {
        Rcode::NOERROR => Step::Exists(asked.message),
        _ => Step::Missing,
    }
}

fn question(name: &Name, kind: RecordType) -> Vec<u8> {
    let mut packet = Vec::new();
    let flags = Flags(Flags::RECURSION_DESIRED);
    Builder::query(0, flags, name, kind, Class::IN, None, &mut packet).finish();
    packet
}

fn compose(reply: &Reply<'_>, name: &Name, response: &[u8], out: &mut Vec<u8>) -> Option<Rcode> {
    let message = Message::parse(response).ok()?;
    let cookie = reply.cookie();
    let (limit, opt) = (reply.limit(), reply.opt(cookie.as_ref(), None));
    let start = out.len();
    let flags = Flags::AUTHORITATIVE | Flags::RECURSION_AVAILABLE;
    let mut builder = Builder::reply(reply.query, flags, Rcode::NOERROR, limit, opt, out);
    if message.header().counts[1] > 0 {
        builder.record(Section::Answer, &reply.query.name(), Class::IN, TTL_SECONDS, &Rdata::Cname(name));
    }
    let mut copied = message
        .records()
        .map(|record| record.and_then(|record| builder.copy(record.section, &record, record.ttl)));
    if copied.all(|copied| copied.is_ok()) {
        builder.finish();
        return Some(Rcode::NOERROR);
    }
    out.truncate(start);
    None
}
