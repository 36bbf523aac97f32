//! Who leads, by a Lease: client-go's rules (`tools/leaderelection`), without I/O.
//!
//! Nobody's clock is compared with anybody else's: a hub takes over when it has itself seen the Lease unchanged for as long as
//! the Lease says. Who leads stops by itself before that, so that there are never two.

use std::time::Duration;

/// How long a Lease holds without being renewed (client-go's default).
pub const LEASE: Duration = Duration::from_secs(15);

/// Who has not renewed for so long no longer leads: 5 s before anybody else can.
pub const RENEW_DEADLINE: Duration = Duration::from_secs(10);

/// Between two attempts, plus up to a fifth.
pub const RETRY: Duration = Duration::from_secs(2);

const _: () =
    assert!(RENEW_DEADLINE.as_secs() < LEASE.as_secs() && RETRY.as_secs() * 3 < RENEW_DEADLINE.as_secs());

/// A Lease as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lease {
    /// `metadata.resourceVersion`.
    pub version: String,
    /// `spec.holderIdentity`.
    pub holder: String,
    /// `spec.renewTime`, as text: only whether it changes counts.
    pub renewed: String,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Read the Lease.
    Read,
    /// Make it: there is none.
    Create,
    /// Write our name and the time into it, if it is still this version.
    Take(String),
}

/// One hub's part in it.
#[derive(Debug, Clone)]
pub struct Election {
    me: String,
    /// The Lease, and since when it has been as it is; the inner `None`: there is none.
    seen: Option<(Option<Lease>, Duration)>,
    /// When our last successful write was sent.
    renewed: Option<Duration>,
}

impl Election {
    /// A hub with this name, which no other has.
    pub fn new(me: String) -> Self {
        Self { me, seen: None, renewed: None }
    }

    /// Whether it may act as the leader at this moment.
    pub fn leads(&self, now: Duration) -> bool {
        self.left(now).is_some()
    }

    /// How much longer it may, if nothing is renewed.
    pub fn left(&self, now: Duration) -> Option<Duration> {
        let left = RENEW_DEADLINE.checked_sub(now.saturating_sub(self.renewed?))?;
        (!left.is_zero()).then_some(left)
    }

    /// Whether another hub leads, as far as can be seen: nobody does where nothing has been seen for as long as a Lease holds.
    pub fn is_led_by_another(&self, now: Duration) -> bool {
        let Some((Some(lease), since)) = &self.seen else { return false };
        !lease.holder.is_empty() && lease.holder != self.me && now.saturating_sub(*since) < LEASE
    }

    /// Who leads, as far as is known.
    pub fn holder(&self) -> &str {
        self.seen.as_ref().and_then(|(lease, _)| lease.as_ref()).map_or("", |lease| lease.holder.as_str())
    }

    /// What to do now; [`RETRY`] later again.
    pub fn next(&self, now: Duration) -> Act {
        match &self.seen {
            None => Act::Read,
            Some((None, _)) => Act::Create,
            Some((Some(lease), since)) => {
                let is_over = lease.holder.is_empty() || now.saturating_sub(*since) >= LEASE;
                if lease.holder == self.me || is_over { Act::Take(lease.version.clone()) } else { Act::Read }
            }
        }
    }

    /// The Lease was read.
    pub fn read(&mut self, now: Duration, lease: Option<Lease>) {
        let same = self.seen.as_ref().is_some_and(|(before, _)| match (before, &lease) {
            (Some(before), Some(lease)) => before.holder == lease.holder && before.renewed == lease.renewed,
            (before, lease) => before.is_none() && lease.is_none(),
        });
        let since = self.seen.as_ref().filter(|_| same).map_or(now, |(_, since)| *since);
        if lease.as_ref().is_none_or(|lease| lease.holder != self.me) {
            self.renewed = None;
        }
        self.seen = Some((lease, since));
    }

    /// We wrote it, in a request that was sent at `sent`.
    pub fn wrote(&mut self, sent: Duration, lease: Lease) {
        self.renewed = Some(sent);
        self.seen = Some((Some(lease), sent));
    }

    /// It was not written because somebody else had: what it says now is to be read.
    pub fn lost(&mut self) {
        self.renewed = None;
        // Only what stands there can say whether it is over; its age is counted anew.
        self.seen = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(version: u32, holder: &str, renewed: u32) -> Lease {
        Lease { version: version.to_string(), holder: holder.to_owned(), renewed: renewed.to_string() }
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_first_makes_the_lease_and_leads() {
        let mut one = Election::new("a".to_owned());
        assert_eq!(one.next(at(0)), Act::Read);
        one.read(at(0), None);
        assert_eq!(one.next(at(0)), Act::Create);
        assert!(!one.leads(at(0)));
        one.wrote(at(1), lease(1, "a", 1));
        assert!(one.leads(at(1)) && one.leads(at(10)) && !one.leads(at(11)));
        assert_eq!(one.next(at(3)), Act::Take("1".to_owned()));
    }

    #[test]
    fn another_waits_until_it_has_seen_nothing_change_for_a_lease() {
        let mut other = Election::new("b".to_owned());
        other.read(at(100), Some(lease(1, "a", 1)));
        assert_eq!(other.next(at(114)), Act::Read);
        assert!(other.is_led_by_another(at(114)) && !other.is_led_by_another(at(115)));
        // Renewed meanwhile.
        other.read(at(114), Some(lease(2, "a", 2)));
        assert_eq!(other.next(at(128)), Act::Read);
        other.read(at(128), Some(lease(3, "a", 2)));
        assert_eq!(other.next(at(129)), Act::Take("3".to_owned()), "another's label is no renewal");
        other.lost();
        assert_eq!(other.next(at(130)), Act::Read);
        other.read(at(130), Some(lease(4, "c", 7)));
        assert_eq!(other.next(at(140)), Act::Read);
    }

    #[test]
    fn a_lease_that_was_given_up_is_taken_at_once() {
        let mut one = Election::new("b".to_owned());
        one.read(at(5), Some(lease(9, "", 1)));
        assert_eq!(one.next(at(5)), Act::Take("9".to_owned()));
    }

    /// A request under way.
    #[derive(Clone)]
    struct Way {
        act: Act,
        sent: u64,
        /// When it reaches the server, and when the answer is back.
        there: u64,
        back: u64,
        /// `None`: none, or a refusal.
        answer: Option<Answer>,
    }

    /// The Lease as the server has it.
    type Answer = Option<Lease>;

    /// Hubs whose requests are delayed, lost or answered late, over one Lease as an API server keeps it: never two lead.
    #[test]
    fn there_are_never_two() {
        use environment::{Entropy, SeededEntropy};
        let entropy = SeededEntropy::new(3);
        let below = |limit: u64| entropy.next_u64() % limit;
        let (mut takeovers, mut last) = (0, usize::MAX);
        for _ in 0..200 {
            let mut stored: Answer = None;
            let mut version = 0;
            let mut hubs: Vec<Election> = (0..3).map(|n| Election::new(format!("hub-{n}"))).collect();
            let mut ways: Vec<Option<Way>> = vec![None; 3];
            for second in 0..300 {
                for (number, hub) in hubs.iter_mut().enumerate() {
                    // A hub that is cut off for a while.
                    let is_away = (second / 40 + number as u64).is_multiple_of(4);
                    let way = ways[number].get_or_insert_with(|| {
                        let there = second + below(3);
                        let act = hub.next(at(second));
                        Way { act, sent: second, there, back: there + below(4), answer: None }
                    });
                    if second == way.there && !is_away {
                        let writes = match &way.act {
                            Act::Read => false,
                            Act::Create => stored.is_none(),
                            Act::Take(version) => {
                                stored.as_ref().is_some_and(|lease| lease.version == *version)
                            }
                        };
                        if writes {
                            version += 1;
                            stored = Some(lease(version, &format!("hub-{number}"), version));
                        }
                        way.answer = (writes || way.act == Act::Read).then(|| stored.clone());
                    }
                    if second < way.back {
                        continue;
                    }
                    match (&way.act, way.answer.take()) {
                        _ if is_away => {}
                        (Act::Read, Some(lease)) => hub.read(at(second), lease),
                        (_, Some(Some(lease))) => hub.wrote(at(way.sent), lease),
                        _ => hub.lost(),
                    }
                    ways[number] = None;
                }
                let leading: Vec<usize> = (0..3).filter(|number| hubs[*number].leads(at(second))).collect();
                assert!(leading.len() <= 1, "{leading:?} at {second} s");
                if let Some(leader) = leading.first().filter(|leader| **leader != last) {
                    (takeovers, last) = (takeovers + 1, *leader);
                }
            }
        }
        assert!(takeovers > 200, "{takeovers}: the story has nobody to lead");
    }
}
