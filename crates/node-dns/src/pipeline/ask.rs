//! What cannot be answered at once.

use std::net::SocketAddr;
use std::sync::Arc;

use dns_message::{Builder, Flags, Name, Opt, Query, Rcode, Scratch, gate};
use futures::future::BoxFuture;

use super::Shared;
use super::finish::{self, FromZone};
use crate::metrics::{Protocol, Source, Tally, ZoneLabel};
use crate::observe::Seen;

impl Shared {
    /// Asks elsewhere. `query` has passed the gate. What comes back is ready to be sent.
    pub(crate) fn ask(
        self: Arc<Self>,
        query: Vec<u8>,
        client: SocketAddr,
        protocol: Protocol,
        tally: Arc<Tally>,
    ) -> BoxFuture<'static, Vec<u8>> {
        Box::pin(async move {
            let began = self.moment();
            let _pending = Pending::new(&self);
            let mut scratch = Scratch::default();
            let mut out = Vec::new();
            let Ok(asked) = gate(&query, &mut scratch) else { return out };
            let finish = finish::Reply { shared: &self, moment: &began, query: &asked, client, protocol };
            let ruled = self.rules_first && self.elsewhere.wants(&asked);
            let from_zone = if ruled { FromZone::Elsewhere } else { finish.ask_zone(0, &mut out) };
            let (zone, rcode, source) = match from_zone {
                FromZone::Answered(Rcode::NXDOMAIN) => {
                    let (rcode, source) = self.walk_search_list(&finish, &mut out).await;
                    (ZoneLabel::Cluster, rcode, source)
                }
                // The zone changed since the thread looked.
                FromZone::Answered(rcode) => (ZoneLabel::Cluster, rcode, Source::Kubernetes),
                FromZone::Chase(target) => {
                    let reply = self.elsewhere.clone().ask(query_for(&asked, &target), client).await;
                    (ZoneLabel::Cluster, finish.chased(&reply.message, &mut out), Source::Kubernetes)
                }
                FromZone::Elsewhere => {
                    let reply = self.elsewhere.clone().ask(query.clone(), client).await;
                    let rcode = finish.relay(&reply.message, &reply.outcome, &mut out);
                    (ZoneLabel::Root, rcode, Source::named(reply.outcome.source))
                }
            };
            tally.answered(&super::answered(&asked, zone, rcode, source, out.len()));
            let took = self.clock.monotonic().saturating_sub(began.monotonic);
            tally.took(zone, 1, took);
            if let Some(observers) = &self.observers {
                observers.seen(&Seen { query: asked.packet(), response: &out, client, protocol, took });
            }
            out
        })
    }
}

impl Shared {
    /// Replaces the NXDOMAIN in `out` by what comes later in the client's search list, if that is walked here.
    async fn walk_search_list(&self, reply: &finish::Reply<'_>, out: &mut Vec<u8>) -> (Rcode, Source) {
        let missing = (Rcode::NXDOMAIN, Source::Kubernetes);
        let Some(base) = self.autopath_base(reply.query, reply.client) else { return missing };
        let Some(autopath) = &self.autopath else { return missing };
        let mut found = Vec::new();
        match autopath.walk(reply, &base, &mut found).await {
            Some(rcode) => {
                *out = found;
                (rcode, Source::Autopath)
            }
            None => missing,
        }
    }
}

/// The same question about another name.
fn query_for(asked: &Query<'_>, name: &Name) -> Vec<u8> {
    let mut out = Vec::new();
    let opt = asked.edns.map(|edns| Opt { dnssec_ok: edns.dnssec_ok, ..Opt::default() });
    let flags = Flags(Flags::RECURSION_DESIRED);
    Builder::query(asked.id(), flags, name, asked.record_type, asked.class, opt, &mut out).finish();
    out
}

/// Counts a query as pending while it lives, however it ends.
struct Pending<'a>(&'a Shared);

impl<'a> Pending<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.metrics.pending.inc();
        Self(shared)
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.0.metrics.pending.dec();
    }
}
