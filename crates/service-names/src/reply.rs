//! The response to a question about the zone, written straight into the caller's buffer: no table, no allocation.
//!
//! The name that was asked is a pointer to the question, so that answers have its case; so is the zone's name behind it.

use dns_message::{
    EdeCode, Flags, HEADER_BYTES, Header, NAME_BYTES_MAX, Opt, Query, Rcode, RecordType, Section,
};

use crate::zone::{Answered, Manner, Stale};

/// A pointer to the name in the question (RFC 1035, 4.1.4).
pub(crate) const QUESTION: &[u8] = &[0xc0, HEADER_BYTES as u8];
/// Owner, type, class, TTL, length of a record whose owner is a pointer.
const RECORD_HEAD_BYTES: usize = 12;
/// What the 14 bits of a pointer reach.
const POINTER_MAX: usize = 0x3fff;
/// Seconds of the SOA record that nobody uses (no secondary, no transfer), as CoreDNS has them: refresh, retry, expire.
const SOA_TIMES: [u32; 3] = [7_200, 1_800, 86_400];

pub(crate) struct Reply<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    /// Octets that records may reach, from `start`.
    limit: usize,
    header: Header,
    opt: Option<Opt<'a>>,
    stale: Option<Stale<'a>>,
    /// Something did not fit: nothing more is written.
    full: bool,
}

/// A name in the data of a record, in pieces that are put one after the other: each piece whole labels, or a pointer.
pub(crate) type Pieces<'a> = &'a [&'a [u8]];

impl<'a> Reply<'a> {
    #[inline]
    pub(crate) fn start(query: &Query<'_>, manner: &Manner<'a>, out: &'a mut Vec<u8>) -> Self {
        let mut opt = manner.opt;
        if let (Some(opt), Some(stale)) = (&mut opt, manner.stale) {
            opt.error = Some((EdeCode::STALE_ANSWER, stale.text));
        }
        let reserved = opt.as_ref().map_or(0, Opt::len);
        let start = out.len();
        out.extend_from_slice(&[0; HEADER_BYTES]);
        out.extend_from_slice(query.question());
        Self {
            out,
            start,
            limit: manner.limit_bytes.min(dns_message::MESSAGE_BYTES_MAX).saturating_sub(reserved),
            header: Header {
                id: query.id(),
                flags: query.flags().of_response().with(Flags::AUTHORITATIVE),
                counts: [1, 0, 0, 0],
            },
            opt,
            stale: manner.stale,
            full: false,
        }
    }

    /// A TTL as it may be said.
    #[inline]
    pub(crate) fn ttl(&self, ttl: u32) -> u32 {
        self.stale.map_or(ttl, |stale| ttl.min(stale.ttl_seconds_max))
    }

    #[inline]
    fn len(&self) -> usize {
        self.out.len() - self.start
    }

    /// Octets that are left.
    #[inline]
    fn room(&self) -> usize {
        self.limit.saturating_sub(self.len())
    }

    /// Answers with the addresses of the name that was asked, beginning with the `first`-th (of as many as there are).
    #[inline]
    pub(crate) fn addresses<const N: usize>(&mut self, ttl: u32, addresses: &[[u8; N]], first: u32) {
        let fits = self.room() / (RECORD_HEAD_BYTES + N);
        let count = addresses.len().min(fits).min(usize::from(u16::MAX - self.header.counts[1]));
        let first = if addresses.len() < 2 { 0 } else { first as usize % addresses.len() };
        let mut record = [0; RECORD_HEAD_BYTES + 16];
        let record = &mut record[..RECORD_HEAD_BYTES + N];
        record[..RECORD_HEAD_BYTES].copy_from_slice(&head(address_type(N), self.ttl(ttl), N));
        for address in addresses[first..].iter().chain(&addresses[..first]).take(count) {
            record[RECORD_HEAD_BYTES..].copy_from_slice(address);
            self.out.extend_from_slice(record);
        }
        self.header.counts[1] += count as u16;
        if count < addresses.len() {
            self.truncate();
        }
    }

    fn truncate(&mut self) {
        self.full = true;
        self.header.flags = self.header.flags.with(Flags::TRUNCATED);
    }

    /// Appends a record; where its data begins, `None` when it did not fit. TC is set but for the additional section.
    pub(crate) fn record(
        &mut self,
        section: Section,
        owner: Pieces<'_>,
        record_type: RecordType,
        ttl: u32,
        data: Pieces<'_>,
    ) -> Option<usize> {
        let octets = |pieces: Pieces<'_>| pieces.iter().map(|piece| piece.len()).sum::<usize>();
        let data_bytes = octets(data);
        let needed = octets(owner) + RECORD_HEAD_BYTES - QUESTION.len() + data_bytes;
        let count = self.header.counts[1 + section as usize];
        if self.full || needed > self.room() || data_bytes > usize::from(u16::MAX) || count == u16::MAX {
            match section {
                Section::Additional => self.full = true,
                _ => self.truncate(),
            }
            return None;
        }
        for piece in owner {
            self.out.extend_from_slice(piece);
        }
        self.out.extend_from_slice(&head(record_type, self.ttl(ttl), data_bytes)[QUESTION.len()..]);
        let data_at = self.len();
        for piece in data {
            self.out.extend_from_slice(piece);
        }
        self.header.counts[1 + section as usize] = count + 1;
        Some(data_at)
    }

    /// Appends all addresses of one family to the additional section, or none of them.
    pub(crate) fn additional<const N: usize>(&mut self, owner: Pieces<'_>, ttl: u32, addresses: &[[u8; N]]) {
        let head = RECORD_HEAD_BYTES - QUESTION.len() + owner.iter().map(|piece| piece.len()).sum::<usize>();
        if addresses.len() * (head + N) > self.room() {
            self.full = true;
            return;
        }
        for address in addresses {
            self.record(Section::Additional, owner, address_type(N), ttl, &[address]);
        }
    }

    /// The SOA record of the zone whose name begins at `zone_at` in the question's name.
    #[inline]
    pub(crate) fn soa(&mut self, section: Section, zone_at: usize, serial: u32, ttl: u32, minimum: u32) {
        let ttl = self.ttl(ttl);
        let zone = self.pointer(HEADER_BYTES + zone_at);
        let mut numbers = [0; 20];
        numbers[..4].copy_from_slice(&serial.to_be_bytes());
        for (index, seconds) in SOA_TIMES.into_iter().enumerate() {
            numbers[4 + 4 * index..8 + 4 * index].copy_from_slice(&seconds.to_be_bytes());
        }
        numbers[16..].copy_from_slice(&self.ttl(minimum).to_be_bytes());
        let data: Pieces<'_> = &[b"\x02ns\x03dns", &zone, b"\x0ahostmaster", &zone, &numbers];
        self.record(section, &[&zone], RecordType::SOA, ttl, data);
    }

    /// A pointer to an offset in the message. It is within reach: questions are short.
    #[inline]
    fn pointer(&self, offset: usize) -> [u8; 2] {
        debug_assert!(offset <= POINTER_MAX);
        (0xc000 | offset as u16).to_be_bytes()
    }

    /// A pointer to an offset in the message, if one can reach it.
    pub(crate) fn pointer_to(&self, offset: usize) -> Option<[u8; 2]> {
        (offset <= POINTER_MAX).then(|| self.pointer(offset))
    }

    /// Whether something did not fit.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// Writes the OPT record and the header.
    #[inline]
    pub(crate) fn finish(mut self, rcode: Rcode) -> Answered {
        self.header.flags = self.header.flags.with_rcode(rcode);
        if let Some(opt) = &mut self.opt {
            opt.rcode = rcode;
            if let (Some(stale), Rcode::NXDOMAIN) = (self.stale, rcode) {
                opt.error = Some((EdeCode::STALE_NXDOMAIN_ANSWER, stale.text));
            }
            opt.write(self.out);
            self.header.counts[3] += 1;
        }
        self.out[self.start..self.start + HEADER_BYTES].copy_from_slice(&self.header.to_bytes());
        let truncated = self.header.flags.has(Flags::TRUNCATED);
        Answered { rcode, truncated, answers: self.header.counts[1] }
    }

    /// Takes AA back: the answer is not one about the zone's data.
    pub(crate) fn without_authority(&mut self) {
        self.header.flags = self.header.flags.without(Flags::AUTHORITATIVE);
    }
}

#[inline]
fn address_type(octets: usize) -> RecordType {
    if octets == 4 { RecordType::A } else { RecordType::AAAA }
}

/// A record of the name that was asked, up to its data.
#[inline]
fn head(record_type: RecordType, ttl: u32, data_bytes: usize) -> [u8; RECORD_HEAD_BYTES] {
    let [type_high, type_low] = record_type.0.to_be_bytes();
    let [t3, t2, t1, t0] = ttl.to_be_bytes();
    let [length_high, length_low] = (data_bytes as u16).to_be_bytes();
    [QUESTION[0], QUESTION[1], type_high, type_low, 0, 1, t3, t2, t1, t0, length_high, length_low]
}

/// Whether a name of these pieces is short enough.
pub(crate) fn fits(pieces: Pieces<'_>) -> bool {
    pieces.iter().map(|piece| piece.len()).sum::<usize>() <= NAME_BYTES_MAX
}
