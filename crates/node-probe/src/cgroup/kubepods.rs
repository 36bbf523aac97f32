//! Where the kubelet puts pods, with either of its two cgroup drivers.
//!
//! systemd:  `kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod<uid_>.slice/cri-containerd-<id>.scope`
//! cgroupfs: `kubepods/burstable/pod<uid>/<id>`
//! A guaranteed pod stands one level higher. kind and other nested kubelets put all of it below `kubelet`.

use std::path::Path;

use super::Layout;
use crate::Folder;

const QUALITIES: [&str; 3] = ["", "burstable", "besteffort"];
/// Container identifiers of every runtime are 64 hexadecimal digits.
const CONTAINER_ID_DIGITS: usize = 64;

/// The group above all pods, found once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kubepods {
    /// The systemd driver: `root` is the path of the slice, `stem` the beginning of the names below it.
    Systemd {
        /// "kubepods.slice"
        root: String,
        /// "kubepods"
        stem: String,
    },
    /// The cgroupfs driver.
    Cgroupfs {
        /// "kubepods"
        root: String,
    },
}

impl Kubepods {
    /// Looks for it in the trees of `layout`.
    pub fn find(layout: &Layout) -> Option<Self> {
        let systemd = |root: &str, stem: &str| Self::Systemd { root: root.into(), stem: stem.into() };
        let candidates = [
            systemd("kubepods.slice", "kubepods"),
            Self::Cgroupfs { root: "kubepods".into() },
            systemd("kubelet.slice/kubelet-kubepods.slice", "kubelet-kubepods"),
            Self::Cgroupfs { root: "kubelet/kubepods".into() },
        ];
        let exists = |candidate: &Self| layout.search().any(|tree| tree.join(candidate.root()).is_dir());
        candidates.into_iter().find(exists)
    }

    /// Its path.
    pub fn root(&self) -> &str {
        match self {
            Self::Systemd { root, .. } | Self::Cgroupfs { root } => root,
        }
    }

    /// The path of the pod's group, if it exists by now.
    pub fn pod(&self, layout: &Layout, uid: &str) -> Option<String> {
        if !is_file_name(uid) {
            return None;
        }
        let exists = |path: &String| layout.search().any(|tree| tree.join(path).is_dir());
        QUALITIES.into_iter().map(|quality| self.pod_path(quality, uid)).find(exists)
    }

    /// The path of the pod's group below `/sys/fs/cgroup`, if it is in the v2 tree: nf_tables knows sockets by no other one.
    pub fn pod_in_unified(&self, layout: &Layout, uid: &str) -> Option<String> {
        if !is_file_name(uid) {
            return None;
        }
        let tree = layout.unified_tree()?;
        let exists = |path: &String| tree.join(path).is_dir();
        let path = QUALITIES.into_iter().map(|quality| self.pod_path(quality, uid)).find(exists)?;
        Some(if tree.ends_with("unified") { format!("unified/{path}") } else { path })
    }

    /// The containers of the pod (its sandbox among them): identifier and path of each.
    pub fn containers(&self, layout: &Layout, pod: &str, mut each: impl FnMut(&str, String)) {
        let Some(folder) = layout.search().find_map(|tree| Folder::open(&tree.join(pod)).ok()) else {
            return;
        };
        // A folder that vanishes while it is listed has listed enough.
        let _ = folder.entries(|name| {
            if let Some(id) = container_id(name) {
                each(id, format!("{pod}/{name}"));
            }
        });
    }

    fn pod_path(&self, quality: &str, uid: &str) -> String {
        match self {
            Self::Cgroupfs { root } if quality.is_empty() => format!("{root}/pod{uid}"),
            Self::Cgroupfs { root } => format!("{root}/{quality}/pod{uid}"),
            Self::Systemd { root, stem } => {
                let uid = uid.replace('-', "_");
                if quality.is_empty() {
                    return format!("{root}/{stem}-pod{uid}.slice");
                }
                format!("{root}/{stem}-{quality}.slice/{stem}-{quality}-pod{uid}.slice")
            }
        }
    }
}

/// A UID comes from outside: it must not lead out of the folder.
fn is_file_name(uid: &str) -> bool {
    !uid.is_empty() && !uid.contains('/') && Path::new(uid).file_name().is_some_and(|name| name == uid)
}

/// The container's identifier in the name of its group: `<id>`, `cri-containerd-<id>.scope`, `crio-<id>.scope`,
/// `docker-<id>.scope`. CRI-O's monitor (`crio-conmon-<id>.scope`) is no container.
pub fn container_id(name: &str) -> Option<&str> {
    let stem = name.strip_suffix(".scope").unwrap_or(name);
    let (prefix, id) = stem.rsplit_once('-').unwrap_or(("", stem));
    let digits = id.len() == CONTAINER_ID_DIGITS && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    (digits && !prefix.ends_with("conmon")).then_some(id)
}
