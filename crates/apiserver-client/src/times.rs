//! How long the door waits for what. The client never gives up before the server does: a request that the client drops is
//! work that the server does for nobody, and the retry doubles it.

use std::time::Duration;

/// The shortest `timeoutSeconds` of a watch. Random between this and [`WATCH_SECONDS_MAX`], so that watches do not end together.
pub const WATCH_SECONDS_MIN: u32 = 290;

/// The longest: one renewal per kind in seven minutes on average, 11 kinds: one or two requests a minute.
pub const WATCH_SECONDS_MAX: u32 = 590;

/// A server ends a watch at its `timeoutSeconds`; the client gives it this much longer.
pub const WATCH_GRACE: Duration = Duration::from_secs(30);

/// kube-apiserver's `--request-timeout` is 60 s, and a request queues for at most a quarter of it before it is rejected. Connecting
/// and the first byte of an answer together get 15 s more than that.
pub const HEAD: Duration = Duration::from_secs(75);

/// Between two reads of a LIST's body: the server's 60 s end it first.
pub const PAGE_IDLE: Duration = Duration::from_secs(75);

/// For the whole body of a page: twice the server's 60 s. A trickle that keeps ahead of [`PAGE_IDLE`] must not hold the one
/// slot for lists for ever.
pub const PAGE_TOTAL: Duration = Duration::from_secs(120);

/// Between two reads of a watch. kube-apiserver sends a bookmark about every 60 s, 75 s at most: two of them are missing in a
/// row, and 30 s more. A false alarm (a server that sends no bookmarks) costs one resumed watch in three minutes, no LIST.
/// Dead peers are found sooner, by TCP keepalive, at no cost to the API server.
pub const WATCH_IDLE: Duration = Duration::from_secs(180);

/// For the initial events of a watch-list. 300,000 replicasets of 3 KB at 50 MiB/s take 17 s; a server that needs five minutes
/// is better asked for pages, which can be resumed.
pub const INITIAL_EVENTS: Duration = Duration::from_secs(300);

/// For the body of an error answer, whose code is known already.
pub const ERROR_BODY: Duration = Duration::from_secs(5);

/// For a credential plugin: some ask the user to log in with a browser.
pub const CREDENTIALS: Duration = Duration::from_secs(120);

/// For a question that is asked for the sake of the time that it takes: who waits longer has his answer.
pub const PROBE: Duration = Duration::from_secs(5);

/// TCP and TLS.
pub const CONNECT: Duration = Duration::from_secs(10);

/// TCP keepalive: a dead peer is noticed after 30 + 3 * 10 s of silence.
pub const KEEPALIVE: Duration = Duration::from_secs(30);
/// Between two probes.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// Probes without an answer.
pub const KEEPALIVE_PROBES: u32 = 3;
/// HTTP/2 asks (PING) as often as TCP does, and waits as long: what is between the two (a proxy) may answer TCP for a dead server.
pub const PING_TIMEOUT: Duration = Duration::from_secs(30);

/// A watch that ends sooner than this has failed, whatever it says: opening it again at once would be a loop.
pub const WATCH_LIVED_MIN: Duration = Duration::from_secs(5);

const _: () = assert!(WATCH_SECONDS_MIN < WATCH_SECONDS_MAX);
const _: () = assert!(WATCH_IDLE.as_secs() < WATCH_SECONDS_MIN as u64);
const _: () =
    assert!(PAGE_IDLE.as_secs() > 60 && HEAD.as_secs() > 60 && PAGE_TOTAL.as_secs() > PAGE_IDLE.as_secs());
const _: () = assert!(INITIAL_EVENTS.as_secs() < WATCH_SECONDS_MAX as u64);
