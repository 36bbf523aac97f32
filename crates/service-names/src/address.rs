//! Addresses as labels: dots and colons become dashes, as CoreDNS names endpoints without a hostname, and pods.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv6Addr};
use std::ops::Deref;

use crate::label::ShortLabel;

/// An address in octets.
pub(crate) trait Octets: Copy + Ord + std::hash::Hash + 'static {
    /// As a value.
    fn ip(self) -> IpAddr;
    /// As the label of an endpoint.
    fn dashed(self) -> ShortLabel;
}

impl Octets for [u8; 4] {
    fn ip(self) -> IpAddr {
        IpAddr::from(self)
    }

    fn dashed(self) -> ShortLabel {
        let mut label = ShortLabel::new();
        for (index, octet) in self.into_iter().enumerate() {
            if index > 0 {
                label.push(b'-');
            }
            // Digits by hand: the general way takes longer than the rest of an answer.
            if octet >= 100 {
                label.push(b'0' + octet / 100);
            }
            if octet >= 10 {
                label.push(b'0' + octet / 10 % 10);
            }
            label.push(b'0' + octet % 10);
        }
        label
    }
}

impl Octets for [u8; 16] {
    fn ip(self) -> IpAddr {
        IpAddr::from(self)
    }

    /// In the form of RFC 5952. A label does not end with a dash, so that `fd00::` is `fd00--0`.
    fn dashed(self) -> ShortLabel {
        let mut label = ShortLabel::new();
        // 39 characters at most: a label takes them.
        let _ = write!(label, "{}", Ipv6Addr::from(self));
        for octet in label.label_mut() {
            if *octet == b':' {
                *octet = b'-';
            }
        }
        if label.label().ends_with(b"-") {
            label.push(b'0');
        }
        label
    }
}

/// The address whose endpoint has this label, and no other spelling of it.
pub(crate) fn of_endpoint(label: &[u8]) -> Option<IpAddr> {
    let address = of_pod(label).or_else(|| of_pod(label.strip_suffix(b"0")?))?;
    let exact = match address {
        IpAddr::V4(address) => address.octets().dashed().label() == label,
        IpAddr::V6(address) => address.octets().dashed().label() == label,
    };
    exact.then_some(address)
}

/// The address that a pod's label stands for: four numbers with three single dashes are IPv4, all else is IPv6.
pub(crate) fn of_pod(label: &[u8]) -> Option<IpAddr> {
    let dashes = label.iter().filter(|octet| **octet == b'-').count();
    let four = dashes == 3 && !label.windows(2).any(|pair| pair == b"--");
    // The longest text of an address is 39 octets; a label with a dot in it must not be read as one.
    if label.len() > 39 || label.iter().any(|octet| matches!(octet, b'.' | b':')) {
        return None;
    }
    let mut text = [0; 39];
    let text = &mut text[..label.len()];
    text.copy_from_slice(label);
    for octet in text.iter_mut() {
        if *octet == b'-' {
            *octet = if four { b'.' } else { b':' };
        }
    }
    let text = std::str::from_utf8(text).ok()?;
    if four { text.parse().ok().map(IpAddr::V4) } else { text.parse().ok().map(IpAddr::V6) }
}

/// Addresses of one family. Most services have one: it stands in place, so that an answer waits for memory once less.
#[derive(Debug)]
pub(crate) enum Addresses<A> {
    One(A),
    Many(Box<[A]>),
}

impl<A> Deref for Addresses<A> {
    type Target = [A];

    #[inline]
    fn deref(&self) -> &[A] {
        match self {
            Self::One(address) => std::slice::from_ref(address),
            Self::Many(addresses) => addresses,
        }
    }
}

impl<A> From<Vec<A>> for Addresses<A> {
    fn from(addresses: Vec<A>) -> Self {
        match <[A; 1]>::try_from(addresses) {
            Ok([address]) => Self::One(address),
            Err(addresses) => Self::Many(addresses.into()),
        }
    }
}

/// Addresses from their octets, one after the other; `None` when they are no whole number of addresses.
pub(crate) fn list<const N: usize>(bytes: &[u8]) -> Option<&[[u8; N]]> {
    let (addresses, rest) = bytes.as_chunks::<N>();
    rest.is_empty().then_some(addresses)
}
