//! A pool of upstreams behind a cache: who waits for whom.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use answer_cache::{Ask, Cache, Given, Joined, Key, Kind, Stats};
use budget::Take;
use dns_message::{EdeCode, Flags, Query, Rcode};
use parking_lot::Mutex;
use rustc_hash::{FxBuildHasher, FxHashMap};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::learnt::Learnt;
use super::outgoing::Wanted;
use super::pool::{Pool, QUERY_TIMEOUT, Shared};
use super::settings::CacheBlock;
use super::zones::{self, WireZone};

/// Threads that look into the cache at once: cores of a large node, so that they seldom meet.
const SHARDS: usize = 16;

/// After the budget had no room for a question, it is not asked again before.
const REFUSED_PAUSE: Duration = Duration::from_secs(1);

/// A cache in shards, for one block.
pub(crate) struct Cached {
    shards: Vec<Mutex<Shard>>,
    zones: Vec<WireZone>,
    success_disabled: Vec<WireZone>,
    denial_disabled: Vec<WireZone>,
    shared: Arc<Shared>,
    runtime: Handle,
}

struct Shard {
    cache: Cache,
    /// Fetches under way, by key: who waits hears of their end.
    fetches: FxHashMap<Vec<u8>, watch::Receiver<End>>,
}

/// How a fetch ended; `None` while it goes on.
type End = Option<Arc<Learnt>>;

/// What a look into the cache says.
enum Look {
    Got(Got),
    /// Until this fetch ends, or a stale answer may be taken.
    Wait(Option<watch::Receiver<End>>, Option<Duration>),
}

/// An answer, and where it came from.
pub(crate) struct Got {
    pub(crate) message: Vec<u8>,
    pub(crate) rcode: Rcode,
    pub(crate) stale: bool,
    pub(crate) error: Option<(EdeCode, String)>,
    pub(crate) source: &'static str,
}

/// For metrics.
pub(crate) struct CacheFigures {
    pub(crate) stats: Stats,
    pub(crate) positive: u64,
    pub(crate) negative: u64,
}

/// A question as cache and upstreams need it.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) wanted: Wanted,
    /// Wire form in lower case.
    pub(crate) lower: Vec<u8>,
    /// As the answer shows it: name with its case, type, class.
    pub(crate) shown: Vec<u8>,
    pub(crate) id: u16,
    pub(crate) flags: u16,
}

impl Question {
    pub(crate) fn of(query: &Query<'_>) -> Self {
        let flags = query.flags();
        Self {
            wanted: Wanted {
                name: query.name(),
                record_type: query.record_type,
                class: query.class,
                recursion: flags.has(Flags::RECURSION_DESIRED),
                checking_disabled: flags.has(Flags::CHECKING_DISABLED),
                dnssec_ok: query.edns.is_some_and(|edns| edns.dnssec_ok),
                edns: true,
            },
            lower: query.lower().to_vec(),
            shown: query.question().to_vec(),
            id: query.id(),
            flags: flags.0,
        }
    }

    fn key(&self) -> Key<'_> {
        Key {
            name: &self.lower,
            record_type: self.wanted.record_type.0,
            class: self.wanted.class.0,
            dnssec_ok: self.wanted.dnssec_ok,
            checking_disabled: self.wanted.checking_disabled,
        }
    }

    fn ask(&self) -> Ask<'_> {
        Ask { id: self.id, flags: self.flags, question: &self.shown }
    }

    fn fetch_key(&self) -> Vec<u8> {
        let mut key = self.lower.clone();
        key.extend_from_slice(&self.wanted.record_type.0.to_be_bytes());
        key.extend_from_slice(&self.wanted.class.0.to_be_bytes());
        key.push(u8::from(self.wanted.dnssec_ok) | u8::from(self.wanted.checking_disabled) << 1);
        key
    }
}

impl Cached {
    pub(crate) fn new(block: &CacheBlock, shared: &Arc<Shared>, runtime: Handle) -> Self {
        let hash_key = [shared.entropy.next_u64(), shared.entropy.next_u64()];
        let settings = answer_cache::Settings {
            bytes_max: block.settings.bytes_max / SHARDS,
            hash_key,
            ..block.settings.clone()
        };
        let shard =
            || Mutex::new(Shard { cache: Cache::new(settings.clone()), fetches: FxHashMap::default() });
        Self {
            shards: (0..SHARDS).map(|_| shard()).collect(),
            zones: WireZone::all(&block.zones),
            success_disabled: WireZone::all(&block.success_disabled),
            denial_disabled: WireZone::all(&block.denial_disabled),
            shared: Arc::clone(shared),
            runtime,
        }
    }

    /// Whether answers for this name go through this cache.
    pub(crate) fn serves(&self, lower: &[u8]) -> bool {
        // With both halves off there is nothing to look for. One half alone is looked after when an answer is kept.
        zones::any_holds(&self.zones, lower)
            && !(zones::any_holds(&self.success_disabled, lower)
                && zones::any_holds(&self.denial_disabled, lower))
    }

    /// Appends an answer that needs no waiting; allocates nothing unless it is time to fetch early.
    pub(crate) fn at_once(
        self: &Arc<Self>,
        pool: &Arc<Pool>,
        query: &Query<'_>,
        now: Duration,
        out: &mut Vec<u8>,
    ) -> Option<Given> {
        let ask = Ask { id: query.id(), flags: query.flags().0, question: query.question() };
        let mut shard = self.shard(query.lower()).lock();
        let given = shard.cache.ready(now, key_of(query), &ask, out)?;
        if given.refresh {
            self.refresh(&mut shard, pool, &Question::of(query), now);
        }
        Some(given)
    }

    /// Waits for an answer: the upstream's, or a stale one when that takes too long or fails.
    pub(crate) async fn get(self: &Arc<Self>, pool: &Arc<Pool>, question: &Question) -> Got {
        let now = self.shared.clock.monotonic();
        match self.look(pool, question, now) {
            Look::Got(got) => got,
            Look::Wait(waiting, stale_at) => self.wait(question, waiting, stale_at, now).await,
        }
    }

    /// Everything under one lock: who joins must find the fetch that he waits for.
    fn look(self: &Arc<Self>, pool: &Arc<Pool>, question: &Question, now: Duration) -> Look {
        let mut out = Vec::new();
        let mut shard = self.shard(&question.lower).lock();
        if let Some(given) = shard.cache.ready(now, question.key(), &question.ask(), &mut out) {
            if given.refresh {
                self.refresh(&mut shard, pool, question, now);
            }
            return Look::Got(got(out, given));
        }
        let stale_at = match shard.cache.join(now, question.key()) {
            Joined::Lead { stale_at } => {
                self.fetch(&mut shard, pool, question, true);
                stale_at
            }
            Joined::Wait { stale_at } => stale_at,
            Joined::Full => {
                let text = "too many questions are out";
                let full = Learnt::failure(&question.wanted, Rcode::SERVFAIL, EdeCode::OTHER, text);
                return Look::Got(from(question, &full));
            }
        };
        Look::Wait(shard.fetches.get(&question.fetch_key()).cloned(), stale_at)
    }

    async fn wait(
        &self,
        question: &Question,
        waiting: Option<watch::Receiver<End>>,
        stale_at: Option<Duration>,
        begun: Duration,
    ) -> Got {
        // The fetch may have ended between two looks: then its answer is in the cache, or it failed.
        let end = match waiting {
            None => None,
            Some(mut waiting) => {
                // Longer than the fetch may take: its end comes first, unless its task is gone.
                let until = stale_at.map_or(QUERY_TIMEOUT * 2, |at| at.saturating_sub(begun));
                let ended = tokio::time::timeout(until, waiting.wait_for(Option::is_some)).await;
                ended.ok().and_then(Result::ok).and_then(|end| end.clone())
            }
        };
        if let Some(end) = &end
            && end.is_good()
        {
            return from(question, end);
        }
        let now = self.shared.clock.monotonic();
        let mut out = Vec::new();
        {
            let mut shard = self.shard(&question.lower).lock();
            let given = match shard.cache.stale(now, question.key(), &question.ask(), &mut out) {
                Some(given) => Some(given),
                None if end.is_none() => shard.cache.ready(now, question.key(), &question.ask(), &mut out),
                None => None,
            };
            if let Some(given) = given {
                return got(out, given);
            }
        }
        match end {
            Some(end) => from(question, &end),
            None => from(
                question,
                &Learnt::failure(
                    &question.wanted,
                    Rcode::SERVFAIL,
                    EdeCode::NO_REACHABLE_AUTHORITY,
                    "upstreams did not answer in time",
                ),
            ),
        }
    }

    /// Asks the upstreams. In a task of its own, so that a client that goes away takes nothing from the others.
    fn fetch(self: &Arc<Self>, shard: &mut Shard, pool: &Arc<Pool>, question: &Question, paced: bool) {
        let (sender, receiver) = watch::channel(None);
        shard.fetches.insert(question.fetch_key(), receiver);
        let (cached, pool, question) = (Arc::clone(self), Arc::clone(pool), question.clone());
        let _runtime = self.runtime.enter();
        environment::spawn("fetch", async move {
            let learnt = pool.ask(&question.wanted, paced).await;
            cached.keep(&question, &learnt);
            let _ = sender.send(Some(Arc::new(learnt)));
        });
    }

    /// Nobody waits for this: only if the budget has room.
    fn refresh(self: &Arc<Self>, shard: &mut Shard, pool: &Arc<Pool>, question: &Question, now: Duration) {
        match pool.may_refresh() {
            Take::Now => self.fetch(shard, pool, question, false),
            Take::After(wait) => shard.cache.postpone(now, question.key(), now + wait),
        }
    }

    fn keep(&self, question: &Question, learnt: &Learnt) {
        let now = self.shared.clock.monotonic();
        let jitter = self.shared.entropy.fraction();
        let mut shard = self.shard(&question.lower).lock();
        shard.fetches.remove(&question.fetch_key());
        let disabled = match learnt.kind() {
            Kind::Positive => &self.success_disabled,
            _ => &self.denial_disabled,
        };
        if learnt.is_ours() {
            // Nobody was asked: nothing is known about the name, and an old answer may go out meanwhile.
            shard.cache.postpone(now, question.key(), now + REFUSED_PAUSE);
        } else if learnt.is_good() && zones::any_holds(disabled, &question.lower) {
            shard.cache.postpone(now, question.key(), now);
        } else {
            shard.cache.complete(now, question.key(), &learnt.fetched(), jitter);
        }
    }

    /// A little of the work of forgetting, in each shard.
    pub(crate) fn sweep(&self) {
        let now = self.shared.clock.monotonic();
        for shard in &self.shards {
            shard.lock().cache.sweep(now);
        }
    }

    pub(crate) fn stats(&self) -> CacheFigures {
        let mut all = CacheFigures { stats: Stats::default(), positive: 0, negative: 0 };
        for shard in &self.shards {
            let shard = shard.lock();
            let (one, sum) = (shard.cache.stats(), &mut all.stats);
            sum.hits_positive += one.hits_positive;
            sum.hits_negative += one.hits_negative;
            sum.hits_failure += one.hits_failure;
            sum.stale += one.stale;
            sum.misses += one.misses;
            sum.coalesced += one.coalesced;
            sum.refreshes += one.refreshes;
            sum.evictions += one.evictions;
            sum.entries += one.entries;
            sum.bytes += one.bytes;
            let (positive, negative) = shard.cache.count_kinds();
            all.positive += positive;
            all.negative += negative;
        }
        all
    }

    /// By name alone: what is known about all types of a name stands in one shard.
    fn shard(&self, lower: &[u8]) -> &Mutex<Shard> {
        let hash = FxBuildHasher.hash_one(lower);
        &self.shards[(hash >> 32) as usize % SHARDS]
    }
}

fn key_of<'a>(query: &Query<'a>) -> Key<'a> {
    Key {
        name: query.lower(),
        record_type: query.record_type.0,
        class: query.class.0,
        dnssec_ok: query.edns.is_some_and(|edns| edns.dnssec_ok),
        checking_disabled: query.flags().has(Flags::CHECKING_DISABLED),
    }
}

fn got(message: Vec<u8>, given: Given) -> Got {
    let rcode = dns_message::Header::read(&message).map_or(Rcode::SERVFAIL, |header| header.flags.rcode());
    Got { rcode, message, stale: given.stale, error: error_of(&given, rcode), source: "cache" }
}

/// The extended error of an answer from the cache: that it is old goes before what the upstream once said (RFC 8914, 4.4
/// and 4.20).
pub(crate) fn error_of(given: &Given, rcode: Rcode) -> Option<(EdeCode, String)> {
    let code = match (given.stale, rcode) {
        (true, Rcode::NXDOMAIN) => EdeCode::STALE_NXDOMAIN_ANSWER,
        (true, _) => EdeCode::STALE_ANSWER,
        (false, _) => {
            return given.error.as_ref().map(|(code, text)| (EdeCode(*code), text.clone()));
        }
    };
    Some((code, format!("age={}s", given.age.as_secs())))
}

/// An upstream's answer for one of those who waited.
pub(crate) fn from(question: &Question, learnt: &Learnt) -> Got {
    Got {
        message: addressed(&learnt.message, question),
        rcode: learnt.rcode,
        stale: false,
        error: learnt.error.clone(),
        source: "forward",
    }
}

/// A copy with the id, the flags and the question of the client.
pub(crate) fn addressed(message: &[u8], question: &Question) -> Vec<u8> {
    const REPEATED: u16 = Flags::RECURSION_DESIRED | Flags::CHECKING_DISABLED;
    let mut copy = message.to_vec();
    if let Some(head) = copy.first_chunk_mut::<4>() {
        let flags = u16::from_be_bytes([head[2], head[3]]) & !REPEATED | question.flags & REPEATED;
        let ([id_high, id_low], [flags_high, flags_low]) = (question.id.to_be_bytes(), flags.to_be_bytes());
        *head = [id_high, id_low, flags_high, flags_low];
    }
    let start = dns_message::HEADER_BYTES;
    if let Some(place) = copy.get_mut(start..start + question.shown.len()) {
        place.copy_from_slice(&question.shown);
    }
    copy
}
