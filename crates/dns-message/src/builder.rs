//! Messages written: question, records with name compression, an OPT record for which room is kept, truncation.
//!
//! What does not fit: in the answer and authority sections, the record is left out and everything after it too, and TC is
//! set; what was written of its set stays (RFC 2181, 9 allows it, and old stub resolvers that know no TCP live on it). In the
//! additional section the whole set is left out, without TC: nobody asked for it.

mod compress;
mod rdata;
#[cfg(test)]
mod tests;

use compress::Compressor;
pub use rdata::{Rdata, Soa};

use crate::header::HEADER_BYTES;
use crate::name::NAME_BYTES_MAX;
use crate::{
    Class, Flags, Header, MESSAGE_BYTES_MAX, MessageError, Name, Opt, Query, Rcode, Record, RecordType,
    Section,
};

/// Writes one message behind what `out` holds.
pub struct Builder<'o> {
    out: &'o mut Vec<u8>,
    start: usize,
    /// Octets that records may reach, from `start`; room for the OPT record is already taken off.
    limit: usize,
    header: Header,
    opt: Option<Opt<'o>>,
    names: Compressor,
    section: Section,
    /// Where the set that is being written began in the additional section, and how many of its records there are.
    set: Option<OpenSet>,
    /// Nothing more fits in.
    full: bool,
}

/// What came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// Octets of the message.
    pub bytes: usize,
    /// Whether TC is set.
    pub truncated: bool,
    /// Records in the answer section.
    pub answers: u16,
}

#[derive(Clone, Copy)]
struct OpenSet {
    at: usize,
    owner_hash: u32,
    record_type: RecordType,
    records: u16,
}

impl<'o> Builder<'o> {
    /// A response to `query` of at most `limit` octets: its id, its question as asked, RD and CD as asked; `flags` (such as
    /// AA and RA) are set besides. `opt` must be there when the query had one, and only then (RFC 6891, 6.1.1).
    pub fn reply(
        query: &Query<'_>,
        flags: u16,
        rcode: Rcode,
        limit: usize,
        opt: Option<Opt<'o>>,
        out: &'o mut Vec<u8>,
    ) -> Self {
        let header = Header {
            id: query.id(),
            flags: query.flags().of_response().with(flags).with_rcode(rcode),
            counts: [1, 0, 0, 0],
        };
        let mut builder = Self::start(header, limit, opt.map(|opt| Opt { rcode, ..opt }), out);
        builder.out.extend_from_slice(query.question());
        builder.names.learn(query.name_as_asked(), HEADER_BYTES);
        builder
    }

    /// A query.
    pub fn query(
        id: u16,
        flags: Flags,
        name: &Name,
        record_type: RecordType,
        class: Class,
        opt: Option<Opt<'o>>,
        out: &'o mut Vec<u8>,
    ) -> Self {
        let header = Header { id, flags, counts: [1, 0, 0, 0] };
        let mut builder = Self::start(header, MESSAGE_BYTES_MAX, opt, out);
        builder.out.extend_from_slice(name.as_wire());
        builder.out.extend_from_slice(&record_type.0.to_be_bytes());
        builder.out.extend_from_slice(&class.0.to_be_bytes());
        builder.names.learn(name.as_wire(), HEADER_BYTES);
        builder
    }

    fn start(header: Header, limit: usize, opt: Option<Opt<'o>>, out: &'o mut Vec<u8>) -> Self {
        let reserved = opt.as_ref().map_or(0, Opt::len);
        let start = out.len();
        out.extend_from_slice(&header.to_bytes());
        Self {
            out,
            start,
            limit: limit.min(MESSAGE_BYTES_MAX).saturating_sub(reserved),
            header,
            opt,
            names: Compressor::default(),
            section: Section::Answer,
            set: None,
            full: false,
        }
    }

    /// Replaces the result.
    pub fn set_rcode(&mut self, rcode: Rcode) {
        self.header.flags = self.header.flags.with_rcode(rcode);
        if let Some(opt) = &mut self.opt {
            opt.rcode = rcode;
        }
    }

    /// Octets that are left for records.
    pub fn room(&self) -> usize {
        self.limit.saturating_sub(self.out.len() - self.start)
    }

    /// Appends a record; `false` when it did not fit, or its section is over. Sections come in their order.
    pub fn record(
        &mut self,
        section: Section,
        owner: &Name,
        class: Class,
        ttl: u32,
        data: &Rdata<'_>,
    ) -> bool {
        let appended = self.append(section, owner.as_wire(), data.record_type(), class, ttl, |builder| {
            data.write(builder.out, builder.start, &mut builder.names);
            Ok(())
        });
        appended.unwrap_or(false)
    }

    /// Appends a record of another message, with the names in its data written anew (RFC 3597, 4); `Ok(false)` when it did
    /// not fit. OPT is never copied: it belongs to one hop (RFC 6891, 6.2.6).
    ///
    /// # Errors
    /// Its data does not have the form of its type.
    pub fn copy(&mut self, section: Section, record: &Record<'_>, ttl: u32) -> Result<bool, MessageError> {
        if record.record_type == RecordType::OPT {
            return Ok(true);
        }
        let mut owner = [0; NAME_BYTES_MAX];
        let length = record.owner.expand(&mut owner);
        self.append(section, &owner[..length], record.record_type, record.class, ttl, |builder| {
            rdata::copy(record, builder.out, builder.start, &mut builder.names)
        })
    }

    fn append(
        &mut self,
        section: Section,
        owner: &[u8],
        record_type: RecordType,
        class: Class,
        ttl: u32,
        data: impl FnOnce(&mut Self) -> Result<(), MessageError>,
    ) -> Result<bool, MessageError> {
        if self.full || section < self.section {
            return Ok(false);
        }
        self.section = section;
        let at = self.out.len();
        self.open_set(at, owner, record_type);
        self.names.write(self.out, self.start, owner);
        self.out.extend_from_slice(&record_type.0.to_be_bytes());
        self.out.extend_from_slice(&class.0.to_be_bytes());
        self.out.extend_from_slice(&ttl.to_be_bytes());
        self.out.extend_from_slice(&[0, 0]);
        let data_at = self.out.len();
        if let Err(error) = data(self) {
            self.roll_back(at);
            return Err(error);
        }
        let count = &mut self.header.counts[1 + section as usize];
        let length = u16::try_from(self.out.len() - data_at);
        if let (Ok(length), true, Some(next)) =
            (length, self.out.len() - self.start <= self.limit, count.checked_add(1))
        {
            self.out[data_at - 2..data_at].copy_from_slice(&length.to_be_bytes());
            *count = next;
            if let Some(set) = &mut self.set {
                set.records += 1;
            }
            return Ok(true);
        }
        self.overflow(at);
        Ok(false)
    }

    /// In the additional section, remembers where a set begins.
    fn open_set(&mut self, at: usize, owner: &[u8], record_type: RecordType) {
        if self.section != Section::Additional {
            return;
        }
        let owner_hash = compress::hash(owner);
        let same = self.set.is_some_and(|set| set.owner_hash == owner_hash && set.record_type == record_type);
        if !same {
            self.set = Some(OpenSet { at, owner_hash, record_type, records: 0 });
        }
    }

    fn overflow(&mut self, at: usize) {
        self.full = true;
        let mut keep = at;
        match self.set {
            Some(set) => {
                keep = set.at;
                self.header.counts[3] -= set.records;
            }
            None => self.header.flags = self.header.flags.with(Flags::TRUNCATED),
        }
        self.roll_back(keep);
    }

    fn roll_back(&mut self, to: usize) {
        self.out.truncate(to);
        self.names.forget(to - self.start);
    }

    /// Writes OPT and the header.
    pub fn finish(mut self) -> Finished {
        if let Some(opt) = &self.opt {
            opt.write(self.out);
            self.header.counts[3] += 1;
        }
        self.out[self.start..self.start + HEADER_BYTES].copy_from_slice(&self.header.to_bytes());
        Finished {
            bytes: self.out.len() - self.start,
            truncated: self.header.flags.has(Flags::TRUNCATED),
            answers: self.header.counts[1],
        }
    }
}
