//! The door's settings.

use std::path::PathBuf;

use budget::Limits;

/// Where the credentials come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A kubeconfig file and, within it, a context (the current one without it).
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// The context.
        context: Option<String>,
    },
    /// The service account of the pod that this runs in.
    InCluster,
}

/// The door's settings. `DoorConfig::new(source)` is safe for any cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct DoorConfig {
    /// Where the credentials come from.
    pub source: Source,
    /// What may be asked of the API server.
    pub limits: Limits,
    /// Ask for gzip. On: `bench/start-cost.sh` shows the API server spending no more CPU on deflating than on encrypting what
    /// that saves, and its network carries a small part. What comes is understood either way.
    pub gzip: bool,
    /// Ask for watch-lists at all. Off: pages from the start.
    pub watch_list: bool,
}

impl DoorConfig {
    /// The safe defaults; the arithmetic is in [`Limits::default`].
    pub fn new(source: Source) -> Self {
        Self { source, limits: Limits::default(), gzip: true, watch_list: true }
    }

    /// The defaults for a kubeconfig file and its current context, or for the pod's service account without one.
    pub fn from_kubeconfig(path: Option<PathBuf>) -> Self {
        Self::new(match path {
            Some(path) => Source::Kubeconfig { path, context: None },
            None => Source::InCluster,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_every_kind_may_be_watched_with_two_to_spare() {
        let watches = DoorConfig::from_kubeconfig(None).limits.open_watches as usize;
        assert!(watches >= objects::Resource::ALL.len() + 2);
    }
}
