//! Collector `filesystem`.

use std::io;

use exposition::{Kind, Writer};
use node_probe::filesystems::{Filesystem, Filesystems};
use node_probe::proc::mounts::{self, Mount};

use super::Node;

/// A size of one file system; `None` leaves the sample out.
type Value = fn(&Filesystem) -> Option<f64>;

const FAMILIES: [(&str, &str, Value); 8] = [
    ("node_filesystem_size_bytes", "Filesystem size in bytes.", |fs| {
        Some(fs.space.as_ref().ok()?.size as f64)
    }),
    ("node_filesystem_free_bytes", "Filesystem free space in bytes.", |fs| {
        Some(fs.space.as_ref().ok()?.free as f64)
    }),
    ("node_filesystem_avail_bytes", "Filesystem space available to non-root users in bytes.", |fs| {
        Some(fs.space.as_ref().ok()?.available as f64)
    }),
    ("node_filesystem_files", "Filesystem total file nodes.", |fs| {
        Some(fs.space.as_ref().ok()?.files as f64)
    }),
    ("node_filesystem_files_free", "Filesystem total free file nodes.", |fs| {
        Some(fs.space.as_ref().ok()?.files_free as f64)
    }),
    ("node_filesystem_purgeable_bytes", "Filesystem space available including purgeable space.", |fs| {
        // Only macOS has such a thing.
        fs.space.as_ref().ok().map(|_| 0.0)
    }),
    ("node_filesystem_readonly", "Filesystem read-only status.", |fs| {
        Some(f64::from(u8::from(fs.mount.readonly)))
    }),
    (
        "node_filesystem_device_error",
        "Whether an error occurred while getting statistics for the given device.",
        |fs| Some(f64::from(u8::from(fs.space.is_err()))),
    ),
];

/// The mounts of the host, as its first process sees them: those of the agent's own container are nobody's business.
pub(crate) fn mounts(node: &mut Node) -> io::Result<Vec<Mount>> {
    let mut found = std::mem::take(&mut node.mounts);
    let read = match node.proc("1/mountinfo").map(|bytes| mounts::mounts(bytes, &mut found)) {
        Err(_) => node.proc("self/mountinfo").map(|bytes| mounts::mounts(bytes, &mut found)),
        read => read,
    };
    node.mounts.clone_from(&found);
    read.map(|()| found)
}

/// Also keeps the sizes, for cAdvisor's families.
pub(super) fn filesystem(
    node: &mut Node,
    filesystems: &Filesystems,
    writer: &mut Writer<'_>,
) -> io::Result<()> {
    for (name, help, value) in FAMILIES {
        writer.family(name, help, Kind::Gauge);
        filesystems.each(|fs| {
            let Some(value) = value(fs) else { return };
            let error = fs.space.as_ref().err().map_or("", String::as_str);
            writer
                .sample()
                .label("device", &fs.mount.device)
                .label("device_error", error)
                .label("fstype", &fs.mount.fstype)
                .label("mountpoint", &fs.mount.mountpoint)
                .value(value);
        });
    }
    keep(node, filesystems);
    writer.family("node_filesystem_mount_info", "Filesystem mount information.", Kind::Gauge);
    filesystems.each(|fs| {
        writer
            .sample()
            .label("device", &fs.mount.device)
            .label("major", &fs.mount.major.to_string())
            .label("minor", &fs.mount.minor.to_string())
            .label("mountpoint", &fs.mount.mountpoint)
            .value(1.0);
    });
    Ok(())
}

fn keep(node: &mut Node, filesystems: &Filesystems) {
    let spaces = &mut node.machine.spaces;
    spaces.clear();
    filesystems.each(|fs| {
        let Ok(space) = fs.space else { return };
        let device = if fs.mount.device.starts_with('/') { &fs.mount.device } else { &fs.mount.mountpoint };
        // One device may be mounted in many places.
        if spaces.iter().all(|(known, _)| known != device) {
            spaces.push((device.clone(), space));
        }
    });
}
