//! Every parser of the kernel's text files, on the same bytes: none may panic, overflow or loop.
#![no_main]

use node_probe::proc::{counters, disk, memory, mounts, network, pressure, sockets, stat};
use node_probe::{cgroup, scan};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut machine = stat::Stat::default();
    for _ in 0..2 {
        machine.parse(bytes);
        assert!(machine.busy_seconds().is_finite());
    }
    assert!(stat::load(bytes).is_none_or(|load| load.iter().all(|value| value.is_finite())));
    let _ = stat::schedstat(bytes).count();
    let summary = memory::Summary::parse(bytes);
    assert!(summary.working_set() <= summary.total);
    assert!(memory::meminfo(bytes).all(|entry| !entry.name.is_empty()));
    let _ = pressure::Pressure::parse(bytes);
    assert!(disk::diskstats(bytes).all(|disk| disk.count >= 11 && disk.count <= disk::FIELDS));
    let _ = disk::ignored(scan::text(bytes));
    let _ = network::net_dev(bytes).count();
    let mut found = Vec::new();
    mounts::mounts(bytes, &mut found);
    found.sort_by(|one, other| one.mountpoint.cmp(&other.mountpoint));
    assert!(found.windows(2).all(|two| two[0].mountpoint != two[1].mountpoint));
    let _ = counters::vmstat(bytes).count();
    sockets::sockstat(bytes, |figure| assert!(!sockets::shown(&figure) || !figure.name.is_empty()));
    sockets::netstat(bytes, |figure| assert!(!sockets::shown(&figure) || !figure.name.is_empty()));
    sockets::snmp6(bytes, |figure| assert!(!sockets::shown(&figure) || !figure.name.is_empty()));
    let _ = (sockets::softnet(bytes).count(), sockets::udp_queues(bytes), sockets::arp(bytes).count());
    let _ = (sockets::file_nr(bytes), scan::pairs(bytes).count(), scan::signed(bytes), scan::hexadecimal(bytes));
    let _ = cgroup::container_id(scan::text(bytes));
});
