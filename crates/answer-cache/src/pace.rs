//! How fast an upstream may be asked: its budget, and the slow start after it was away.
//!
//! While an upstream is away, every node's cache runs empty. When it comes back, it must not get everything that was held
//! back at once, from every node at once: what it gets grows from a trickle, doubling each second, and fetches in the
//! background wait a random time.

use std::time::Duration;

use budget::Take;

/// Settings of [`Pace`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PaceSettings {
    /// Questions a second when all is well.
    pub per_second: f64,
    /// Questions a second while it is away, and in the first moment after it came back.
    pub start_per_second: f64,
    /// Fetches in the background begin at a random time within this after it came back.
    pub spread: Duration,
}

impl Default for PaceSettings {
    /// One node asks less than this in the worst hour; a thousand nodes that start together send 20,000 questions in the
    /// first second, which one resolver can bear.
    fn default() -> Self {
        Self { per_second: 5000.0, start_per_second: 20.0, spread: Duration::from_secs(10) }
    }
}

/// A budget of one upstream, or of several that serve the same names.
#[derive(Debug, Clone)]
pub struct Pace {
    settings: PaceSettings,
    tokens: f64,
    at: Duration,
    health: Health,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Health {
    Well,
    Away,
    Back { since: Duration },
}

/// A fetch in the background leaves this part of the budget to clients who wait.
const KEPT_FOR_CLIENTS: f64 = 0.5;

impl Pace {
    /// All is well.
    pub fn new(settings: PaceSettings) -> Self {
        Self { settings, tokens: settings.per_second.max(1.0), at: Duration::ZERO, health: Health::Well }
    }

    /// The upstream does not answer.
    pub fn away(&mut self, now: Duration) {
        self.refill(now);
        self.health = Health::Away;
        self.tokens = self.tokens.min(self.burst(now));
    }

    /// It answers again, or still.
    pub fn back(&mut self, now: Duration) {
        if self.health == Health::Away {
            self.refill(now);
            self.health = Health::Back { since: now };
        }
    }

    /// A client waits for this question: may it be asked now, or when?
    pub fn client(&mut self, now: Duration) -> Take {
        self.refill(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Take::Now;
        }
        let wait = (1.0 - self.tokens) / self.per_second(now).max(f64::MIN_POSITIVE);
        Take::After(Duration::try_from_secs_f64(wait).unwrap_or(Duration::MAX).max(Duration::from_millis(1)))
    }

    /// Nobody waits for this question: may it be asked now, or when again? Never while the upstream is away.
    pub fn refresh(&mut self, now: Duration, jitter: f64) -> Take {
        self.refill(now);
        let jitter = jitter.clamp(0.0, 1.0);
        match self.health {
            Health::Away => return Take::After(self.settings.spread.mul_f64(0.5 + 0.5 * jitter)),
            Health::Back { since } => {
                let begin = since + self.settings.spread.mul_f64(jitter);
                if now < begin {
                    return Take::After(begin - now);
                }
            }
            Health::Well => {}
        }
        if self.tokens - 1.0 < self.burst(now) * KEPT_FOR_CLIENTS {
            return Take::After(self.settings.spread.mul_f64(0.1 + 0.4 * jitter));
        }
        self.tokens -= 1.0;
        Take::Now
    }

    /// Questions a second that are let through now.
    pub fn per_second(&self, now: Duration) -> f64 {
        let Health::Back { since } = self.health else {
            let away = self.health == Health::Away;
            return if away {
                self.settings.start_per_second.min(self.settings.per_second)
            } else {
                self.settings.per_second
            };
        };
        let seconds = now.saturating_sub(since).as_secs_f64().min(64.0);
        (self.settings.start_per_second * seconds.exp2()).min(self.settings.per_second)
    }

    /// One second's worth, and at least one question.
    fn burst(&self, now: Duration) -> f64 {
        self.per_second(now).max(1.0)
    }

    fn refill(&mut self, now: Duration) {
        let elapsed = now.saturating_sub(self.at).as_secs_f64();
        self.at = self.at.max(now);
        self.tokens = (self.tokens + elapsed * self.per_second(now)).min(self.burst(now));
        if let Health::Back { since } = self.health
            && self.per_second(now) >= self.settings.per_second
            && now >= since + self.settings.spread
        {
            self.health = Health::Well;
        }
    }
}
