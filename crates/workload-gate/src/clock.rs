//! What time it is on this node.

use std::io;
use std::sync::Arc;

use confirmation::Now;
use environment::{Clock, boot_id, since_boot};

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
        let digits: String = boot_id()?.chars().filter(char::is_ascii_hexdigit).collect();
        let boot = u128::from_str_radix(&digits, 16)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the kernel's boot_id is no UUID"))?;
        Ok(Self { boot, clock })
    }

    pub(crate) fn now(&self) -> Now {
        Now { boot: self.boot, up: since_boot(), wall: self.clock.wall() }
    }
}
