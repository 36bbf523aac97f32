//! The writer's side: items -> services, addresses, namespaces.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use dns_message::NAME_BYTES_MAX;
use fanout::Change;
use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;

use super::{Beat, Zone};
use crate::address::{self, Octets};
use crate::compile::{self, Dead};
use crate::owners::{Owner, Owners};
use crate::payload::{HeartbeatItem, PodAddressItem};
use crate::service::{Key, Kind, Service};
use crate::shards::Put;
use crate::sources::{Applied, Dirty, Refused, RefusedReason, Sources};

/// What one thread at a time works on.
#[derive(Default)]
pub(super) struct Writer {
    pub(super) sources: Sources,
    dead: Dead,
    /// Services with names in each namespace: one with services exists even if nobody said so.
    services_in: HashMap<Box<str>, u32, FxBuildHasher>,
}

type Services = HashSet<Box<str>, FxBuildHasher>;

impl Zone {
    pub(super) fn write(&self, writer: &mut Writer, changes: &[Change], serial: u32) -> Applied {
        let mut dirty = Dirty::default();
        for change in changes {
            writer.sources.change(&change.item, change.value.as_ref(), &mut dirty);
        }
        if !dirty.services.is_empty() || !dirty.namespaces.is_empty() || !dirty.pods.is_empty() {
            self.serial.store(serial, Ordering::Relaxed);
        }
        let mut applied = Applied { services: dirty.services.len(), refused: dirty.refused };
        self.write_services(writer, &dirty.services, &mut dirty.namespaces, &mut applied.refused);
        self.write_namespaces(writer, dirty.namespaces);
        for (namespace, before, after) in dirty.pods {
            self.write_pod(&namespace, before, after);
        }
        if dirty.heartbeat {
            self.beat.store(writer.sources.heartbeat().map(|item| Arc::new(Beat::of(item))));
        }
        applied
    }

    pub(super) fn write_dead(&self, writer: &mut Writer, dead: Dead) -> usize {
        let mut touched = Services::default();
        for address in dead.symmetric_difference(&writer.dead) {
            match address {
                IpAddr::V4(address) => services_of(&self.owners_v4, address.octets(), &mut touched),
                IpAddr::V6(address) => services_of(&self.owners_v6, address.octets(), &mut touched),
            }
        }
        writer.dead = dead;
        self.write_services(writer, &touched, &mut Services::default(), &mut Vec::new());
        touched.len()
    }

    fn write_services(
        &self,
        writer: &mut Writer,
        services: &Services,
        namespaces: &mut Services,
        refused: &mut Vec<Refused>,
    ) {
        let mut puts = Vec::with_capacity(services.len());
        let mut gone = Vec::new();
        for text in services {
            let Some((namespace, name)) = text.split_once('/') else { continue };
            let Ok(key) = Key::service(namespace, name) else { continue };
            let before = self.services.get(key.wire());
            let key = before.as_ref().map_or(key, |before| before.key.clone());
            let after = self.compile(writer, text, namespace, &key, refused);
            if before.is_some() != after.is_some() {
                let count = writer.services_in.entry(namespace.into()).or_default();
                *count = if after.is_some() { *count + 1 } else { count.saturating_sub(1) };
                namespaces.insert(namespace.into());
            }
            // An address is known before its service and forgotten after it, so that it never points at nothing.
            self.write_owners(before.as_deref(), after.as_ref(), &mut gone);
            match (after, before) {
                (Some(after), _) => puts.push(Put::Set(Arc::new(after))),
                (None, Some(before)) => puts.push(Put::Remove(before)),
                (None, None) => {}
            }
        }
        self.services.change(puts);
        for owner in gone {
            match owner {
                Gone::V4(owner) => self.owners_v4.remove(&owner),
                Gone::V6(owner) => self.owners_v6.remove(&owner),
            }
        }
    }

    fn compile(
        &self,
        writer: &mut Writer,
        text: &str,
        namespace: &str,
        key: &Key,
        refused: &mut Vec<Refused>,
    ) -> Option<Service> {
        if !self.is_exposed(namespace) {
            return None;
        }
        let item = writer.sources.service(text)?;
        if key.wire().len() + b"\x03svc".len() + self.suffix.wire.len() > NAME_BYTES_MAX {
            let item = writer.sources.refuse_service(text);
            refused.push(Refused { item, reason: RefusedReason::LongName });
            return None;
        }
        Some(compile::compile(key, &item, &writer.sources.slices(text), &writer.dead))
    }

    fn is_exposed(&self, namespace: &str) -> bool {
        let only = &self.config().namespaces;
        only.is_empty() || only.iter().any(|one| one == namespace)
    }

    fn write_owners(&self, before: Option<&Service>, after: Option<&Service>, gone: &mut Vec<Gone>) {
        let (old, new) = (owned(before, v4_of), owned(after, v4_of));
        diff(&self.owners_v4, before, &old, after, &new, |owner| gone.push(Gone::V4(owner)));
        let (old, new) = (owned(before, v6_of), owned(after, v6_of));
        diff(&self.owners_v6, before, &old, after, &new, |owner| gone.push(Gone::V6(owner)));
    }

    fn write_namespaces(&self, writer: &mut Writer, names: Services) {
        let mut puts = Vec::with_capacity(names.len());
        for name in names {
            let Ok(key) = Key::namespace(&name) else { continue };
            let services = writer.services_in.get(&name).copied().unwrap_or_default();
            if services == 0 {
                writer.services_in.remove(&name);
            }
            let there = self.is_exposed(&name) && (services > 0 || writer.sources.has_namespace(&name));
            match (there, self.namespaces.contains(key.wire())) {
                (true, false) => puts.push(Put::Set(key)),
                (false, true) => puts.push(Put::Remove(key)),
                _ => {}
            }
        }
        self.namespaces.change(puts);
    }

    fn write_pod(&self, namespace: &str, before: Option<PodAddressItem>, after: Option<PodAddressItem>) {
        if !self.is_exposed(namespace) {
            return;
        }
        let Ok(key) = Key::namespace(namespace) else { return };
        // One copy of the namespace's name, when it is known, for all its pods.
        let key = self.namespaces.get(key.wire()).unwrap_or(key);
        let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
        swap(&self.pods_v4, &key, address::list(&before.v4), address::list(&after.v4));
        swap(&self.pods_v6, &key, address::list(&before.v6), address::list(&after.v6));
    }
}

enum Gone {
    V4(Owner<[u8; 4]>),
    V6(Owner<[u8; 16]>),
}

impl Beat {
    fn of(item: HeartbeatItem) -> Self {
        let text = format!(
            "written={} seen={} version={} cluster={}",
            item.written_unix_ms, item.seen_unix_ms, item.version, item.cluster
        );
        // 3 numbers of 20 digits, 64 octets of cluster and the words: 163 at most, in one string.
        let mut record = vec![text.len() as u8];
        record.extend_from_slice(text.as_bytes());
        Self { item: Arc::new(item), text: record.into() }
    }
}

fn services_of<A: Octets>(owners: &Owners<A>, address: A, touched: &mut Services) {
    owners.each(address, |owner| {
        if !owner.own {
            touched.insert(owner.key.text().into());
        }
        true
    });
}

fn v4_of(service: &Service) -> (&[[u8; 4]], Vec<[u8; 4]>) {
    (&service.v4, service.endpoints.addresses_v4().collect())
}

fn v6_of(service: &Service) -> (&[[u8; 16]], Vec<[u8; 16]>) {
    (&service.v6, service.endpoints.addresses_v6().collect())
}

/// The addresses of a service with PTR records, sorted and once each; `true` for its own.
fn owned<A: Octets>(
    service: Option<&Service>,
    of: impl FnOnce(&Service) -> (&[A], Vec<A>),
) -> Vec<(A, bool)> {
    let Some(service) = service else { return Vec::new() };
    let (own, endpoints) = of(service);
    let own = if matches!(service.kind, Kind::ClusterIp { .. }) { own } else { &[] };
    let mut all: Vec<(A, bool)> = endpoints.into_iter().map(|address| (address, false)).collect();
    all.extend(own.iter().map(|address| (*address, true)));
    all.sort_unstable();
    all.dedup();
    all
}

/// Adds what is new at once and reports what is gone.
fn diff<A: Octets>(
    owners: &Owners<A>,
    before: Option<&Service>,
    old: &[(A, bool)],
    after: Option<&Service>,
    new: &[(A, bool)],
    mut gone: impl FnMut(Owner<A>),
) {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(one), Some(other)) => one.cmp(other),
        };
        let owner = |(address, own): &(A, bool), service: &Service| Owner {
            address: *address,
            own: *own,
            key: service.key.clone(),
        };
        if order.is_le()
            && let (Some(entry), Some(service)) = (old.next(), before)
            && order.is_lt()
        {
            gone(owner(entry, service));
        }
        if order.is_ge()
            && let (Some(entry), Some(service)) = (new.next(), after)
            && order.is_gt()
        {
            owners.insert(owner(entry, service));
        }
    }
}

fn swap<A: Octets>(owners: &Owners<A>, key: &Key, before: Option<&[A]>, after: Option<&[A]>) {
    let owner = |address: &A| Owner { address: *address, own: true, key: key.clone() };
    for address in before.unwrap_or_default() {
        owners.remove(&owner(address));
    }
    for address in after.unwrap_or_default() {
        owners.insert(owner(address));
    }
}
