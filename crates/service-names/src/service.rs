//! A service's names, compiled: what is left to do for a question is to find and to copy.

use std::sync::Arc;

use dns_message::Name;

use crate::address::Addresses;
use crate::endpoints::Endpoints;
use crate::label::{self, LabelError};
use crate::payload::Protocol;
use crate::shards::Keyed;

/// Identity of a service in names: its label and its namespace's, in wire form. Also a namespace's: its label alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key(Arc<[u8]>);

/// A service that has names.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) key: Key,
    pub(crate) kind: Kind,
    /// What its name answers: its own addresses, or its endpoints'.
    pub(crate) v4: Addresses<[u8; 4]>,
    pub(crate) v6: Addresses<[u8; 16]>,
    /// Endpoints have names below it whatever its kind.
    pub(crate) endpoints: Endpoints,
}

/// What the name of a service stands for.
#[derive(Debug)]
pub(crate) enum Kind {
    ClusterIp { ports: Box<[Port]> },
    Headless,
    External(Box<Name>),
}

/// A port that SRV records may be made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Port {
    /// Empty for an unnamed one: no name of its own.
    pub(crate) name: Box<[u8]>,
    pub(crate) protocol: Protocol,
    pub(crate) number: u16,
}

impl Key {
    pub(crate) fn service(namespace: &str, name: &str) -> Result<Self, LabelError> {
        let mut wire = Vec::with_capacity(name.len() + namespace.len() + 2);
        label::push(&mut wire, label::check(name)?);
        label::push(&mut wire, label::check(namespace)?);
        Ok(Self(wire.into()))
    }

    pub(crate) fn namespace(name: &str) -> Result<Self, LabelError> {
        let mut wire = Vec::with_capacity(name.len() + 1);
        label::push(&mut wire, label::check(name)?);
        Ok(Self(wire.into()))
    }

    pub(crate) fn wire(&self) -> &[u8] {
        &self.0
    }

    /// Its one or two labels; the second is empty for a namespace.
    pub(crate) fn labels(&self) -> [&[u8]; 2] {
        let (first, rest) = self.0.split_at(1 + usize::from(self.0[0]));
        [&first[1..], rest.get(1..).unwrap_or_default()]
    }

    /// `namespace/name` of a service.
    pub(crate) fn text(&self) -> String {
        let [name, namespace] = self.labels().map(String::from_utf8_lossy);
        format!("{namespace}/{name}")
    }
}

impl Keyed for Arc<Service> {
    fn key(&self) -> &[u8] {
        self.key.wire()
    }
}

impl Keyed for Key {
    fn key(&self) -> &[u8] {
        self.wire()
    }
}

impl Service {
    /// Whether its name exists: a headless service without a ready endpoint has none (specification, 2.4.1).
    pub(crate) fn exists(&self, empty_services: crate::EmptyServices) -> bool {
        match self.kind {
            Kind::Headless => !self.endpoints.is_empty(),
            Kind::ClusterIp { .. } => {
                empty_services == crate::EmptyServices::Answer || !self.endpoints.is_empty()
            }
            Kind::External(_) => true,
        }
    }

    /// Whether it has a named port of this protocol, so that `_<protocol>.<service>` is a name with something below it.
    pub(crate) fn has_protocol(&self, protocol: Protocol) -> bool {
        let named = |port: &Port| !port.name.is_empty() && port.protocol == protocol;
        match &self.kind {
            Kind::ClusterIp { ports } => ports.iter().any(named),
            Kind::Headless => self.endpoints.ports().any(named),
            Kind::External(_) => false,
        }
    }
}

impl Port {
    /// Whether `_<name>._<protocol>` (both without the underscore) is its name; `None` matches any port.
    pub(crate) fn is(&self, wanted: Option<(&[u8], Protocol)>) -> bool {
        wanted.is_none_or(|(name, protocol)| {
            !self.name.is_empty() && *self.name == *name && self.protocol == protocol
        })
    }
}

/// The protocol of a label such as `_tcp`.
pub(crate) fn protocol_of(label: &[u8]) -> Option<Protocol> {
    match label {
        b"_tcp" => Some(Protocol::Tcp),
        b"_udp" => Some(Protocol::Udp),
        b"_sctp" => Some(Protocol::Sctp),
        _ => None,
    }
}
