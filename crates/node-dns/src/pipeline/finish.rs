//! What a response gets last: its size, its OPT record, its cookie.

use std::net::SocketAddr;

use dns_message::cookie::{self, COOKIE_BYTES, Standing};
use dns_message::{Builder, EdeCode, MESSAGE_BYTES_MAX, Opt, Query, Rcode, UDP_BYTES_MAX, relay};

use super::elsewhere::Outcome;
use super::{Moment, Shared};
use crate::metrics::Protocol;
use crate::server::tcp::IDLE;

/// RFC 7828 counts in units of 100 ms.
const KEEPALIVE_UNITS: u16 = (IDLE.as_millis() / 100) as u16;

/// One query and how its response leaves.
pub(super) struct Reply<'a> {
    pub(super) shared: &'a Shared,
    pub(super) moment: Moment,
    pub(super) query: &'a Query<'a>,
    pub(super) client: SocketAddr,
    pub(super) protocol: Protocol,
}

impl Reply<'_> {
    /// Octets that the client takes.
    pub(super) fn limit(&self) -> usize {
        match self.protocol {
            Protocol::Udp => self.query.udp_limit(UDP_BYTES_MAX),
            Protocol::Tcp => MESSAGE_BYTES_MAX,
        }
    }

    /// The server's and the client's cookie, if the client has one. A fresh one each time costs one hash, as checking does.
    pub(super) fn cookie(&self) -> Option<[u8; COOKIE_BYTES]> {
        let asked = self.query.edns?.cookie?;
        let (client, now, secret) = (self.client.ip(), self.moment.wall_seconds, &self.shared.cookie_secret);
        if let Standing::Good { renew: false } =
            cookie::check(asked, client, now, std::slice::from_ref(secret))
        {
            return asked.try_into().ok();
        }
        Some(cookie::make(asked, client, now, secret))
    }

    /// The OPT record of the response, if the query had one.
    pub(super) fn opt<'o>(
        &self,
        cookie: Option<&'o [u8; COOKIE_BYTES]>,
        error: Option<(EdeCode, &'o str)>,
    ) -> Option<Opt<'o>> {
        let edns = self.query.edns?;
        let keepalive = edns.tcp_keepalive && self.protocol == Protocol::Tcp;
        Some(Opt {
            cookie: cookie.map(|cookie| &cookie[..]),
            tcp_keepalive: keepalive.then_some(KEEPALIVE_UNITS),
            error,
            ..Opt::in_reply_to(&edns)
        })
    }

    /// Appends a response without records.
    pub(super) fn short(&self, rcode: Rcode, error: Option<(EdeCode, &str)>, out: &mut Vec<u8>) {
        let cookie = self.cookie();
        let opt = self.opt(cookie.as_ref(), error);
        Builder::reply(self.query, 0, rcode, self.limit(), opt, out).finish();
    }

    /// Appends a whole response from elsewhere, cut to what the client takes; SERVFAIL if it is broken.
    pub(super) fn relay(&self, whole: &[u8], outcome: &Outcome, out: &mut Vec<u8>) -> Rcode {
        let cookie = self.cookie();
        let error = outcome.error.as_ref().map(|(code, text)| (*code, &**text));
        match relay(self.query, whole, self.limit(), self.opt(cookie.as_ref(), error), out) {
            Ok(_) => outcome.rcode,
            Err(failed) => {
                tracing::debug!(error = %failed, "a response from elsewhere is broken");
                self.short(Rcode::SERVFAIL, Some((EdeCode::INVALID_DATA, "the response was broken")), out);
                Rcode::SERVFAIL
            }
        }
    }
}
