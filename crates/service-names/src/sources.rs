//! The items that a zone is made of, kept as they came: encoded, which is a third of their size decoded.

use bytes::Bytes;
use fanout::{ItemKey, Topic};
use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;

use crate::label::{self, LabelError};
use crate::payload::{
    EndpointSliceItem, HeartbeatItem, Item as _, NamespaceItem, PodAddressItem, ServiceItem,
};
use crate::zone::EachItem;
use crate::{address, compile, topic};

type Map<V> = HashMap<Box<str>, V, FxBuildHasher>;

/// Octets of a heartbeat's cluster UID; a UUID has 36, and all of the record must fit into one string of 255.
const CLUSTER_BYTES_MAX: usize = 64;

/// What became of a batch of changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Services whose names were made anew.
    pub services: usize,
    /// Items that make no names, with the reason. A valid item that stood under the same key is gone.
    pub refused: Vec<Refused>,
}

/// An item that makes no names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Which.
    pub item: ItemKey,
    /// Why.
    pub reason: RefusedReason,
}

/// Why an item makes no names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefusedReason {
    /// Not `namespace/name`.
    #[error("its key is not namespace/name")]
    Key,
    /// Not the message of its topic.
    #[error("its value is not the message of its topic")]
    Encoding,
    /// A service, namespace, host or port name is no label.
    #[error("{0}")]
    Label(#[from] LabelError),
    /// Octets that are no whole number of addresses.
    #[error("octets that are no whole number of addresses")]
    Address,
    /// A port out of range or of an unknown protocol.
    #[error("a port out of range or of an unknown protocol")]
    Port,
    /// A kind of service that is not known.
    #[error("an unknown kind of service")]
    Kind,
    /// `externalName` is no name, or an address.
    #[error("an external name that is none, or an address")]
    ExternalName,
    /// Its names would be longer than a name may be.
    #[error("its names would have more than 255 octets")]
    LongName,
    /// A heartbeat of no cluster.
    #[error("a cluster UID that is none")]
    Cluster,
}

/// What has to be made anew after changes.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    /// Keys of services.
    pub(crate) services: HashSet<Box<str>, FxBuildHasher>,
    pub(crate) namespaces: HashSet<Box<str>, FxBuildHasher>,
    /// Address octets that a pod had before and has now.
    pub(crate) pods: Vec<(Box<str>, Option<PodAddressItem>, Option<PodAddressItem>)>,
    pub(crate) heartbeat: bool,
    pub(crate) refused: Vec<Refused>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    services: Map<Box<[u8]>>,
    slices: Map<Box<[u8]>>,
    /// Slices by the key of their service.
    slices_of: Map<Vec<Box<str>>>,
    namespaces: Map<Box<[u8]>>,
    pods: Map<Box<[u8]>>,
    heartbeat: Option<Box<[u8]>>,
    refused: HashSet<ItemKey, FxBuildHasher>,
}

impl Sources {
    /// Files one change.
    pub(crate) fn change(&mut self, item: &ItemKey, value: Option<&Bytes>, dirty: &mut Dirty) {
        if !topic::ALL.contains(&item.topic) {
            return;
        }
        let mut service = None;
        let accepted = value.and_then(|value| match check(item, value, &mut service) {
            Ok(()) => Some(value),
            Err(reason) => {
                dirty.refused.push(Refused { item: item.clone(), reason });
                None
            }
        });
        if value.is_some() && accepted.is_none() {
            self.refused.insert(item.clone());
        } else if !self.refused.is_empty() {
            self.refused.remove(item);
        }
        // A key that is no text never got in, so that there is nothing to remove under it.
        let Ok(key) = std::str::from_utf8(&item.key) else { return };
        self.file(item.topic, key, accepted, service, dirty);
    }

    /// `service` is the key of a slice's service.
    fn file(
        &mut self,
        of: Topic,
        key: &str,
        value: Option<&Bytes>,
        service: Option<Box<str>>,
        dirty: &mut Dirty,
    ) {
        match of {
            topic::SERVICES => {
                put(&mut self.services, key, value);
                dirty.services.insert(key.into());
            }
            topic::ENDPOINT_SLICES => self.file_slice(key, value, service, dirty),
            topic::NAMESPACES => {
                put(&mut self.namespaces, key, value);
                dirty.namespaces.insert(key.into());
            }
            topic::POD_ADDRESSES => {
                let decode = |value: Bytes| PodAddressItem::from_value(value).ok();
                let before = self.pods.get(key).and_then(|value| decode(Bytes::copy_from_slice(value)));
                put(&mut self.pods, key, value);
                let namespace = key.split('/').next().unwrap_or_default();
                dirty.pods.push((namespace.into(), before, value.cloned().and_then(decode)));
            }
            _ => {
                self.heartbeat = value.map(|value| value.as_ref().into());
                dirty.heartbeat = true;
            }
        }
    }

    fn file_slice(&mut self, key: &str, value: Option<&Bytes>, after: Option<Box<str>>, dirty: &mut Dirty) {
        let before = self.slices.get(key).and_then(|value| {
            let item = EndpointSliceItem::from_value(Bytes::copy_from_slice(value)).ok()?;
            Some(service_key(key, &item))
        });
        put(&mut self.slices, key, value);
        if before != after {
            if let Some(service) = &before
                && let Some(slices) = self.slices_of.get_mut(service)
            {
                slices.retain(|slice| **slice != *key);
                if slices.is_empty() {
                    self.slices_of.remove(service);
                }
            }
            if let Some(service) = &after {
                self.slices_of.entry(service.clone()).or_default().push(key.into());
            }
        }
        dirty.services.extend(before.into_iter().chain(after));
    }

    pub(crate) fn service(&self, key: &str) -> Option<ServiceItem> {
        ServiceItem::from_value(Bytes::copy_from_slice(self.services.get(key)?)).ok()
    }

    pub(crate) fn slices(&self, key: &str) -> Vec<EndpointSliceItem> {
        let keys = self.slices_of.get(key).map(Vec::as_slice).unwrap_or_default();
        let values = keys.iter().filter_map(|key| self.slices.get(key));
        values.filter_map(|value| EndpointSliceItem::from_value(Bytes::copy_from_slice(value)).ok()).collect()
    }

    pub(crate) fn has_namespace(&self, name: &str) -> bool {
        self.namespaces.contains_key(name)
    }

    pub(crate) fn heartbeat(&self) -> Option<HeartbeatItem> {
        HeartbeatItem::from_value(Bytes::copy_from_slice(self.heartbeat.as_ref()?)).ok()
    }

    pub(crate) fn slice_count(&self) -> usize {
        self.slices.len()
    }

    pub(crate) fn refused_count(&self) -> usize {
        self.refused.len()
    }

    /// Notes that a service makes no names although its item is well formed.
    pub(crate) fn refuse_service(&mut self, key: &str) -> ItemKey {
        let item = ItemKey::new(topic::SERVICES, key.as_bytes());
        self.refused.insert(item.clone());
        item
    }

    pub(crate) fn each(&self, each: EachItem<'_>) {
        let maps = [
            (topic::NAMESPACES, &self.namespaces),
            (topic::SERVICES, &self.services),
            (topic::ENDPOINT_SLICES, &self.slices),
            (topic::POD_ADDRESSES, &self.pods),
        ];
        for (of, map) in maps {
            for (key, value) in map {
                each(of, key.as_bytes(), value);
            }
        }
        if let Some(value) = &self.heartbeat {
            each(topic::HEARTBEAT, b"", value);
        }
    }
}

fn put(map: &mut Map<Box<[u8]>>, key: &str, value: Option<&Bytes>) {
    match (value, map.get_mut(key)) {
        (Some(value), Some(old)) => *old = value.as_ref().into(),
        (Some(value), None) => {
            map.insert(key.into(), value.as_ref().into());
        }
        (None, _) => {
            map.remove(key);
        }
    }
}

/// The key of the service that a slice belongs to.
fn service_key(slice: &str, item: &EndpointSliceItem) -> Box<str> {
    let namespace = slice.split('/').next().unwrap_or_default();
    crate::payload::key(namespace, &item.service).into()
}

/// Whether names can be made of an item; of a slice, for which service.
fn check(item: &ItemKey, value: &Bytes, service: &mut Option<Box<str>>) -> Result<(), RefusedReason> {
    let key = std::str::from_utf8(&item.key).map_err(|_| RefusedReason::Key)?;
    let value = value.clone();
    let encoding = |_| RefusedReason::Encoding;
    match item.topic {
        topic::NAMESPACES => {
            NamespaceItem::from_value(value).map_err(encoding)?;
            label::check(key)?;
            Ok(())
        }
        topic::HEARTBEAT => {
            let item = HeartbeatItem::from_value(value).map_err(encoding)?;
            let cluster = item.cluster.as_bytes();
            let plain = cluster.len() <= CLUSTER_BYTES_MAX && cluster.iter().all(u8::is_ascii_graphic);
            if plain && key.is_empty() { Ok(()) } else { Err(RefusedReason::Cluster) }
        }
        of => {
            let (namespace, name) = key.split_once('/').ok_or(RefusedReason::Key)?;
            label::check(namespace)?;
            match of {
                topic::SERVICES => {
                    label::check(name)?;
                    compile::check_service(&ServiceItem::from_value(value).map_err(encoding)?)
                }
                topic::ENDPOINT_SLICES => {
                    let item = EndpointSliceItem::from_value(value).map_err(encoding)?;
                    compile::check_slice(&item)?;
                    *service = Some(service_key(key, &item));
                    Ok(())
                }
                _ => {
                    let item = PodAddressItem::from_value(value).map_err(encoding)?;
                    let v4 = address::list::<4>(&item.v4).is_some();
                    let v6 = address::list::<16>(&item.v6).is_some();
                    if v4 && v6 { Ok(()) } else { Err(RefusedReason::Address) }
                }
            }
        }
    }
}
