//! What a response gets last: its size, its OPT record, its cookie.

use std::net::SocketAddr;

use dns_message::cookie::{self, COOKIE_BYTES, Standing};
use dns_message::{Builder, EdeCode, MESSAGE_BYTES_MAX, Name, Opt, Query, Rcode, relay};
use service_names::{Manner, Outcome, Stale};

use super::{Moment, Shared, elsewhere};
use crate::metrics::Protocol;
use crate::server::tcp::IDLE;

/// RFC 7828 counts in units of 100 ms.
const KEEPALIVE_UNITS: u16 = (IDLE.as_millis() / 100) as u16;

/// TTLs of answers from a zone that is too old (RFC 8767, 4).
const STALE_TTL_SECONDS: u32 = 30;

/// What the zone said.
pub(super) enum FromZone {
    /// The response was appended.
    Answered(Rcode),
    /// Ask elsewhere for this name, then call [`Reply::chased`].
    Chase(Name),
    /// Not the zone's.
    Elsewhere,
}

/// One query and how its response leaves.
pub(super) struct Reply<'a> {
    pub(super) shared: &'a Shared,
    pub(super) moment: &'a Moment,
    pub(super) query: &'a Query<'a>,
    pub(super) client: SocketAddr,
    pub(super) protocol: Protocol,
}

impl Reply<'_> {
    /// Octets that the client takes.
    pub(super) fn limit(&self) -> usize {
        match self.protocol {
            Protocol::Udp => self.query.udp_limit(self.shared.udp_bytes_max),
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

    /// Appends what the zone says.
    #[inline]
    pub(super) fn ask_zone(&self, rotation: u32, out: &mut Vec<u8>) -> FromZone {
        let cookie = self.cookie();
        let start = out.len();
        match self.shared.zone.answer(self.query, &self.manner(rotation, cookie.as_ref()), out) {
            // Without any knowledge "there is no such name" would be a lie, and clients would believe it for a while.
            Outcome::Answered(_) if !self.moment.known => {
                out.truncate(start);
                let error = (EdeCode::NOT_READY, "nothing is known of the cluster yet");
                self.short(Rcode::SERVFAIL, Some(error), out);
                FromZone::Answered(Rcode::SERVFAIL)
            }
            Outcome::Answered(answered) => FromZone::Answered(answered.rcode),
            Outcome::Chase { target } => FromZone::Chase(target),
            Outcome::Elsewhere => FromZone::Elsewhere,
        }
    }

    /// Appends the aliases of the zone, and behind them what elsewhere said about the last of them.
    pub(super) fn chased(&self, response: &[u8], out: &mut Vec<u8>) -> Rcode {
        let cookie = self.cookie();
        match self.shared.zone.answer_chased(
            self.query,
            &self.manner(0, cookie.as_ref()),
            Some(response),
            out,
        ) {
            Outcome::Answered(answered) => answered.rcode,
            // The zone changed meanwhile: the client asks again.
            Outcome::Chase { .. } | Outcome::Elsewhere => {
                self.short(Rcode::SERVFAIL, None, out);
                Rcode::SERVFAIL
            }
        }
    }

    #[inline]
    fn manner<'m>(&'m self, rotation: u32, cookie: Option<&'m [u8; COOKIE_BYTES]>) -> Manner<'m> {
        let stale = self.moment.stale.as_deref();
        Manner {
            limit_bytes: self.limit(),
            rotation,
            opt: self.opt(cookie, None),
            stale: stale.map(|text| Stale { ttl_seconds_max: STALE_TTL_SECONDS, text }),
        }
    }

    /// Appends a response without records.
    pub(super) fn short(&self, rcode: Rcode, error: Option<(EdeCode, &str)>, out: &mut Vec<u8>) {
        let cookie = self.cookie();
        let opt = self.opt(cookie.as_ref(), error);
        Builder::reply(self.query, 0, rcode, self.limit(), opt, out).finish();
    }

    /// Appends a whole response from elsewhere, cut to what the client takes; SERVFAIL if it is broken.
    pub(super) fn relay(&self, whole: &[u8], outcome: &elsewhere::Outcome, out: &mut Vec<u8>) -> Rcode {
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
