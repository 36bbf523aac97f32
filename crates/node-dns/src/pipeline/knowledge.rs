//! How old the zone is.

use std::time::Duration;

/// Where the zone came from last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The hub's stream is open, and the hub hears the API server.
    Live,
    /// From the hub, whose stream is closed now or which does not hear the API server.
    Hub,
    /// From the disk.
    Disk,
    /// There is none.
    Nothing,
}

/// What is known, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freshness {
    /// Where from.
    pub origin: Origin,
    /// Since the knowledge was last known to be what the API server says.
    pub age: Option<Duration>,
}

/// The zone's keeper, as far as the pipeline asks it.
pub trait Knowledge: Send + Sync + 'static {
    /// Called for each batch of queries, so it takes no lock.
    fn freshness(&self) -> Freshness;
}

impl Origin {
    /// Label and text.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Hub => "hub",
            Self::Disk => "disk",
            Self::Nothing => "nothing",
        }
    }
}

impl Freshness {
    /// Whether there is a zone to answer from, however old.
    pub fn known(&self) -> bool {
        self.origin != Origin::Nothing
    }
}
