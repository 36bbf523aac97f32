//! The arithmetic: who still answers when, layer by layer.

use serde::Serialize;

use crate::chain::{Cache, Chain, Hold, Knowledge};
use crate::client::Client;
use crate::span::Span;

/// How long what could be hidden, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Horizon {
    /// The zone it is about.
    pub zone: String,
    /// The longest time for which somebody who reads names could not see that the control plane is dead.
    #[serde(rename = "horizon_seconds")]
    pub horizon: Span,
    /// Of that: from the death of the control plane to the moment at which the zone's server knows nothing any more.
    #[serde(rename = "server_seconds")]
    pub server: Span,
    /// Of that: from that moment to the last answer out of a cache.
    #[serde(rename = "caches_seconds")]
    pub caches: Span,
    /// How long "no such name" can outlive the name's creation, once everything works again.
    #[serde(rename = "negative_seconds")]
    pub negative: Span,
    /// What sees through all of it, and how soon.
    pub sight: Sight,
    /// Why the server goes on for so long.
    pub server_lines: Vec<Line>,
    /// What each line of configuration adds to `caches`.
    pub cache_lines: Vec<Line>,
    /// What each adds to `negative`.
    pub negative_lines: Vec<Line>,
}

/// One line of the explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// `CoreDNS`, `client java`.
    pub who: String,
    /// `Corefile:7`.
    pub place: String,
    /// What it does.
    pub does: String,
    /// What that adds.
    #[serde(rename = "adds_seconds")]
    pub adds: Span,
    /// What it comes to with this line.
    #[serde(rename = "total_seconds")]
    pub total: Span,
}

/// Signals that no cache can fake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sight {
    /// Seconds until an uncached probe shows the age; nothing if there is no such probe.
    pub probe_seconds: Option<u64>,
    /// Seconds until answers are marked as stale (RFC 8914); nothing if they never are.
    pub marked_seconds: Option<u64>,
    /// In words.
    pub how: String,
}

pub(crate) fn compute(chain: &Chain) -> Horizon {
    let (server, server_lines, sight) = server(chain);
    let positive = Kind {
        word: "answers",
        ttl: ttl_of_last_answer(chain),
        hold: |c| c.positive,
        client: |c| c.positive,
    };
    let denial = Kind {
        word: "NXDOMAIN",
        ttl: chain.authority.negative_ttl_seconds,
        hold: |c| c.negative,
        client: |c| c.negative,
    };
    let (caches, cache_lines) = walk(chain, &positive);
    let (negative, negative_lines) = walk(chain, &denial);
    let horizon = server + caches;
    Horizon {
        zone: chain.zone.clone(),
        horizon,
        server,
        caches,
        negative,
        sight,
        server_lines,
        cache_lines,
        negative_lines,
    }
}

/// Either kind of server goes on without limit; they differ in who can see it.
fn server(chain: &Chain) -> (Span, Vec<Line>, Sight) {
    let authority = &chain.authority;
    let (does, sight) = match authority.knowledge {
        Knowledge::InMemory => (
            "answers from memory with full TTL, unmarked, until its process ends; after a restart it knows nothing"
                .to_owned(),
            Sight {
                probe_seconds: None,
                marked_seconds: None,
                how: "no answer shows it: watch the control plane itself, not names".to_owned(),
            },
        ),
        Knowledge::OnDisk { fresh_for_seconds, stale_ttl_seconds, heartbeat_seconds } => (
            format!(
                "answers from memory and disk, over restarts; after {} with TTL {} and marked stale (Extended DNS Error 3)",
                Span::Seconds(fresh_for_seconds),
                Span::Seconds(stale_ttl_seconds.min(authority.ttl_seconds))
            ),
            Sight {
                // One heartbeat may just have been written, the next one is missed.
                probe_seconds: Some(2 * heartbeat_seconds),
                marked_seconds: Some(fresh_for_seconds),
                how: format!(
                    "TXT _freshness.{zone} and TXT NONCE.probe.{zone} carry the last heartbeat, written every {} (`plimsoll dns probe`)",
                    Span::Seconds(heartbeat_seconds),
                    zone = chain.zone
                ),
            },
        ),
    };
    let (adds, total) = (Span::NoLimit, Span::NoLimit);
    let line = Line { who: authority.name.clone(), place: authority.place.clone(), does, adds, total };
    (Span::NoLimit, vec![line], sight)
}

/// The longest TTL that the server's last answer may carry. A stale one has a shorter TTL, but the server may also end
/// while its knowledge is young.
fn ttl_of_last_answer(chain: &Chain) -> u64 {
    chain.authority.ttl_seconds
}

/// Answers or denials: the same walk with other numbers.
struct Kind {
    word: &'static str,
    ttl: u64,
    hold: fn(&Cache) -> Hold,
    client: fn(&Client) -> Span,
}

/// The answers that a layer can give last. The latest is not always the worst: one before it may carry a longer TTL.
#[derive(Clone, Copy)]
struct Last {
    /// When the latest one is given, after the server knows nothing any more.
    at: Span,
    /// The TTL on that one.
    ttl: u64,
    /// The latest moment up to which any of them is good: when it is given and its TTL together.
    until: Span,
    /// The longest TTL on any of them.
    longest: u64,
}

fn walk(chain: &Chain, kind: &Kind) -> (Span, Vec<Line>) {
    let authority = &chain.authority;
    let mut lines = vec![Line {
        who: authority.name.clone(),
        place: authority.place.clone(),
        does: format!(
            "puts TTL {} on {}; the last one leaves as it fails",
            Span::Seconds(kind.ttl),
            kind.word
        ),
        adds: Span::ZERO,
        total: Span::ZERO,
    }];
    let until = Span::Seconds(kind.ttl);
    let mut last = Last { at: Span::ZERO, ttl: kind.ttl, until, longest: kind.ttl };
    for cache in &chain.caches {
        let (next, does) = through((kind.hold)(cache), last, kind.word);
        lines.push(line(&cache.name, &cache.place, does, last.at, next.at));
        last = next;
    }
    // Clients stand beside each other: each begins where the last cache ends, the slowest decides.
    let mut slowest = last.at;
    for client in &chain.clients {
        let (end, does) = kept(client, (kind.client)(client), last, kind.word);
        let mut line = line(&format!("client {}", client.name), &client.place, does, last.at, end);
        slowest = slowest.max(end);
        line.total = slowest;
        lines.push(line);
    }
    (slowest, lines)
}

/// What a cache makes of the last answer that reaches it.
///
/// While the layer before answers, this one refreshes itself there; so it takes its last copy as late as that layer's last
/// answer. What is left of a TTL shrinks on the way: a cache that obeys it adds nothing to what a TTL gave already. It adds
/// what it raises a TTL by, and what it serves stale.
fn through(hold: Hold, last: Last, word: &str) -> (Last, String) {
    if hold.ttl_max_seconds == 0 && hold.stale == Span::ZERO {
        return (last, format!("keeps no {word}"));
    }
    let kept = last.ttl.clamp(hold.ttl_min_seconds, hold.ttl_max_seconds);
    let kept_longest = last.longest.clamp(hold.ttl_min_seconds, hold.ttl_max_seconds);
    // A copy is good for as long as the answer was, or for the shortest time that this cache keeps one; never for more than its
    // longest.
    let raised = last.at + Span::Seconds(hold.ttl_min_seconds);
    let cut = last.at + Span::Seconds(hold.ttl_max_seconds);
    let expires = last.until.max(raised).min(cut);
    let at = expires + hold.stale;
    // What a copy carries that is handed out at its end: a whole TTL, that of stale answers, or what is left.
    let whole = if hold.keeps_ttl { kept_longest } else { 0 };
    let stale = if hold.stale > Span::ZERO { hold.stale_ttl_seconds } else { 0 };
    let until = (at + Span::Seconds(whole.max(stale))).max(expires);
    let longest = kept_longest.max(stale);
    // At its end, a copy that was taken when it was new has nothing left, unless the cache says otherwise.
    let ttl = match (hold.stale, hold.keeps_ttl) {
        (Span::ZERO, false) => 0,
        (Span::ZERO, true) => kept,
        (_, true) => kept.max(hold.stale_ttl_seconds),
        (_, false) => hold.stale_ttl_seconds,
    };
    let mut does = format!("keeps {word} for their TTL");
    if last.ttl > hold.ttl_max_seconds {
        does += &format!(", cut to {}", Span::Seconds(hold.ttl_max_seconds));
    } else if last.ttl < hold.ttl_min_seconds {
        does +=
            &format!(", raised from {} to {}", Span::Seconds(last.ttl), Span::Seconds(hold.ttl_min_seconds));
    } else {
        does += &format!(" of {}", Span::Seconds(last.ttl));
    }
    if hold.keeps_ttl {
        does += "; hands out the whole TTL again (keepttl)";
    }
    if hold.stale > Span::ZERO {
        does += &format!(
            "; serves stale for {} more with TTL {}",
            hold.stale,
            Span::Seconds(hold.stale_ttl_seconds)
        );
    }
    (Last { at, ttl, until, longest }, does)
}

fn kept(client: &Client, span: Span, last: Last, word: &str) -> (Span, String) {
    match client.obeys_ttl {
        true => {
            let does = match span {
                Span::ZERO => format!("keeps {word} for their TTL of {}", Span::Seconds(last.ttl)),
                more => format!("keeps {word} for their TTL of {} and {more} more", Span::Seconds(last.ttl)),
            };
            (last.until + span, does)
        }
        false if span == Span::ZERO => (last.at, format!("keeps no {word}")),
        false => (last.at + span, format!("keeps {word} for {span}, whatever their TTL")),
    }
}

fn line(who: &str, place: &str, does: String, before: Span, total: Span) -> Line {
    let adds = match (before, total) {
        (Span::Seconds(before), Span::Seconds(total)) => Span::Seconds(total.saturating_sub(before)),
        (Span::NoLimit, _) => Span::ZERO,
        (_, Span::NoLimit) => Span::NoLimit,
    };
    Line { who: who.to_owned(), place: place.to_owned(), does, adds, total }
}

#[cfg(test)]
mod tests;
