//! The gate: what a packet from a client must pass before anything else looks at it.
//!
//! It allocates nothing and touches each octet of the question once. What comes out is well formed: one question without
//! compression, no response, an operation that is served, EDNS 0 or none. What is well formed but not served gets an
//! answer that says so (RFC 8906); what is no query at all, or may be somebody's response, gets silence.

mod refuse;
#[cfg(test)]
mod tests;

use crate::edns::EdnsRequest;
use crate::header::HEADER_BYTES;
use crate::name::{LABELS_MAX, NAME_BYTES_MAX};
use crate::{Class, Flags, Header, Name, Opcode, Rcode, RecordType};

pub use refuse::refuse;

/// Records after the question that are looked at: a SOA in IXFR's authority section, OPT, and one signature (TSIG, SIG(0)).
const RECORDS_MAX: u32 = 4;

/// Memory that the gate works in; each thread keeps one.
pub struct Scratch {
    lower: [u8; NAME_BYTES_MAX],
    labels: [u8; LABELS_MAX],
}

/// A query that passed.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    packet: &'a [u8],
    question_end: usize,
    lower: &'a [u8],
    labels: &'a [u8],
    flags: Flags,
    id: u16,
    /// Type asked for.
    pub record_type: RecordType,
    /// Class asked for; not checked here.
    pub class: Class,
    /// What its OPT record says, when there is one.
    pub edns: Option<EdnsRequest<'a>>,
}

/// What to do with a packet that did not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Say nothing: too short for a header, or a response. An answer to a response could go round for ever.
    Silence,
    /// Send what [`refuse`] writes.
    Respond {
        /// FORMERR, NOTIMP or BADVERS.
        rcode: Rcode,
        /// Where the question ends, when it could be read and is repeated in the response.
        question_end: Option<usize>,
        /// The query had EDNS of another version, or a broken OPT record: the response has an OPT record (RFC 6891, 6.1.3 and 7).
        edns: bool,
    },
}

impl Default for Scratch {
    fn default() -> Self {
        Self { lower: [0; NAME_BYTES_MAX], labels: [0; LABELS_MAX] }
    }
}

impl Refusal {
    fn formerr() -> Self {
        Self::Respond { rcode: Rcode::FORMERR, question_end: None, edns: false }
    }
}

/// Reads a query.
///
/// # Errors
/// The packet is not served, and the refusal says how to say so.
pub fn gate<'a>(packet: &'a [u8], scratch: &'a mut Scratch) -> Result<Query<'a>, Refusal> {
    let header = Header::read(packet).ok_or(Refusal::Silence)?;
    if header.flags.has(Flags::RESPONSE) {
        return Err(Refusal::Silence);
    }
    // What follows the header of another operation need not look like a question (RFC 8490 says so of DSO).
    if header.flags.opcode() != Opcode::QUERY {
        return Err(Refusal::Respond { rcode: Rcode::NOTIMP, question_end: None, edns: false });
    }
    if header.counts[0] != 1 {
        return Err(Refusal::formerr());
    }
    let (name_end, count) = walk_labels(packet, &mut scratch.labels).ok_or_else(Refusal::formerr)?;
    let question_end = name_end + 4;
    let &[type_high, type_low, class_high, class_low] =
        packet.get(name_end..question_end).ok_or_else(Refusal::formerr)?
    else {
        return Err(Refusal::formerr());
    };
    let edns = after_question(packet, question_end, header.counts)?;

    let asked = &packet[HEADER_BYTES..name_end];
    let lower = &mut scratch.lower[..asked.len()];
    lower.copy_from_slice(asked);
    // Octets that are lengths are at most 63, below 'A'.
    lower.make_ascii_lowercase();
    Ok(Query {
        packet,
        question_end,
        lower,
        labels: &scratch.labels[..count],
        flags: header.flags,
        id: header.id,
        record_type: RecordType(u16::from_be_bytes([type_high, type_low])),
        class: Class(u16::from_be_bytes([class_high, class_low])),
        edns,
    })
}

impl<'a> Query<'a> {
    /// Transaction.
    #[inline]
    pub fn id(&self) -> u16 {
        self.id
    }

    /// Flags as asked.
    #[inline]
    pub fn flags(&self) -> Flags {
        self.flags
    }

    /// The packet.
    pub fn packet(&self) -> &'a [u8] {
        self.packet
    }

    /// The question as asked, with its case (clients compare it: draft-vixie-dnsext-dns0x20): name, type, class.
    #[inline]
    pub fn question(&self) -> &'a [u8] {
        &self.packet[HEADER_BYTES..self.question_end]
    }

    /// The name as asked in wire form, with its case.
    #[inline]
    pub fn name_as_asked(&self) -> &'a [u8] {
        &self.packet[HEADER_BYTES..HEADER_BYTES + self.lower.len()]
    }

    /// The name in wire form and lower case, the root's zero included.
    #[inline]
    pub fn lower(&self) -> &'a [u8] {
        self.lower
    }

    /// Where each label (its length octet) begins in [`Query::lower`], the leftmost first; without the root.
    #[inline]
    pub fn label_starts(&self) -> &'a [u8] {
        self.labels
    }

    /// A label in lower case, counted from the left.
    #[inline]
    pub fn label(&self, index: usize) -> Option<&'a [u8]> {
        let start = usize::from(*self.labels.get(index)?);
        let length = usize::from(self.lower[start]);
        self.lower.get(start + 1..start + 1 + length)
    }

    /// The name as asked, as a value of its own.
    pub fn name(&self) -> Name {
        Name::from_wire(self.name_as_asked()).unwrap_or_else(|_| Name::root())
    }

    /// What a response over UDP may have at most when the server sends `server_bytes_max` at most (RFC 6891, 6.2.3 to 6.2.5).
    #[inline]
    pub fn udp_limit(&self, server_bytes_max: usize) -> usize {
        let offered = self.edns.map_or(crate::UDP_BYTES_MIN, |edns| usize::from(edns.udp_payload_bytes));
        offered.min(server_bytes_max).max(crate::UDP_BYTES_MIN)
    }
}

/// Where the name after the header ends, and how many labels it has. A question has nothing before it that a pointer could
/// point to, so that a pointer is refused like the two reserved kinds of label.
#[inline]
fn walk_labels(packet: &[u8], starts: &mut [u8; LABELS_MAX]) -> Option<(usize, usize)> {
    let mut at = HEADER_BYTES;
    let mut count = 0;
    loop {
        let length = *packet.get(at)?;
        if length == 0 {
            return Some((at + 1, count));
        }
        // With this label and the root: at most 255.
        let after = at + usize::from(length) + 1;
        if length > 63 || after - HEADER_BYTES + 1 > NAME_BYTES_MAX {
            return None;
        }
        *starts.get_mut(count)? = (at - HEADER_BYTES) as u8;
        count += 1;
        at = after;
    }
}

/// Looks through the records after the question for EDNS. What else they hold is nobody's business here; octets after the
/// last record are ignored, as most servers do.
#[inline]
fn after_question(
    packet: &[u8],
    question_end: usize,
    counts: [u16; 4],
) -> Result<Option<EdnsRequest<'_>>, Refusal> {
    let before_additional = u32::from(counts[1]) + u32::from(counts[2]);
    let total = before_additional + u32::from(counts[3]);
    if total == 0 {
        return Ok(None);
    }
    let refuse = |rcode, edns| Refusal::Respond { rcode, question_end: Some(question_end), edns };
    if total > RECORDS_MAX {
        return Err(refuse(Rcode::FORMERR, false));
    }
    let mut rest = &packet[question_end..];
    let mut found = None;
    for index in 0..total {
        let record = take_record(&mut rest).ok_or_else(|| refuse(Rcode::FORMERR, false))?;
        if record.record_type != RecordType::OPT {
            continue;
        }
        // One, in the additional section, at the root (RFC 6891, 6.1.1).
        if found.is_some() || index < before_additional || !record.at_root {
            return Err(refuse(Rcode::FORMERR, true));
        }
        found = Some(record);
    }
    let Some(record) = found else { return Ok(None) };
    if record.version() != 0 {
        return Err(refuse(Rcode::BADVERS, true));
    }
    match EdnsRequest::read(record.class, record.ttl, record.rdata) {
        Some(edns) => Ok(Some(edns)),
        None => Err(refuse(Rcode::FORMERR, true)),
    }
}

struct RawRecord<'a> {
    at_root: bool,
    record_type: RecordType,
    class: u16,
    ttl: u32,
    rdata: &'a [u8],
}

impl RawRecord<'_> {
    /// EDNS version, the second octet of what is a TTL elsewhere (RFC 6891, 6.1.3).
    fn version(&self) -> u8 {
        (self.ttl >> 16) as u8
    }
}

/// Takes the next record off `rest`. A pointer ends its owner; where it points does not matter, since nothing is read there.
#[inline]
fn take_record<'a>(rest: &mut &'a [u8]) -> Option<RawRecord<'a>> {
    let at_root = rest.first() == Some(&0);
    let mut at = 0;
    loop {
        match *rest.get(at)? {
            0 => break at += 1,
            length @ 1..=63 => at += usize::from(length) + 1,
            0xc0.. => break at += 2,
            _ => return None,
        }
        if at > NAME_BYTES_MAX {
            return None;
        }
    }
    let fixed: &[u8; 10] = rest.get(at..)?.first_chunk()?;
    let rdata_start = at + fixed.len();
    let rdata_end = rdata_start + usize::from(u16::from_be_bytes([fixed[8], fixed[9]]));
    let rdata = rest.get(rdata_start..rdata_end)?;
    *rest = &rest[rdata_end..];
    Some(RawRecord {
        at_root,
        record_type: RecordType(u16::from_be_bytes([fixed[0], fixed[1]])),
        class: u16::from_be_bytes([fixed[2], fixed[3]]),
        ttl: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
        rdata,
    })
}
