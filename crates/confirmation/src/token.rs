//! A directive on the wire: opaque bytes, the key's name, the signature.

use prost::Message;

use crate::directive::Directive;
use crate::key::{Keyring, SigningKey};
use crate::limits::TOKEN_BYTES_MAX;

/// Put before what is signed, so that a signature for something else is never one for a directive.
const DOMAIN: &[u8] = b"plimsoll directive v1\0";

/// A signed [`Directive`].
#[derive(Clone, PartialEq, Eq, prost::Message)]
pub struct Token {
    /// [`crate::KeyId`].
    #[prost(bytes = "vec", tag = "1")]
    pub key: Vec<u8>,
    /// The encoded directive, exactly as it was signed.
    #[prost(bytes = "vec", tag = "2")]
    pub directive: Vec<u8>,
    /// Ed25519 (RFC 8032), 64 bytes.
    #[prost(bytes = "vec", tag = "3")]
    pub signature: Vec<u8>,
}

/// Why bytes are no word of a controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// No token at all, or too long for one.
    #[error("the bytes are no token")]
    NoToken,
    /// Signed with a key that this node does not trust.
    #[error("the token is signed with a key that is not trusted here")]
    UnknownKey,
    /// The signature is not of these bytes.
    #[error("the token's signature is wrong")]
    WrongSignature,
}

impl Token {
    /// Signs a directive.
    pub fn sign(directive: &Directive, key: &SigningKey) -> Self {
        let directive = directive.to_bytes();
        let signature = key.sign(&[DOMAIN, &directive].concat());
        Self { key: key.public().id().0.to_vec(), directive, signature }
    }

    /// As sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// The directive in these bytes, if a trusted key signed it. Whether to follow it says [`Directive::admit`].
    ///
    /// # Errors
    /// [`Forged`].
    pub fn open(bytes: &[u8], keys: &Keyring) -> Result<Directive, Forged> {
        if bytes.len() > TOKEN_BYTES_MAX {
            return Err(Forged::NoToken);
        }
        let token = Self::decode(bytes).map_err(|_| Forged::NoToken)?;
        let key = keys.find(&token.key).ok_or(Forged::UnknownKey)?;
        if !key.verifies(&[DOMAIN, &token.directive].concat(), &token.signature) {
            return Err(Forged::WrongSignature);
        }
        Directive::decode(token.directive.as_slice()).map_err(|_| Forged::NoToken)
    }
}
