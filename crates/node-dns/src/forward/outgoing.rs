//! A query on its way to an upstream, and which replies belong to it.

use dns_message::{Builder, Class, Flags, Message, Name, Opcode, Opt, Rcode, RecordType, UDP_BYTES_MAX};
use environment::Entropy;

/// What is asked, whoever is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Any case; asked in lower case or in a random one.
    pub(crate) name: Name,
    pub(crate) record_type: RecordType,
    pub(crate) class: Class,
    /// RD of the client.
    pub(crate) recursion: bool,
    /// CD of the client.
    pub(crate) checking_disabled: bool,
    /// DO of the client.
    pub(crate) dnssec_ok: bool,
    /// With an OPT record; without it for upstreams that do not understand one (RFC 6891, 6.2.2).
    pub(crate) edns: bool,
}

/// One message with its own id and its own case.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) message: Vec<u8>,
    id: u16,
    question: std::ops::Range<usize>,
}

/// What to make of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the answer.
    Answer,
    /// It is the answer, and did not fit: ask over TCP.
    Truncated,
    /// It may be the answer of a server that does not keep the case, or a forgery that got everything else right: ask over
    /// TCP, where nobody can forge.
    OtherCase,
    /// It is not for this query, or nothing at all: go on waiting.
    Ignore,
}

impl Outgoing {
    /// With 16 random bits of id, and as many random bits of case as the name has letters (0x20) when `random_case`.
    pub(crate) fn new(wanted: &Wanted, random_case: bool, entropy: &dyn Entropy) -> Self {
        let id = entropy.next_u64() as u16;
        let name = if random_case { shuffle_case(&wanted.name, entropy) } else { wanted.name.to_lower() };
        let mut flags = Flags::default();
        if wanted.recursion {
            flags = flags.with(Flags::RECURSION_DESIRED);
        }
        if wanted.checking_disabled {
            flags = flags.with(Flags::CHECKING_DISABLED);
        }
        let opt =
            Opt { udp_payload_bytes: UDP_BYTES_MAX as u16, dnssec_ok: wanted.dnssec_ok, ..Opt::default() };
        let mut message = Vec::with_capacity(64);
        Builder::query(
            id,
            flags,
            &name,
            wanted.record_type,
            wanted.class,
            wanted.edns.then_some(opt),
            &mut message,
        )
        .finish();
        let start = dns_message::HEADER_BYTES;
        let question = start..start + name.as_wire().len() + 4;
        Self { message, id, question }
    }

    fn question(&self) -> &[u8] {
        &self.message[self.question.clone()]
    }

    /// Whether `reply` belongs to this query. `exact_case` says whether its case must be the same: over UDP it must, when
    /// it was made at random.
    pub(crate) fn judge(&self, reply: &[u8], exact_case: bool) -> Verdict {
        let Ok(message) = Message::parse(reply) else { return Verdict::Ignore };
        let header = message.header();
        if header.id != self.id || !message.is_response() || header.flags.opcode() != Opcode::QUERY {
            return Verdict::Ignore;
        }
        if message.question().is_none() {
            // A server that could not read the query may leave the question out (RFC 1035, 4.1.1); there is no news in it.
            let refusal = ![Rcode::NOERROR, Rcode::NXDOMAIN].contains(&header.flags.rcode());
            return if refusal && header.counts[1] == 0 { Verdict::Answer } else { Verdict::Ignore };
        }
        let same = message.repeats(self.question());
        if !same && !same_but_case(message.question_bytes(), self.question()) {
            return Verdict::Ignore;
        }
        if !same && exact_case {
            return Verdict::OtherCase;
        }
        if header.flags.has(Flags::TRUNCATED) {
            return Verdict::Truncated;
        }
        if message.records().all(|record| record.is_ok()) { Verdict::Answer } else { Verdict::Ignore }
    }
}

fn same_but_case(one: &[u8], other: &[u8]) -> bool {
    match (one.split_last_chunk::<4>(), other.split_last_chunk::<4>()) {
        (Some((name, fixed)), Some((other_name, other_fixed))) => {
            fixed == other_fixed && name.eq_ignore_ascii_case(other_name)
        }
        _ => false,
    }
}

fn shuffle_case(name: &Name, entropy: &dyn Entropy) -> Name {
    let (mut bits, mut left) = (0, 0);
    let labels: Vec<Vec<u8>> = name
        .labels()
        .map(|label| {
            label
                .iter()
                .map(|octet| {
                    if left == 0 {
                        (bits, left) = (entropy.next_u64(), 64);
                    }
                    let upper = bits & 1 == 1;
                    bits >>= 1;
                    left -= 1;
                    if upper { octet.to_ascii_uppercase() } else { octet.to_ascii_lowercase() }
                })
                .collect()
        })
        .collect();
    // Same labels, same lengths: it is a name as before.
    Name::from_labels(labels.iter().map(Vec::as_slice)).unwrap_or_else(|_| name.clone())
}
