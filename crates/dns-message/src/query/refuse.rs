//! The shortest response that says why.

use super::Refusal;
use crate::{Flags, HEADER_BYTES, Header, Opt};

/// Appends the response to a packet that the gate refused; `false` when there is none. It is never longer than the header,
/// the question and an empty OPT record, so that nobody can have a victim sent more than they sent themselves plus 11 octets.
pub fn refuse(packet: &[u8], refusal: Refusal, out: &mut Vec<u8>) -> bool {
    let Refusal::Respond { rcode, question_end, edns } = refusal else { return false };
    let Some(asked) = Header::read(packet) else { return false };
    let question = question_end.and_then(|end| packet.get(HEADER_BYTES..end));
    let flags: Flags = asked.flags.of_response().with_rcode(rcode);
    let counts = [u16::from(question.is_some()), 0, 0, u16::from(edns)];
    out.extend_from_slice(&Header { id: asked.id, flags, counts }.to_bytes());
    out.extend_from_slice(question.unwrap_or_default());
    if edns {
        Opt { rcode, ..Opt::default() }.write(out);
    }
    true
}
