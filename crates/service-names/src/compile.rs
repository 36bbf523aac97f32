//! Items -> a [`Service`].

use std::collections::HashSet;
use std::net::IpAddr;

use dns_message::Name;

use crate::address::{self, Addresses, Octets};
use crate::endpoints::{Endpoints, HostParts, Members, Parts};
use crate::label;
use crate::payload::{EndpointSliceItem, PortItem, Protocol, ServiceItem, ServiceKind};
use crate::service::{Key, Kind, Port, Service};
use crate::sources::RefusedReason;

/// Addresses known to be dead.
pub(crate) type Dead = HashSet<IpAddr, rustc_hash::FxBuildHasher>;

/// Makes the names of a service from its item and those of its slices.
pub(crate) fn compile(key: &Key, item: &ServiceItem, slices: &[EndpointSliceItem], dead: &Dead) -> Service {
    let kind = match item.kind() {
        ServiceKind::ClusterIp => Kind::ClusterIp { ports: ports(&item.ports).collect() },
        ServiceKind::Headless => Kind::Headless,
        // The source was checked when it came.
        ServiceKind::ExternalName => {
            let target = external_name(&item.external_name).unwrap_or_else(|_| Name::root());
            let key = key.clone();
            let endpoints = Endpoints::default();
            return Service {
                key,
                kind: Kind::External(target.into()),
                v4: Vec::new().into(),
                v6: Vec::new().into(),
                endpoints,
            };
        }
    };
    let endpoints = endpoints(slices, dead);
    let (v4, v6) = match kind {
        Kind::Headless => alive(&endpoints, dead),
        _ => (addresses(&item.v4).to_vec().into(), addresses(&item.v6).to_vec().into()),
    };
    Service { key: key.clone(), kind, v4, v6, endpoints }
}

/// What a service's item must be, so that [`compile`] makes names of it.
pub(crate) fn check_service(item: &ServiceItem) -> Result<(), RefusedReason> {
    if ServiceKind::try_from(item.kind).is_err() {
        return Err(RefusedReason::Kind);
    }
    address::list::<4>(&item.v4).and(address::list::<16>(&item.v6)).ok_or(RefusedReason::Address)?;
    check_ports(&item.ports)?;
    if item.kind() == ServiceKind::ExternalName {
        external_name(&item.external_name)?;
    }
    Ok(())
}

/// What a slice's item must be.
pub(crate) fn check_slice(item: &EndpointSliceItem) -> Result<(), RefusedReason> {
    label::check(&item.service)?;
    check_ports(&item.ports)?;
    address::list::<4>(&item.v4).and(address::list::<16>(&item.v6)).ok_or(RefusedReason::Address)?;
    for host in &item.hosts {
        label::check(&host.name)?;
        address::list::<4>(&host.v4).and(address::list::<16>(&host.v6)).ok_or(RefusedReason::Address)?;
    }
    Ok(())
}

fn check_ports(items: &[PortItem]) -> Result<(), RefusedReason> {
    for item in items {
        if !item.name.is_empty() {
            label::check(&item.name)?;
        }
        if Protocol::try_from(item.protocol).is_err() || u16::try_from(item.port).is_err() {
            return Err(RefusedReason::Port);
        }
    }
    Ok(())
}

/// The target of an alias. One that is an address makes no CNAME (CoreDNS: NXDOMAIN), as in `externalName: 10.0.0.1`.
fn external_name(text: &str) -> Result<Name, RefusedReason> {
    if text.is_empty() || text.parse::<IpAddr>().is_ok() {
        return Err(RefusedReason::ExternalName);
    }
    let name = Name::parse(text).map_err(|_| RefusedReason::ExternalName)?;
    if name.is_root() { Err(RefusedReason::ExternalName) } else { Ok(name) }
}

fn ports(items: &[PortItem]) -> impl Iterator<Item = Port> + '_ {
    items.iter().map(|item| Port {
        name: item.name.as_bytes().into(),
        protocol: item.protocol(),
        number: item.port as u16,
    })
}

fn addresses<const N: usize>(bytes: &[u8]) -> &[[u8; N]] {
    address::list(bytes).unwrap_or_default()
}

/// A hostname in a slice, and its addresses.
type HostAddresses<'a> = (&'a [u8], &'a [[u8; 4]], &'a [[u8; 16]]);

/// The endpoints of all slices; an endpoint may be in two while the controller moves it.
fn endpoints(slices: &[EndpointSliceItem], dead: &Dead) -> Endpoints {
    let mut parts = Parts { hosts: Vec::new(), v4: Vec::new(), v6: Vec::new() };
    let mut hosts: Vec<HostAddresses<'_>> = Vec::new();
    for slice in slices {
        parts.v4.extend_from_slice(addresses(&slice.v4));
        parts.v6.extend_from_slice(addresses(&slice.v6));
        let named = slice.hosts.iter().filter(|host| !host.v4.is_empty() || !host.v6.is_empty());
        hosts.extend(named.map(|host| (host.name.as_bytes(), addresses(&host.v4), addresses(&host.v6))));
    }
    sort_once(&mut parts.v4);
    sort_once(&mut parts.v6);
    hosts.sort_unstable();
    for same in hosts.chunk_by(|one, other| one.0 == other.0) {
        let mut v4: Vec<[u8; 4]> = same.iter().flat_map(|host| host.1).copied().collect();
        let mut v6: Vec<[u8; 16]> = same.iter().flat_map(|host| host.2).copied().collect();
        sort_once(&mut v4);
        sort_once(&mut v6);
        parts.hosts.push(HostParts { label: same[0].0.into(), v4, v6 });
    }
    Endpoints::new(parts, |made| members(slices, made, dead))
}

/// Which endpoints have which port. Mostly all slices have the same ports, and all endpoints live.
fn members(slices: &[EndpointSliceItem], made: &Endpoints, dead: &Dead) -> Vec<(Port, Members)> {
    let mut filled = slices.iter().filter(|slice| !is_empty(slice));
    let Some(first) = filled.next() else { return Vec::new() };
    let dying = dead_members(made, dead);
    let mut all: Vec<Port> = ports(&first.ports).collect();
    sort_once(&mut all);
    if dying.is_empty() && filled.all(|slice| slice.ports == first.ports) {
        return all.into_iter().map(|port| (port, Members::All)).collect();
    }
    all.extend(slices.iter().flat_map(|slice| ports(&slice.ports)));
    sort_once(&mut all);
    let mut found = Vec::with_capacity(all.len());
    for port in all {
        let mut indices = Vec::new();
        for slice in slices.iter().filter(|slice| ports(&slice.ports).any(|other| other == port)) {
            indices.extend(indices_of(slice, made));
        }
        sort_once(&mut indices);
        // All dead is like none dead: a name that answers nothing would be worse.
        if indices.iter().any(|index| dying.binary_search(index).is_err()) {
            indices.retain(|index| dying.binary_search(index).is_err());
        }
        let all = indices.len() == made.len();
        found.push((port, if all { Members::All } else { Members::Some(indices.into()) }));
    }
    found
}

fn is_empty(slice: &EndpointSliceItem) -> bool {
    slice.v4.is_empty() && slice.v6.is_empty() && slice.hosts.is_empty()
}

fn indices_of(slice: &EndpointSliceItem, made: &Endpoints) -> impl Iterator<Item = u32> {
    let hosts = slice.hosts.iter().filter_map(|host| made.index_host(host.name.as_bytes()));
    let v4 = addresses(&slice.v4).iter().filter_map(|address| made.index_v4(*address));
    let v6 = addresses(&slice.v6).iter().filter_map(|address| made.index_v6(*address));
    hosts.chain(v4).chain(v6).map(|index| index as u32)
}

/// Endpoints of which every address is dead; sorted.
fn dead_members(made: &Endpoints, dead: &Dead) -> Vec<u32> {
    if dead.is_empty() {
        return Vec::new();
    }
    let all_dead = |index: &usize| {
        let member = made.member(*index);
        let mut v4 = member.v4.iter().map(|address| address.ip());
        let mut v6 = member.v6.iter().map(|address| address.ip());
        v4.all(|address| dead.contains(&address)) && v6.all(|address| dead.contains(&address))
    };
    (0..made.len()).filter(all_dead).map(|index| index as u32).collect()
}

/// What the name of a headless service answers.
fn alive(endpoints: &Endpoints, dead: &Dead) -> (Addresses<[u8; 4]>, Addresses<[u8; 16]>) {
    (living(endpoints.addresses_v4().collect(), dead), living(endpoints.addresses_v6().collect(), dead))
}

/// The living of one family, or all when none lives.
fn living<A: Octets>(mut addresses: Vec<A>, dead: &Dead) -> Addresses<A> {
    sort_once(&mut addresses);
    let lives = |address: &A| dead.is_empty() || !dead.contains(&address.ip());
    if addresses.iter().any(lives) {
        addresses.retain(lives);
    }
    addresses.into()
}

fn sort_once<T: Ord>(values: &mut Vec<T>) {
    values.sort_unstable();
    values.dedup();
}
