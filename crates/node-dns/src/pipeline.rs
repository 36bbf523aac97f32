//! The way of one query: gate, rate limit, the cluster's zone, then what can be answered at once of everything else; what
//! has to wait goes to [`Shared::ask`].

mod ask;
pub(crate) mod autopath;
pub(crate) mod elsewhere;
mod finish;
pub(crate) mod knowledge;
pub(crate) mod search;
#[cfg(test)]
pub(crate) mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dns_message::{Class, EdeCode, Name, Query, Rcode, RecordType, Refusal, Scratch, gate, refuse};
use environment::Clock;
use service_names::Zone;

use self::autopath::Autopath;
use self::elsewhere::Elsewhere;
use self::knowledge::{Freshness, Knowledge};
use self::search::Search;
use crate::metrics::{Answered, Metrics, Protocol, Source, ZoneLabel};
use crate::observe::{Observers, Seen};
use crate::rate_limit::RateLimit;

/// What all threads and tasks share.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) zone: Arc<Zone>,
    pub(crate) knowledge: Arc<dyn Knowledge>,
    /// Answers from older knowledge say so.
    pub(crate) fresh_for: Duration,
    pub(crate) elsewhere: Arc<dyn Elsewhere>,
    /// A rewrite rule or a template may be about names of the cluster.
    pub(crate) rules_first: bool,
    pub(crate) rate_limit: Option<RateLimit>,
    /// For server cookies (RFC 9018); made at start, so that a restart only costs each client a new cookie.
    pub(crate) cookie_secret: dns_message::cookie::Secret,
    /// The largest response over UDP, whatever the client takes.
    pub(crate) udp_bytes_max: usize,
    /// Sets of records begin at another one each time.
    pub(crate) rotate: bool,
    pub(crate) search: Option<Search>,
    pub(crate) autopath: Option<Autopath>,
    pub(crate) observers: Option<Observers>,
}

/// What a thread or a connection keeps for itself.
pub(crate) struct Pipeline {
    shared: Arc<Shared>,
    scratch: Scratch,
    /// A whole response from elsewhere, before it is cut to what the client takes.
    whole: Vec<u8>,
    moment: Moment,
    rotation: u32,
}

/// Read once for all queries that came together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Moment {
    pub(crate) monotonic: Duration,
    /// Seconds since the epoch, for cookies; wraps.
    pub(crate) wall_seconds: u32,
    /// Whether there is a zone.
    pub(crate) known: bool,
    /// The text of the extended error, when the zone is older than it should be.
    pub(crate) stale: Option<String>,
}

/// What to do with a query.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// Send what was appended.
    Done(Answered),
    /// Send nothing.
    Silence,
    /// Ask elsewhere.
    Ask,
}

impl Pipeline {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let rotation = 0;
        Self { shared, scratch: Scratch::default(), whole: Vec::new(), moment: Moment::default(), rotation }
    }

    /// Begins a batch: reads the clock and the state of the zone once for all of it.
    #[inline]
    pub(crate) fn begin(&mut self) {
        self.moment = self.shared.moment();
    }

    /// Monotonic time of the batch.
    pub(crate) fn now(&self) -> Duration {
        self.moment.monotonic
    }

    /// Appends the answer to `packet`, if there is one at once.
    #[inline]
    pub(crate) fn answer(
        &mut self,
        packet: &[u8],
        client: SocketAddr,
        protocol: Protocol,
        out: &mut Vec<u8>,
    ) -> Verdict {
        let start = out.len();
        let verdict = self.decide(packet, client, protocol, out);
        if let (Some(observers), Verdict::Done(_)) = (&self.shared.observers, &verdict) {
            let took = self.shared.clock.monotonic().saturating_sub(self.moment.monotonic);
            observers.seen(&Seen { query: packet, response: &out[start..], client, protocol, took });
        }
        verdict
    }

    #[inline]
    fn decide(
        &mut self,
        packet: &[u8],
        client: SocketAddr,
        protocol: Protocol,
        out: &mut Vec<u8>,
    ) -> Verdict {
        if let Some(limit) = &self.shared.rate_limit
            && !limit.allow(client.ip(), self.moment.monotonic)
        {
            self.shared.metrics.limited.inc();
            return Verdict::Silence;
        }
        let start = out.len();
        let query = match gate(packet, &mut self.scratch) {
            Ok(query) => query,
            Err(refusal) => return refused(packet, refusal, out),
        };
        let reply =
            finish::Reply { shared: &self.shared, moment: &self.moment, query: &query, client, protocol };
        if let Some(rcode) = unserved(&query) {
            reply.short(rcode, None, out);
            return Verdict::Done(answered(
                &query,
                ZoneLabel::Root,
                rcode,
                Source::Server,
                out.len() - start,
            ));
        }
        if self.shared.rules_first && self.shared.elsewhere.wants(&query) {
            return Verdict::Ask;
        }
        self.rotation = self.rotation.wrapping_add(u32::from(self.shared.rotate));
        match reply.ask_zone(self.rotation, out) {
            finish::FromZone::Answered(rcode) => {
                if rcode == Rcode::NXDOMAIN && self.shared.autopath_base(&query, client).is_some() {
                    out.truncate(start);
                    return Verdict::Ask;
                }
                let bytes = out.len() - start;
                return Verdict::Done(answered(&query, ZoneLabel::Cluster, rcode, Source::Kubernetes, bytes));
            }
            finish::FromZone::Chase(_) => return Verdict::Ask,
            finish::FromZone::Elsewhere => {}
        }
        if let Some(domain) = self.shared.search.as_ref().and_then(|search| search.completed(&query)) {
            self.shared.metrics.search_refused.inc();
            reply.no_such_name(domain, out);
            let bytes = out.len() - start;
            return Verdict::Done(answered(&query, ZoneLabel::Root, Rcode::NXDOMAIN, Source::Server, bytes));
        }
        self.whole.clear();
        let Some(outcome) = self.shared.elsewhere.at_once(&query, self.moment.monotonic, &mut self.whole)
        else {
            return Verdict::Ask;
        };
        let rcode = reply.relay(&self.whole, &outcome, out);
        let source = Source::named(outcome.source);
        Verdict::Done(answered(&query, ZoneLabel::Root, rcode, source, out.len() - start))
    }

    /// Appends the answer to a query that nobody has room for.
    pub(crate) fn overloaded(&mut self, packet: &[u8], client: SocketAddr, out: &mut Vec<u8>) -> Answered {
        let start = out.len();
        match gate(packet, &mut self.scratch) {
            Ok(query) => {
                let protocol = Protocol::Udp;
                let reply = finish::Reply {
                    shared: &self.shared,
                    moment: &self.moment,
                    query: &query,
                    client,
                    protocol,
                };
                reply.short(
                    Rcode::SERVFAIL,
                    Some((EdeCode::OTHER, "too many queries are asked elsewhere")),
                    out,
                );
                answered(&query, ZoneLabel::Root, Rcode::SERVFAIL, Source::Server, out.len() - start)
            }
            // It passed the gate a moment ago.
            Err(_) => dropped(packet, Rcode::SERVFAIL, 0),
        }
    }
}

impl Shared {
    /// What the client has before its search list, when the rest of that is walked here.
    #[inline]
    fn autopath_base(&self, query: &Query<'_>, client: SocketAddr) -> Option<Name> {
        self.autopath.as_ref()?.first_step(self, query, client)
    }

    #[inline]
    pub(crate) fn moment(&self) -> Moment {
        let freshness = self.knowledge.freshness();
        Moment {
            monotonic: self.clock.monotonic(),
            wall_seconds: self.clock.wall().as_secs() as u32,
            known: freshness.known(),
            stale: stale(&freshness, self.fresh_for),
        }
    }
}

/// What an extended error says of knowledge that is too old.
fn stale(freshness: &Freshness, fresh_for: Duration) -> Option<String> {
    let age = freshness.age.filter(|age| *age > fresh_for)?;
    Some(format!("age={}s source={}", age.as_secs(), freshness.origin.name()))
}

/// What is well formed and not served (RFC 8906): other classes, transfers, and types that are no data.
#[inline]
fn unserved(query: &Query<'_>) -> Option<Rcode> {
    if query.class != Class::IN {
        return Some(Rcode::REFUSED);
    }
    match query.record_type {
        RecordType::AXFR | RecordType::IXFR => Some(Rcode::REFUSED),
        RecordType::OPT => Some(Rcode::FORMERR),
        _ => None,
    }
}

fn refused(packet: &[u8], refusal: Refusal, out: &mut Vec<u8>) -> Verdict {
    let start = out.len();
    let Refusal::Respond { rcode, .. } = refusal else { return Verdict::Silence };
    if !refuse(packet, refusal, out) {
        return Verdict::Silence;
    }
    Verdict::Done(dropped(packet, rcode, out.len() - start))
}

fn dropped(packet: &[u8], rcode: Rcode, bytes: usize) -> Answered {
    Answered {
        zone: ZoneLabel::Dropped,
        record_type: RecordType(0),
        rcode,
        source: Source::Server,
        dnssec_ok: false,
        bytes: (packet.len(), bytes),
    }
}

#[inline]
fn answered(query: &Query<'_>, zone: ZoneLabel, rcode: Rcode, source: Source, bytes: usize) -> Answered {
    Answered {
        zone,
        record_type: query.record_type,
        rcode,
        source,
        dnssec_ok: query.edns.is_some_and(|edns| edns.dnssec_ok),
        bytes: (query.packet().len(), bytes),
    }
}
