//! A whole response of somebody else (an upstream, a cache) turned into the response to a query of ours.

#[cfg(test)]
mod tests;

use crate::{
    Builder, Finished, Flags, HEADER_BYTES, Header, Message, MessageError, Opt, Query, RecordType, Section,
};

/// Appends `response` to `out` as the response to `query`: the query's id and question with its case, RD and CD as asked,
/// AA, TC, RA, AD and the result of the response, OPT replaced by `opt` (its result is set here), at most `limit` octets.
///
/// What fits is copied as it stands; what does not is written record by record and cut as [`Builder`] says.
///
/// # Errors
/// The response is broken, or its question is another one. Then nothing was appended.
pub fn relay(
    query: &Query<'_>,
    response: &[u8],
    limit: usize,
    opt: Option<Opt<'_>>,
    out: &mut Vec<u8>,
) -> Result<Finished, MessageError> {
    let message = Message::parse(response)?;
    if !same_question(message.question_bytes(), query.question()) {
        return Err(MessageError::Questions);
    }
    let shape = Shape::of(&message)?;
    let header = message.header();
    let kept = header.flags.0
        & (Flags::AUTHORITATIVE | Flags::TRUNCATED | Flags::RECURSION_AVAILABLE | Flags::AUTHENTIC);
    let room = opt.as_ref().map_or(0, Opt::len);
    let Some(end) = shape.copyable_end.filter(|end| end + room <= limit) else {
        return rewrite(query, &message, kept, limit, opt, out);
    };

    let rcode = header.flags.rcode();
    let flags = query.flags().of_response().with(kept).with_rcode(rcode);
    let mut counts = header.counts;
    counts[3] = shape.additional + u16::from(opt.is_some());
    let start = out.len();
    out.extend_from_slice(&Header { id: query.id(), flags, counts }.to_bytes());
    out.extend_from_slice(query.question());
    out.extend_from_slice(&response[HEADER_BYTES + query.question().len()..end]);
    if let Some(opt) = opt {
        Opt { rcode, ..opt }.write(out);
    }
    Ok(Finished { bytes: out.len() - start, truncated: flags.has(Flags::TRUNCATED), answers: counts[1] })
}

/// The name without regard to case, type and class as they are (65 and 97 are two types, not two cases).
fn same_question(one: &[u8], other: &[u8]) -> bool {
    let (Some((name, fixed)), Some((other_name, other_fixed))) =
        (one.split_last_chunk::<4>(), other.split_last_chunk::<4>())
    else {
        return false;
    };
    fixed == other_fixed && name.eq_ignore_ascii_case(other_name)
}

/// Where what can be copied ends.
struct Shape {
    /// The end of the records without OPT; `None` when OPT is not the last one, or where no OPT may be.
    copyable_end: Option<usize>,
    /// Records in the additional section, OPT left out.
    additional: u16,
}

impl Shape {
    fn of(message: &Message<'_>) -> Result<Self, MessageError> {
        let mut records = message.records();
        let (mut end, mut opts, mut last_is_opt, mut misplaced) = (records.position(), 0, false, false);
        while let Some(record) = records.next() {
            let record = record?;
            last_is_opt = record.record_type == RecordType::OPT;
            if last_is_opt {
                opts += 1;
                misplaced |= record.section != Section::Additional;
            } else {
                end = records.position();
            }
        }
        let copyable = !misplaced && (opts == 0 || opts == 1 && last_is_opt);
        let additional = message.header().counts[3].saturating_sub(opts);
        Ok(Self { copyable_end: copyable.then_some(end), additional })
    }
}

fn rewrite(
    query: &Query<'_>,
    message: &Message<'_>,
    flags: u16,
    limit: usize,
    opt: Option<Opt<'_>>,
    out: &mut Vec<u8>,
) -> Result<Finished, MessageError> {
    let start = out.len();
    let mut builder = Builder::reply(query, flags, message.header().flags.rcode(), limit, opt, out);
    for record in message.records() {
        let copied = record.and_then(|record| builder.copy(record.section, &record, record.ttl));
        if let Err(error) = copied {
            out.truncate(start);
            return Err(error);
        }
    }
    Ok(builder.finish())
}
