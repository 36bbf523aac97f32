//! The ready endpoints of a service, from all of its slices: each has a name below the service's.

use std::ops::Range;

use crate::address::{self, Octets};
use crate::label::ShortLabel;
use crate::payload::Protocol;
use crate::service::Port;

/// Endpoints: those with a hostname first, then addresses without one, IPv4 first. Sorted, once each.
#[derive(Debug, Default)]
pub(crate) struct Endpoints {
    hosts: Box<[Host]>,
    host_v4: Box<[[u8; 4]]>,
    host_v6: Box<[[u8; 16]]>,
    v4: Box<[[u8; 4]]>,
    v6: Box<[[u8; 16]]>,
    ports: Box<[PortMembers]>,
}

/// A hostname and where its addresses are.
#[derive(Debug)]
struct Host {
    label: Box<[u8]>,
    v4: Range<u32>,
    v6: Range<u32>,
}

/// A port and the endpoints that have it.
#[derive(Debug)]
pub(crate) struct PortMembers {
    pub(crate) port: Port,
    members: Members,
    /// Addresses of those endpoints.
    pub(crate) addresses: usize,
}

/// Indices of endpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Members {
    All,
    /// Sorted.
    Some(Box<[u32]>),
}

/// One endpoint.
pub(crate) struct Member<'a> {
    /// Its label below the service.
    pub(crate) label: ShortLabel,
    pub(crate) v4: &'a [[u8; 4]],
    pub(crate) v6: &'a [[u8; 16]],
}

/// What [`Endpoints`] are made of: sorted, once each.
pub(crate) struct Parts {
    pub(crate) hosts: Vec<HostParts>,
    pub(crate) v4: Vec<[u8; 4]>,
    pub(crate) v6: Vec<[u8; 16]>,
}

/// Endpoints with one hostname.
pub(crate) struct HostParts {
    pub(crate) label: Box<[u8]>,
    pub(crate) v4: Vec<[u8; 4]>,
    pub(crate) v6: Vec<[u8; 16]>,
}

impl Endpoints {
    /// Puts them together; `ports` is called with the endpoints, to say which of them have which port.
    pub(crate) fn new(parts: Parts, ports: impl FnOnce(&Self) -> Vec<(Port, Members)>) -> Self {
        let (mut hosts, mut host_v4, mut host_v6) =
            (Vec::with_capacity(parts.hosts.len()), Vec::new(), Vec::new());
        for HostParts { label, v4, v6 } in parts.hosts {
            hosts.push(Host { label, v4: append(&mut host_v4, &v4), v6: append(&mut host_v6, &v6) });
        }
        let mut made = Self {
            hosts: hosts.into(),
            host_v4: host_v4.into(),
            host_v6: host_v6.into(),
            v4: parts.v4.into(),
            v6: parts.v6.into(),
            ports: Box::default(),
        };
        let ports: Vec<PortMembers> = ports(&made)
            .into_iter()
            .filter(|(_, members)| members.count(made.len()) > 0)
            .map(|(port, members)| PortMembers { addresses: made.address_count(&members), port, members })
            .collect();
        made.ports = ports.into();
        made
    }

    fn address_count(&self, members: &Members) -> usize {
        let of = |index: &u32| {
            let member = self.member(*index as usize);
            member.v4.len() + member.v6.len()
        };
        match members {
            Members::All => self.host_v4.len() + self.host_v6.len() + self.v4.len() + self.v6.len(),
            Members::Some(indices) => indices.iter().map(of).sum(),
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.hosts.len() + self.v4.len() + self.v6.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Addresses of all of them, some perhaps twice.
    pub(crate) fn addresses_v4(&self) -> impl Iterator<Item = [u8; 4]> + '_ {
        self.host_v4.iter().chain(&self.v4).copied()
    }

    /// See [`Endpoints::addresses_v4`].
    pub(crate) fn addresses_v6(&self) -> impl Iterator<Item = [u8; 16]> + '_ {
        self.host_v6.iter().chain(&self.v6).copied()
    }

    pub(crate) fn ports(&self) -> impl Iterator<Item = &Port> {
        self.ports.iter().map(|entry| &entry.port)
    }

    /// The ports that match, each with its endpoints.
    pub(crate) fn members_of<'a>(
        &'a self,
        wanted: Option<(&'a [u8], Protocol)>,
    ) -> impl Iterator<Item = &'a PortMembers> + Clone {
        self.ports.iter().filter(move |entry| entry.port.is(wanted))
    }

    /// The endpoint of an index below [`Endpoints::len`].
    pub(crate) fn member(&self, index: usize) -> Member<'_> {
        if let Some(host) = self.hosts.get(index) {
            return Member {
                label: ShortLabel::of(&host.label),
                v4: part(&self.host_v4, &host.v4),
                v6: part(&self.host_v6, &host.v6),
            };
        }
        let index = index - self.hosts.len();
        if let Some(address) = self.v4.get(index) {
            return Member { label: address.dashed(), v4: std::slice::from_ref(address), v6: &[] };
        }
        let v6 = self.v6.get(index - self.v4.len()..).unwrap_or_default();
        let v6 = &v6[..v6.len().min(1)];
        Member { label: v6.first().map_or_else(ShortLabel::new, |address| address.dashed()), v4: &[], v6 }
    }

    /// The endpoint with a label.
    pub(crate) fn find(&self, label: &[u8]) -> Option<usize> {
        if let Ok(index) = self.hosts.binary_search_by(|host| (*host.label).cmp(label)) {
            return Some(index);
        }
        match address::of_endpoint(label)? {
            std::net::IpAddr::V4(address) => self.index_v4(address.octets()),
            std::net::IpAddr::V6(address) => self.index_v6(address.octets()),
        }
    }

    pub(crate) fn index_v4(&self, address: [u8; 4]) -> Option<usize> {
        Some(self.hosts.len() + self.v4.binary_search(&address).ok()?)
    }

    pub(crate) fn index_v6(&self, address: [u8; 16]) -> Option<usize> {
        Some(self.hosts.len() + self.v4.len() + self.v6.binary_search(&address).ok()?)
    }

    pub(crate) fn index_host(&self, label: &[u8]) -> Option<usize> {
        self.hosts.binary_search_by(|host| (*host.label).cmp(label)).ok()
    }

    /// The endpoints that have an address: by their hostnames, and by the address itself when it has none too.
    pub(crate) fn with_v4(&self, address: [u8; 4]) -> impl Iterator<Item = usize> + '_ {
        let hosts = holders(&self.hosts, &self.host_v4, address, |host| &host.v4);
        hosts.chain(self.index_v4(address))
    }

    /// See [`Endpoints::with_v4`].
    pub(crate) fn with_v6(&self, address: [u8; 16]) -> impl Iterator<Item = usize> + '_ {
        let hosts = holders(&self.hosts, &self.host_v6, address, |host| &host.v6);
        hosts.chain(self.index_v6(address))
    }
}

impl PortMembers {
    /// Endpoints that have the port.
    pub(crate) fn count(&self, all: usize) -> usize {
        self.members.count(all)
    }

    /// The index of its n-th endpoint.
    pub(crate) fn nth(&self, n: usize) -> usize {
        match &self.members {
            Members::All => n,
            Members::Some(indices) => indices[n] as usize,
        }
    }

    /// Whether an endpoint has the port.
    pub(crate) fn has(&self, index: usize) -> bool {
        match &self.members {
            Members::All => true,
            Members::Some(indices) => indices.binary_search(&(index as u32)).is_ok(),
        }
    }
}

impl Members {
    fn count(&self, all: usize) -> usize {
        match self {
            Self::All => all,
            Self::Some(indices) => indices.len(),
        }
    }
}

fn append<A: Copy>(all: &mut Vec<A>, some: &[A]) -> Range<u32> {
    let start = all.len() as u32;
    all.extend_from_slice(some);
    start..all.len() as u32
}

fn part<'a, A>(all: &'a [A], range: &Range<u32>) -> &'a [A] {
    all.get(range.start as usize..range.end as usize).unwrap_or_default()
}

/// The hosts in whose range of `addresses` an address is. Hosts are in the order of their ranges.
fn holders<'a, A: Octets>(
    hosts: &'a [Host],
    addresses: &'a [A],
    wanted: A,
    range: impl Fn(&Host) -> &Range<u32> + 'a,
) -> impl Iterator<Item = usize> + 'a {
    let places = addresses.iter().enumerate().filter(move |(_, address)| **address == wanted);
    places.map(move |(place, _)| hosts.partition_point(|host| range(host).end as usize <= place))
}
