//! Whether an upstream is up: failures in a row, and when it is looked at.

/// State of one upstream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Health {
    fails: u32,
    checking: bool,
}

impl Health {
    /// Down: asked only when all others are down too. `fails_max` 0: never.
    pub(crate) fn is_down(&self, fails_max: u32) -> bool {
        fails_max > 0 && self.fails >= fails_max
    }

    /// A query got no answer. True: checks must begin.
    pub(crate) fn doubt(&mut self, fails_max: u32) -> bool {
        let begin = fails_max > 0 && !self.checking;
        self.checking |= begin;
        begin
    }

    /// A check has ended. False: no further check is needed.
    pub(crate) fn checked(&mut self, good: bool) -> bool {
        self.fails = if good { 0 } else { self.fails.saturating_add(1) };
        self.checking = !good;
        self.checking
    }

    /// A query got an answer: what a check would only suppose.
    pub(crate) fn answered(&mut self) {
        self.fails = 0;
    }
}
