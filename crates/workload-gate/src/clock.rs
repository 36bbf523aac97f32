//! What time it is on this node.

use std::io;
use std::sync::Arc;

use confirmation::Now;
use environment::{Clock, files, since_boot};

/// A UUID of 36 characters and a newline.
const BOOT_ID_BYTES: usize = 64;

/// The clocks of a [`Now`].
#[derive(Clone)]
pub struct NodeClock {
    boot: u128,
    clock: Arc<dyn Clock>,
}

impl NodeClock {
    /// The machine's clocks; the wall clock is `clock`'s.
    ///
    /// # Errors
    /// `/proc` is not there, or not as Linux has it.
    pub fn new(clock: Arc<dyn Clock>) -> io::Result<Self> {
        let mut text = Vec::new();
        files::read_into("/proc/sys/kernel/random/boot_id".as_ref(), &mut text, BOOT_ID_BYTES)?;
        let digits: String = String::from_utf8_lossy(&text).chars().filter(char::is_ascii_hexdigit).collect();
        let boot = u128::from_str_radix(&digits, 16)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the kernel's boot_id is no UUID"))?;
        Ok(Self { boot, clock })
    }

    pub(crate) fn now(&self) -> Now {
        Now { boot: self.boot, up: since_boot(), wall: self.clock.wall() }
    }
}
