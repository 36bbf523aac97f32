//! States of a cluster in which a workload has to be borne.

use serde::Serialize;

use crate::read_path::CacheState;

/// Pods that the DaemonSet controller makes in one sync (`daemon_controller.go`, `BurstReplicas`): a first install is no rolling
/// update. A sync a second: the pace of a controller whose client is not held back.
const INSTALL_STARTS_PER_SECOND: f64 = 250.0;
/// All start or reconnect within half a minute: kubelets' and clients' backoff is 30 s at most.
const STORM_SECONDS: f64 = 30.0;
/// In steady operation, every copy is restarted by something once a day.
const LIFE_SECONDS: f64 = 86_400.0;

/// Part of its CPU that an API server may use for as long as it likes: room for its garbage collector and for the unforeseen.
const CPU_STEADY: f64 = 0.6;
/// Part of it that it may use for half a minute.
const CPU_BURST: f64 = 0.9;

/// A state of the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Everything runs.
    Steady,
    /// The workload is installed: 250 new pods with each sync.
    Install,
    /// All copies start again at once.
    RestartAll,
    /// One API server is gone; its clients have moved to the others.
    ServerLost,
    /// An API server has just started, its caches are not filled, and its clients read anew.
    ColdCache,
    /// The caches are more than 3 s behind: consistent reads go to etcd.
    StalledCache,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Steady,
        Self::Install,
        Self::RestartAll,
        Self::ServerLost,
        Self::ColdCache,
        Self::StalledCache,
    ];

    /// As a title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Install => "first install, 250 pods per sync",
            Self::RestartAll => "restart of everything",
            Self::ServerLost => "one API server lost",
            Self::ColdCache => "cold cache",
            Self::StalledCache => "stalled cache",
        }
    }

    /// How the caches are.
    #[must_use]
    pub fn cache(self) -> CacheState {
        match self {
            Self::ColdCache => CacheState::Cold,
            Self::StalledCache => CacheState::Stalled,
            Self::Steady | Self::Install | Self::RestartAll | Self::ServerLost => CacheState::Fresh,
        }
    }

    /// API servers that are there. A lone one that is lost is an outage of its own: nothing is left to forecast.
    pub(crate) fn servers(self, count: u32) -> u32 {
        if self == Self::ServerLost { count.saturating_sub(1).max(1) } else { count.max(1) }
    }

    /// Starts a second of that many copies.
    pub(crate) fn starts_per_second(self, copies: f64, servers: u32) -> f64 {
        match self {
            Self::Steady | Self::ServerLost | Self::StalledCache => copies / LIFE_SECONDS,
            Self::Install | Self::RestartAll => copies / self.storm_seconds(copies).unwrap_or(STORM_SECONDS),
            // The clients of the one that has started anew.
            Self::ColdCache => copies / f64::from(servers.max(1)) / STORM_SECONDS,
        }
    }

    /// How long it takes until all copies have started, where they do at once.
    pub(crate) fn storm_seconds(self, copies: f64) -> Option<f64> {
        match self {
            Self::Install => Some((copies / INSTALL_STARTS_PER_SECOND).max(STORM_SECONDS)),
            Self::RestartAll => Some(STORM_SECONDS),
            Self::Steady | Self::ServerLost | Self::ColdCache | Self::StalledCache => None,
        }
    }

    /// Watches a second that are opened anew where they were, beyond the regular renewals.
    pub(crate) fn resumed_per_second(self, copies: f64, servers: u32) -> f64 {
        match self {
            Self::ServerLost => copies / f64::from(servers.max(1)) / STORM_SECONDS,
            Self::Steady | Self::Install | Self::RestartAll | Self::ColdCache | Self::StalledCache => 0.0,
        }
    }

    /// The part of the CPU that may be used.
    pub(crate) fn cpu_limit(self) -> f64 {
        match self {
            Self::Steady | Self::ServerLost | Self::StalledCache => CPU_STEADY,
            Self::Install | Self::RestartAll | Self::ColdCache => CPU_BURST,
        }
    }
}
