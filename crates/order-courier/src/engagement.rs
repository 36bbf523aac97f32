//! Who is engaged: one engineer at a time, as the hub remembers it. Advice, not a wall: whoever can reach the hub can claim it, so
//! that anybody can also join. It needs no API server; it ends by itself when nobody renews it.

use std::time::Duration;

use parking_lot::Mutex;

/// Without a renewal it is over after this. Engagements renew it three times in that time.
pub const LASTS: Duration = Duration::from_secs(90);
/// "name@host against namespace/kind/name".
pub const BY_BYTES_MAX: usize = 300;

/// The one engagement.
#[derive(Debug, Default)]
pub struct Engagement(Mutex<Option<Held>>);

#[derive(Debug, Clone)]
struct Held {
    by: String,
    since: Duration,
    until: Duration,
}

/// Somebody else is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{by} is engaged, since {} s: --join does it all the same", .since.as_secs())]
pub struct Taken {
    /// Who.
    pub by: String,
    /// For how long.
    pub since: Duration,
}

impl Engagement {
    /// Claims it for `by`, or goes on holding it, at `now` of any clock that does not go back.
    ///
    /// # Errors
    /// [`Taken`].
    pub fn claim(&self, by: &str, now: Duration) -> Result<(), Taken> {
        let mut held = self.0.lock();
        let since = match held.as_ref().filter(|held| held.until > now) {
            Some(other) if other.by != by => {
                return Err(Taken { by: other.by.clone(), since: now.saturating_sub(other.since) });
            }
            Some(own) => own.since,
            None => now,
        };
        *held = Some(Held { by: by.to_owned(), since, until: now + LASTS });
        Ok(())
    }

    /// It is over, if it was theirs.
    pub fn release(&self, by: &str) {
        let mut held = self.0.lock();
        if held.as_ref().is_some_and(|held| held.by == by) {
            *held = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_until_it_is_over() {
        let engagement = Engagement::default();
        let claim = |by: &str, second: u64, expected: Option<(&str, u64)>| {
            let found = engagement.claim(by, Duration::from_secs(second)).err();
            let found = found.map(|taken| (taken.by, taken.since.as_secs()));
            let expected = expected.map(|(by, since)| (by.to_owned(), since));
            assert_eq!(found, expected, "{by} at {second}");
        };
        claim("ann", 0, None);
        claim("bob", 30, Some(("ann", 30)));
        claim("ann", 60, None);
        claim("bob", 149, Some(("ann", 149)));
        claim("bob", 150, None);
        engagement.release("ann");
        claim("ann", 160, Some(("bob", 10)));
        engagement.release("bob");
        claim("ann", 161, None);
    }
}
