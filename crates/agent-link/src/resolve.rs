//! From a host name to addresses, with the last good answer kept: an agent must find its hub when DNS is down.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::future::BoxFuture;

/// Resolvers of the C library try for 5 s twice and more; the agent does not wait that long when it knows an address.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);
/// Addresses kept of one answer.
const ADDRESSES_MAX: usize = 16;
/// Addresses tried in one attempt.
const ADDRESSES_TRIED: usize = 3;

/// Turns a name into addresses.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `host`, with `port`.
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;
}

/// The system's resolver.
#[derive(Debug, Clone, Copy)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let host = host.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

/// The hub's addresses: asked anew for each attempt, the last good answer when there is none.
pub(crate) struct HubAddress {
    host: String,
    port: u16,
    pinned: Vec<SocketAddr>,
    /// A lookup that has not come back. No second one is started beside it: each may hold a thread.
    running: Option<BoxFuture<'static, io::Result<Vec<SocketAddr>>>>,
    /// Attempts so far: each begins with another address.
    attempts: usize,
}

impl HubAddress {
    /// Of `host:port`, `[v6]:port` among them.
    pub(crate) fn parse(hub: &str) -> Option<Self> {
        let (host, port) = hub.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port != 0)?;
        let host = host.strip_prefix('[').map_or(Some(host), |rest| rest.strip_suffix(']'))?;
        let plain = !host.is_empty() && !host.contains(['/', '@', ' ']);
        let address_or_name = host.parse::<IpAddr>().is_ok() || !host.contains(':');
        (plain && address_or_name).then(|| Self {
            host: host.to_owned(),
            port,
            pinned: Vec::new(),
            running: None,
            attempts: 0,
        })
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Whether connections without TLS may go there.
    pub(crate) fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// Addresses to try in this attempt; each attempt begins with another one.
    pub(crate) async fn addresses(&mut self, resolver: &dyn Resolve) -> io::Result<Vec<SocketAddr>> {
        if let Ok(ip) = self.host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(ip, self.port)]);
        }
        let lookup = self.running.get_or_insert_with(|| resolver.resolve(&self.host, self.port));
        let answer = match tokio::time::timeout(LOOKUP_TIMEOUT, lookup).await {
            Ok(answer) => {
                self.running = None;
                answer
            }
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "the name was not resolved within 5 s")),
        };
        match answer {
            Ok(mut addresses) if !addresses.is_empty() => {
                addresses.truncate(ADDRESSES_MAX);
                self.pinned = addresses;
            }
            _ if !self.pinned.is_empty() => {}
            Ok(_) => return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address")),
            Err(error) => return Err(error),
        }
        let mut addresses = self.pinned.clone();
        addresses.rotate_left(self.attempts % self.pinned.len());
        addresses.truncate(ADDRESSES_TRIED);
        self.attempts = self.attempts.wrapping_add(1);
        Ok(addresses)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;

    use super::*;

    #[test]
    fn host_and_port() {
        let rows = [
            ("plimsoll-hub.plimsoll.svc:8443", Some(("plimsoll-hub.plimsoll.svc", 8443, false))),
            ("localhost:1", Some(("localhost", 1, true))),
            ("127.0.0.1:1", Some(("127.0.0.1", 1, true))),
            ("[::1]:1", Some(("::1", 1, true))),
            ("10.0.0.1:1", Some(("10.0.0.1", 1, false))),
            ("::1:1", Some(("::1", 1, true))),
            ("a:b:1", None),
            ("[::1:1", None),
            ("hub", None),
            ("hub:", None),
            ("hub:0", None),
            ("hub:65536", None),
            (":8443", None),
            ("https://hub:8443", None),
        ];
        for (input, expected) in rows {
            let parsed = HubAddress::parse(input);
            let got = parsed.as_ref().map(|hub| (hub.host(), hub.port, hub.is_loopback()));
            assert_eq!(got, expected, "{input}");
        }
    }

    /// Answers from a script; hangs when the script is at its end.
    struct Scripted(Arc<Mutex<Vec<io::Result<Vec<SocketAddr>>>>>);

    impl Resolve for Scripted {
        fn resolve(&self, _: &str, _: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
            match self.0.lock().pop() {
                Some(answer) => Box::pin(async { answer }),
                None => Box::pin(std::future::pending()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_good_address_outlives_dns() {
        let address = |text: &str| vec![text.parse::<SocketAddr>().unwrap()];
        let script = vec![
            Ok(address("10.0.0.2:9")),
            Ok(Vec::new()),
            Err(io::ErrorKind::Other.into()),
            Ok(address("10.0.0.1:9")),
            Err(io::ErrorKind::NotFound.into()),
        ];
        let resolver = Scripted(Arc::new(Mutex::new(script)));
        let mut hub = HubAddress::parse("hub:9").unwrap();
        assert!(hub.addresses(&resolver).await.is_err(), "nothing known yet");
        for expected in ["10.0.0.1:9", "10.0.0.1:9", "10.0.0.1:9", "10.0.0.2:9", "10.0.0.2:9", "10.0.0.2:9"] {
            assert_eq!(hub.addresses(&resolver).await.unwrap(), address(expected));
        }
    }
}
