//! The rules as messages of nfnetlink (linux/netfilter/nf_tables.h). Numbers in attributes are in network order.

use std::net::{IpAddr, SocketAddr};

const NFNL_SUBSYS_NFTABLES: u16 = 10;
const NFNL_MSG_BATCH_BEGIN: u16 = 16;
const NFNL_MSG_BATCH_END: u16 = 17;
const NFT_MSG_NEWTABLE: u16 = 0;
const NFT_MSG_DELTABLE: u16 = 2;
const NFT_MSG_NEWCHAIN: u16 = 3;
const NFT_MSG_NEWRULE: u16 = 6;

const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_CREATE: u16 = 0x400;
const NLM_F_APPEND: u16 = 0x800;
const NLMSG_ERROR: u16 = 2;
const NLA_F_NESTED: u16 = 0x8000;

const NFPROTO_UNSPEC: u8 = 0;
/// A table for both IPv4 and IPv6.
const NFPROTO_INET: u8 = 1;
const NFPROTO_IPV4: u8 = 2;
const NFPROTO_IPV6: u8 = 10;

const NFTA_TABLE_NAME: u16 = 1;
const NFTA_CHAIN_TABLE: u16 = 1;
const NFTA_CHAIN_NAME: u16 = 3;
const NFTA_CHAIN_HOOK: u16 = 4;
const NFTA_CHAIN_TYPE: u16 = 7;
const NFTA_HOOK_HOOKNUM: u16 = 1;
const NFTA_HOOK_PRIORITY: u16 = 2;
const NFTA_RULE_TABLE: u16 = 1;
const NFTA_RULE_CHAIN: u16 = 2;
const NFTA_RULE_EXPRESSIONS: u16 = 4;
const NFTA_LIST_ELEM: u16 = 1;
const NFTA_EXPR_NAME: u16 = 1;
const NFTA_EXPR_DATA: u16 = 2;
const NFTA_DATA_VALUE: u16 = 1;

const NF_INET_PRE_ROUTING: u32 = 0;
const NF_INET_LOCAL_OUT: u32 = 3;
/// Where connection tracking has not looked yet (NF_IP_PRI_RAW).
const PRIORITY_RAW: i32 = -300;

const NFT_REG_1: u32 = 1;
const NFT_META_NFPROTO: u32 = 15;
const NFT_META_L4PROTO: u32 = 16;
const NFT_PAYLOAD_NETWORK_HEADER: u32 = 1;
const NFT_PAYLOAD_TRANSPORT_HEADER: u32 = 2;
const NFT_CMP_EQ: u32 = 0;

const IPPROTO_TCP: u8 = 6;
const IPPROTO_UDP: u8 = 17;

const HEADER_BYTES: usize = 16;

/// Messages that count together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) bytes: Vec<u8>,
    /// How many acknowledgements come when all is well.
    pub(super) acknowledged: usize,
}

/// Which end of a packet is ours.
#[derive(Clone, Copy)]
enum End {
    Source,
    Destination,
}

/// The table anew, whether there was one or not.
pub(super) fn replace(table: &str, listen: &[SocketAddr]) -> Batch {
    let mut batch = Batch::begin();
    batch.table(NFT_MSG_NEWTABLE, table);
    batch.table(NFT_MSG_DELTABLE, table);
    batch.table(NFT_MSG_NEWTABLE, table);
    batch.chain(table, "prerouting", NF_INET_PRE_ROUTING);
    batch.chain(table, "output", NF_INET_LOCAL_OUT);
    for address in listen {
        for protocol in [IPPROTO_UDP, IPPROTO_TCP] {
            // From pods; to them; and from this node itself.
            batch.rule(table, "prerouting", *address, protocol, End::Destination);
            batch.rule(table, "output", *address, protocol, End::Source);
            batch.rule(table, "output", *address, protocol, End::Destination);
        }
    }
    batch.end()
}

/// No table.
pub(super) fn remove(table: &str) -> Batch {
    let mut batch = Batch::begin();
    // What is not there cannot be deleted: it is made first.
    batch.table(NFT_MSG_NEWTABLE, table);
    batch.table(NFT_MSG_DELTABLE, table);
    batch.end()
}

/// What the kernel says to each message: 0, or an error below it.
pub(super) fn codes(mut answer: &[u8]) -> Vec<i32> {
    let mut codes = Vec::new();
    while let Some(length) = answer.first_chunk::<4>().map(|length| u32::from_ne_bytes(*length) as usize) {
        if length < HEADER_BYTES || length > answer.len() {
            break;
        }
        let (message, rest) = answer.split_at(length.next_multiple_of(4).min(answer.len()));
        let kind = u16::from_ne_bytes([message[4], message[5]]);
        if let (NLMSG_ERROR, Some(code)) = (kind, message[HEADER_BYTES..].first_chunk::<4>()) {
            codes.push(i32::from_ne_bytes(*code));
        }
        answer = rest;
    }
    codes
}

impl Batch {
    fn begin() -> Self {
        let mut batch = Self::default();
        batch.message(NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES, &[]);
        batch
    }

    fn end(mut self) -> Self {
        self.message(NFNL_MSG_BATCH_END, NLM_F_REQUEST, NFPROTO_UNSPEC, NFNL_SUBSYS_NFTABLES, &[]);
        self
    }

    fn table(&mut self, what: u16, name: &str) {
        self.ask(what, 0, &text(NFTA_TABLE_NAME, name));
    }

    fn chain(&mut self, table: &str, name: &str, hook: u32) {
        let hook =
            [number(NFTA_HOOK_HOOKNUM, hook), number(NFTA_HOOK_PRIORITY, PRIORITY_RAW as u32)].concat();
        let body = [
            text(NFTA_CHAIN_TABLE, table),
            text(NFTA_CHAIN_NAME, name),
            nested(NFTA_CHAIN_HOOK, &hook),
            text(NFTA_CHAIN_TYPE, "filter"),
        ];
        self.ask(NFT_MSG_NEWCHAIN, 0, &body.concat());
    }

    fn rule(&mut self, table: &str, chain: &str, address: SocketAddr, protocol: u8, end: End) {
        let (family, offset, octets) = match (address.ip(), end) {
            (IpAddr::V4(ip), End::Source) => (NFPROTO_IPV4, 12, ip.octets().to_vec()),
            (IpAddr::V4(ip), End::Destination) => (NFPROTO_IPV4, 16, ip.octets().to_vec()),
            (IpAddr::V6(ip), End::Source) => (NFPROTO_IPV6, 8, ip.octets().to_vec()),
            (IpAddr::V6(ip), End::Destination) => (NFPROTO_IPV6, 24, ip.octets().to_vec()),
        };
        let port_at = match end {
            End::Source => 0,
            End::Destination => 2,
        };
        let port = address.port().to_be_bytes();
        let expressions = [
            meta(NFT_META_NFPROTO),
            equals(&[family]),
            payload(NFT_PAYLOAD_NETWORK_HEADER, offset, octets.len() as u32),
            equals(&octets),
            meta(NFT_META_L4PROTO),
            equals(&[protocol]),
            payload(NFT_PAYLOAD_TRANSPORT_HEADER, port_at, 2),
            equals(&port),
            expression("notrack", &[]),
        ];
        let body = [
            text(NFTA_RULE_TABLE, table),
            text(NFTA_RULE_CHAIN, chain),
            nested(NFTA_RULE_EXPRESSIONS, &expressions.concat()),
        ];
        self.ask(NFT_MSG_NEWRULE, NLM_F_APPEND, &body.concat());
    }

    fn ask(&mut self, what: u16, flags: u16, body: &[u8]) {
        let kind = NFNL_SUBSYS_NFTABLES << 8 | what;
        let create = if what == NFT_MSG_DELTABLE { 0 } else { NLM_F_CREATE };
        self.message(kind, NLM_F_REQUEST | NLM_F_ACK | create | flags, NFPROTO_INET, 0, body);
        self.acknowledged += 1;
    }

    /// struct nlmsghdr, struct nfgenmsg, attributes.
    fn message(&mut self, kind: u16, flags: u16, family: u8, resource: u16, body: &[u8]) {
        let length = (HEADER_BYTES + 4 + body.len()) as u32;
        let sequence = self.acknowledged as u32;
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(&flags.to_ne_bytes());
        self.bytes.extend_from_slice(&sequence.to_ne_bytes());
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&[family, 0]);
        self.bytes.extend_from_slice(&resource.to_be_bytes());
        self.bytes.extend_from_slice(body);
    }
}

fn meta(key: u32) -> Vec<u8> {
    // NFTA_META_DREG, NFTA_META_KEY
    expression("meta", &[number(1, NFT_REG_1), number(2, key)].concat())
}

fn payload(base: u32, offset: u32, length: u32) -> Vec<u8> {
    // NFTA_PAYLOAD_DREG, _BASE, _OFFSET, _LEN
    let data = [number(1, NFT_REG_1), number(2, base), number(3, offset), number(4, length)];
    expression("payload", &data.concat())
}

fn equals(value: &[u8]) -> Vec<u8> {
    // NFTA_CMP_SREG, _OP, _DATA
    let data = [number(1, NFT_REG_1), number(2, NFT_CMP_EQ), nested(3, &attribute(NFTA_DATA_VALUE, value))];
    expression("cmp", &data.concat())
}

fn expression(name: &str, data: &[u8]) -> Vec<u8> {
    let mut body = text(NFTA_EXPR_NAME, name);
    if !data.is_empty() {
        body.extend(nested(NFTA_EXPR_DATA, data));
    }
    nested(NFTA_LIST_ELEM, &body)
}

fn number(kind: u16, value: u32) -> Vec<u8> {
    attribute(kind, &value.to_be_bytes())
}

fn text(kind: u16, value: &str) -> Vec<u8> {
    attribute(kind, &[value.as_bytes(), &[0]].concat())
}

fn nested(kind: u16, body: &[u8]) -> Vec<u8> {
    attribute(kind | NLA_F_NESTED, body)
}

/// struct nlattr: length and type, then the value, padded to four octets.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = ((4 + value.len()) as u16).to_ne_bytes().to_vec();
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}
