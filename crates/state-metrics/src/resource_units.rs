//! Resources: which of them have samples, and in which unit.

use objects::Quantity;
use objects::pod::Resources;

use crate::label_names::sanitized;

/// The longest name of a resource that the API takes: 253 bytes of domain, a slash, 63 bytes of name.
const NAME_BYTES_MAX: usize = 253 + 1 + 63;

/// In what a resource is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Core,
    Byte,
    Integer,
}

impl Unit {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Byte => "byte",
            Self::Integer => "integer",
        }
    }
}

/// Who lists the resource: only nodes count pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    Container,
    Node,
}

/// Calls `sample` with the label values `resource` and `unit` and the quantity of each resource that has samples.
pub(crate) fn each(resources: &Resources, of: Of, mut sample: impl FnMut(&str, Unit, &Quantity)) {
    let mut buffer = [0; NAME_BYTES_MAX];
    for (name, quantity) in resources {
        if let Some(unit) = unit(name, of) {
            sample(fit(name, &mut buffer), unit, quantity);
        }
    }
}

/// The name as a label value. It only has ASCII characters by then, so that bytes and characters are one.
fn fit<'b>(name: &str, buffer: &'b mut [u8; NAME_BYTES_MAX]) -> &'b str {
    let mut len = 0;
    for (byte, char) in buffer.iter_mut().zip(sanitized(name)) {
        *byte = char as u8;
        len += 1;
    }
    std::str::from_utf8(&buffer[..len]).unwrap_or_default()
}

fn unit(name: &str, of: Of) -> Option<Unit> {
    match name {
        "cpu" => Some(Unit::Core),
        "memory" | "storage" | "ephemeral-storage" => Some(Unit::Byte),
        "pods" if of == Of::Node => Some(Unit::Integer),
        _ if name.starts_with("hugepages-") || name.starts_with("attachable-volumes-") => Some(Unit::Byte),
        _ if is_extended(name) => Some(Unit::Integer),
        _ => None,
    }
}

/// Whether it is a resource of somebody other than Kubernetes, such as "nvidia.com/gpu".
fn is_extended(name: &str) -> bool {
    let Some((domain, own)) = name.split_once('/') else {
        return false;
    };
    if name.contains("kubernetes.io/") || name.starts_with("requests.") {
        return false;
    }
    // As part of a quota it is called "requests.<name>", and that must be a qualified name.
    domain.len() + "requests.".len() <= 253 && is_subdomain(domain) && is_qualified(own)
}

/// A DNS subdomain of RFC 1123.
fn is_subdomain(domain: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        let ends =
            bytes.first().is_some_and(|byte| fits(*byte)) && bytes.last().is_some_and(|byte| fits(*byte));
        ends && bytes.iter().all(|byte| fits(*byte) || *byte == b'-')
    };
    domain.split('.').all(is_label)
}

/// Letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
fn is_qualified(name: &str) -> bool {
    let bytes = name.as_bytes();
    let fits = |byte: &u8| byte.is_ascii_alphanumeric();
    let ends = bytes.first().is_some_and(fits) && bytes.last().is_some_and(fits);
    ends && name.len() <= 63 && bytes.iter().all(|byte| fits(byte) || matches!(byte, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests;
