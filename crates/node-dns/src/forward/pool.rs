//! Several upstreams for the same names: who is asked, how often, and for how long.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use answer_cache::Pace;
use budget::{RetryBudget, Take};
use corefile::Zone;
use dns_message::{Class, EdeCode, Name, Rcode, RecordType};
use environment::{Clock, Entropy};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::exchange::{Came, ExchangeError, Transport};
use super::health::Health;
use super::learnt::Learnt;
use super::metrics::{Metrics, To, ToRcode};
use super::outgoing::Wanted;
use super::settings::SettingsError;
use super::zones::{self, WireZone};
use super::{policy, settings, tls};

/// All attempts for one query together: glibc gives up after 5 s, and a client that waits should still get SERVFAIL with
/// the reason.
pub(crate) const QUERY_TIMEOUT: Duration = Duration::from_millis(4500);

/// A query waits for the upstream's budget no longer than this; it is a fifth of what its client waits.
const PACED_WAIT_MAX: Duration = Duration::from_secs(1);

/// Attempts beyond the first: one for each five queries that succeeded, ten a second in any case, fifty at once. Upstreams
/// that are slow get at most 1.2 times the load of fast ones.
const RETRY_FRACTION: f64 = 0.2;
const RETRIES_PER_SECOND: f64 = 10.0;
const RETRIES_AT_ONCE: u32 = 50;

/// Queries out at once when the Corefile says nothing: each holds a socket, and a process may have 65,536 or more.
const CONCURRENT_MAX: u32 = 16_384;

/// CoreDNS's name of the plugin, as label.
const PROXY_NAME: &str = "forward";

pub(crate) struct Pool {
    pub(crate) from: Zone,
    except: Vec<WireZone>,
    pub(crate) settings: corefile::Forward,
    upstreams: Vec<Arc<OneUpstream>>,
    shared: Arc<Shared>,
    turn: AtomicUsize,
    out: AtomicU32,
    pace: Mutex<Pace>,
    retries: Mutex<RetryBudget>,
}

/// What all pools use.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) metrics: Metrics,
    pub(crate) stop: CancellationToken,
}

struct OneUpstream {
    label: String,
    transport: Transport,
    health: Mutex<Health>,
}

/// Counts a query as out until it is dropped.
struct Out<'a>(&'a AtomicU32);

impl Drop for Out<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    pub(crate) fn new(forward: &corefile::Forward, shared: &Arc<Shared>) -> Result<Self, SettingsError> {
        let mut connector = None;
        let mut upstreams = Vec::new();
        for upstream in &forward.upstreams {
            let (address, tls) = match upstream {
                corefile::Upstream::Plain(address) => (*address, None),
                corefile::Upstream::Tls(address, name) => {
                    if connector.is_none() {
                        connector = Some(tls::client(&forward.tls, &shared.clock)?);
                    }
                    let name = name.as_deref().or(forward.server_name.as_deref());
                    let name = tls::server_name(name, address.ip())?;
                    (*address, connector.clone().map(|connector| tls::Tls { connector, name }))
                }
                // Settings have put addresses in their places.
                corefile::Upstream::ResolvConf(_) | corefile::Upstream::ClusterDns => continue,
            };
            let scheme = if tls.is_some() { "tls://" } else { "" };
            upstreams.push(Arc::new(OneUpstream {
                label: format!("{scheme}{address}"),
                transport: Transport::new(address, tls, forward),
                health: Mutex::new(Health::default()),
            }));
        }
        Ok(Self {
            from: forward.from.clone(),
            except: WireZone::all(&forward.except),
            settings: forward.clone(),
            upstreams,
            shared: Arc::clone(shared),
            turn: AtomicUsize::new(0),
            out: AtomicU32::new(0),
            pace: Mutex::new(Pace::new(settings::pace(forward))),
            retries: Mutex::new(RetryBudget::new(RETRY_FRACTION, RETRIES_PER_SECOND, RETRIES_AT_ONCE)),
        })
    }

    /// Whether this name (wire form, lower case) is left out.
    pub(crate) fn excepts(&self, lower: &[u8]) -> bool {
        zones::any_holds(&self.except, lower)
    }

    pub(crate) fn addresses(&self) -> impl Iterator<Item = std::net::SocketAddr> + '_ {
        self.upstreams.iter().map(|upstream| upstream.transport.address)
    }

    /// Whether a fetch that nobody waits for may go out now, or when.
    pub(crate) fn may_refresh(&self) -> Take {
        self.pace.lock().refresh(self.shared.clock.monotonic(), self.shared.entropy.fraction())
    }

    /// Asks until there is an answer, or no sense in asking on. `paced` is false for a fetch that has its leave already.
    pub(crate) async fn ask(&self, wanted: &Wanted, paced: bool) -> Learnt {
        let most = self.settings.max_concurrent.unwrap_or(CONCURRENT_MAX);
        let before = self.out.fetch_add(1, Ordering::Relaxed);
        let _out = Out(&self.out);
        if before >= most {
            self.shared.metrics.rejected.inc();
            return Learnt::refused(wanted, Rcode::REFUSED, "too many queries are out");
        }
        if paced && !self.wait_for_pace().await {
            self.shared.metrics.paced.inc();
            return Learnt::refused(wanted, Rcode::SERVFAIL, "the upstream's budget is used up");
        }
        let asking = self.try_each(wanted);
        let learnt = tokio::time::timeout(QUERY_TIMEOUT, asking).await.unwrap_or_else(|_| {
            let text = "upstreams did not answer in time";
            Learnt::failure(wanted, Rcode::SERVFAIL, EdeCode::NO_REACHABLE_AUTHORITY, text)
        });
        if !learnt.is_good() {
            self.note_outage();
        }
        learnt
    }

    async fn wait_for_pace(&self) -> bool {
        let until = self.shared.clock.monotonic() + PACED_WAIT_MAX;
        loop {
            let now = self.shared.clock.monotonic();
            let take = self.pace.lock().client(now);
            match take {
                Take::Now => return true,
                Take::After(wait) if now + wait > until => return false,
                Take::After(wait) => tokio::time::sleep(wait).await,
            }
        }
    }

    async fn try_each(&self, wanted: &Wanted) -> Learnt {
        let down: Vec<bool> = self.upstreams.iter().map(|upstream| self.is_down(upstream)).collect();
        let all_down = !down.is_empty() && down.iter().all(|down| *down);
        if all_down {
            self.shared.metrics.all_down.inc();
            if self.settings.failfast {
                let text = "all upstreams are down";
                return Learnt::failure(wanted, Rcode::SERVFAIL, EdeCode::NO_REACHABLE_AUTHORITY, text);
            }
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let order = policy::order(self.settings.policy, turn, self.shared.entropy.next_u64(), &down);
        // 0 in the file means no limit; time sets one.
        let attempts = match self.settings.max_connect_attempts {
            None => 2 * order.len(),
            Some(0) => usize::MAX,
            Some(most) => most as usize,
        };
        let mut last = None;
        for (attempt, at) in order.iter().cycle().take(attempts).enumerate() {
            if attempt > 0 && !self.may_retry() {
                break;
            }
            let mut came = self.attempt(&self.upstreams[*at], wanted).await;
            if came.as_ref().is_ok_and(|learnt| learnt.rcode == Rcode::FORMERR) {
                // It may not understand EDNS (RFC 6891, 6.2.2).
                let plain = Wanted { edns: false, dnssec_ok: false, ..wanted.clone() };
                came = self.attempt(&self.upstreams[*at], &plain).await;
            }
            match came {
                Ok(learnt) if self.settings.failover.contains(&learnt.rcode.0) => {
                    last = Some(learnt);
                    // Each is asked once: the second time it would say the same.
                    if attempt + 1 >= order.len() {
                        break;
                    }
                }
                Ok(learnt) => return learnt,
                Err(error) => {
                    let text = format!("{}: {error}", self.upstreams[*at].label);
                    let code = EdeCode::NETWORK_ERROR;
                    last.get_or_insert_with(|| Learnt::failure(wanted, Rcode::SERVFAIL, code, &text));
                }
            }
        }
        last.unwrap_or_else(|| {
            Learnt::failure(wanted, Rcode::SERVFAIL, EdeCode::NO_REACHABLE_AUTHORITY, "no upstream")
        })
    }

    fn may_retry(&self) -> bool {
        let now = self.shared.clock.monotonic();
        let may = self.retries.lock().step(now) == Take::Now;
        if !may {
            self.shared.metrics.retries_denied.inc();
        }
        may
    }

    fn is_down(&self, upstream: &OneUpstream) -> bool {
        upstream.health.lock().is_down(self.settings.max_fails)
    }

    async fn attempt(&self, upstream: &Arc<OneUpstream>, wanted: &Wanted) -> Result<Learnt, ExchangeError> {
        let begun = self.shared.clock.monotonic();
        let came = upstream.transport.ask(wanted, self.settings.read_timeout, &*self.shared.entropy).await;
        let now = self.shared.clock.monotonic();
        let learnt = came.and_then(|came| {
            self.count(upstream, &came);
            Learnt::read(wanted, &came.reply).map_err(|_| ExchangeError::WrongReply)
        });
        let learnt = match learnt {
            Ok(learnt) => learnt,
            Err(error) => {
                tracing::debug!(upstream = upstream.label, %error, "an upstream did not answer");
                self.doubt(upstream);
                return Err(error);
            }
        };
        let labels =
            ToRcode { proxy_name: PROXY_NAME, to: upstream.label.clone(), rcode: learnt.rcode.to_string() };
        let seconds = now.saturating_sub(begun).as_secs_f64();
        self.shared.metrics.durations.get_or_create(&labels).observe(seconds);
        if learnt.is_good() {
            self.recovered(upstream, now);
            self.retries.lock().succeeded();
        } else if [Rcode::SERVFAIL, Rcode::REFUSED].contains(&learnt.rcode) {
            // It may be about this one name: a check tells.
            self.doubt(upstream);
        }
        Ok(learnt)
    }

    fn count(&self, upstream: &OneUpstream, came: &Came) {
        self.shared.metrics.wrong_replies.inc_by(u64::from(came.ignored));
        let to = To { proxy_name: PROXY_NAME, to: upstream.label.clone() };
        match came.reused {
            Some(true) => {
                self.shared.metrics.reused.get_or_create(&to).inc();
            }
            Some(false) => {
                self.shared.metrics.opened.get_or_create(&to).inc();
            }
            None => {}
        }
    }

    fn recovered(&self, upstream: &OneUpstream, now: Duration) {
        upstream.health.lock().answered();
        self.show(upstream);
        self.pace.lock().back(now);
    }

    fn show(&self, upstream: &OneUpstream) {
        let to = To { proxy_name: PROXY_NAME, to: upstream.label.clone() };
        self.shared.metrics.upstream_down.get_or_create(&to).set(i64::from(self.is_down(upstream)));
    }

    /// Something is wrong with it, perhaps: looks at it until it answers well.
    fn doubt(&self, upstream: &Arc<OneUpstream>) {
        if !upstream.health.lock().doubt(self.settings.max_fails) {
            return;
        }
        let check = Check {
            upstream: Arc::clone(upstream),
            shared: Arc::clone(&self.shared),
            settings: self.settings.clone(),
        };
        environment::spawn("upstream check", check.run());
    }

    /// When all upstreams are down, what clients hold back must not fall on them at once when they return.
    fn note_outage(&self) {
        let away = !self.upstreams.is_empty() && self.upstreams.iter().all(|upstream| self.is_down(upstream));
        if away {
            self.pace.lock().away(self.shared.clock.monotonic());
        }
    }

    /// Asks each upstream for a name that only a loop brings back to us.
    pub(crate) async fn probe(&self, name: &Name) {
        let wanted = Wanted {
            name: name.clone(),
            record_type: RecordType::HINFO,
            class: Class::IN,
            recursion: true,
            checking_disabled: false,
            dnssec_ok: false,
            edns: true,
        };
        for upstream in &self.upstreams {
            let patience = self.settings.read_timeout;
            let _ = upstream.transport.ask(&wanted, patience, &*self.shared.entropy).await;
        }
    }
}

/// Looks at one upstream until it is well.
struct Check {
    upstream: Arc<OneUpstream>,
    shared: Arc<Shared>,
    settings: corefile::Forward,
}

impl Check {
    async fn run(self) {
        loop {
            let good = self.look().await;
            let to = To { proxy_name: PROXY_NAME, to: self.upstream.label.clone() };
            if !good {
                self.shared.metrics.check_failures.get_or_create(&to).inc();
            }
            let (again, down) = {
                let mut health = self.upstream.health.lock();
                (health.checked(good), health.is_down(self.settings.max_fails))
            };
            self.shared.metrics.upstream_down.get_or_create(&to).set(i64::from(down));
            if !again {
                return;
            }
            // Half to one and a half intervals: the nodes of a cluster do not look in step.
            let pause = self.settings.health_check.interval.mul_f64(0.5 + self.shared.entropy.fraction());
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.shared.stop.cancelled() => return,
            }
        }
    }

    /// SERVFAIL and REFUSED are no sign of health: a resolver whose own way out is cut says the one, and one that does not
    /// serve us the other.
    async fn look(&self) -> bool {
        let check = &self.settings.health_check;
        // A server of one zone rightly refuses questions about the root.
        let domain = if check.domain == Zone::root() { &self.settings.from } else { &check.domain };
        let wanted = Wanted {
            name: Name::parse(domain.as_str()).unwrap_or_else(|_| Name::root()),
            record_type: RecordType::NS,
            class: Class::IN,
            recursion: check.recursion_desired,
            checking_disabled: false,
            dnssec_ok: false,
            edns: true,
        };
        let patience = self.settings.read_timeout;
        match self.upstream.transport.ask(&wanted, patience, &*self.shared.entropy).await {
            Ok(came) => Learnt::read(&wanted, &came.reply).is_ok_and(|learnt| learnt.is_good()),
            Err(_) => false,
        }
    }
}
