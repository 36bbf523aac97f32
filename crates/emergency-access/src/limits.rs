//! Every bound of this crate, with its arithmetic.

use std::time::Duration;

/// A request of a lever. Under the crowd of the outage an exempt administrator's GET took up to 4 s; the first try may fail.
pub const ASK: Duration = Duration::from_secs(10);
/// Tries of a request that got no answer, or 429 or 5xx: levers are written so that doing one twice is doing it once.
pub const TRIES: u32 = 3;
/// Between two tries, times the number of the try.
pub const AGAIN: Duration = Duration::from_millis(500);
/// An object, or one page of bindings.
pub const BODY_BYTES_MAX: usize = 8 << 20;
/// Objects of a page, and pages: 5,000 bindings.
pub const PAGE_OBJECTS: usize = 500;
/// Pages of bindings that are looked through.
pub const PAGES_MAX: usize = 10;
/// Between two looks at the API servers' health: 2 requests to each of them, 4 a second.
pub const LOOK: Duration = Duration::from_millis(500);
/// A look that takes longer has failed.
pub const PROBE: Duration = Duration::from_secs(2);
/// Looks in a row that must all be good: 5 s of health. The slowest of 10 is beyond the 90th percentile; a whole engagement's
/// figures are printed with its end.
pub const GOOD_LOOKS: usize = 10;
/// An ordinary GET of a healthy API server is far below.
pub const GOOD_TAKES: Duration = Duration::from_millis(100);
/// A record of the audit log: an object that was deleted may be in it.
pub const RECORD_BYTES_MAX: usize = 2 << 20;
/// The whole log: a thousand emergencies.
pub const LOG_BYTES_MAX: usize = 64 << 20;
/// A command that the owner has configured.
pub const HOOK: Duration = Duration::from_secs(120);
/// Commands that the owner has configured.
pub const HOOKS_MAX: usize = 16;
