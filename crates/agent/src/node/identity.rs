//! Collectors `time`, `uname`, `os`.

use std::io;

use exposition::{Kind, Writer};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use node_probe::filesystems::Filesystems;
use node_probe::{Folder, scan};

use super::Node;

pub(super) fn time(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let help = "System time in seconds since epoch (1970).";
    writer.single("node_time_seconds", help, Kind::Gauge, node.now.as_secs_f64());
    zone(node, writer);
    let Ok(source) = Folder::open(&node.roots.sysfs.join("devices/system/clocksource/clocksource0")) else {
        return Ok(());
    };
    let families = [
        (
            "available_clocksource",
            "node_time_clocksource_available_info",
            "Available clocksources read from '/sys/devices/system/clocksource'.",
        ),
        (
            "current_clocksource",
            "node_time_clocksource_current_info",
            "Current clocksource read from '/sys/devices/system/clocksource'.",
        ),
    ];
    for (file, name, help) in families {
        let Some(bytes) = node.reader.optional(&source, file) else { continue };
        writer.family(name, help, Kind::Gauge);
        for clocksource in scan::fields(bytes.trim_ascii()) {
            writer.sample().label("clocksource", scan::text(clocksource)).label("device", "0").value(1.0);
        }
    }
    Ok(())
}

/// The host's time zone, from its own file; without one it is UTC, as for any program there.
fn zone(node: &mut Node, writer: &mut Writer<'_>) {
    let folder = Folder::open(&node.roots.rootfs.join("etc")).ok();
    let rules = folder.and_then(|folder| node.reader.optional(&folder, "localtime").map(<[u8]>::to_vec));
    let zone = rules.and_then(|rules| TimeZone::tzif("localtime", &rules).ok()).unwrap_or(TimeZone::UTC);
    let seconds = i64::try_from(node.now.as_secs()).unwrap_or(i64::MAX);
    let now = Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let info = zone.to_offset_info(now);
    writer.family("node_time_zone_offset_seconds", "System time zone offset in seconds.", Kind::Gauge);
    writer.sample().label("time_zone", info.abbreviation()).value(f64::from(info.offset().seconds()));
}

pub(super) fn uname(_: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let uname = rustix::system::uname();
    writer.family(
        "node_uname_info",
        "Labeled system information as provided by the uname system call.",
        Kind::Gauge,
    );
    writer
        .sample()
        .label("domainname", &uname.domainname().to_string_lossy())
        .label("machine", &uname.machine().to_string_lossy())
        .label("nodename", &uname.nodename().to_string_lossy())
        .label("release", &uname.release().to_string_lossy())
        .label("sysname", &uname.sysname().to_string_lossy())
        .label("version", &uname.version().to_string_lossy())
        .value(1.0);
    Ok(())
}

/// Fields of os-release(5), in the order of node_exporter's labels.
const OS_FIELDS: [&str; 12] = [
    "BUILD_ID",
    "ID",
    "ID_LIKE",
    "IMAGE_ID",
    "IMAGE_VERSION",
    "NAME",
    "PRETTY_NAME",
    "VARIANT",
    "VARIANT_ID",
    "VERSION",
    "VERSION_CODENAME",
    "VERSION_ID",
];

pub(super) fn os(node: &mut Node, _: &Filesystems, writer: &mut Writer<'_>) -> io::Result<()> {
    let file = ["etc", "usr/lib"].into_iter().find_map(|folder| {
        let folder = Folder::open(&node.roots.rootfs.join(folder)).ok()?;
        node.reader.optional(&folder, "os-release").map(<[u8]>::to_vec)
    });
    let Some(file) = file else { return Ok(()) };
    let field = |name: &str| {
        let mut pairs = scan::lines(&file).filter_map(|line| scan::text(line).split_once('='));
        pairs.find(|(key, _)| *key == name).map_or("", |(_, value)| value.trim_matches(['"', '\'']))
    };
    let help = "A metric with a constant '1' value labeled by build_id, id, id_like, image_id, image_version, name, \
                pretty_name, variant, variant_id, version, version_codename, version_id.";
    writer.family("node_os_info", help, Kind::Gauge);
    let mut sample = writer.sample();
    for name in OS_FIELDS {
        sample = sample.label(&name.to_ascii_lowercase(), field(name));
    }
    sample.value(1.0);
    // Major and minor of the version, as a number.
    let mut parts = field("VERSION_ID").splitn(3, '.');
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or("0"));
    if let Ok(version) = format!("{major}.{minor}").parse::<f64>() {
        let help = "Metric containing the major.minor part of the OS version.";
        writer.family("node_os_version", help, Kind::Gauge);
        let labels = [("id", field("ID")), ("id_like", field("ID_LIKE")), ("name", field("NAME"))];
        writer.sample().labels(labels).value(version);
    }
    Ok(())
}
