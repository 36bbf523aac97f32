//! Which mounted tree has which controller: all in one (v2), one tree each (v1), or a mixture (hybrid).

use std::path::{Path, PathBuf};

use crate::{Folder, Reader, Roots};

/// The controllers that have figures for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Controller {
    /// Limits and throttling; in v2 the use as well.
    Cpu,
    /// The use, in v1.
    Cpuacct,
    /// Memory.
    Memory,
    /// Block devices: `blkio` in v1, `io` in v2.
    Io,
    /// Numbers of processes.
    Pids,
}

/// The two interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// One tree for each controller.
    V1,
    /// One tree for all.
    V2,
}

const CONTROLLERS: usize = 5;

/// Every controller may have its own tree, and the v2 tree stands beside them.
const TREES_MAX: usize = CONTROLLERS + 1;

/// The trees of this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    trees: Vec<PathBuf>,
    place: [Option<(usize, Version)>; CONTROLLERS],
    unified: Option<usize>,
}

/// One group, opened in every tree where it exists.
#[derive(Debug)]
pub struct Cgroup {
    folders: [Option<Folder>; TREES_MAX],
}

impl Layout {
    /// Looks at `<sysfs>/fs/cgroup`. Nothing there makes an empty layout: the node's own figures still work.
    pub fn detect(roots: &Roots) -> Self {
        let base = roots.sysfs.join("fs/cgroup");
        let mut layout = Self::default();
        if base.join("cgroup.controllers").is_file() {
            layout.add_unified(&base);
            return layout;
        }
        layout.add_unified(&base.join("unified"));
        let v1 = [
            (Controller::Cpu, "cpu", "cpu.shares"),
            (Controller::Cpuacct, "cpuacct", "cpuacct.usage"),
            (Controller::Memory, "memory", "memory.usage_in_bytes"),
            (Controller::Io, "blkio", "blkio.throttle.io_service_bytes"),
            (Controller::Pids, "pids", "cgroup.procs"),
        ];
        for (controller, name, witness) in v1 {
            // `cpu` and `cpuacct` are links to one folder on many machines, and one name on some.
            let found = [name, "cpu,cpuacct", "cpuacct,cpu"]
                .into_iter()
                .map(|folder| base.join(folder))
                .find(|folder| folder.join(witness).is_file());
            if let Some(folder) = found.filter(|_| layout.place[controller as usize].is_none()) {
                let tree = layout.tree(&folder);
                layout.place[controller as usize] = Some((tree, Version::V1));
            }
        }
        layout
    }

    /// Whether any controller was found.
    pub fn is_empty(&self) -> bool {
        self.trees.is_empty()
    }

    /// The interface of `controller`, if it is there.
    pub fn version(&self, controller: Controller) -> Option<Version> {
        self.place[controller as usize].map(|(_, version)| version)
    }

    /// Opens the group at `path` ("kubepods/pod1"; the root is ""), in every tree that has it.
    pub fn open(&self, path: &str) -> Option<Cgroup> {
        let mut folders: [Option<Folder>; TREES_MAX] = Default::default();
        for (slot, tree) in folders.iter_mut().zip(&self.trees) {
            *slot = Folder::open(&tree.join(path)).ok();
        }
        folders.iter().any(Option::is_some).then_some(Cgroup { folders })
    }

    /// The trees in which pods are looked for: those with a controller first.
    pub(super) fn search(&self) -> impl Iterator<Item = &Path> {
        let placed = self.place.iter().flatten().map(|(tree, _)| *tree);
        placed.chain(self.unified).map(|tree| self.trees[tree].as_path())
    }

    pub(super) fn folder<'a>(
        &self,
        cgroup: &'a Cgroup,
        controller: Controller,
    ) -> Option<(&'a Folder, Version)> {
        let (tree, version) = self.place[controller as usize]?;
        Some((cgroup.folders[tree].as_ref()?, version))
    }

    /// The v2 tree.
    pub(super) fn unified_tree(&self) -> Option<&Path> {
        self.unified.map(|tree| self.trees[tree].as_path())
    }

    pub(super) fn unified<'a>(&self, cgroup: &'a Cgroup) -> Option<&'a Folder> {
        cgroup.folders[self.unified?].as_ref()
    }

    fn add_unified(&mut self, root: &Path) {
        let Some(listed) = Folder::open(root)
            .ok()
            .and_then(|folder| Reader::default().optional(&folder, "cgroup.controllers").map(<[u8]>::to_vec))
        else {
            return;
        };
        let tree = self.tree(root);
        self.unified = Some(tree);
        for name in crate::scan::fields(listed.trim_ascii()) {
            let controller = match name {
                b"cpu" => Controller::Cpu,
                b"memory" => Controller::Memory,
                b"io" => Controller::Io,
                b"pids" => Controller::Pids,
                _ => continue,
            };
            self.place[controller as usize] = Some((tree, Version::V2));
            if controller == Controller::Cpu {
                self.place[Controller::Cpuacct as usize] = Some((tree, Version::V2));
            }
        }
    }

    fn tree(&mut self, path: &Path) -> usize {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if let Some(known) = self.trees.iter().position(|tree| *tree == path) {
            return known;
        }
        self.trees.push(path);
        self.trees.len() - 1
    }
}

impl Cgroup {
    /// The processes in the group itself (not below it), as this process' PID namespace numbers them.
    pub fn processes(&self, reader: &mut Reader) -> Vec<u32> {
        let Some(bytes) = self.folders.iter().flatten().find_map(|folder| {
            reader.optional(folder, "cgroup.procs").filter(|bytes| !bytes.is_empty()).map(<[u8]>::to_vec)
        }) else {
            return Vec::new();
        };
        let number = |line| crate::scan::number(line).and_then(|pid| u32::try_from(pid).ok());
        // 0 is a process that has no number in our namespace.
        crate::scan::lines(&bytes).filter_map(number).filter(|pid| *pid != 0).collect()
    }
}
