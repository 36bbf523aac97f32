//! Shuffle sharding: which queues a flow may use.
//!
//! Facts: k8s.io/apiserver `util/shufflesharding/dealer.go`, `util/flowcontrol/apf_controller.go` (`hashFlowID`).

use sha2::{Digest, Sha256};

/// Largest hand: what 60 bits of a hash can deal from two queues or more is less.
const HAND_MAX: usize = 15;
/// Bits of the hash that may be used up, so that the last card is dealt evenly.
const HASH_BITS_MAX: f64 = 60.0;
/// Most queues.
const QUEUES_MAX: usize = 1 << 26;

/// Deals each flow the same few queues each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dealer {
    queues: usize,
    hand: usize,
}

/// A priority level that the API server would not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{hand} of {queues} queues cannot be dealt; take a hand of at most {HAND_MAX} and of as many bits as 60 of a hash give"
)]
pub struct NoDealer {
    queues: usize,
    hand: usize,
}

impl Dealer {
    /// For `queues` queues of which each flow has `hand`.
    ///
    /// # Errors
    /// [`NoDealer`] where the API server refuses it, too.
    pub fn new(queues: usize, hand: usize) -> Result<Self, NoDealer> {
        let refused = NoDealer { queues, hand };
        if queues == 0 || hand == 0 || hand > queues || hand > HAND_MAX || queues > QUEUES_MAX {
            return Err(refused);
        }
        #[expect(clippy::cast_precision_loss, reason = "at most 2^26")]
        let bits = ((queues as f64).log2() * hand as f64).ceil();
        if bits > HASH_BITS_MAX { Err(refused) } else { Ok(Self { queues, hand }) }
    }

    /// The queues of a flow, in the order in which they are dealt.
    #[must_use]
    pub fn deal(self, mut hash: u64) -> Vec<usize> {
        let mut left = Vec::with_capacity(self.hand);
        for dealt in 0..self.hand {
            let deck = (self.queues - dealt) as u64;
            #[expect(clippy::cast_possible_truncation, reason = "below the number of queues")]
            left.push((hash % deck) as usize);
            hash /= deck;
        }
        // Each number counts the cards that are still in the deck; those dealt before it are to be skipped.
        let card = |at: usize| {
            left[..at].iter().rev().fold(left[at], |card, &before| card + usize::from(card >= before))
        };
        (0..self.hand).map(card).collect()
    }
}

/// What a flow is dealt by: its flow schema and what distinguishes it there (a user, a namespace or nothing).
#[must_use]
pub fn flow_hash(flow_schema: &str, distinguisher: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(flow_schema.as_bytes());
    hash.update([0]);
    hash.update(distinguisher.as_bytes());
    let sum: [u8; 32] = hash.finalize().into();
    u64::from_le_bytes([sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], sum[6], sum[7]])
}

#[cfg(test)]
mod tests;
