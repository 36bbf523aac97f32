//! Names of addresses: `4.3.2.1.in-addr.arpa` (RFC 1035, 3.5) and 32 nibbles below `ip6.arpa` (RFC 3596, 2.5).

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use crate::locate::Asked;

const V4: &[u8] = b"\x07in-addr\x04arpa\0";
const V6: &[u8] = b"\x03ip6\x04arpa\0";

/// The address whose name this is; `None` for any other name.
pub(crate) fn address_of(asked: Asked<'_>) -> Option<IpAddr> {
    let labels = asked.label_count();
    match labels {
        6 if asked.tail(4) == V4 => {
            let mut octets = [0; 4];
            for (index, octet) in octets.iter_mut().enumerate() {
                *octet = decimal(asked.label(3 - index)?)?;
            }
            Some(octets.into())
        }
        34 if asked.tail(32) == V6 => {
            let mut octets = [0; 16];
            for (index, octet) in octets.iter_mut().enumerate() {
                let high = nibble(asked.label(31 - 2 * index)?)?;
                let low = nibble(asked.label(30 - 2 * index)?)?;
                *octet = high << 4 | low;
            }
            Some(octets.into())
        }
        _ => None,
    }
}

/// A number up to 255 without zeros before it: one address has one name.
fn decimal(label: &[u8]) -> Option<u8> {
    if label.len() > 3 || label.len() > 1 && label[0] == b'0' {
        return None;
    }
    let mut value = 0_u16;
    for digit in label {
        value = value * 10 + u16::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    u8::try_from(value).ok()
}

fn nibble(label: &[u8]) -> Option<u8> {
    let &[digit] = label else { return None };
    char::from(digit).to_digit(16).map(|value| value as u8)
}
