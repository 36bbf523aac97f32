//! The way of one query: gate, rate limit, the cluster's zone, then what can be answered at once of everything else; what
//! has to wait goes to [`Shared::ask`].

mod ask;
pub mod elsewhere;
mod finish;
#[cfg(test)]
pub(crate) mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use dns_message::{Class, EdeCode, Query, Rcode, RecordType, Refusal, Scratch, gate, refuse};

pub use elsewhere::{Elsewhere, Outcome, Reply};

use crate::metrics::{Answered, Metrics, Protocol, Source, ZoneLabel};
use crate::rate_limit::RateLimit;
use environment::Clock;

/// What all threads and tasks share.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Metrics,
    pub(crate) elsewhere: Arc<dyn Elsewhere>,
    pub(crate) rate_limit: Option<RateLimit>,
    /// For server cookies (RFC 9018); made at start, so that a restart only costs each client a new cookie.
    pub(crate) cookie_secret: dns_message::cookie::Secret,
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
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Moment {
    pub(crate) monotonic: Duration,
    /// Seconds since the epoch, for cookies; wraps.
    pub(crate) wall_seconds: u32,
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
            finish::Reply { shared: &self.shared, moment: self.moment, query: &query, client, protocol };
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
                let reply = finish::Reply {
                    shared: &self.shared,
                    moment: self.moment,
                    query: &query,
                    client,
                    protocol: Protocol::Udp,
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
    #[inline]
    pub(crate) fn moment(&self) -> Moment {
        Moment { monotonic: self.clock.monotonic(), wall_seconds: self.clock.wall().as_secs() as u32 }
    }
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
