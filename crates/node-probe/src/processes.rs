//! Which process belongs to which container, by way of `/proc/<pid>/cgroup`.
//!
//! `cgroup.procs` gives numbers of the reader's own PID namespace: to an agent in a pod without `hostPID` the processes of
//! others have none. The host's procfs, mounted into the pod, has them all.

use std::path::Path;

use crate::{Folder, Reader, scan};

/// Processes looked at; the kernel's default limit (`pid_max`) on a large machine is 4,194,304, a node has some 1,000.
pub const PROCESSES_MAX: usize = 65_536;

/// Calls `each` with the container's identifier and the process' number, for every process that is in a container.
pub fn processes(procfs: &Path, reader: &mut Reader, mut each: impl FnMut(&str, u32)) {
    let Ok(root) = Folder::open(procfs) else { return };
    let mut looked_at = 0;
    let _ = root.entries(|name| {
        let Ok(pid) = name.parse::<u32>() else { return };
        looked_at += 1;
        if looked_at > PROCESSES_MAX {
            return;
        }
        // A process that has ended by now is in no container any more.
        let Ok(process) = root.folder(name) else { return };
        let groups = reader.optional(&process, "cgroup").unwrap_or_default();
        if let Some(id) = scan::lines(groups).find_map(container) {
            each(id, pid);
        }
    });
}

/// The identifier in "0::/kubepods.slice/…/cri-containerd-<id>.scope", however the path begins.
fn container(line: &[u8]) -> Option<&str> {
    let path = scan::text(line);
    path.rsplit('/').find_map(crate::cgroup::container_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn processes_of_containers() {
        let check = |cgroup: &str, expected: &[(&str, u32)]| {
            let root = tempfile::tempdir().unwrap();
            for name in ["7", "self"] {
                std::fs::create_dir(root.path().join(name)).unwrap();
                std::fs::write(root.path().join(name).join("cgroup"), cgroup).unwrap();
            }
            std::fs::create_dir(root.path().join("8")).unwrap();
            let mut found = Vec::new();
            processes(root.path(), &mut Reader::default(), |id, pid| found.push((id.to_owned(), pid)));
            let found: Vec<_> = found.iter().map(|(id, pid)| (id.as_str(), *pid)).collect();
            assert_eq!(found, expected, "{cgroup}");
        };
        check("", &[]);
        check("0::/init.scope\n", &[]);
        check(&format!("0::/../../kubepods-pod1.slice/cri-containerd-{ID}.scope\n"), &[(ID, 7)]);
        check(&format!("12:pids:/\n11:cpu:/kubepods/pod1/{ID}\n"), &[(ID, 7)]);
        check(&format!("0::/kubepods/pod1/{ID}/inner\n"), &[(ID, 7)]);
    }
}
