//! Paths, from names that may be anything.

use objects::Resource;

use super::{CUSTOM_GROUP, Custom, Fill, HEARTBEAT_LEASE};

/// The path of a resource in all namespaces.
pub fn path(resource: Resource) -> String {
    let info = resource.info();
    match info.group {
        "" => format!("/api/{}/{}", info.version, info.plural),
        group => format!("/apis/{group}/{}/{}", info.version, info.plural),
    }
}

/// The path of the one object that is written.
pub(super) fn heartbeat_path(namespace: &str) -> String {
    leases_path(namespace) + "/" + HEARTBEAT_LEASE
}

pub(super) fn leases_path(namespace: &str) -> String {
    let mut path = path(Resource::Leases);
    let leases = path.split_off(path.len() - "/leases".len());
    path.push_str("/namespaces/");
    push_escaped(&mut path, namespace);
    path + &leases
}

pub(super) fn custom_path(kind: Custom) -> String {
    format!("/apis/{CUSTOM_GROUP}/{}", kind.plural())
}

pub(super) fn object_path(fill: &Fill<'_>) -> String {
    let mut path = format!("/apis/{CUSTOM_GROUP}/");
    if fill.kind == Custom::DaemonRollout {
        path.push_str("namespaces/");
        push_escaped(&mut path, fill.namespace);
        path.push('/');
    }
    path.push_str(fill.kind.plural());
    path.push('/');
    push_escaped(&mut path, fill.name);
    path
}

pub(super) fn event_path(namespace: &str, name: &str) -> String {
    let mut path = "/api/v1/namespaces/".to_owned();
    push_escaped(&mut path, namespace);
    path.push_str("/events/");
    push_escaped(&mut path, name);
    path
}

impl Custom {
    /// As in paths.
    pub fn plural(self) -> &'static str {
        match self {
            Self::DaemonRollout => "daemonrollouts",
            Self::LoadLine => "loadlines",
        }
    }
}

/// RFC 3986: all but unreserved characters as %XX.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    use std::fmt::Write;
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            _ => write!(out, "%{byte:02X}").expect("writing to a String cannot fail"),
        }
    }
}
