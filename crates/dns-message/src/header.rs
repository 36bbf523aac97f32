//! The first twelve octets of a message (RFC 1035, 4.1.1).

use crate::{Opcode, Rcode};

/// Octets of a header.
pub const HEADER_BYTES: usize = 12;

/// The second 16 bits of a header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags(pub u16);

/// A header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Header {
    /// Transaction.
    pub id: u16,
    /// Flags, operation and result.
    pub flags: Flags,
    /// Entries in each section: question, answer, authority, additional.
    pub counts: [u16; 4],
}

impl Flags {
    /// QR: this is a response.
    pub const RESPONSE: u16 = 1 << 15;
    /// AA: the responder is an authority for the name.
    pub const AUTHORITATIVE: u16 = 1 << 10;
    /// TC: something did not fit.
    pub const TRUNCATED: u16 = 1 << 9;
    /// RD: the client wants recursion.
    pub const RECURSION_DESIRED: u16 = 1 << 8;
    /// RA: the server offers recursion.
    pub const RECURSION_AVAILABLE: u16 = 1 << 7;
    /// AD: verified by DNSSEC, or the client understands that bit (RFC 6840, 5.7).
    pub const AUTHENTIC: u16 = 1 << 5;
    /// CD: the client verifies by itself (RFC 4035).
    pub const CHECKING_DISABLED: u16 = 1 << 4;
    /// Where the four bits of the operation begin.
    const OPCODE_SHIFT: u32 = 11;
    const OPCODE_MASK: u16 = 0xf << Self::OPCODE_SHIFT;
    const RCODE_MASK: u16 = 0xf;

    /// Whether all of `bits` are set.
    #[inline]
    pub fn has(self, bits: u16) -> bool {
        self.0 & bits == bits
    }

    /// With `bits` set.
    #[inline]
    #[must_use]
    pub fn with(self, bits: u16) -> Self {
        Self(self.0 | bits)
    }

    /// With `bits` cleared.
    #[inline]
    #[must_use]
    pub fn without(self, bits: u16) -> Self {
        Self(self.0 & !bits)
    }

    /// The operation.
    #[inline]
    pub fn opcode(self) -> Opcode {
        Opcode(((self.0 & Self::OPCODE_MASK) >> Self::OPCODE_SHIFT) as u8)
    }

    /// The lower four bits of the result.
    #[inline]
    pub fn rcode(self) -> Rcode {
        Rcode(self.0 & Self::RCODE_MASK)
    }

    /// With the lower four bits of `rcode` as result.
    #[inline]
    #[must_use]
    pub fn with_rcode(self, rcode: Rcode) -> Self {
        Self(self.0 & !Self::RCODE_MASK | rcode.0 & Self::RCODE_MASK)
    }

    /// With the operation.
    #[inline]
    #[must_use]
    pub fn with_opcode(self, opcode: Opcode) -> Self {
        Self(self.0 & !Self::OPCODE_MASK | u16::from(opcode.0 & 0xf) << Self::OPCODE_SHIFT)
    }

    /// The flags of a response to a query with these: QR, and the operation, RD and CD as asked (RFC 1035; RFC 4035, 3.1.6).
    #[inline]
    #[must_use]
    pub fn of_response(self) -> Self {
        Self(
            self.0 & (Self::OPCODE_MASK | Self::RECURSION_DESIRED | Self::CHECKING_DISABLED) | Self::RESPONSE,
        )
    }
}

impl Header {
    /// The header of a message; `None` when it is shorter than one.
    #[inline]
    pub fn read(message: &[u8]) -> Option<Self> {
        let bytes: &[u8; HEADER_BYTES] = message.first_chunk()?;
        let word = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        Some(Self { id: word(0), flags: Flags(word(2)), counts: [word(4), word(6), word(8), word(10)] })
    }

    /// The header on the wire.
    #[inline]
    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        for (at, word) in [self.id, self.flags.0].into_iter().chain(self.counts).enumerate() {
            bytes[2 * at..2 * at + 2].copy_from_slice(&word.to_be_bytes());
        }
        bytes
    }
}
