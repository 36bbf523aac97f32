//! An order on the wire, with its signatures.

use confirmation::{SigningKey, hex};
use prost::Message;

use crate::limits::{PEOPLE_MAX, SEALED_BYTES_MAX};
use crate::order::{Order, Unfit};
use crate::roster::Roster;
use crate::spent::Spent;

/// Put before what is signed, so that a signature for something else is never one for an order.
const DOMAIN: &[u8] = b"plimsoll sealed order v1\0";

/// An order and who has signed it.
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Sealed {
    /// The encoded order, exactly as it was signed.
    #[prost(bytes = "vec", tag = "1")]
    order: Vec<u8>,
    /// By whom.
    #[prost(message, repeated, tag = "2")]
    signatures: Vec<Signature>,
}

/// One person's signature.
#[derive(Clone, PartialEq, Eq, prost::Message)]
struct Signature {
    /// [`confirmation::KeyId`].
    #[prost(bytes = "vec", tag = "1")]
    key: Vec<u8>,
    /// Ed25519 (RFC 8032), 64 bytes.
    #[prost(bytes = "vec", tag = "2")]
    signature: Vec<u8>,
}

/// Where and when an order has come to.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The node's name; `None`: a carrier, such as the hub.
    pub node: Option<&'a str>,
    /// Seconds since 1970.
    pub now: u64,
}

/// What a node makes of an order that it does not refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It is to be carried out, now.
    Follow(Order),
    /// A rehearsal: it would be.
    Test(Order),
    /// It is for other nodes.
    Elsewhere,
    /// It was carried out before.
    Done,
}

/// Why an order is not followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No order at all.
    #[error("the bytes are no sealed order")]
    NoOrder,
    /// Signed, and none all the same.
    #[error("the order cannot be followed: {0}")]
    Unfit(#[from] Unfit),
    /// Signed with a key that is on no roster here.
    #[error("it is signed with a key that the roster does not have: is it for another fleet?")]
    UnknownKey,
    /// By somebody who is not to sign any more.
    #[error("it is signed by {0}, whose key was revoked")]
    Revoked(String),
    /// The bytes were changed after they were signed.
    #[error("the signature of {0} is not of these bytes: the order was changed after it was signed")]
    Tampered(String),
    /// Not enough people.
    #[error("{have} of {need} people have signed it: the next one runs `plimsoll breakglass order sign`")]
    TooFew {
        /// Who have.
        have: usize,
        /// How many must.
        need: usize,
    },
    /// Of another cluster.
    #[error("it is for the cluster {0}, and this is another")]
    Foreign(String),
    /// Its time has not come, or is over, by this machine's clock.
    #[error("it holds from {from} to {to} (seconds since 1970), and this machine's clock says {now}: {}", advice(*.from, *.to, *.now))]
    Time {
        /// Its beginning.
        from: u64,
        /// Its end.
        to: u64,
        /// Here.
        now: u64,
    },
    /// This node remembers as many orders as it can.
    #[error("this node remembers all the orders that it can: the next is taken when one of them has expired")]
    Full,
}

fn advice(from: u64, to: u64, now: u64) -> String {
    let (hours, what) = match now < from {
        true => ((from - now) / 3600, "too early"),
        false => (now.saturating_sub(to) / 3600, "too late"),
    };
    format!("{hours} h {what}; set the clock, or sign a new one")
}

impl Sealed {
    /// Not yet signed by anybody.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn new(order: &Order) -> Result<Self, Unfit> {
        order.check()?;
        Ok(Self { order: order.to_bytes(), signatures: Vec::new() })
    }

    /// With one person's signature more, or again.
    pub fn sign(&mut self, key: &SigningKey) {
        let id = key.public().id().0.to_vec();
        self.signatures.retain(|signature| signature.key != id);
        self.signatures.push(Signature { key: id, signature: key.sign(&self.message()) });
    }

    /// As carried, and as written to files: one line of text, so that it can be read over a telephone if need be.
    pub fn to_text(&self) -> String {
        format!("{}{}\n", Self::PREFIX, hex::encode(&self.encode_to_vec()))
    }

    /// What stands before it in a file.
    pub const PREFIX: &str = "plimsoll-order:";

    /// The order of a text.
    ///
    /// # Errors
    /// [`Refusal::NoOrder`].
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > 2 * SEALED_BYTES_MAX + Self::PREFIX.len() + 2 {
            return Err(Refusal::NoOrder);
        }
        let digits = text.trim().strip_prefix(Self::PREFIX).ok_or(Refusal::NoOrder)?;
        let bytes = hex::decode(digits).ok_or(Refusal::NoOrder)?;
        let sealed = Self::decode(bytes.as_slice()).map_err(|_| Refusal::NoOrder)?;
        if sealed.signatures.len() > PEOPLE_MAX {
            return Err(Refusal::NoOrder);
        }
        Ok(sealed)
    }

    /// What it says, whoever has signed it: for people to read before they sign.
    ///
    /// # Errors
    /// [`Refusal::NoOrder`], [`Refusal::Unfit`].
    pub fn order(&self) -> Result<Order, Refusal> {
        let order = Order::decode(self.order.as_slice()).map_err(|_| Refusal::NoOrder)?;
        order.check()?;
        Ok(order)
    }

    /// The names of those who have signed it, if they are as many as must have.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn signers<'a>(&self, roster: &'a Roster) -> Result<Vec<&'a str>, Refusal> {
        let mut names = Vec::new();
        for Signature { key, signature } in &self.signatures {
            let found = roster.find(key).ok_or(Refusal::UnknownKey)?;
            let (key, name) = found.map_err(|name| Refusal::Revoked(name.to_owned()))?;
            if !key.verifies(&self.message(), signature) {
                return Err(Refusal::Tampered(name.to_owned()));
            }
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let (have, need) = (names.len(), roster.threshold());
        if have < need { Err(Refusal::TooFew { have, need }) } else { Ok(names) }
    }

    /// Whether it is followed here and now. What is to be followed is spent from then on: the caller writes `spent` down before it
    /// does anything.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn admit(&self, roster: &Roster, place: Place<'_>, spent: &mut Spent) -> Result<Admission, Refusal> {
        self.signers(roster)?;
        let order = self.order()?;
        if order.cluster != roster.cluster() {
            return Err(Refusal::Foreign(order.cluster));
        }
        if !(order.not_before..order.not_after).contains(&place.now) {
            return Err(Refusal::Time { from: order.not_before, to: order.not_after, now: place.now });
        }
        let is_here = place
            .node
            .is_none_or(|here| order.nodes.is_empty() || order.nodes.iter().any(|node| node == here));
        if !is_here {
            return Ok(Admission::Elsewhere);
        }
        if order.is_test {
            return Ok(Admission::Test(order));
        }
        if spent.contains(&order.id) {
            return Ok(Admission::Done);
        }
        if !spent.has_room(place.now) {
            return Err(Refusal::Full);
        }
        spent.add(&order.id, order.not_after);
        Ok(Admission::Follow(order))
    }

    fn message(&self) -> Vec<u8> {
        [DOMAIN, &self.order].concat()
    }
}

#[cfg(test)]
mod tests;
