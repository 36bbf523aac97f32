//! Collectors `netdev`, `netclass`, `arp`.

use std::collections::BTreeMap;
use std::io;

use exposition::{Kind, Writer};
use node_probe::filesystems::Filesystems;
use node_probe::interfaces::{self, NUMBERS};
use node_probe::proc::network::{self, RECEIVE, TRANSMIT};
use node_probe::proc::sockets;

use super::{Node, absent_is_fine};

pub(super) fn netdev(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let bytes = node.net("dev")?;
    // Read once, gone over sixteen times: parsing 110 lines again is cheaper than keeping them.
    let mut family = |direction: &str, field: &str, value: &dyn Fn(&network::Interface<'_>) -> u64| {
        let name = format!("node_network_{direction}_{field}_total");
        writer.family(&name, &format!("Network device statistic {direction}_{field}."), Kind::Counter);
        for interface in network::net_dev(bytes) {
            writer.sample().label("device", interface.name).value(value(&interface) as f64);
        }
    };
    for (column, field) in RECEIVE.iter().enumerate() {
        family("receive", field, &|interface| interface.receive[column]);
    }
    for (column, field) in TRANSMIT.iter().enumerate() {
        family("transmit", field, &|interface| interface.transmit[column]);
    }
    Ok(())
}

pub(super) fn netclass(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let mut found = std::mem::take(&mut node.interfaces);
    interfaces::interfaces(&node.roots.sysfs, &mut node.reader, &mut found);
    writer.family("node_network_up", "Value is 1 if operstate is 'up', 0 otherwise.", Kind::Gauge);
    for interface in &found {
        let up = f64::from(u8::from(interface.operstate == "up"));
        writer.sample().label("device", &interface.name).value(up);
    }
    let help = "Non-numeric data from /sys/class/net/<iface>, value is always 1.";
    writer.family("node_network_info", help, Kind::Gauge);
    for interface in &found {
        writer
            .sample()
            .label("address", &interface.address)
            .label("adminstate", interface.adminstate())
            .label("broadcast", &interface.broadcast)
            .label("device", &interface.name)
            .label("duplex", &interface.duplex)
            .label("ifalias", &interface.ifalias)
            .label("operstate", &interface.operstate)
            .value(1.0);
    }
    writer.family(
        "node_network_receive_nohandler_total",
        "Network device statistic receive_nohandler.",
        Kind::Counter,
    );
    for interface in &found {
        if let Some(frames) = interface.receive_nohandler {
            writer.sample().label("device", &interface.name).value(frames as f64);
        }
    }
    for (place, (_, field, counts)) in NUMBERS.into_iter().enumerate() {
        if found.iter().all(|interface| interface.numbers[place].is_none()) {
            continue;
        }
        let kind = if counts { Kind::Counter } else { Kind::Gauge };
        writer.family(&format!("node_network_{field}"), &format!("Network device property: {field}"), kind);
        for interface in &found {
            if let Some(value) = interface.numbers[place] {
                writer.sample().label("device", &interface.name).value(value as f64);
            }
        }
    }
    node.interfaces = found;
    Ok(())
}

pub(super) fn arp(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let count = |bytes: &[u8]| {
        let mut devices = BTreeMap::new();
        for device in sockets::arp(bytes) {
            *devices.entry(device.to_owned()).or_insert(0u64) += 1;
        }
        devices
    };
    let devices = absent_is_fine(node.net("arp").map(count))?;
    if !devices.is_empty() {
        writer.family("node_arp_entries", "ARP entries by device", Kind::Gauge);
    }
    for (device, entries) in devices {
        writer.sample().label("device", &device).value(entries as f64);
    }
    Ok(())
}
