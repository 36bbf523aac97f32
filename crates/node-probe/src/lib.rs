//! What this machine says about itself, as plain structs: /proc, /sys, cgroups v1 and v2, and the pods that the kubelet or
//! the container runtime know.
//!
//! Owns: parsers (pure functions over bytes that borrow from them and never fail as a whole: a line that is not understood
//! is left out), files read through kept directory handles into one reused buffer, the cgroups of a pod, and the three local
//! sources of pods.
//!
//! Does not know: metric names, the hub, the API server (there is no path to it from here), who reads the structs.
//!
//! ```text
//! Roots -> proc::*   (the node)
//!       -> cgroup::Layout -> cgroup::PodCgroup -> cgroup::Stats   (a pod, a container)
//! kubelet Pods API | CRI | read-only port -> pods::follow -> pods::PodSink
//! ```
//! Start reading at [`roots`], [`mod@proc`], [`cgroup`] and [`pods`].

pub mod cgroup;
pub mod files;
pub mod filesystems;
pub mod interfaces;
pub mod pods;
pub mod proc;
pub mod processes;
pub mod roots;
pub mod scan;

pub use files::{Folder, Reader};
pub use roots::Roots;
