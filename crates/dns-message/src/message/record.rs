//! Records of a message, one after the other.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{MessageError, NameRef, skip};
use crate::edns::{Options, extended_error};
use crate::{Class, EdeCode, Header, Rcode, RecordType};

/// Where in a message a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// What was asked for.
    Answer,
    /// Who is responsible, or why there is no answer (SOA).
    Authority,
    /// What may be needed next, and OPT.
    Additional,
}

impl Section {
    /// The sections in the order of a message.
    pub const ALL: [Self; 3] = [Self::Answer, Self::Authority, Self::Additional];
}

/// A record of a message. Its data may hold pointers: [`crate::Builder::copy`] brings it into another message.
#[derive(Debug, Clone, Copy)]
pub struct Record<'m> {
    message: &'m [u8],
    /// Where it stands.
    pub section: Section,
    /// Whose record it is.
    pub owner: NameRef<'m>,
    /// Its type.
    pub record_type: RecordType,
    /// Its class; the UDP size in OPT.
    pub class: Class,
    /// Seconds that it may be kept; flags in OPT.
    pub ttl: u32,
    /// Where the TTL stands in the message.
    pub ttl_at: usize,
    rdata_at: usize,
    rdata_end: usize,
}

impl<'m> Record<'m> {
    /// Its data as it stands in the message.
    pub fn rdata(&self) -> &'m [u8] {
        &self.message[self.rdata_at..self.rdata_end]
    }

    /// The address of an A or AAAA record.
    pub fn address(&self) -> Option<IpAddr> {
        match self.record_type {
            RecordType::A => {
                <[u8; 4]>::try_from(self.rdata()).ok().map(|octets| Ipv4Addr::from(octets).into())
            }
            RecordType::AAAA => {
                <[u8; 16]>::try_from(self.rdata()).ok().map(|octets| Ipv6Addr::from(octets).into())
            }
            _ => None,
        }
    }

    /// The name in the data of CNAME, DNAME, NS, PTR, MX and SRV.
    pub fn target(&self) -> Option<NameRef<'m>> {
        let before = match self.record_type {
            RecordType::CNAME | RecordType::DNAME | RecordType::NS | RecordType::PTR => 0,
            RecordType::MX => 2,
            RecordType::SRV => 6,
            _ => return None,
        };
        let at = self.rdata_at + before;
        (skip(self.message, at) == Ok(self.rdata_end)).then(|| NameRef::new(self.message, at))
    }

    /// The two names of a SOA record: the primary server and the mailbox.
    pub fn soa_names(&self) -> Option<(NameRef<'m>, NameRef<'m>)> {
        if self.record_type != RecordType::SOA {
            return None;
        }
        let second = skip(self.message, self.rdata_at).ok()?;
        let end = skip(self.message, second).ok()?;
        let names = (NameRef::new(self.message, self.rdata_at), NameRef::new(self.message, second));
        // Five numbers of four octets follow.
        (end + 20 == self.rdata_end).then_some(names)
    }

    /// The options of an OPT record.
    pub fn options(&self) -> Options<'m> {
        Options::new(if self.record_type == RecordType::OPT { self.rdata() } else { &[] })
    }

    /// The extended errors of an OPT record (RFC 8914), with their texts.
    pub fn extended_errors(&self) -> impl Iterator<Item = (EdeCode, &'m str)> {
        self.options().filter_map(extended_error)
    }

    /// The whole response code, from an OPT record and the header of its message (RFC 6891, 6.1.3).
    pub fn extended_rcode(&self, header: Header) -> Rcode {
        Rcode(((self.ttl >> 24) as u16) << 4 | header.flags.rcode().0)
    }

    pub(crate) fn message(&self) -> &'m [u8] {
        self.message
    }

    pub(crate) fn rdata_range(&self) -> std::ops::Range<usize> {
        self.rdata_at..self.rdata_end
    }
}

/// See [`super::Message::records`].
#[derive(Debug, Clone)]
pub struct Records<'m> {
    message: &'m [u8],
    at: usize,
    left: [u16; 3],
}

impl<'m> Records<'m> {
    pub(super) fn new(message: &'m [u8], header: Header, at: usize) -> Self {
        let [_, answer, authority, additional] = header.counts;
        Self { message, at, left: [answer, authority, additional] }
    }

    /// Where the next record begins; after the last one, where the records end.
    pub fn position(&self) -> usize {
        self.at
    }

    fn read(&mut self, section: Section) -> Result<Record<'m>, MessageError> {
        let owner = NameRef::new(self.message, self.at);
        let fixed_at = skip(self.message, self.at)?;
        let fixed: &[u8; 10] =
            self.message.get(fixed_at..).and_then(<[u8]>::first_chunk).ok_or(MessageError::Short)?;
        let rdata_at = fixed_at + fixed.len();
        let rdata_end = rdata_at + usize::from(u16::from_be_bytes([fixed[8], fixed[9]]));
        if rdata_end > self.message.len() {
            return Err(MessageError::Short);
        }
        self.at = rdata_end;
        Ok(Record {
            message: self.message,
            section,
            owner,
            record_type: RecordType(u16::from_be_bytes([fixed[0], fixed[1]])),
            class: Class(u16::from_be_bytes([fixed[2], fixed[3]])),
            ttl: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ttl_at: fixed_at + 4,
            rdata_at,
            rdata_end,
        })
    }
}

impl<'m> Iterator for Records<'m> {
    type Item = Result<Record<'m>, MessageError>;

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.left.iter().position(|&left| left > 0)?;
        let record = self.read(Section::ALL[index]);
        match record {
            Ok(_) => self.left[index] -= 1,
            Err(_) => self.left = [0; 3],
        }
        Some(record)
    }
}
