//! /proc files in, numbers out.

use super::*;

#[test]
fn cpus_and_counters_of_stat() {
    let check = |input: &str, cpus: &[(u32, u64, u64)], forks| {
        let mut stat = stat::Stat::default();
        stat.parse(input.as_bytes());
        let found: Vec<_> = stat.cpus.iter().map(|cpu| (cpu.cpu, cpu.ticks[0], cpu.ticks[9])).collect();
        assert_eq!((found.as_slice(), stat.forks), (cpus, forks), "{input}");
    };
    check("", &[], None);
    check("cpu  9 9 9 9\ncpu0 1 2 3 4 5 6 7 8 9 10\nprocesses 77\n", &[(0, 1, 10)], Some(77));
    // CPU 1 is offline; an old kernel has fewer columns; a truncated line still counts.
    check("cpu0 1 2 3 4\ncpu2 5", &[(0, 1, 0), (2, 5, 0)], None);
    check("cpu0 x\ncpux 1\nprocesses\nprocesses many\n", &[], None);
    check("cpu0 99999999999999999999999 1\n", &[(0, u64::MAX, 0)], None);
}

#[test]
fn idle_that_wavers_stays_and_a_reset_is_passed_on() {
    let mut stat = stat::Stat::default();
    let mut check = |idle: u64, expected: u64| {
        stat.parse(format!("cpu0 1 1 1 {idle} 1 1 1 1 1 1\n").as_bytes());
        assert_eq!(stat.cpus[0].ticks[3], expected, "{idle}");
    };
    check(10_000, 10_000);
    check(9_990, 10_000);
    check(10_001, 10_001);
    check(5, 5);
}

#[test]
fn busy_is_what_is_not_idle() {
    let mut stat = stat::Stat::default();
    stat.parse(b"cpu0 100 200 300 4000 5000 600 700 800 100 0\n");
    assert_eq!(stat.busy_seconds(), 27.0);
}

#[test]
fn load_averages() {
    let check = |input: &str, expected| assert_eq!(stat::load(input.as_bytes()), expected, "{input}");
    check("0.21 0.37 0.39 1/719 19737\n", Some([0.21, 0.37, 0.39]));
    check("", None);
    check("0.21 0.37", None);
    check("a b c", None);
    check("inf 1 1", None);
}

#[test]
fn meminfo_lines() {
    let check = |input: &str, expected: &[(&str, u64, bool)]| {
        let found: Vec<_> = memory::meminfo(input.as_bytes()).map(|e| (e.name, e.value, e.bytes)).collect();
        assert_eq!(found, expected, "{input}");
    };
    check("", &[]);
    check("MemTotal:  2 kB\nActive(anon): 1 kB\n", &[("MemTotal", 2048, true), ("Active(anon)", 1024, true)]);
    check("HugePages_Total:       3\n", &[("HugePages_Total", 3, false)]);
    check("MemTotal 2 kB\nMemFree:\nMemFree: x kB\nMemAvail", &[]);
    check("MemTotal: 18446744073709551615 kB", &[("MemTotal", u64::MAX, true)]);
}

#[test]
fn working_set_of_the_node() {
    let check = |input: &str, expected| {
        assert_eq!(memory::Summary::parse(input.as_bytes()).working_set(), expected, "{input}");
    };
    check("MemTotal: 100 kB\nMemFree: 20 kB\nInactive(file): 30 kB\n", 50 * 1024);
    check("MemTotal: 1 kB\nMemFree: 20 kB\n", 0);
    check("", 0);
}

#[test]
fn pressures() {
    let check = |input: &str, some, full| {
        assert_eq!(pressure::Pressure::parse(input.as_bytes()), pressure::Pressure { some, full }, "{input}");
    };
    check("", None, None);
    check("some avg10=0.10 avg60=2.00 avg300=3.85 total=15\n", Some(15), None);
    check("some avg10=0 avg60=0 avg300=0 total=15\nfull avg10=0 avg60=0 avg300=0 total=7", Some(15), Some(7));
    check("full total=x\nsome\nother total=4\n", None, None);
}

#[test]
fn block_devices() {
    let check = |input: &str, expected: &[(&str, usize, u64)]| {
        let found: Vec<_> =
            disk::diskstats(input.as_bytes()).map(|d| (d.name, d.count, d.values[10])).collect();
        assert_eq!(found, expected, "{input}");
    };
    check("", &[]);
    check("   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n", &[("sda", 11, 11)]);
    check("8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18\n", &[("sda", 17, 11)]);
    check("8 0 sda 1 2 3\n8 0\nx y z\n", &[]);
}

#[test]
fn devices_left_out() {
    let check = |name, expected| assert_eq!(disk::ignored(name), expected, "{name}");
    for name in ["ram0", "zram1", "loop12", "fd0", "sda1", "vdb12", "xvda1", "hda3", "nvme0n1p2"] {
        check(name, true);
    }
    for name in ["sda", "vda", "nvme0n1", "dm-0", "md127", "sr0", "mmcblk0p1", "sd1", "nvmep1", ""] {
        check(name, false);
    }
}

#[test]
fn interfaces() {
    let check = |input: &str, expected: &[(&str, u64, u64)]| {
        let found: Vec<_> =
            network::net_dev(input.as_bytes()).map(|i| (i.name, i.receive[0], i.transmit[7])).collect();
        assert_eq!(found, expected, "{input}");
    };
    check("Inter-|   Receive  |  Transmit\n face |bytes    packets|bytes\n", &[]);
    check("  eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", &[("eth0", 1, 16)]);
    check("eth0:1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n", &[("eth0:1", 1, 16)]);
    check("eth0: 1 2 3\nlo: a 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", &[]);
}

#[test]
fn mounts_shown() {
    let check = |input: &str, expected: &[(&str, &str, &str, bool)]| {
        let mut found = Vec::new();
        mounts::mounts(input.as_bytes(), &mut found);
        let found: Vec<_> =
            found.iter().map(|m| (&*m.device, &*m.mountpoint, &*m.fstype, m.readonly)).collect();
        assert_eq!(found, expected, "{input}");
    };
    check("", &[]);
    check("21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n", &[("/dev/sda1", "/", "ext4", false)]);
    check("21 1 8:1 / /a\\040b rw - ext4 /dev/sda1 ro\n", &[("/dev/sda1", "/a b", "ext4", true)]);
    check("21 1 0:5 / /proc rw - proc proc rw\n21 1 0:6 / /dev/shm rw - tmpfs shm rw\n", &[]);
    check("21 1 8:1 / /development ro - ext4 x rw,emergency_ro", &[("x", "/development", "ext4", true)]);
    check(
        "21 1 8:1 / /m rw - ext4 below rw\n22 1 8:2 / /m rw - xfs above rw",
        &[("above", "/m", "xfs", false)],
    );
    check("21 1 8:1 / /m rw - ext4\n21 1 8 / /m rw - ext4 x rw\n21\n- - - -\n", &[]);
    check("21 1 8:1 / /m\\0 rw - ext4 \\ rw\n", &[("\\", "/m\\0", "ext4", false)]);
}

#[test]
fn vmstat_counters() {
    let found: Vec<_> =
        counters::vmstat(b"nr_free 1\npgpgin 2\npgmajfault 3\noom_kill 4\npswpin 5\npgscan 6\n").collect();
    assert_eq!(found, [("pgpgin", 2), ("pgmajfault", 3), ("oom_kill", 4), ("pswpin", 5)]);
}

fn figures(read: impl FnOnce(&mut dyn FnMut(sockets::Figure<'_>))) -> Vec<String> {
    let mut found = Vec::new();
    read(&mut |figure| found.push(format!("{}_{}={}", figure.protocol, figure.name, figure.value)));
    found
}

#[test]
fn socket_counters() {
    let check = |found: Vec<String>, expected: &[&str]| assert_eq!(found, expected);
    check(
        figures(|each| sockets::sockstat(b"sockets: used 3\nTCP: inuse 4 mem\nbroken 5\n", each)),
        &["sockets_used=3", "TCP_inuse=4"],
    );
    check(
        figures(|each| sockets::netstat(b"Tcp: MaxConn InSegs\nTcp: -1 7\nA: x\nB: 1\nlast", each)),
        &["Tcp_MaxConn=-1", "Tcp_InSegs=7"],
    );
    check(
        figures(|each| sockets::snmp6(b"Ip6InOctets 4\nUdp6NoPorts x\nodd 1\n", each)),
        &["Ip6_InOctets=4"],
    );
}

#[test]
fn small_network_files() {
    let softnet: Vec<_> =
        sockets::softnet(b"0000000a 00000001 2 0 0 0 0 0 0 0 0 0 3\nzz\n1 2 3 4 5 6 7 8 9\n").collect();
    let found: Vec<_> = softnet.iter().map(|s| (s.cpu, s.processed, s.dropped)).collect();
    assert_eq!(found, [(3, 10, 1), (2, 1, 2)]);
    let udp = b"sl local rem st queue\n1: 0:1 0:2 07 00000010:00000002 x\n2: a b c d\n3: 0:1 0:2 07 00000001:00000001 x\n";
    assert_eq!(sockets::udp_queues(udp), (17, 3));
    let arp: Vec<_> =
        sockets::arp(b"IP HW Flags\n10.0.0.1 0x1 0x2 aa * eth0\n10.0.0.2 0x1 0x0 bb * eth0\nx\n").collect();
    assert_eq!(arp, ["eth0"]);
    let conntrack = sockets::conntrack(b"entries found drop\n0a 01 10\n0a 02\nzz zz 01\n");
    assert_eq!(conntrack, [("found".to_owned(), 3), ("drop".to_owned(), 17)]);
    assert_eq!(sockets::conntrack(b""), []);
    assert_eq!(sockets::file_nr(b"1024\t0\t9223372036854775807\n"), Some((1024, 9_223_372_036_854_775_807)));
    assert_eq!(sockets::file_nr(b"1024"), None);
}

#[test]
fn schedstat_of_each_cpu() {
    let input = b"version 15\ntimestamp 1\ncpu0 0 0 0 0 0 0 10 20 30\ndomain0 3 0\ncpu1 0 0\n";
    let found: Vec<_> = stat::schedstat(input).collect();
    assert_eq!(found, [stat::Schedstat { cpu: 0, running: 10, waiting: 20, slices: 30 }]);
}
