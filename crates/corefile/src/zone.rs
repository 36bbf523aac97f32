//! Zone names, and addresses with a prefix length as reverse zones.

use std::fmt;
use std::net::IpAddr;

/// RFC 1035 2.3.4: 255 bytes on the wire are 253 characters and the closing dot.
const NAME_CHARACTERS_MAX: usize = 254;
/// RFC 1035 2.3.4.
const LABEL_CHARACTERS_MAX: usize = 63;

/// A domain name in lower case with its closing dot; the root is `.`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Zone(String);

/// Why a word is not a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// Two dots in a row, or a dot at the start.
    #[error("an empty label")]
    EmptyLabel,
    /// RFC 1035 2.3.4.
    #[error("a label of more than 63 characters")]
    LongLabel,
    /// RFC 1035 2.3.4.
    #[error("more than 253 characters")]
    LongName,
    /// White space, control characters, escapes, or not ASCII.
    #[error("a character that has no place in a domain name")]
    Character,
    /// `10.0.0.0/33`.
    #[error("a prefix length that its address does not have")]
    Prefix,
}

impl Zone {
    /// The root.
    pub fn root() -> Self {
        Self(".".to_owned())
    }

    /// A name with or without its closing dot, in any case.
    ///
    /// # Errors
    /// See [`ZoneError`].
    pub fn new(text: &str) -> Result<Self, ZoneError> {
        if text == "." {
            return Ok(Self::root());
        }
        let text = text.strip_suffix('.').unwrap_or(text);
        for label in text.split('.') {
            match label.len() {
                0 => return Err(ZoneError::EmptyLabel),
                1..=LABEL_CHARACTERS_MAX => {}
                _ => return Err(ZoneError::LongLabel),
            }
            if !label.bytes().all(|b| b.is_ascii_graphic() && !b"\\\"{}(),;@".contains(&b)) {
                return Err(ZoneError::Character);
            }
        }
        if text.len() + 1 > NAME_CHARACTERS_MAX {
            return Err(ZoneError::LongName);
        }
        Ok(Self(format!("{}.", text.to_ascii_lowercase())))
    }

    /// A name, or an address with a prefix length: then every reverse zone that it covers.
    ///
    /// # Errors
    /// See [`ZoneError`].
    pub fn all(text: &str) -> Result<Vec<Self>, ZoneError> {
        let Some((address, bits)) = text.split_once('/') else { return Ok(vec![Self::new(text)?]) };
        let Ok(address) = address.parse::<IpAddr>() else { return Err(ZoneError::Character) };
        let bits: u32 = bits.parse().map_err(|_| ZoneError::Prefix)?;
        match address {
            IpAddr::V4(v4) => reverse(&v4.octets(), bits, 8, "in-addr.arpa."),
            IpAddr::V6(v6) => {
                let nibbles: Vec<u8> = v6.octets().iter().flat_map(|o| [o >> 4, o & 15]).collect();
                reverse(&nibbles, bits, 4, "ip6.arpa.")
            }
        }
    }

    /// In lower case with the closing dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `name` (lower case, closing dot) is this zone or below it.
    pub fn holds(&self, name: &str) -> bool {
        self.0 == "."
            || name.strip_suffix(self.0.as_str()).is_some_and(|left| left.is_empty() || left.ends_with('.'))
    }
}

/// Digits of `width` bits each, most significant first. A prefix that ends within a digit covers several zones.
fn reverse(digits: &[u8], bits: u32, width: u32, origin: &str) -> Result<Vec<Zone>, ZoneError> {
    if bits as usize > digits.len() * width as usize {
        return Err(ZoneError::Prefix);
    }
    let whole = (bits / width) as usize;
    let open = bits % width;
    let name = |last: Option<u32>| {
        let mut text = String::new();
        let prefix = digits[..whole].iter().map(|digit| u32::from(*digit)).chain(last);
        for digit in prefix.collect::<Vec<_>>().iter().rev() {
            text.push_str(&if width == 4 { format!("{digit:x}.") } else { format!("{digit}.") });
        }
        Zone(text + origin)
    };
    if open == 0 {
        return Ok(vec![name(None)]);
    }
    // bits < all bits here, so that there is a digit after the whole ones.
    let span = 1u32 << (width - open);
    let first = u32::from(digits[whole]) & !(span - 1);
    Ok((first..first + span).map(|digit| name(Some(digit))).collect())
}

impl fmt::Display for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// For which names a plugin that knows no answer lets the next one try.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Fallthrough {
    /// Its word is final.
    #[default]
    Never,
    /// For all.
    Always,
    /// For names in these zones.
    In(Vec<Zone>),
}

impl Fallthrough {
    /// For this `name` (lower case, closing dot).
    pub fn covers(&self, name: &str) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::In(zones) => zones.iter().any(|zone| zone.holds(name)),
        }
    }
}
