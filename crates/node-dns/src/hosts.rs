//! Names with addresses of their own: a hosts file and inline entries.

mod reload;
#[cfg(test)]
mod tests;

use std::net::IpAddr;

use corefile::{HostsEntry, Zone};
use dns_message::{Builder, Class, Flags, MESSAGE_BYTES_MAX, Name, Query, Rcode, Rdata, RecordType, Section};
use rustc_hash::FxHashMap;

pub(crate) use reload::HostsFile;

/// Addresses by name, and names by address.
#[derive(Debug, Default)]
pub(crate) struct Table {
    by_name: FxHashMap<String, Vec<IpAddr>>,
    by_reverse: FxHashMap<String, Vec<Name>>,
}

/// What a table says about a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// The records were appended.
    Records,
    /// The name is here, this family of addresses is not.
    NoAddress,
    /// The name is here, and no such type can be.
    OtherType,
    /// Not here.
    Unknown,
}

impl Table {
    /// Earlier entries come first; `reverse` makes PTR records.
    pub(crate) fn new(entries: impl IntoIterator<Item = HostsEntry>, reverse: bool) -> Self {
        let mut table = Self::default();
        for entry in entries {
            for name in &entry.names {
                let addresses = table.by_name.entry(name.as_str().to_owned()).or_default();
                if !addresses.contains(&entry.address) {
                    addresses.push(entry.address);
                }
                if reverse && !name.as_str().starts_with("*.") {
                    table.learn_reverse(entry.address, name);
                }
            }
        }
        table
    }

    fn learn_reverse(&mut self, address: IpAddr, name: &Zone) {
        let Ok(name) = Name::parse(name.as_str()) else { return };
        let names = self.by_reverse.entry(reverse_name(address)).or_default();
        if !names.contains(&name) {
            names.push(name);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Appends the answer to `query`, whose name in text is `name` (lower case, closing dot), if there is one here.
    pub(crate) fn answer(&self, query: &Query<'_>, name: &str, ttl: u32, out: &mut Vec<u8>) -> Said {
        if query.class != Class::IN {
            return Said::Unknown;
        }
        let start = out.len();
        let flags = Flags::AUTHORITATIVE | Flags::RECURSION_AVAILABLE;
        let owner = query.name();
        let mut builder = Builder::reply(query, flags, Rcode::NOERROR, MESSAGE_BYTES_MAX, None, out);
        let mut put = |data: &Rdata<'_>| builder.record(Section::Answer, &owner, Class::IN, ttl, data);
        let said = if let Some(names) = self.by_reverse.get(name) {
            if query.record_type == RecordType::PTR {
                for target in names {
                    put(&Rdata::Ptr(target));
                }
                Said::Records
            } else {
                Said::OtherType
            }
        } else if let Some(addresses) = self.addresses(name) {
            let mut any = false;
            for address in addresses {
                any |= match (address, query.record_type) {
                    (IpAddr::V4(v4), RecordType::A) => put(&Rdata::A(*v4)),
                    (IpAddr::V6(v6), RecordType::AAAA) => put(&Rdata::Aaaa(*v6)),
                    _ => false,
                };
            }
            match query.record_type {
                _ if any => Said::Records,
                RecordType::A | RecordType::AAAA => Said::NoAddress,
                _ => Said::OtherType,
            }
        } else {
            Said::Unknown
        };
        builder.finish();
        if said != Said::Records {
            out.truncate(start);
        }
        said
    }

    /// Those of the name; else those of `*` in the place of its first label.
    fn addresses(&self, name: &str) -> Option<&Vec<IpAddr>> {
        self.by_name.get(name).or_else(|| {
            let (_, parent) = name.split_once('.')?;
            self.by_name.get(&format!("*.{parent}"))
        })
    }
}

/// `4.3.2.1.in-addr.arpa.`, or 32 nibbles under `ip6.arpa.` (RFC 3596, 2.5).
fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa.")
        }
        IpAddr::V6(v6) => {
            let nibbles = v6.octets().into_iter().rev().flat_map(|octet| [octet & 15, octet >> 4]);
            nibbles.map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa."
        }
    }
}
