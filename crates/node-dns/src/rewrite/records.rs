//! An answer written anew, with other names in it.

use dns_message::{
    Builder, Flags, MESSAGE_BYTES_MAX, Message, MessageError, NameRef, Query, Rcode, Rdata, Record,
    RecordType,
};

use super::Rewritten;

pub(super) fn write(
    rewritten: &Rewritten,
    query: &Query<'_>,
    message: &Message<'_>,
    rcode: Rcode,
) -> Result<Vec<u8>, MessageError> {
    let kept = message.header().flags.0
        & (Flags::AUTHORITATIVE | Flags::RECURSION_AVAILABLE | Flags::AUTHENTIC | Flags::TRUNCATED);
    let asked = query.name();
    let mut out = Vec::with_capacity(message.bytes().len());
    let mut builder = Builder::reply(query, kept, rcode, MESSAGE_BYTES_MAX, None, &mut out);
    for record in message.records() {
        let record = record?;
        if record.record_type == RecordType::OPT {
            continue;
        }
        let ttl = rewritten.ttl(record.ttl);
        let before = record.owner.to_name();
        let owner = rewritten.owner(&before);
        let data = data(rewritten, &record)?;
        if owner == before && data.is_none() {
            builder.copy(record.section, &record, ttl)?;
            continue;
        }
        // The client's case, where it is the client's name.
        let owner = if owner == asked { &asked } else { &owner };
        let data = data.unwrap_or_else(|| record.rdata().to_vec());
        builder.record(record.section, owner, record.class, ttl, &Rdata::Other(record.record_type, &data));
    }
    builder.finish();
    Ok(out)
}

/// The data with its names changed and written out in full: CNAME, DNAME, NS, PTR, MX, SRV, SOA. `None`: it has no names
/// that are known. Of other types nothing may be compressed (RFC 3597, 4).
fn data(rewritten: &Rewritten, record: &Record<'_>) -> Result<Option<Vec<u8>>, MessageError> {
    let change = |name: NameRef<'_>| rewritten.value(&name.to_name());
    if let Some((server, mailbox)) = record.soa_names() {
        let numbers = record.rdata().last_chunk::<20>().ok_or(MessageError::Data)?;
        return Ok(Some([change(server).as_wire(), change(mailbox).as_wire(), numbers].concat()));
    }
    let Some(target) = record.target() else { return Ok(None) };
    let before = match record.record_type {
        RecordType::MX => 2,
        RecordType::SRV => 6,
        _ => 0,
    };
    let before = record.rdata().get(..before).ok_or(MessageError::Data)?;
    Ok(Some([before, change(target).as_wire()].concat()))
}
