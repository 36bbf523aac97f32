//! Where one is within JSON: in a string, and how deep. Deep inside an object nothing is looked at one by one: 64 bytes are taken
//! at once, as masks with one bit each (Langdale and Lemire, "Parsing Gigabytes of JSON per Second", section 3.1, has the idea).

/// Bytes that are taken at once: the bits of a mask.
pub(super) const BLOCK_BYTES: usize = 64;
/// A one in each byte of a word, and all but the highest bit of each.
const ONES: u64 = 0x0101_0101_0101_0101;
const LOW_BITS: u64 = 0x7f * ONES;
/// Multiplied with words that have a bit in some bytes, it brings these bits side by side into the highest byte.
const GATHER: u64 = 0x0102_0408_1020_4080;

/// A place within JSON.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Nesting {
    /// Objects and arrays that are open.
    pub(super) depth: u32,
    /// Within a string.
    pub(super) in_string: bool,
    /// After a backslash within a string.
    escaped: bool,
}

/// What a byte was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The quote that begins a string.
    String,
    /// A byte of a string.
    Text,
    /// `{` or `[`; the depth counts it already.
    Open,
    /// `}` or `]`; the depth does not count it any more.
    Close,
    /// Anything else.
    Other,
}

impl Nesting {
    /// The next byte.
    pub(super) fn step(&mut self, byte: u8) -> Step {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => return Step::Text,
            }
            return if self.in_string { Step::Text } else { Step::Other };
        }
        match byte {
            b'"' => {
                self.in_string = true;
                Step::String
            }
            b'{' | b'[' => {
                self.depth += 1;
                Step::Open
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                Step::Close
            }
            _ => Step::Other,
        }
    }

    /// Passes over whole blocks for as long as the depth is certain to stay above `floor`; what is left of `bytes` begins with a
    /// block in which it may not, or is shorter than one.
    pub(super) fn pass<'a>(&mut self, bytes: &'a [u8], floor: u32) -> &'a [u8] {
        let mut left = bytes;
        while let Some((block, rest)) = left.split_first_chunk::<BLOCK_BYTES>() {
            let masks = Masks::of(block);
            let (escaped, escapes_next) = escaped(masks.backslashes, self.escaped);
            let in_string = prefix_xor(masks.quotes & !escaped) ^ if self.in_string { u64::MAX } else { 0 };
            let opened = (masks.opens & !in_string).count_ones();
            let closed = (masks.closes & !in_string).count_ones();
            // All that close might stand before all that open.
            if self.depth.saturating_sub(closed) <= floor {
                return left;
            }
            self.depth = self.depth - closed + opened;
            self.in_string = in_string >> (BLOCK_BYTES - 1) == 1;
            self.escaped = escapes_next && self.in_string;
            left = rest;
        }
        left
    }
}

/// A bit for each byte of a block: is it one of these?
struct Masks {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

impl Masks {
    fn of(block: &[u8; BLOCK_BYTES]) -> Self {
        let mut masks = Self { quotes: 0, backslashes: 0, opens: 0, closes: 0 };
        let (words, _) = block.as_chunks::<8>();
        for (at, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            // Brackets and braces differ in one bit, that of small letters.
            let folded = word | (0x20 * ONES);
            masks.quotes |= equal(word, b'"') << (8 * at);
            masks.backslashes |= equal(word, b'\\') << (8 * at);
            masks.opens |= equal(folded, b'{') << (8 * at);
            masks.closes |= equal(folded, b'}') << (8 * at);
        }
        masks
    }
}

/// One bit for each of eight bytes that is `byte`.
fn equal(word: u64, byte: u8) -> u64 {
    let other = word ^ (u64::from(byte) * ONES);
    let zeros = !(((other & LOW_BITS) + LOW_BITS) | other | LOW_BITS);
    (zeros >> 7).wrapping_mul(GATHER) >> 56
}

/// Bits that follow an odd run of backslashes, and whether the next block's first one does. Outside of strings JSON has none.
fn escaped(backslashes: u64, first: bool) -> (u64, bool) {
    let mut escaped = u64::from(first);
    let mut left = backslashes & !escaped;
    while left != 0 {
        let next = left.trailing_zeros() + 1;
        if next == u64::BITS {
            return (escaped, true);
        }
        // The byte after a backslash is no backslash that escapes.
        escaped |= 1 << next;
        left &= u64::MAX.checked_shl(next + 1).unwrap_or(0);
    }
    (escaped, false)
}

/// Each bit: the parity of the bits up to it.
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same by single steps.
    fn stepped(bytes: &[u8], from: Nesting) -> Nesting {
        let mut nesting = from;
        bytes.iter().for_each(|byte| {
            nesting.step(*byte);
        });
        nesting
    }

    fn check(bytes: &[u8]) {
        let from = Nesting { depth: 1000, ..Nesting::default() };
        let mut nesting = from;
        let left = nesting.pass(bytes, 2);
        assert!(left.len() < BLOCK_BYTES, "{} bytes are left", left.len());
        let expected = stepped(&bytes[..bytes.len() - left.len()], from);
        let state = |of: Nesting| (of.depth, of.in_string, of.escaped);
        assert_eq!(state(nesting), state(expected), "{}", String::from_utf8_lossy(bytes));
    }

    proptest! {
        #[test]
        fn blocks_are_what_steps_are(pieces in prop::collection::vec(
            prop_oneof![Just(r#"""#), Just(r#"{"#), Just("}"), Just("["), Just("]"), Just(r#""\""#), Just(r#"\\"#), Just("xyz:,"), Just(r#""a\\\"b""#)], 0..200)
        ) {
            // Backslashes stand in strings only.
            let mut bytes = Vec::new();
            let mut nesting = Nesting::default();
            for byte in pieces.concat().bytes() {
                if byte != b'\\' || nesting.in_string {
                    nesting.step(byte);
                    bytes.push(byte);
                }
            }
            check(&bytes);
        }
    }

    #[test]
    fn a_block_in_which_the_depth_may_reach_the_floor_is_left() {
        let mut nesting = Nesting { depth: 3, ..Nesting::default() };
        let text = [b"\"a\":{}".as_slice(), &[b' '; 100]].concat();
        assert_eq!(nesting.pass(&text, 2).len(), text.len());
        let mut nesting = Nesting { depth: 4, ..Nesting::default() };
        assert_eq!(nesting.pass(&text, 2).len(), text.len() - BLOCK_BYTES);
    }
}
