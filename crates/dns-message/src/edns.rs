//! EDNS, version 0 (RFC 6891): what a query says in its OPT record, and the OPT record of a message that is written.

#[cfg(test)]
mod tests;

use crate::{EdeCode, Rcode, RecordType, UDP_BYTES_MAX, UDP_BYTES_MIN};

/// Octets of a client's cookie (RFC 7873, 4).
pub(crate) const CLIENT_COOKIE_BYTES: usize = 8;
/// Octets of both parts of a cookie: 8 and 8 to 32 (RFC 7873, 4).
const COOKIE_BYTES: std::ops::RangeInclusive<usize> = 16..=40;

const OPTION_COOKIE: u16 = 10;
const OPTION_TCP_KEEPALIVE: u16 = 11;
const OPTION_EXTENDED_ERROR: u16 = 15;

/// DO, the first bit of the lower half of what is a TTL elsewhere (RFC 3225).
const DNSSEC_OK: u32 = 1 << 15;

/// Octets of an OPT record without options: root, type, class, TTL, length.
pub(crate) const OPT_BYTES_MIN: usize = 11;

/// The text of an extended error goes on one line of a log; more of it would only take room from records.
pub const EXTRA_TEXT_BYTES_MAX: usize = 128;

/// What a query's OPT record says. Options that are not known are ignored (RFC 6891, 6.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EdnsRequest<'a> {
    /// Octets that the client takes over UDP; never below 512 (RFC 6891, 6.2.3).
    pub udp_payload_bytes: u16,
    /// DO: send DNSSEC records; a response repeats it (RFC 3225).
    pub dnssec_ok: bool,
    /// COOKIE: the client's 8 octets, and those of a server behind them when it has some (RFC 7873).
    pub cookie: Option<&'a [u8]>,
    /// EDNS-TCP-KEEPALIVE (RFC 7828): the client wants to know how long a connection may idle.
    pub tcp_keepalive: bool,
}

/// An OPT record to be written.
#[derive(Debug, Clone, Copy)]
pub struct Opt<'a> {
    /// Octets that the sender takes over UDP.
    pub udp_payload_bytes: u16,
    /// DO.
    pub dnssec_ok: bool,
    /// Its upper eight bits go here; the lower four stand in the header.
    pub rcode: Rcode,
    /// Both parts of a cookie, or the client's alone in a query: 8, or 16 to 40 octets.
    pub cookie: Option<&'a [u8]>,
    /// How long a TCP connection may idle, in units of 100 ms (RFC 7828).
    pub tcp_keepalive: Option<u16>,
    /// Extended error (RFC 8914) with its text, cut at [`EXTRA_TEXT_BYTES_MAX`].
    pub error: Option<(EdeCode, &'a str)>,
}

impl<'a> EdnsRequest<'a> {
    /// From the fields of an OPT record of version 0; `None` when its options are broken.
    #[inline]
    pub(crate) fn read(class: u16, ttl: u32, mut options: &'a [u8]) -> Option<Self> {
        let mut request = Self {
            udp_payload_bytes: class.max(UDP_BYTES_MIN as u16),
            dnssec_ok: ttl & DNSSEC_OK != 0,
            cookie: None,
            tcp_keepalive: false,
        };
        while let Some((code, value)) = take_option(&mut options)? {
            match code {
                // The first counts, a malformed one spoils the query (RFC 7873, 5.2.2 and 5.2).
                OPTION_COOKIE => {
                    if value.len() != CLIENT_COOKIE_BYTES && !COOKIE_BYTES.contains(&value.len()) {
                        return None;
                    }
                    request.cookie = request.cookie.or(Some(value));
                }
                OPTION_TCP_KEEPALIVE => request.tcp_keepalive = true,
                _ => {}
            }
        }
        Some(request)
    }
}

/// The next option; `Some(None)` at the end, `None` when it is longer than what there is.
#[inline]
fn take_option<'a>(options: &mut &'a [u8]) -> Option<Option<(u16, &'a [u8])>> {
    if options.is_empty() {
        return Some(None);
    }
    let (&[code_high, code_low, length_high, length_low], rest) = options.split_first_chunk::<4>()?;
    let (value, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([length_high, length_low])))?;
    *options = rest;
    Some(Some((u16::from_be_bytes([code_high, code_low]), value)))
}

impl Default for Opt<'_> {
    fn default() -> Self {
        Self {
            udp_payload_bytes: UDP_BYTES_MAX as u16,
            dnssec_ok: false,
            rcode: Rcode::NOERROR,
            cookie: None,
            tcp_keepalive: None,
            error: None,
        }
    }
}

impl<'a> Opt<'a> {
    /// The OPT record of a response to a query that has one: DO as asked. The caller adds a cookie.
    #[inline]
    pub fn in_reply_to(request: &EdnsRequest<'_>) -> Self {
        Self { dnssec_ok: request.dnssec_ok, ..Self::default() }
    }

    /// Its octets on the wire.
    #[inline]
    pub fn len(&self) -> usize {
        let option = |value: Option<usize>| value.map_or(0, |bytes| 4 + bytes);
        OPT_BYTES_MIN
            + option(self.cookie.map(<[u8]>::len))
            + option(self.tcp_keepalive.map(|_| 2))
            + option(self.error.map(|(_, text)| 2 + cut(text).len()))
    }

    /// Never: an OPT record has octets.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// Appends the record.
    #[inline]
    pub fn write(&self, out: &mut Vec<u8>) {
        let flags = if self.dnssec_ok { DNSSEC_OK } else { 0 };
        let ttl = u32::from(self.rcode.0 >> 4) << 24 | flags;
        let options = (self.len() - OPT_BYTES_MIN) as u16;
        let mut fixed = [0; OPT_BYTES_MIN];
        fixed[1..3].copy_from_slice(&RecordType::OPT.0.to_be_bytes());
        fixed[3..5].copy_from_slice(&self.udp_payload_bytes.to_be_bytes());
        fixed[5..9].copy_from_slice(&ttl.to_be_bytes());
        fixed[9..11].copy_from_slice(&options.to_be_bytes());
        out.extend_from_slice(&fixed);
        if let Some(cookie) = self.cookie {
            option_head(out, OPTION_COOKIE, cookie.len());
            out.extend_from_slice(cookie);
        }
        if let Some(units) = self.tcp_keepalive {
            option_head(out, OPTION_TCP_KEEPALIVE, 2);
            out.extend_from_slice(&units.to_be_bytes());
        }
        if let Some((code, text)) = self.error {
            let text = cut(text);
            option_head(out, OPTION_EXTENDED_ERROR, 2 + text.len());
            out.extend_from_slice(&code.0.to_be_bytes());
            out.extend_from_slice(text.as_bytes());
        }
    }
}

fn option_head(out: &mut Vec<u8>, code: u16, bytes: usize) {
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(&(bytes as u16).to_be_bytes());
}

/// At most [`EXTRA_TEXT_BYTES_MAX`] octets of a text, whole characters.
fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(EXTRA_TEXT_BYTES_MAX)]
}

/// The options of an OPT record: code and value. What is broken ends them.
#[derive(Debug, Clone)]
pub struct Options<'a>(&'a [u8]);

impl<'a> Options<'a> {
    pub(crate) fn new(rdata: &'a [u8]) -> Self {
        Self(rdata)
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        take_option(&mut self.0).flatten()
    }
}

/// An option as extended error, when it is one; a text that is not UTF-8 is left out.
pub(crate) fn extended_error((code, value): (u16, &[u8])) -> Option<(EdeCode, &str)> {
    if code != OPTION_EXTENDED_ERROR {
        return None;
    }
    let (info, text) = value.split_first_chunk::<2>()?;
    Some((EdeCode(u16::from_be_bytes(*info)), std::str::from_utf8(text).unwrap_or_default()))
}
