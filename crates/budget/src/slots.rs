//! How many at once.

/// A limit on what is open at the same time.
#[derive(Debug, Clone)]
pub struct Slots {
    limit: u32,
    used: u32,
}

impl Slots {
    /// None taken.
    pub fn new(limit: u32) -> Self {
        Self { limit, used: 0 }
    }

    /// Takes a slot if one is free.
    pub fn step(&mut self) -> bool {
        if self.used >= self.limit {
            return false;
        }
        self.used += 1;
        true
    }

    /// Gives one back.
    pub fn give_back(&mut self) {
        debug_assert!(self.used > 0, "a slot was given back that nobody took");
        self.used = self.used.saturating_sub(1);
    }

    /// Slots taken.
    pub fn used(&self) -> u32 {
        self.used
    }

    /// Slots in all.
    pub fn limit(&self) -> u32 {
        self.limit
    }
}
