//! Data of records.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Compressor;
use crate::message::{expand, skip};
use crate::name::NAME_BYTES_MAX;
use crate::{MessageError, Name, Record, RecordType};

/// Octets of one string of a TXT record: its length is one octet (RFC 1035, 3.3.14).
const STRING_BYTES_MAX: usize = 255;

/// Data of a record that is to be written.
#[derive(Debug, Clone, Copy)]
pub enum Rdata<'a> {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// The name that this one is an alias of.
    Cname(&'a Name),
    /// A name server.
    Ns(&'a Name),
    /// The name of an address.
    Ptr(&'a Name),
    /// Where a service is (RFC 2782).
    Srv {
        /// Lower first.
        priority: u16,
        /// Share among equal priorities.
        weight: u16,
        /// Port.
        port: u16,
        /// Host.
        target: &'a Name,
    },
    /// Text, cut into strings of 255 octets.
    Txt(&'a [u8]),
    /// Start of a zone.
    Soa(Soa<'a>),
    /// Data without names, or with names that must not be compressed.
    Other(RecordType, &'a [u8]),
}

/// Start of a zone of authority (RFC 1035, 3.3.13).
#[derive(Debug, Clone, Copy)]
pub struct Soa<'a> {
    /// Primary server.
    pub server: &'a Name,
    /// Mailbox, its first label being the part before the `@`.
    pub mailbox: &'a Name,
    /// Version of the zone.
    pub serial: u32,
    /// Seconds between checks of a secondary.
    pub refresh: u32,
    /// Seconds until a failed check is tried again.
    pub retry: u32,
    /// Seconds after which a secondary gives up.
    pub expire: u32,
    /// Seconds that a negative answer may be kept (RFC 2308).
    pub minimum: u32,
}

impl Rdata<'_> {
    /// The type of a record with such data.
    pub fn record_type(&self) -> RecordType {
        match self {
            Self::A(_) => RecordType::A,
            Self::Aaaa(_) => RecordType::AAAA,
            Self::Cname(_) => RecordType::CNAME,
            Self::Ns(_) => RecordType::NS,
            Self::Ptr(_) => RecordType::PTR,
            Self::Srv { .. } => RecordType::SRV,
            Self::Txt(_) => RecordType::TXT,
            Self::Soa(_) => RecordType::SOA,
            Self::Other(record_type, _) => *record_type,
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>, start: usize, names: &mut Compressor) {
        match self {
            Self::A(address) => out.extend_from_slice(&address.octets()),
            Self::Aaaa(address) => out.extend_from_slice(&address.octets()),
            Self::Cname(name) | Self::Ns(name) | Self::Ptr(name) => names.write(out, start, name.as_wire()),
            Self::Srv { priority, weight, port, target } => {
                for value in [priority, weight, port] {
                    out.extend_from_slice(&value.to_be_bytes());
                }
                // Not compressed (RFC 2782).
                out.extend_from_slice(target.as_wire());
            }
            Self::Txt([]) => out.push(0),
            Self::Txt(text) => {
                for string in text.chunks(STRING_BYTES_MAX) {
                    out.push(string.len() as u8);
                    out.extend_from_slice(string);
                }
            }
            Self::Soa(soa) => {
                names.write(out, start, soa.server.as_wire());
                names.write(out, start, soa.mailbox.as_wire());
                for value in [soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum] {
                    out.extend_from_slice(&value.to_be_bytes());
                }
            }
            Self::Other(_, data) => out.extend_from_slice(data),
        }
    }
}

/// A piece of the data of a type that may hold compressed names.
enum Piece {
    /// A name that may be compressed when it is written: a type of RFC 1035.
    Name,
    /// A name that may come compressed, from old senders, and is written in full (RFC 3597, 4).
    Plain,
    /// So many octets.
    Octets(usize),
    /// A string with its length before it.
    Text,
}

/// The form of the types whose data may come with compressed names (RFC 3597, 4, and what is written there about SRV); what
/// follows the last piece is copied. All other types are copied as they are.
fn form(record_type: RecordType) -> &'static [Piece] {
    use Piece::{Name, Octets, Plain, Text};
    match record_type.0 {
        // NS, MD, MF, CNAME, MB, MG, MR, PTR
        2..=5 | 7..=9 | 12 => &[Name],
        // SOA, MINFO
        6 | 14 => &[Name, Name],
        // MX
        15 => &[Octets(2), Name],
        // RP
        17 => &[Plain, Plain],
        // AFSDB, RT, KX
        18 | 21 | 36 => &[Octets(2), Plain],
        // SIG, RRSIG
        24 | 46 => &[Octets(18), Plain],
        // PX
        26 => &[Octets(2), Plain, Plain],
        // NXT, NSEC, DNAME
        30 | 47 | 39 => &[Plain],
        // SRV
        33 => &[Octets(6), Plain],
        // NAPTR
        35 => &[Octets(4), Text, Text, Text, Plain],
        _ => &[],
    }
}

/// Writes the data of a record of another message.
pub(super) fn copy(
    record: &Record<'_>,
    out: &mut Vec<u8>,
    start: usize,
    names: &mut Compressor,
) -> Result<(), MessageError> {
    let (message, data) = (record.message(), record.rdata_range());
    let mut at = data.start;
    for piece in form(record.record_type) {
        let octets = match piece {
            Piece::Octets(count) => *count,
            Piece::Text => 1 + usize::from(*message.get(at).ok_or(MessageError::Data)?),
            Piece::Name | Piece::Plain => 0,
        };
        let next =
            if octets > 0 { at + octets } else { skip(message, at).map_err(|_| MessageError::Data)? };
        if next > data.end {
            return Err(MessageError::Data);
        }
        match piece {
            Piece::Octets(_) | Piece::Text => out.extend_from_slice(&message[at..next]),
            Piece::Name | Piece::Plain => {
                let mut name = [0; NAME_BYTES_MAX];
                let (length, _) = expand(message, at, &mut name)?;
                match piece {
                    Piece::Name => names.write(out, start, &name[..length]),
                    _ => out.extend_from_slice(&name[..length]),
                }
            }
        }
        at = next;
    }
    out.extend_from_slice(&message[at..data.end]);
    Ok(())
}
