//! What time it is.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};

use crate::files;

/// A UUID of 36 characters and a newline.
const BOOT_ID_BYTES: usize = 64;

/// Two clocks: one that only moves forward, for durations; one that people set, for timestamps.
pub trait Clock: Send + Sync + 'static {
    /// Time since an arbitrary origin; never goes back.
    fn monotonic(&self) -> Duration;
    /// Time since the Unix epoch; may jump.
    fn wall(&self) -> Duration;
}

/// The machine's clocks. Its monotonic clock is tokio's, so that a paused runtime pauses it too.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    origin: tokio::time::Instant,
}

/// A clock that moves when it is told to.
#[derive(Debug, Clone, Default)]
pub struct ManualClock {
    now: Arc<Mutex<(Duration, Duration)>>,
}

/// Time since the machine was started, with suspension counted: one origin for all processes of a boot.
pub fn since_boot() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Which start of the machine this is: a UUID that no other start has.
///
/// # Errors
/// `/proc` is not there.
pub fn boot_id() -> io::Result<String> {
    let mut text = Vec::new();
    files::read_into("/proc/sys/kernel/random/boot_id".as_ref(), &mut text, BOOT_ID_BYTES)?;
    Ok(String::from_utf8_lossy(&text).trim().to_owned())
}

impl SystemClock {
    /// Starts at zero now.
    pub fn new() -> Self {
        Self { origin: tokio::time::Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        tokio::time::Instant::now().saturating_duration_since(self.origin)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    fn wall(&self) -> Duration {
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
    }
}

impl ManualClock {
    /// Moves both clocks forward.
    pub fn advance(&self, by: Duration) {
        let mut now = self.now.lock();
        now.0 += by;
        now.1 += by;
    }

    /// Sets the wall clock alone: somebody stepped it.
    pub fn set_wall(&self, wall: Duration) {
        self.now.lock().1 = wall;
    }
}

impl Clock for ManualClock {
    fn monotonic(&self) -> Duration {
        self.now.lock().0
    }

    fn wall(&self) -> Duration {
        self.now.lock().1
    }
}
