//! Rows of chains, and the arithmetic against a chain that is played second by second.

use proptest::prelude::*;

use super::*;
use crate::chain::Authority;

fn coredns(ttl: u64, negative: u64) -> Authority {
    Authority {
        name: "CoreDNS".to_owned(),
        place: "Corefile:4".to_owned(),
        ttl_seconds: ttl,
        negative_ttl_seconds: negative,
        knowledge: Knowledge::InMemory,
    }
}

fn cache(positive: Hold, negative: Hold) -> Cache {
    Cache { name: "cache".to_owned(), place: "Corefile:9".to_owned(), positive, negative }
}

fn stale(hold: Hold, stale: u64, ttl: u64) -> Hold {
    Hold { stale: Span::Seconds(stale), stale_ttl_seconds: ttl, ..hold }
}

fn chain(ttl: u64, caches: &[Hold], clients: &[&str]) -> Chain {
    Chain {
        zone: "cluster.local".to_owned(),
        authority: coredns(ttl, ttl),
        caches: caches.iter().map(|hold| cache(*hold, Hold::NOTHING)).collect(),
        clients: clients.iter().map(|declared| Client::parse(declared).unwrap()).collect(),
    }
}

fn check(ttl: u64, caches: &[Hold], clients: &[&str], expected: Span) {
    let horizon = chain(ttl, caches, clients).horizon().unwrap();
    assert_eq!(horizon.caches, expected, "{horizon}");
    assert_eq!(horizon.cache_lines.len(), 1 + caches.len() + clients.len());
    assert_eq!(horizon.cache_lines.last().unwrap().total, expected);
}

const KUBEADM: Hold = Hold::bounded(5, 30);

#[test]
fn rows_of_caches() {
    let seconds = Span::Seconds;
    // Nothing keeps anything.
    check(30, &[], &["glibc"], seconds(0));
    // One cache that obeys.
    check(30, &[KUBEADM], &[], seconds(30));
    check(300, &[KUBEADM], &[], seconds(30));
    check(1, &[KUBEADM], &[], seconds(5));
    // A second cache adds only what it raises a TTL of nothing to.
    check(30, &[KUBEADM, Hold::bounded(0, 30)], &[], seconds(30));
    check(30, &[KUBEADM, Hold::bounded(5, 30)], &[], seconds(35));
    // Programs.
    check(30, &[KUBEADM], &["java", "glibc"], seconds(60));
    check(30, &[KUBEADM], &["resolved=ttl"], seconds(30));
    check(30, &[], &["resolved=ttl"], seconds(30));
    check(30, &[], &["resolved=ttl+3600"], seconds(3630));
    check(30, &[KUBEADM], &["glibc", "pool=forever"], Span::NoLimit);
    // Serve-stale: CoreDNS' TTL of 0, RFC 8767's 30.
    check(30, &[stale(KUBEADM, 3600, 0)], &[], seconds(3630));
    check(30, &[stale(KUBEADM, 3600, 0), KUBEADM], &[], seconds(3635));
    check(30, &[stale(KUBEADM, 3600, 30), KUBEADM], &[], seconds(3660));
    // keepttl: a copy of a copy is as good as new.
    check(30, &[Hold { keeps_ttl: true, ..KUBEADM }, Hold::bounded(0, 3600)], &[], seconds(60));
}

#[test]
fn servers_differ_in_who_can_see_it() {
    let mut chain = chain(30, &[], &[]);
    let theirs = chain.horizon().unwrap();
    assert_eq!((theirs.horizon, theirs.sight.probe_seconds), (Span::NoLimit, None));
    chain.authority.knowledge =
        Knowledge::OnDisk { fresh_for_seconds: 60, stale_ttl_seconds: 30, heartbeat_seconds: 5 };
    let ours = chain.horizon().unwrap();
    assert_eq!(
        (ours.horizon, ours.sight.probe_seconds, ours.sight.marked_seconds),
        (Span::NoLimit, Some(10), Some(60))
    );
}

#[test]
fn denials_have_bounds_of_their_own() {
    let mut chain = chain(30, &[], &["java"]);
    chain.caches.push(cache(KUBEADM, Hold::bounded(5, 5)));
    let horizon = chain.horizon().unwrap();
    assert_eq!((horizon.caches, horizon.negative), (Span::Seconds(60), Span::Seconds(15)));
}

#[test]
fn what_cannot_be_is_refused() {
    let refused = |chain: Chain, why: &str| {
        let error = chain.horizon().unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    refused(chain(1 << 31, &[], &[]), "Corefile:4: 2147483648 s is no TTL");
    refused(chain(30, &[Hold::bounded(9, 5)], &[]), "Corefile:9: the shortest TTL that it keeps (9 s)");
    refused(chain(30, &[KUBEADM; 65], &[]), "65 caches");
}

#[test]
fn the_explanation_names_every_line() {
    let text = chain(30, &[KUBEADM], &["java"]).horizon().unwrap().to_string();
    for words in
        ["no limit", "[Corefile:4]", "[Corefile:9]", "client java", "+ 30 s = 1 min", "proves nothing"]
    {
        assert!(text.contains(words), "{words}: {text}");
    }
}

/// A chain played second by second: the oracle of the arithmetic.
struct Played {
    holds: Vec<Hold>,
    /// (stored at, kept for)
    copies: Vec<Option<(i64, u64)>>,
    ttl: u64,
}

impl Played {
    /// What cache `layer` (1 is nearest to the server, 0 the server itself) answers at `now`: the TTL on it.
    fn ask(&mut self, layer: usize, now: i64) -> Option<u64> {
        if layer == 0 {
            return (now <= 0).then_some(self.ttl);
        }
        let hold = self.holds[layer - 1];
        if let Some((stored, kept)) = self.copies[layer - 1]
            && now < stored + kept.cast_signed()
        {
            return Some(if hold.keeps_ttl { kept } else { kept - (now - stored).cast_unsigned() });
        }
        if let Some(ttl) = self.ask(layer - 1, now) {
            let kept = ttl.clamp(hold.ttl_min_seconds, hold.ttl_max_seconds);
            self.copies[layer - 1] = Some((now, kept));
            return Some(kept);
        }
        let (stored, kept) = self.copies[layer - 1]?;
        let stale = hold.stale.seconds().unwrap().cast_signed();
        let usable = now < stored + kept.cast_signed() + stale;
        let stale_ttl =
            if hold.keeps_ttl { kept.max(hold.stale_ttl_seconds) } else { hold.stale_ttl_seconds };
        usable.then_some(stale_ttl)
    }
}

fn holds() -> impl Strategy<Value = Hold> {
    let times = (0_u64..6, 1_u64..20, any::<bool>(), prop_oneof![Just(0_u64), 1_u64..15], 0_u64..8);
    times.prop_map(|(min, more, keeps_ttl, stale, stale_ttl)| Hold {
        ttl_min_seconds: min,
        ttl_max_seconds: min + more,
        keeps_ttl,
        stale: Span::Seconds(stale),
        stale_ttl_seconds: stale_ttl,
    })
}

proptest! {
    #[test]
    fn no_way_of_asking_hides_longer(
        ttl in 0_u64..20,
        holds in prop::collection::vec(holds(), 1..4),
        asked in prop::collection::vec((-25_i64..120, 0_usize..3), 1..200),
    ) {
        let bound = chain(ttl, &holds, &[]).horizon().unwrap().caches.seconds().unwrap().cast_signed();
        let layers = holds.len();
        let mut played = Played { copies: vec![None; layers], holds, ttl };
        let mut asked = asked;
        asked.sort_unstable();
        for (now, layer) in asked {
            let answered = played.ask(1 + layer % layers, now).is_some();
            prop_assert!(!answered || now <= bound, "answered at {now}, beyond {bound}");
        }
    }

    /// Asking every layer at the last moment of the one before reaches the bound: it is not only safe, it is tight.
    #[test]
    fn some_way_of_asking_hides_as_long(
        ttl in 1_u64..20,
        holds in prop::collection::vec((0_u64..6, 20_u64..40), 1..4),
    ) {
        let holds: Vec<Hold> = holds.into_iter().map(|(min, max)| Hold::bounded(min, max)).collect();
        let bound = chain(ttl, &holds, &[]).horizon().unwrap().caches.seconds().unwrap().cast_signed();
        let layers = holds.len();
        let mut played = Played { copies: vec![None; layers], holds, ttl };
        let mut end = 1;
        for layer in 1..=layers {
            played.ask(layer, end - 1);
            let (stored, kept) = played.copies[layer - 1].unwrap();
            end = stored + kept.cast_signed();
        }
        // Each layer may lose the last second, in which it is asked.
        prop_assert!(end <= bound && end + layers as i64 >= bound, "answered until {end}, bound {bound}");
    }
}
