//! Collectors `netstat`, `sockstat`, `softnet`, `udp_queues`.

use std::io;

use exposition::{Kind, Writer};
use node_probe::filesystems::Filesystems;
use node_probe::proc::sockets::{self, Figure, Softnet};

use super::{Node, absent_is_fine};

/// The kernel counts socket memory in pages; 4 KiB on x86-64, up to 64 KiB on arm64.
fn page_bytes() -> i64 {
    i64::try_from(rustix::param::page_size()).unwrap_or(4_096)
}

pub(super) fn netstat(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let mut each = |figure: Figure<'_>| {
        if sockets::shown(&figure) {
            let name = format!("node_netstat_{}_{}", figure.protocol, figure.name);
            let help = format!("Statistic {}{}.", figure.protocol, figure.name);
            writer.single(&name, &help, Kind::Unknown, figure.value as f64);
        }
    };
    sockets::netstat(node.net("netstat")?, &mut each);
    sockets::netstat(node.net("snmp")?, &mut each);
    // IPv6 may be off.
    absent_is_fine(node.net("snmp6").map(|bytes| sockets::snmp6(bytes, &mut each)))
}

pub(super) fn sockstat(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let mut each = |figure: Figure<'_>| {
        let (protocol, field, value) = (figure.protocol, figure.name, figure.value);
        let help = match protocol {
            "sockets" => "Number of IPv4 sockets in use.".to_owned(),
            _ => format!("Number of {protocol} sockets in state {field}."),
        };
        let name = format!("node_sockstat_{protocol}_{field}");
        writer.single(&name, &help, Kind::Gauge, value as f64);
        if field == "mem" {
            let bytes = value.saturating_mul(page_bytes());
            let help = format!("Number of {protocol} sockets in state {field}_bytes.");
            writer.single(&format!("{name}_bytes"), &help, Kind::Gauge, bytes as f64);
        }
    };
    sockets::sockstat(node.net("sockstat")?, &mut each);
    absent_is_fine(node.net("sockstat6").map(|bytes| sockets::sockstat(bytes, &mut each)))
}

type Value = fn(&Softnet) -> u64;

const SOFTNET: [(&str, &str, Kind, Value); 7] = [
    ("node_softnet_processed_total", "Number of processed packets", Kind::Counter, |cpu| cpu.processed),
    ("node_softnet_dropped_total", "Number of dropped packets", Kind::Counter, |cpu| cpu.dropped),
    (
        "node_softnet_times_squeezed_total",
        "Number of times processing packets ran out of quota",
        Kind::Counter,
        |cpu| cpu.times_squeezed,
    ),
    (
        "node_softnet_cpu_collision_total",
        "Number of collision occur while obtaining device lock while transmitting",
        Kind::Counter,
        |cpu| cpu.cpu_collision,
    ),
    ("node_softnet_received_rps_total", "Number of times cpu woken up received_rps", Kind::Counter, |cpu| {
        cpu.received_rps
    }),
    (
        "node_softnet_flow_limit_count_total",
        "Number of times flow limit has been reached",
        Kind::Counter,
        |cpu| cpu.flow_limit_count,
    ),
    ("node_softnet_backlog_len", "Softnet backlog status", Kind::Gauge, |cpu| cpu.backlog_len),
];

pub(super) fn softnet(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let cpus = node.net("softnet_stat").map(|bytes| sockets::softnet(bytes).collect::<Vec<_>>());
    let cpus = absent_is_fine(cpus)?;
    for (name, help, kind, value) in SOFTNET {
        if !cpus.is_empty() {
            writer.family(name, help, kind);
        }
        for cpu in &cpus {
            writer.sample().label("cpu", &cpu.cpu.to_string()).value(value(cpu) as f64);
        }
    }
    Ok(())
}

pub(super) fn udp_queues(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let mut read = |file| absent_is_fine(node.net(file).map(|bytes| Some(sockets::udp_queues(bytes))));
    let (v4, v6) = (read("udp")?, read("udp6")?);
    let help = "Number of allocated memory in the kernel for UDP datagrams in bytes.";
    writer.family("node_udp_queues", help, Kind::Gauge);
    for (version, queues) in [("v4", v4), ("v6", v6)] {
        let Some((transmit, receive)) = queues else { continue };
        writer.sample().label("ip", version).label("queue", "rx").value(receive as f64);
        writer.sample().label("ip", version).label("queue", "tx").value(transmit as f64);
    }
    Ok(())
}
