//! What cannot be answered at once.

use std::net::SocketAddr;
use std::sync::Arc;

use dns_message::{Scratch, gate};
use futures::future::BoxFuture;

use super::{Shared, finish};
use crate::metrics::{Protocol, Source, Tally, ZoneLabel};

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
            let reply = self.elsewhere.clone().ask(query.clone(), client).await;
            let mut out = Vec::with_capacity(reply.message.len());
            let mut scratch = Scratch::default();
            let Ok(query) = gate(&query, &mut scratch) else { return out };
            let finish = finish::Reply { shared: &self, moment: began, query: &query, client, protocol };
            let rcode = finish.relay(&reply.message, &reply.outcome, &mut out);
            let source = Source::named(reply.outcome.source);
            tally.answered(&super::answered(&query, ZoneLabel::Root, rcode, source, out.len()));
            tally.took(ZoneLabel::Root, 1, self.clock.monotonic().saturating_sub(began.monotonic));
            out
        })
    }
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
