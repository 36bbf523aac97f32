//! cgroup files in, numbers out: v1, v2 and hybrid.

use std::path::Path;

use super::*;
use crate::proc::pressure::Pressure;
use crate::{Reader, Roots};

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// Files below `<root>/sys/fs/cgroup`: path and text.
fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Layout) {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = root.path().join("sys/fs/cgroup").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let layout = Layout::detect(&Roots::below(root.path()));
    (root, layout)
}

fn stats(layout: &Layout, path: &str) -> Option<Stats> {
    let mut stats = Stats::default();
    let cgroup = layout.open(path)?;
    stats.read(layout, &cgroup, &mut Reader::default()).then_some(stats)
}

#[test]
fn the_layout_is_found_controller_by_controller() {
    let check = |files: &[(&str, &str)], expected: [Option<Version>; 3]| {
        let (_root, layout) = tree(files);
        let found = [Controller::Cpuacct, Controller::Memory, Controller::Pids].map(|c| layout.version(c));
        assert_eq!(found, expected, "{files:?}");
    };
    let (v1, v2) = (Some(Version::V1), Some(Version::V2));
    check(&[], [None; 3]);
    check(&[("cgroup.controllers", "cpu memory pids\n")], [v2, v2, v2]);
    check(&[("cgroup.controllers", "memory\n")], [None, v2, None]);
    check(&[("cpu,cpuacct/cpu.shares", "2"), ("cpu,cpuacct/cpuacct.usage", "0")], [v1, None, None]);
    check(
        &[
            ("cpuacct/cpuacct.usage", "0"),
            ("memory/memory.usage_in_bytes", "0"),
            ("pids/cgroup.procs", ""),
            ("unified/cgroup.controllers", "hugetlb\n"),
        ],
        [v1, v1, v1],
    );
    // Hybrid: what the unified tree has is not looked for elsewhere.
    check(
        &[("memory/memory.usage_in_bytes", "0"), ("unified/cgroup.controllers", "memory pids")],
        [None, v2, v2],
    );
}

#[test]
fn figures_of_the_second_interface() {
    let (_root, layout) = tree(&[
        ("cgroup.controllers", "cpu io memory pids\n"),
        (
            "p/cpu.stat",
            "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 2\nthrottled_usec 7\n",
        ),
        ("p/cpu.max", "50000 100000\n"),
        ("p/cpu.weight", "100\n"),
        ("p/memory.current", "1000\n"),
        ("p/memory.stat", "anon 600\nfile 300\ninactive_file 100\npgfault 9\npgmajfault 1\nkernel 50\n"),
        ("p/memory.max", "2000\n"),
        ("p/memory.swap.max", "max\n"),
        ("p/memory.swap.current", "5\n"),
        ("p/memory.peak", "1500\n"),
        ("p/memory.events", "low 0\nmax 3\noom 1\noom_kill 1\n"),
        ("p/pids.current", "7\n"),
        ("p/pids.max", "max\n"),
        ("p/cgroup.procs", "11\n12\n"),
        ("p/io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0\nbad\n8:16 rbytes=x wbytes=9\n"),
        (
            "p/memory.pressure",
            "some avg10=0 avg60=0 avg300=0 total=12\nfull avg10=0 avg60=0 avg300=0 total=5\n",
        ),
    ]);
    let found = stats(&layout, "p").unwrap();
    assert_eq!(found.cpu, Some(Cpu { usage: 30_000, user: 20_000, system: 10_000 }));
    let throttling = found.throttling.unwrap();
    assert_eq!((throttling.periods, throttling.throttled_periods, throttling.throttled), (4, 2, 7_000));
    assert_eq!(found.cpu_limits, Some(CpuLimits { quota: Some(50_000), period: 100_000, shares: 2_597 }));
    let memory = found.memory.unwrap();
    assert_eq!((memory.usage, memory.working_set, memory.rss, memory.cache), (1000, 900, 600, 300));
    assert_eq!((memory.limit, memory.swap_limit, memory.max_usage), (Some(2000), None, Some(1500)));
    assert_eq!((memory.failures, found.oom_kills), (3, Some(1)));
    assert_eq!(found.pids, Some(Pids { threads: 7, threads_max: None, processes: Some(2) }));
    assert_eq!(found.io.len(), 2);
    assert_eq!(found.io[0], Io { device: (8, 0), read_bytes: 1, written_bytes: 2, reads: 3, writes: 4 });
    assert_eq!(found.io[1].written_bytes, 9);
    assert_eq!(found.memory_pressure, Some(Pressure { some: Some(12), full: Some(5) }));
    assert_eq!(found.cpu_pressure, None);
}

#[test]
fn figures_of_the_first_interface() {
    let (_root, layout) = tree(&[
        ("cpu/cpu.shares", "1024"),
        ("cpuacct/cpuacct.usage", "0"),
        ("memory/memory.usage_in_bytes", "0"),
        ("blkio/blkio.throttle.io_service_bytes", ""),
        ("pids/cgroup.procs", ""),
        ("cpu/p/cpu.shares", "512\n"),
        ("cpu/p/cpu.cfs_quota_us", "-1\n"),
        ("cpu/p/cpu.cfs_period_us", "100000\n"),
        ("cpu/p/cpu.stat", "nr_periods 4\nnr_throttled 2\nthrottled_time 7\n"),
        ("cpuacct/p/cpuacct.usage", "30\n"),
        ("cpuacct/p/cpuacct.stat", "user 2\nsystem 1\n"),
        ("memory/p/memory.usage_in_bytes", "1000\n"),
        ("memory/p/memory.limit_in_bytes", "9223372036854771712\n"),
        ("memory/p/memory.failcnt", "3\n"),
        ("memory/p/memory.max_usage_in_bytes", "1500\n"),
        (
            "memory/p/memory.stat",
            "cache 1\npgfault 2\ntotal_rss 600\ntotal_cache 300\ntotal_inactive_file 2000\ntotal_pgfault 9\n",
        ),
        ("memory/p/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"),
        ("blkio/p/blkio.throttle.io_service_bytes", "8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n"),
        ("blkio/p/blkio.throttle.io_serviced_recursive", "8:0 Read 3\n8:0 Write 4\n8:0 Discard\nTotal 7\n"),
        ("pids/p/pids.current", "7\n"),
        ("pids/p/pids.max", "100\n"),
    ]);
    let found = stats(&layout, "p").unwrap();
    assert_eq!(found.cpu, Some(Cpu { usage: 30, user: 20_000_000, system: 10_000_000 }));
    assert_eq!(found.throttling.unwrap().throttled, 7);
    assert_eq!(found.cpu_limits, Some(CpuLimits { quota: None, period: 100_000, shares: 512 }));
    let memory = found.memory.unwrap();
    // Inactive files may exceed the use for a moment: the counters are not read at once.
    assert_eq!((memory.usage, memory.working_set, memory.rss, memory.cache), (1000, 0, 600, 300));
    assert_eq!((memory.limit, memory.max_usage, memory.failures), (None, Some(1500), 3));
    assert_eq!(memory.page_faults, (2, 9));
    assert_eq!(found.oom_kills, Some(2));
    assert_eq!(found.pids, Some(Pids { threads: 7, threads_max: Some(100), processes: None }));
    assert_eq!(found.io, [Io { device: (8, 0), read_bytes: 1, written_bytes: 2, reads: 3, writes: 4 }]);
}

#[test]
fn odd_contents_are_left_out_alone() {
    let check = |file: &str, text: &str| {
        let (_root, layout) =
            tree(&[("cgroup.controllers", "cpu io memory pids"), ("p/memory.current", "5"), (file, text)]);
        let found = stats(&layout, "p").expect("the group is there");
        assert!(file == "p/memory.current" || found.memory.is_some(), "{file} {text:?}");
    };
    for file in [
        "p/cpu.stat",
        "p/cpu.max",
        "p/cpu.weight",
        "p/memory.stat",
        "p/memory.events",
        "p/io.stat",
        "p/cpu.pressure",
    ] {
        for text in [
            "",
            "\n",
            "max",
            "a",
            "a b",
            "1",
            "8:0",
            "8: rbytes",
            "usage_usec -5\n",
            "99999999999999999999999 1",
        ] {
            check(file, text);
        }
    }
}

#[test]
fn a_group_that_vanishes_is_gone_and_no_error() {
    let (root, layout) = tree(&[("cgroup.controllers", "memory"), ("p/memory.current", "5")]);
    let held = layout.open("p").unwrap();
    let (mut stats, mut reader) = (Stats::default(), Reader::default());
    assert!(stats.read(&layout, &held, &mut reader));
    std::fs::remove_dir_all(root.path().join("sys/fs/cgroup/p")).unwrap();
    assert!(!stats.read(&layout, &held, &mut reader));
    assert_eq!(stats, Stats::default(), "nothing of the last reading is left");
    assert!(layout.open("p").is_none());
}

#[test]
fn pods_are_found_with_both_drivers() {
    let check = |driver: &str, uid: &str, container: &str| {
        let pod = driver.rsplit_once('/').unwrap().0.to_owned();
        let (_root, layout) =
            tree(&[("cgroup.controllers", "cpu"), (&format!("{driver}/cpu.stat"), "usage_usec 1\n")]);
        let kubepods = Kubepods::find(&layout).unwrap();
        assert_eq!(kubepods.pod(&layout, uid), Some(pod.clone()), "{driver}");
        let mut found = Vec::new();
        kubepods.containers(&layout, &pod, |id, path| found.push((id.to_owned(), path)));
        assert_eq!(found, [(container.to_owned(), driver.to_owned())]);
    };
    let (uid, systemd) = ("1a2b-3c", "1a2b_3c");
    check(&format!("kubepods/pod{uid}/{ID}"), uid, ID);
    check(&format!("kubepods/besteffort/pod{uid}/{ID}"), uid, ID);
    check(&format!("kubepods.slice/kubepods-pod{systemd}.slice/crio-{ID}.scope"), uid, ID);
    check(
        &format!(
            "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{systemd}.slice/cri-containerd-{ID}.scope"
        ),
        uid,
        ID,
    );
    check(
        &format!(
            "kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod{systemd}.slice/cri-containerd-{ID}.scope"
        ),
        uid,
        ID,
    );
}

#[test]
fn a_uid_cannot_lead_out() {
    let (root, layout) = tree(&[("cgroup.controllers", "cpu"), ("kubepods/podx/cpu.stat", "")]);
    std::fs::create_dir_all(root.path().join("sys/fs/cgroup/kubepods/pod")).unwrap();
    let kubepods = Kubepods::find(&layout).unwrap();
    let check = |uid: &str, found: bool| assert_eq!(kubepods.pod(&layout, uid).is_some(), found, "{uid:?}");
    check("x", true);
    check("", false);
    check("x/..", false);
    check("/../../podx", false);
    check("..", false);
    check(&Path::new("x").join(".").to_string_lossy(), false);
}

#[test]
fn names_of_containers() {
    let check = |name: String, expected: Option<&str>| assert_eq!(container_id(&name), expected, "{name}");
    check(ID.into(), Some(ID));
    check(format!("cri-containerd-{ID}.scope"), Some(ID));
    check(format!("docker-{ID}.scope"), Some(ID));
    check(format!("crio-conmon-{ID}.scope"), None);
    check("cgroup.procs".into(), None);
    check(ID[1..].into(), None);
    check(ID.replace('0', "g"), None);
}

#[test]
fn weights_become_shares() {
    let check = |weight, expected| assert_eq!(v2::shares(weight), expected, "{weight}");
    check(1, 2);
    check(100, 2_597);
    check(10_000, 262_144);
    check(0, 2);
    check(u64::MAX, 2 + u64::MAX / 9_999);
}
