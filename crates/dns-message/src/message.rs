//! A message that nobody vouches for, read in place: an upstream's answer, a peer's.
//!
//! Every step is bounded: names end within 255 octets and their pointers only ever go back, so that a loop cannot be
//! written; records end within the message; nothing is allocated until a caller asks for a [`Name`].

mod name_ref;
mod record;
#[cfg(test)]
mod tests;

use crate::{Class, Flags, HEADER_BYTES, Header, RecordType};

pub use name_ref::NameRef;
pub(crate) use name_ref::{expand, skip};
pub use record::{Record, Records, Section};

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// It ends within its header, its question or a record that its header counts.
    #[error("the message ends too early")]
    Short,
    /// A name is too long, or holds a pointer that does not go back, or a reserved kind of label.
    #[error("a name that is none")]
    Name,
    /// More than one question: nobody serves that (RFC 9619).
    #[error("more than one question")]
    Questions,
    /// The data of a record does not have the form of its type.
    #[error("record data that does not fit its type")]
    Data,
}

/// A message whose header and question have been read.
#[derive(Debug, Clone, Copy)]
pub struct Message<'m> {
    bytes: &'m [u8],
    header: Header,
    question: Option<Question<'m>>,
    records_at: usize,
}

/// A question.
#[derive(Debug, Clone, Copy)]
pub struct Question<'m> {
    /// The name asked for.
    pub name: NameRef<'m>,
    /// The type asked for.
    pub record_type: RecordType,
    /// The class asked for.
    pub class: Class,
}

impl<'m> Message<'m> {
    /// Reads header and question.
    ///
    /// # Errors
    /// They are no such thing. Records are read, and may be wrong, in [`Message::records`].
    pub fn parse(bytes: &'m [u8]) -> Result<Self, MessageError> {
        let header = Header::read(bytes).ok_or(MessageError::Short)?;
        let mut message = Self { bytes, header, question: None, records_at: HEADER_BYTES };
        match header.counts[0] {
            0 => return Ok(message),
            1 => {}
            _ => return Err(MessageError::Questions),
        }
        let name_end = skip(bytes, HEADER_BYTES)?;
        let fixed: &[u8; 4] =
            bytes.get(name_end..).and_then(<[u8]>::first_chunk).ok_or(MessageError::Short)?;
        message.question = Some(Question {
            name: NameRef::new(bytes, HEADER_BYTES),
            record_type: RecordType(u16::from_be_bytes([fixed[0], fixed[1]])),
            class: Class(u16::from_be_bytes([fixed[2], fixed[3]])),
        });
        message.records_at = name_end + fixed.len();
        Ok(message)
    }

    /// The message.
    pub fn bytes(&self) -> &'m [u8] {
        self.bytes
    }

    /// Its header.
    pub fn header(&self) -> Header {
        self.header
    }

    /// Whether it is a response.
    pub fn is_response(&self) -> bool {
        self.header.flags.has(Flags::RESPONSE)
    }

    /// Its question; an upstream's FORMERR may come without.
    pub fn question(&self) -> Option<Question<'m>> {
        self.question
    }

    /// Name, type and class of the question on the wire.
    pub fn question_bytes(&self) -> &'m [u8] {
        &self.bytes[HEADER_BYTES..self.records_at]
    }

    /// Whether it repeats `question` (name, type, class on the wire) octet for octet, case included: how a forwarder knows
    /// that a response belongs to its query (RFC 5452, 9.1, and 0x20).
    pub fn repeats(&self, question: &[u8]) -> bool {
        self.question_bytes() == question
    }

    /// Its records, section by section. After an error there is nothing more.
    pub fn records(&self) -> Records<'m> {
        Records::new(self.bytes, self.header, self.records_at)
    }

    /// How long a negative answer may be kept: the lesser of the TTL and the last field of the SOA record in the authority
    /// section (RFC 2308, 5); `None` without one.
    pub fn negative_ttl(&self) -> Option<u32> {
        let soa = self
            .records()
            .map_while(Result::ok)
            .find(|record| record.section == Section::Authority && record.record_type == RecordType::SOA)?;
        let minimum = soa.rdata().last_chunk::<4>()?;
        Some(soa.ttl.min(u32::from_be_bytes(*minimum)))
    }
}
