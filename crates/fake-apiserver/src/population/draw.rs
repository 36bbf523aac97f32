//! Chance with a seed.

use environment::{Entropy as _, SeededEntropy};

use crate::writes::metadata::format_uid;

/// A stream of draws: the same seed, the same stream.
#[derive(Debug)]
pub(crate) struct Draw(SeededEntropy);

/// As generated names have them.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    /// Any number below `bound`; 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { (self.0.next_u64() % bound as u64) as usize }
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.0.next_u64() % (high - low + 1)
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    pub(crate) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub(crate) fn uid(&mut self) -> String {
        format_uid(u128::from(self.0.next_u64()) << 64 | u128::from(self.0.next_u64()))
    }

    /// "x7k2p": the end of a generated name.
    pub(crate) fn letters(&mut self, count: usize) -> String {
        let mut bits = self.0.next_u64();
        let next = || {
            let letter = LETTERS[(bits % LETTERS.len() as u64) as usize];
            bits /= LETTERS.len() as u64;
            char::from(letter)
        };
        std::iter::repeat_with(next).take(count).collect()
    }

    /// 64 hexadecimal digits: ids of containers and images.
    pub(crate) fn digest(&mut self) -> String {
        let words: [u64; 4] = std::array::from_fn(|_| self.0.next_u64());
        words.iter().map(|word| format!("{word:016x}")).collect()
    }
}
