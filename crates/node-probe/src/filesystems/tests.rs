//! Which file systems are shown, and that one which hangs stops nobody.

use super::*;

fn mount(mountpoint: &str) -> Mount {
    let (device, fstype) = ("/dev/vda1".into(), "ext4".into());
    Mount { device, mountpoint: mountpoint.into(), fstype, major: 254, minor: 1, readonly: false }
}

fn settled(filesystems: &Filesystems, threads: usize) {
    while filesystems.shared.lock().threads > threads {
        std::thread::yield_now();
    }
}

#[test]
fn sizes_and_errors_stand_side_by_side() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("data")).unwrap();
    let filesystems = Filesystems::new(Roots::below(root.path()));
    filesystems.refresh(vec![mount("/data"), mount("/missing")], Duration::default);
    settled(&filesystems, 0);
    let mut found = Vec::new();
    filesystems.each(|one| {
        found.push((one.mount.mountpoint.clone(), one.space.clone().map(|space| space.size > 0)))
    });
    assert_eq!(found[0], ("/data".into(), Ok(true)));
    assert!(found[1].1.is_err());
}

#[test]
fn a_stuck_mount_is_named_and_the_others_go_on() {
    let root = tempfile::tempdir().unwrap();
    let filesystems = Filesystems::new(Roots::below(root.path()));
    let long_ago = Duration::ZERO;
    // As a round that hangs in /nfs leaves it.
    *filesystems.shared.lock() =
        Shared { asking: vec![("/nfs".into(), long_ago)], threads: 1, ..Shared::default() };
    let later = || Duration::from_secs(STUCK_SECONDS);
    filesystems.refresh(vec![mount("/nfs"), mount("/")], || Duration::from_secs(1));
    assert_eq!(filesystems.shared.lock().threads, 1, "not stuck yet: no further thread");
    filesystems.refresh(vec![mount("/nfs"), mount("/")], later);
    settled(&filesystems, 1);
    assert_eq!(filesystems.stuck(later()), 1);
    let mut found = Vec::new();
    filesystems.each(|one| found.push((one.mount.mountpoint.clone(), one.space.is_ok())));
    assert_eq!(found, [("/nfs".into(), false), ("/".into(), true)]);
}

#[test]
fn threads_are_bounded() {
    let filesystems = Filesystems::new(Roots::default());
    let asking: Vec<_> = (0..THREADS_MAX).map(|n| (format!("/nfs{n}"), Duration::ZERO)).collect();
    *filesystems.shared.lock() = Shared { asking, threads: THREADS_MAX, ..Shared::default() };
    filesystems.refresh(vec![mount("/")], || Duration::from_secs(60));
    assert_eq!(filesystems.shared.lock().threads, THREADS_MAX);
}
