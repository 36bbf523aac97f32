//! A secret split k of n (Shamir 1979, over GF(2^8) with the polynomial of AES): any k shares give it back, fewer say nothing.
//!
//! No table is looked up and nothing branches on a secret: the time says nothing either. Our own, because the crates for it
//! are unkept or bring a library of elliptic curves (`docs/decisions/0006-emergency-access.md`).

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::secret::{Secret, SecretError, fill};

/// People who hold one.
pub const SHARES_MAX: u8 = 16;
const PREFIX: &str = "plimsoll-share";
const CHECK_BYTES: usize = 4;

/// One share.
pub struct Share {
    /// Of which secret: what it opens.
    of: String,
    threshold: u8,
    /// From 1.
    number: u8,
    bytes: Zeroizing<Vec<u8>>,
}

/// Why shares give nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShareError {
    /// Not as many as it can be.
    #[error(
        "{of} shares of which {needed} are needed cannot be: at least 2 are needed, no more than there are, and there are at most {SHARES_MAX}"
    )]
    Numbers {
        /// All.
        of: u8,
        /// As many as give it back.
        needed: u8,
    },
    /// A text that is none.
    #[error("line {0} is no share: is a digit missing?")]
    NotAShare(usize),
    /// Of something else.
    #[error("line {line} is a share of {found}, and this is {wanted}")]
    Foreign {
        /// Counted from one.
        line: usize,
        /// What it opens.
        found: String,
        /// What is to be opened.
        wanted: String,
    },
    /// Not enough.
    #[error("{have} of {need} shares: find {} more people", need - have)]
    TooFew {
        /// Different ones.
        have: usize,
        /// As many as are needed.
        need: usize,
    },
    /// No random bytes.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

/// Splits a secret that opens `of` into `shares`, any `threshold` of which give it back.
///
/// # Errors
/// [`ShareError::Numbers`], or no random bytes.
pub fn split(secret: &Secret, of: &str, shares: u8, threshold: u8) -> Result<Vec<Share>, ShareError> {
    if threshold < 2 || threshold > shares || shares > SHARES_MAX {
        return Err(ShareError::Numbers { of: shares, needed: threshold });
    }
    // For each byte a polynomial: the byte itself, and random coefficients.
    let mut coefficients = Zeroizing::new(vec![0; secret.bytes().len() * usize::from(threshold - 1)]);
    fill(&mut coefficients)?;
    let share = |number: u8| {
        let rows = coefficients.chunks(usize::from(threshold - 1)).zip(secret.bytes());
        let at = |(row, byte): (&[u8], &u8)| {
            times(row.iter().rev().fold(0, |sum, coefficient| times(sum, number) ^ coefficient), number)
                ^ byte
        };
        Share { of: of.to_owned(), threshold, number, bytes: Zeroizing::new(rows.map(at).collect()) }
    };
    Ok((1..=shares).map(share).collect())
}

/// The secret that opens `of`, from the lines of a text; more than are needed do no harm.
///
/// # Errors
/// [`ShareError`].
pub fn combine(text: &str, of: &str) -> Result<Secret, ShareError> {
    let mut shares: Vec<Share> = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let share = Share::parse(line).ok_or(ShareError::NotAShare(at + 1))?;
        if share.of != of {
            return Err(ShareError::Foreign { line: at + 1, found: share.of, wanted: of.to_owned() });
        }
        let fits = shares
            .first()
            .is_none_or(|first| first.threshold == share.threshold && first.bytes.len() == share.bytes.len());
        if !fits {
            return Err(ShareError::NotAShare(at + 1));
        }
        if !shares.iter().any(|known| known.number == share.number) {
            shares.push(share);
        }
    }
    let need = shares.first().map_or(2, |first| usize::from(first.threshold));
    if shares.len() < need {
        return Err(ShareError::TooFew { have: shares.len(), need });
    }
    shares.truncate(need);
    let mut secret = Zeroizing::new(vec![0u8; shares[0].bytes.len()]);
    for share in &shares {
        // Lagrange at 0. Numbers of shares are no secret.
        let others = shares.iter().filter(|other| other.number != share.number);
        let weight = others.fold(1, |product, other| {
            times(product, times(other.number, inverse(other.number ^ share.number)))
        });
        for (byte, part) in secret.iter_mut().zip(share.bytes.iter()) {
            *byte ^= times(*part, weight);
        }
    }
    Ok(Secret::new(secret.to_vec()))
}

impl Share {
    /// One line, for a safe: with a check of its own, so that a wrong digit is found before it is needed.
    pub fn to_text(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(confirmation::hex::encode(&self.bytes));
        let head = format!("{PREFIX}:{}:{}:{}:", self.of, self.threshold, self.number);
        let check = check(&head, &digits);
        Zeroizing::new(format!("{head}{}:{check}", digits.as_str()))
    }

    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.trim().split(':').collect();
        let [PREFIX, of, threshold, number, digits, given] = fields[..] else { return None };
        let head = format!("{PREFIX}:{of}:{threshold}:{number}:");
        if check(&head, digits) != given {
            return None;
        }
        let share = Self {
            of: of.to_owned(),
            threshold: threshold.parse().ok()?,
            number: number.parse().ok()?,
            bytes: Zeroizing::new(confirmation::hex::decode(digits)?),
        };
        (share.number > 0 && share.threshold >= 2 && !share.bytes.is_empty()).then_some(share)
    }
}

fn check(head: &str, digits: &str) -> String {
    let hash = Sha256::new().chain_update(head).chain_update(digits).finalize();
    confirmation::hex::encode(&hash[..CHECK_BYTES])
}

/// The product in GF(2^8).
fn times(a: u8, b: u8) -> u8 {
    let (mut a, mut product) = (a, 0u8);
    for bit in 0..8 {
        // All ones or all zeros, by arithmetic and not by a branch.
        product ^= a & 0u8.wrapping_sub((b >> bit) & 1);
        a = (a << 1) ^ (0x1b & 0u8.wrapping_sub(a >> 7));
    }
    product
}

/// 1/a: the 254th power.
fn inverse(a: u8) -> u8 {
    let (mut power, mut product) = (a, 1);
    for bit in 0..8 {
        if (254 >> bit) & 1 == 1 {
            product = times(product, power);
        }
        power = times(power, power);
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_one() {
        for a in 0..=255u8 {
            assert_eq!(times(a, 1), a);
            assert_eq!(times(a, 0), 0);
            if a > 0 {
                assert_eq!(times(a, inverse(a)), 1, "{a}");
            }
            for b in 0..=255u8 {
                assert_eq!(times(a, b), times(b, a));
                assert_eq!(times(a ^ 7, b), times(a, b) ^ times(7, b));
            }
        }
        // FIPS 197, section 4.2.
        assert_eq!((times(0x57, 0x83), times(0x57, 0x13)), (0xc1, 0xfe));
    }

    fn shares(n: u8, k: u8) -> (Vec<u8>, Vec<String>) {
        let secret = Secret::random(32).expect("chance");
        let shares = split(&secret, "abcd", n, k).expect("shares");
        (secret.bytes().to_vec(), shares.iter().map(|share| share.to_text().to_string()).collect())
    }

    #[test]
    fn any_k_give_it_back_and_no_fewer() {
        let (secret, texts) = shares(5, 3);
        for mask in 0u32..32 {
            let some: Vec<&str> =
                (0..5).filter(|n| mask >> n & 1 == 1).map(|n| texts[n as usize].as_str()).collect();
            match combine(&some.join("\n"), "abcd") {
                Ok(found) => {
                    assert!(some.len() >= 3);
                    assert_eq!(found.bytes(), secret);
                }
                Err(why) => {
                    let need = if some.is_empty() { 2 } else { 3 };
                    assert_eq!(why, ShareError::TooFew { have: some.len(), need });
                }
            }
        }
    }

    #[test]
    fn fewer_than_k_fit_every_secret() {
        // With two of three points, each value at 0 has exactly one polynomial: all 256 are as likely.
        let (_, texts) = shares(3, 3);
        let two: Vec<Share> = texts[..2].iter().filter_map(|text| Share::parse(text)).collect();
        let mut seen = std::collections::BTreeSet::new();
        for third in 0..=255u8 {
            let mut all = two.iter().map(|share| (share.number, share.bytes[0])).collect::<Vec<_>>();
            all.push((3, third));
            let at_zero = all.iter().fold(0, |sum, (x, y)| {
                let others = all.iter().filter(|(other, _)| other != x);
                sum ^ others.fold(*y, |part, (other, _)| times(part, times(*other, inverse(other ^ x))))
            });
            seen.insert(at_zero);
        }
        assert_eq!(seen.len(), 256);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let (_, texts) = shares(3, 2);
        let check = |text: String, expected: &str| {
            let why = combine(&text, "abcd").map(drop).expect_err("refused").to_string();
            assert!(why.contains(expected), "{why}");
        };
        check(format!("{}\n{}", texts[0], texts[0]), "1 of 2 shares");
        check(format!("{}\n{}", texts[0], &texts[1][..texts[1].len() - 1]), "line 2 is no share");
        check(texts[0].replace(":abcd:", ":beef:"), "line 1 is no share");
        let other = Secret::random(32).expect("chance");
        let foreign = split(&other, "beef", 2, 2).expect("shares");
        check(
            format!("{}\n{}", texts[0], foreign[1].to_text().as_str()),
            "a share of beef, and this is abcd",
        );
        for (n, k) in [(1, 1), (3, 1), (2, 3), (17, 2), (0, 0)] {
            assert!(matches!(split(&other, "x", n, k), Err(ShareError::Numbers { .. })), "{n} {k}");
        }
    }
}
