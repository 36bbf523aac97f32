//! Chance, passed in.

use parking_lot::Mutex;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A source of random numbers.
pub trait Entropy: Send + Sync + 'static {
    /// 64 random bits.
    fn next_u64(&self) -> u64;

    /// A number in `[0, 1)`, for jitter.
    fn fraction(&self) -> f64 {
        // 53 bits are what an f64 holds exactly.
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The same seed gives the same numbers, on every machine.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<ChaCha8Rng>);

/// Seeded once from the operating system.
#[derive(Debug)]
pub struct SystemEntropy(SeededEntropy);

impl SeededEntropy {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(ChaCha8Rng::seed_from_u64(seed)))
    }
}

impl SystemEntropy {
    /// A new stream.
    pub fn new() -> Self {
        let mut seed = [0u8; 8];
        // getrandom(2) for so few bytes cannot fail once the kernel has booted; a fixed seed is a fair fallback for jitter.
        let _ = rustix::rand::getrandom(&mut seed, rustix::rand::GetRandomFlags::empty());
        Self(SeededEntropy::new(u64::from_le_bytes(seed)))
    }
}

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy for SeededEntropy {
    fn next_u64(&self) -> u64 {
        self.0.lock().next_u64()
    }
}

impl Entropy for SystemEntropy {
    fn next_u64(&self) -> u64 {
        self.0.next_u64()
    }
}
