//! Orders that a node has followed: none is followed twice.

use std::collections::BTreeMap;

use confirmation::hex;

use crate::limits::{ID_BYTES, SPENT_MAX};

/// Their names, until each has expired.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spent(BTreeMap<Vec<u8>, u64>);

impl Spent {
    /// What [`Self::to_text`] wrote. Lines that it did not write are left out: what follows is that an order may come twice,
    /// where refusing all would be that none comes.
    pub fn parse(text: &str) -> Self {
        let line = |line: &str| {
            let (id, until) = line.split_once(' ')?;
            let id = hex::decode(id).filter(|id| id.len() == ID_BYTES)?;
            Some((id, until.parse().ok()?))
        };
        Self(text.lines().filter_map(line).take(SPENT_MAX).collect())
    }

    /// One line for each.
    pub fn to_text(&self) -> String {
        self.0.iter().map(|(id, until)| format!("{} {until}\n", hex::encode(id))).collect()
    }

    /// Whether this one has been followed.
    pub fn contains(&self, id: &[u8]) -> bool {
        self.0.contains_key(id)
    }

    /// It was not followed after all.
    pub fn forget(&mut self, id: &[u8]) {
        self.0.remove(id);
    }

    /// Whether there is room for one more; those that have expired at `now` are forgotten.
    pub(crate) fn has_room(&mut self, now: u64) -> bool {
        self.0.retain(|_, until| *until > now);
        self.0.len() < SPENT_MAX
    }

    pub(crate) fn add(&mut self, id: &[u8], until: u64) {
        self.0.insert(id.to_vec(), until);
    }
}
