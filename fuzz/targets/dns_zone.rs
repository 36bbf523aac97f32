//! A small zone, made once.

use std::sync::OnceLock;

use dns_message::Name;
use fanout::{Change, ItemKey, Topic};
use service_names::payload::{EndpointSliceItem, HostItem, Item, NamespaceItem, PortItem, ServiceItem};
use service_names::{Zone, ZoneConfig, topic};

pub fn zone() -> &'static Zone {
    static ZONE: OnceLock<Zone> = OnceLock::new();
    ZONE.get_or_init(|| {
        let zone = Zone::new(ZoneConfig::kubeadm(Name::parse("cluster.local").unwrap()));
        let port = || vec![PortItem { name: "http".into(), protocol: 0, port: 80 }];
        let service = |kind, v4: &'static [u8], external: &str| ServiceItem {
            kind,
            v4: v4.into(),
            external_name: external.into(),
            ports: port(),
            ..Default::default()
        };
        let host = HostItem { name: "h".into(), v4: vec![10, 1, 0, 9].into(), v6: vec![0xfd; 16].into() };
        let many: Vec<u8> = (0..200_u8).flat_map(|last| [10, 1, 1, last]).collect();
        let slice = EndpointSliceItem {
            service: "db".into(),
            ports: port(),
            v4: many.into(),
            v6: vec![0xfd; 32].into(),
            hosts: vec![host],
        };
        let set = |of: Topic, key: &str, value| Change { item: ItemKey::new(of, key.as_bytes()), value: Some(value) };
        let changes = [
            set(topic::NAMESPACES, "default", NamespaceItem {}.to_value()),
            set(topic::SERVICES, "default/web", service(0, &[10, 0, 0, 1], "").to_value()),
            set(topic::SERVICES, "default/db", service(1, &[], "").to_value()),
            set(topic::SERVICES, "default/out", service(2, &[], "example.com").to_value()),
            set(topic::SERVICES, "default/in", service(2, &[], "web.default.svc.cluster.local").to_value()),
            set(topic::ENDPOINT_SLICES, "default/db-1", slice.to_value()),
        ];
        zone.apply(&changes, 1);
        zone
    })
}
