//! What an upstream's reply says, and for how long: written anew, without OPT, so that nothing unchecked is kept.

use answer_cache::{Answer, Fetched, Kind};
use dns_message::{Builder, EdeCode, Flags, Message, MessageError, Rcode, RecordType, Section, ttl};

use super::outgoing::Wanted;

/// A reply that was understood.
#[derive(Debug, Clone)]
pub(crate) struct Learnt {
    /// Header with id 0, the question in lower case, all records but OPT.
    pub(crate) message: Vec<u8>,
    pub(crate) rcode: Rcode,
    pub(crate) error: Option<(EdeCode, String)>,
    kind: Kind,
    ttl_positions: Vec<u16>,
    ttl_seconds: Option<u32>,
    ours: bool,
}

impl Learnt {
    /// Reads a reply that [`super::outgoing::Outgoing::judge`] took for an answer.
    pub(crate) fn read(wanted: &Wanted, reply: &[u8]) -> Result<Self, MessageError> {
        let source = Message::parse(reply)?;
        let header = source.header();
        let mut rcode = header.flags.rcode();
        let mut error = None;
        let kept = header.flags.0
            & (Flags::AUTHORITATIVE
                | Flags::RECURSION_DESIRED
                | Flags::RECURSION_AVAILABLE
                | Flags::AUTHENTIC
                | Flags::CHECKING_DISABLED);
        let flags = Flags(kept).with(Flags::RESPONSE).with_rcode(rcode);
        let mut message = Vec::with_capacity(reply.len());
        let name = wanted.name.to_lower();
        let mut builder =
            Builder::query(0, flags, &name, wanted.record_type, wanted.class, None, &mut message);
        let mut found = Found::default();
        for record in source.records() {
            let record = record?;
            if record.record_type == RecordType::OPT {
                rcode = record.extended_rcode(header);
                error = record.extended_errors().next().map(|(code, text)| (code, text.to_owned()));
                continue;
            }
            found.note(record.section, record.record_type, wanted.record_type);
            builder.copy(record.section, &record, record.ttl)?;
        }
        if rcode.0 > 15 {
            // It has no room in the header, and is about the EDNS between us and the upstream: not the client's.
            rcode = Rcode::SERVFAIL;
            builder.set_rcode(rcode);
        }
        builder.finish();
        let kind = found.kind(rcode, wanted.record_type);
        let ttl_seconds = match kind {
            Kind::Positive => ttl::least(&message)?,
            Kind::NoData | Kind::NxDomain => negative_ttl(&message)?,
            Kind::Failure => None,
        };
        let ttl_positions = ttl::positions(&message)?;
        Ok(Self { message, rcode, error, kind, ttl_positions, ttl_seconds, ours: false })
    }

    /// Nothing came, or nothing that could be used: SERVFAIL with the reason.
    pub(crate) fn failure(wanted: &Wanted, rcode: Rcode, code: EdeCode, text: &str) -> Self {
        let mut flags = Flags(Flags::RESPONSE | Flags::RECURSION_AVAILABLE).with_rcode(rcode);
        if wanted.recursion {
            flags = flags.with(Flags::RECURSION_DESIRED);
        }
        let mut message = Vec::new();
        let name = wanted.name.to_lower();
        Builder::query(0, flags, &name, wanted.record_type, wanted.class, None, &mut message).finish();
        Self {
            message,
            rcode,
            error: Some((code, text.to_owned())),
            kind: Kind::Failure,
            ttl_positions: Vec::new(),
            ttl_seconds: None,
            ours: false,
        }
    }

    /// As [`Learnt::failure`], and no upstream was asked: the limit is ours.
    pub(crate) fn refused(wanted: &Wanted, rcode: Rcode, text: &str) -> Self {
        Self { ours: true, ..Self::failure(wanted, rcode, EdeCode::OTHER, text) }
    }

    /// NOERROR or NXDOMAIN.
    pub(crate) fn is_good(&self) -> bool {
        self.kind != Kind::Failure
    }

    /// No upstream was asked.
    pub(crate) fn is_ours(&self) -> bool {
        self.ours
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// For the cache.
    pub(crate) fn fetched(&self) -> Fetched<'_> {
        let answer = Answer {
            message: &self.message,
            ttl_positions: &self.ttl_positions,
            ttl_seconds: self.ttl_seconds,
            kind: self.kind,
            error: self.error.as_ref().map(|(code, text)| (code.0, text.as_str())),
        };
        if self.is_good() { Fetched::Good(answer) } else { Fetched::Bad(Some(answer)) }
    }
}

/// What stood in the sections.
#[derive(Debug, Default)]
struct Found {
    /// A record of the type that was asked for.
    data: bool,
    /// Any record in the answer section.
    answers: bool,
    /// A SOA in the authority section: it is a negative answer (RFC 2308, 2).
    soa: bool,
}

impl Found {
    fn note(&mut self, section: Section, record_type: RecordType, wanted: RecordType) {
        match section {
            Section::Answer => {
                self.answers = true;
                self.data |= record_type == wanted || wanted == RecordType::ANY;
            }
            Section::Authority => self.soa |= record_type == RecordType::SOA,
            Section::Additional => {}
        }
    }

    fn kind(&self, rcode: Rcode, wanted: RecordType) -> Kind {
        match rcode {
            Rcode::NOERROR if self.data => Kind::Positive,
            // An alias to a name that has no such type, or that nobody asked further about.
            Rcode::NOERROR if self.answers && !self.soa => Kind::Positive,
            Rcode::NOERROR => Kind::NoData,
            // NXDOMAIN at the end of an alias is about the target (RFC 6604, 3): the name itself exists, and this is kept
            // for its type alone.
            Rcode::NXDOMAIN if self.answers || wanted == RecordType::ANY => Kind::NoData,
            Rcode::NXDOMAIN => Kind::NxDomain,
            _ => Kind::Failure,
        }
    }
}

/// The lesser of what SOA says and the TTLs of the aliases before it.
fn negative_ttl(message: &[u8]) -> Result<Option<u32>, MessageError> {
    let parsed = Message::parse(message)?;
    let Some(mut least) = parsed.negative_ttl() else { return Ok(None) };
    for record in parsed.records() {
        let record = record?;
        if record.section == Section::Answer {
            least = least.min(ttl::sane(record.ttl));
        }
    }
    Ok(Some(ttl::sane(least)))
}
