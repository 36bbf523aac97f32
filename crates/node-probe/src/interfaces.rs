//! Network interfaces as `<sysfs>/class/net` describes them.

use std::path::Path;

use crate::scan::{hexadecimal, signed, text};
use crate::{Folder, Reader};

/// Interfaces looked at; a node has one for each pod and a few more.
pub const INTERFACES_MAX: usize = 4_096;

/// The attributes that are numbers: file, node_exporter's name, whether it counts up.
pub const NUMBERS: [(&str, &str, bool); 17] = [
    ("addr_assign_type", "address_assign_type", false),
    ("carrier", "carrier", false),
    ("carrier_changes", "carrier_changes_total", true),
    ("carrier_up_count", "carrier_up_changes_total", true),
    ("carrier_down_count", "carrier_down_changes_total", true),
    ("dev_id", "device_id", false),
    ("dormant", "dormant", false),
    ("flags", "flags", false),
    ("ifindex", "iface_id", false),
    ("iflink", "iface_link", false),
    ("link_mode", "iface_link_mode", false),
    ("mtu", "mtu_bytes", false),
    ("name_assign_type", "name_assign_type", false),
    ("netdev_group", "net_dev_group", false),
    ("speed", "speed_bytes", false),
    ("tx_queue_len", "transmit_queue_length", false),
    ("type", "protocol_type", false),
];

/// Megabits a second to bytes a second.
const SPEED_BYTES: i64 = 125_000;
/// `IFF_UP`
const FLAG_UP: i64 = 1;

/// One interface.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interface {
    /// "eth0"
    pub name: String,
    /// MAC address.
    pub address: String,
    /// MAC broadcast address.
    pub broadcast: String,
    /// "full", "half", "unknown"; empty when the device does not say.
    pub duplex: String,
    /// "up", "down", "unknown", …
    pub operstate: String,
    /// A name that people gave it.
    pub ifalias: String,
    /// Frames that no protocol wanted; `/proc/net/dev` has no such column.
    pub receive_nohandler: Option<u64>,
    /// In the order of [`NUMBERS`]; `None` when the device does not say.
    pub numbers: [Option<i64>; NUMBERS.len()],
}

impl Interface {
    /// "up", "down" or "unknown", by the flags.
    pub fn adminstate(&self) -> &'static str {
        match self.numbers[7] {
            Some(flags) if flags & FLAG_UP != 0 => "up",
            Some(_) => "down",
            None => "unknown",
        }
    }

    fn read(&mut self, folder: &Folder, reader: &mut Reader) {
        let texts = [
            ("address", &mut self.address),
            ("broadcast", &mut self.broadcast),
            ("duplex", &mut self.duplex),
            ("operstate", &mut self.operstate),
            ("ifalias", &mut self.ifalias),
        ];
        for (file, slot) in texts {
            slot.clear();
            slot.push_str(text(reader.whole(folder, file).unwrap_or_default().trim_ascii()));
        }
        for ((file, ..), slot) in NUMBERS.iter().zip(&mut self.numbers) {
            *slot = reader.whole(folder, file).and_then(|bytes| number(file, bytes));
        }
        self.receive_nohandler = reader.single(folder, "statistics/rx_nohandler");
    }
}

fn number(file: &str, bytes: &[u8]) -> Option<i64> {
    if bytes.starts_with(b"0x") {
        return hexadecimal(bytes).and_then(|value| i64::try_from(value).ok());
    }
    let value = signed(bytes)?;
    match file {
        // -1 means that the speed is not known; node_exporter passes it on, times 125,000.
        "speed" => Some(value.saturating_mul(SPEED_BYTES)),
        _ => Some(value),
    }
}

/// Reads all interfaces into `into`, whose entries are used again. An interface that goes away in the middle is left out.
pub fn interfaces(sysfs: &Path, reader: &mut Reader, into: &mut Vec<Interface>) {
    let mut used = 0;
    if let Ok(class) = Folder::open(&sysfs.join("class/net")) {
        let _ = class.entries(|name| {
            if used >= INTERFACES_MAX {
                return;
            }
            // `bonding_masters` is a file.
            let Ok(folder) = class.folder(name) else { return };
            if into.len() == used {
                into.push(Interface::default());
            }
            let interface = &mut into[used];
            interface.name.clear();
            interface.name.push_str(name);
            interface.read(&folder, reader);
            used += usize::from(interface.numbers.iter().any(Option::is_some));
        });
    }
    into.truncate(used);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_and_what_it_does_not_say() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("class/net/eth0");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::create_dir_all(root.path().join("class/net/gone")).unwrap();
        std::fs::write(root.path().join("class/net/bonding_masters"), "").unwrap();
        let files = [
            ("operstate", "up\n"),
            ("flags", "0x1003\n"),
            ("mtu", "1500\n"),
            ("speed", "1000\n"),
            ("ifindex", "x"),
        ];
        for (name, contents) in files {
            std::fs::write(folder.join(name), contents).unwrap();
        }
        let mut found = vec![Interface { ifalias: "of an earlier reading".into(), ..Interface::default() }];
        interfaces(root.path(), &mut Reader::default(), &mut found);
        assert_eq!(found.len(), 1);
        let eth0 = &found[0];
        let value = |name| eth0.numbers[NUMBERS.iter().position(|(file, ..)| *file == name).unwrap()];
        assert_eq!((eth0.name.as_str(), eth0.operstate.as_str(), eth0.ifalias.as_str()), ("eth0", "up", ""));
        assert_eq!((eth0.adminstate(), value("flags")), ("up", Some(0x1003)));
        assert_eq!((value("mtu"), value("speed"), value("ifindex")), (Some(1500), Some(125_000_000), None));
    }
}
