//! `/proc/<pid>/mountinfo`.

use crate::scan::{fields, lines, number, text};

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// What is mounted: a device, "tmpfs", "server:/export".
    pub device: String,
    /// Where, as a process in the root of the mount table sees it.
    pub mountpoint: String,
    /// "ext4", "nfs4", …
    pub fstype: String,
    /// Device number.
    pub major: u32,
    /// Device number.
    pub minor: u32,
    /// Either the mount or its file system is read-only.
    pub readonly: bool,
}

/// The mounts that node_exporter shows by default: no pseudo file systems, nothing below /dev, /proc, /sys and the
/// container runtimes' storage. A mount point that occurs twice counts once, the uppermost (last) one.
pub fn mounts(bytes: &[u8], into: &mut Vec<Mount>) {
    into.clear();
    into.extend(lines(bytes).filter_map(mount));
    // Stable: the last of equal ones stays last. A node has a mount for each volume of each pod, so no search in a list.
    into.sort_by(|one, other| one.mountpoint.cmp(&other.mountpoint));
    into.reverse();
    into.dedup_by(|one, other| one.mountpoint == other.mountpoint);
    into.reverse();
}

// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
fn mount(line: &[u8]) -> Option<Mount> {
    let mut left = fields(line).skip(2);
    let (major, minor) = text(left.next()?).split_once(':')?;
    let mountpoint = left.nth(1)?;
    let options = left.next()?;
    let mut right = left.skip_while(|field| *field != b"-").skip(1);
    let fstype = text(right.next()?);
    let device = right.next()?;
    if ignored_type(fstype) || ignored_mountpoint(text(mountpoint)) {
        return None;
    }
    let readonly =
        |options: &[u8], names: &[&[u8]]| options.split(|b| *b == b',').any(|option| names.contains(&option));
    let super_options = right.next().unwrap_or_default();
    Some(Mount {
        device: unescape(device),
        mountpoint: unescape(mountpoint),
        fstype: fstype.to_owned(),
        major: u32::try_from(number(major.as_bytes())?).ok()?,
        minor: u32::try_from(number(minor.as_bytes())?).ok()?,
        readonly: readonly(options, &[b"ro"]) || readonly(super_options, &[b"ro", b"emergency_ro"]),
    })
}

/// Octal escapes of space, tab, line break and backslash; what is not UTF-8 is replaced.
fn unescape(field: &[u8]) -> String {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        let escape = (byte == b'\\').then(|| after.get(..3)).flatten();
        match escape.and_then(|digits| u8::from_str_radix(text(digits), 8).ok()) {
            Some(plain) => {
                out.push(plain);
                rest = &after[3..];
            }
            None => {
                out.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|failed| String::from_utf8_lossy(failed.as_bytes()).into_owned())
}

fn ignored_type(fstype: &str) -> bool {
    matches!(
        fstype,
        "autofs"
            | "binfmt_misc"
            | "bpf"
            | "cgroup"
            | "cgroup2"
            | "configfs"
            | "debugfs"
            | "devpts"
            | "devtmpfs"
            | "fusectl"
            | "hugetlbfs"
            | "iso9660"
            | "mqueue"
            | "nsfs"
            | "overlay"
            | "proc"
            | "procfs"
            | "pstore"
            | "rpc_pipefs"
            | "securityfs"
            | "selinuxfs"
            | "squashfs"
            | "erofs"
            | "sysfs"
            | "tracefs"
    )
}

fn ignored_mountpoint(path: &str) -> bool {
    let below =
        |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let inside = |root: &str| path.strip_prefix(root).is_some_and(|rest| !rest.is_empty());
    ["/dev", "/proc", "/sys"].into_iter().any(below)
        || ["/run/credentials/", "/var/lib/docker/", "/var/lib/containers/storage/"].into_iter().any(inside)
}
