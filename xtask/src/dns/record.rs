//! Records in the form that `dig` prints, so that a difference can be read.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::Result;

use super::message::Reader;

/// (number, name) of the types that are asked for and answered with.
const KINDS: [(u16, &str); 18] = [
    (1, "A"),
    (2, "NS"),
    (5, "CNAME"),
    (6, "SOA"),
    (12, "PTR"),
    (15, "MX"),
    (16, "TXT"),
    (28, "AAAA"),
    (33, "SRV"),
    (35, "NAPTR"),
    (43, "DS"),
    (46, "RRSIG"),
    (48, "DNSKEY"),
    (52, "TLSA"),
    (64, "SVCB"),
    (65, "HTTPS"),
    (255, "ANY"),
    (257, "CAA"),
];

/// One resource record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Record {
    pub(super) owner: String,
    pub(super) kind: u16,
    pub(super) class: u16,
    pub(super) ttl: u32,
    pub(super) data: String,
}

impl fmt::Display for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { owner, kind, class, ttl, data } = self;
        write!(out, "{owner} {ttl} {} {} {data}", class_name(*class), kind_name(*kind))
    }
}

/// Every type that questions are made of.
pub(super) fn kinds() -> impl Iterator<Item = u16> {
    KINDS.iter().map(|(kind, _)| *kind)
}

pub(super) fn kind_name(kind: u16) -> String {
    let known = KINDS.iter().find(|(number, _)| *number == kind);
    known.map_or_else(|| format!("TYPE{kind}"), |(_, name)| (*name).to_owned())
}

pub(super) fn class_name(class: u16) -> String {
    match class {
        1 => "IN".to_owned(),
        3 => "CH".to_owned(),
        255 => "ANY".to_owned(),
        other => format!("CLASS{other}"),
    }
}

/// RFC 1035's and 2782's data; the serial of a SOA is a time, and no two servers agree on it.
pub(super) fn rdata_text(kind: u16, reader: &mut Reader<'_>, end: usize) -> Result<String> {
    let length = end - reader.at;
    Ok(match (kind, length) {
        (1, 4) => Ipv4Addr::from_bits(reader.u32()?).to_string(),
        (28, 16) => Ipv6Addr::from(<[u8; 16]>::try_from(reader.take(16)?)?).to_string(),
        (2 | 5 | 12, _) => reader.name()?,
        (33, _) => format!("{} {} {} {}", reader.u16()?, reader.u16()?, reader.u16()?, reader.name()?),
        (6, _) => {
            let (server, mailbox) = (reader.name()?, reader.name()?);
            let [_serial, refresh, retry, expire, minimum] =
                [reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?];
            format!("{server} {mailbox} (serial) {refresh} {retry} {expire} {minimum}")
        }
        (16, _) => strings(reader, end)?.join(" "),
        _ => format!("{:02x?}", reader.take(length)?),
    })
}

fn strings(reader: &mut Reader<'_>, end: usize) -> Result<Vec<String>> {
    let mut all = Vec::new();
    while reader.at < end {
        let length = reader.take(1)?[0];
        all.push(format!("{:?}", String::from_utf8_lossy(reader.take(length.into())?)));
    }
    Ok(all)
}
