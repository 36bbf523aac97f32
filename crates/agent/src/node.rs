//! The families of the node, under node_exporter's names and with its labels: one function for each of its collectors.

mod counters;
mod cpu;
mod disks;
mod filesystems;
mod identity;
mod memory;
mod networks;
mod pressure;
mod sockets;
mod timex;

pub(crate) use filesystems::mounts;

use std::io;
use std::time::Duration;

use exposition::Writer;
use node_probe::filesystems::Filesystems;
use node_probe::interfaces::Interface;
use node_probe::proc::memory::Summary;
use node_probe::proc::mounts::Mount;
use node_probe::proc::stat::Stat;
use node_probe::{Folder, Reader, Roots};

use crate::containers::Machine;

/// What the collectors read with, and what they keep from one scrape to the next.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) roots: Roots,
    pub(crate) reader: Reader,
    pub(crate) stat: Stat,
    pub(crate) memory: Summary,
    /// Wall time of this scrape.
    pub(crate) now: Duration,
    /// For the families of groups.
    pub(crate) machine: Machine,
    interfaces: Vec<Interface>,
    mounts: Vec<Mount>,
    proc: Option<Folder>,
    /// `/proc/1/net`: the host's network also from within a pod with a network of its own.
    net: Option<Folder>,
}

/// A collector: writes its families, or says why not.
pub(crate) type Collect = fn(&mut Node, &Filesystems, &mut Writer<'_>) -> io::Result<()>;

/// The collectors and their names, as node_exporter has them.
pub(crate) static COLLECTORS: &[(&str, Collect)] = &[
    ("stat", cpu::stat),
    ("cpu", cpu::cpu),
    ("schedstat", cpu::schedstat),
    ("loadavg", cpu::loadavg),
    ("meminfo", memory::meminfo),
    ("vmstat", counters::vmstat),
    ("pressure", pressure::pressure),
    ("diskstats", disks::diskstats),
    ("filesystem", filesystems::filesystem),
    ("netdev", networks::netdev),
    ("netclass", networks::netclass),
    ("arp", networks::arp),
    ("netstat", sockets::netstat),
    ("sockstat", sockets::sockstat),
    ("softnet", sockets::softnet),
    ("udp_queues", sockets::udp_queues),
    ("conntrack", counters::conntrack),
    ("kernel_hung", counters::kernel_hung),
    ("filefd", counters::filefd),
    ("entropy", counters::entropy),
    ("time", identity::time),
    ("timex", timex::timex),
    ("uname", identity::uname),
    ("os", identity::os),
];

impl Node {
    pub(crate) fn new(roots: Roots) -> Self {
        Self {
            roots,
            reader: Reader::default(),
            stat: Stat::default(),
            memory: Summary::default(),
            now: Duration::ZERO,
            machine: Machine::default(),
            interfaces: Vec::new(),
            mounts: Vec::new(),
            proc: None,
            net: None,
        }
    }

    /// Begins a scrape.
    pub(crate) fn begin(&mut self, now: Duration) {
        self.now = now;
        self.proc = Folder::open(&self.roots.procfs).ok();
        let net = |path: &str| Folder::open(&self.roots.procfs.join(path)).ok();
        self.net = net("1/net").or_else(|| net("net"));
    }

    /// A file below `/proc`.
    fn proc(&mut self, name: &str) -> io::Result<&[u8]> {
        read(&mut self.reader, self.proc.as_ref(), name)
    }

    /// A file below `/proc/net`.
    fn net(&mut self, name: &str) -> io::Result<&[u8]> {
        read(&mut self.reader, self.net.as_ref(), name)
    }
}

fn read<'a>(reader: &'a mut Reader, folder: Option<&Folder>, name: &str) -> io::Result<&'a [u8]> {
    let folder = folder.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    reader.read(folder, name)
}

/// What the kernel does not have is no error: an old kernel, a feature that is off.
fn absent_is_fine<T: Default>(result: io::Result<T>) -> io::Result<T> {
    match result {
        // Pressure information that is off at boot says "not supported".
        Err(failed) if matches!(failed.kind(), io::ErrorKind::NotFound | io::ErrorKind::Unsupported) => {
            Ok(T::default())
        }
        other => other,
    }
}
