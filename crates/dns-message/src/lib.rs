//! The DNS message on the wire, for a server that meets hostile packets at a few hundred thousand a second.
//!
//! Owns: the gate that a query passes before anything else looks at it ([`gate`], no allocation), names ([`Name`]), the
//! records of a message that nobody vouches for ([`Message`]), TTLs changed in place ([`ttl`]), EDNS with extended errors
//! and cookies ([`Opt`], [`cookie`]), and messages written with name compression and truncation ([`Builder`]).
//!
//! Does not know: sockets, zones, caches, what time it is. RFC numbers stand beside the code that follows them; the ones
//! everywhere are 1035 (format), 2181 (clarifications), 6891 (EDNS) and 8906 (never silent on what is well formed).
//!
//! Start reading at [`query`].

mod builder;
mod code;
pub mod cookie;
mod edns;
mod header;
mod message;
mod name;
pub mod query;
mod relay;
pub mod ttl;

pub use builder::{Builder, Finished, Rdata, Soa};
pub use code::{Class, EdeCode, Opcode, Rcode, RecordType};
pub use edns::{EXTRA_TEXT_BYTES_MAX, EdnsRequest, Opt, Options};
pub use header::{Flags, HEADER_BYTES, Header};
pub use message::{Message, MessageError, NameRef, Question, Record, Records, Section};
pub use name::{LABEL_BYTES_MAX, LABELS_MAX, NAME_BYTES_MAX, Name, NameError};
pub use query::{Query, Refusal, Scratch, gate, refuse};
pub use relay::relay;

/// What a UDP client without EDNS takes (RFC 1035, 4.2.1), and the least that one with EDNS is taken to mean (RFC 6891, 6.2.3).
pub const UDP_BYTES_MIN: usize = 512;

/// What this server offers and sends over UDP: fits in the least IPv6 MTU, 1280 - 40 (IPv6) - 8 (UDP) = 1232, so that no
/// answer is a fragment (RFC 9715).
pub const UDP_BYTES_MAX: usize = 1232;

/// What the two-octet length before a message over TCP can say (RFC 1035, 4.2.2).
pub const MESSAGE_BYTES_MAX: usize = 65_535;
