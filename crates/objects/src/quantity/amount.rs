//! The number in a quantity.
//!
//! `<sign><digits>[.<digits>]<suffix>` with a decimal suffix (n u m k M G T P E), a binary one (Ki Mi Gi Ti Pi Ei) or an
//! exponent (e3, E-6).

/// 2^63 - 1 whole units in billionths: Kubernetes caps quantities there.
const NANOS_MAX: u128 = i64::MAX as u128 * NANOS_PER_UNIT;
const NANOS_PER_UNIT: u128 = 1_000_000_000;

/// Digits behind the point that are counted exactly. With the largest binary suffix, 10^19 * 2^60 is below 2^127; the
/// digits behind these can only make a billionth full, which one bit remembers.
const FRACTION_DIGITS: i64 = 19;
/// 10^(FRACTION_DIGITS - 9): from units of the last counted digit to billionths.
const FRACTION_PER_NANO: u128 = 10_000_000_000;

/// An exponent beyond this makes any number zero or endless: 19 + 19 digits are counted at all.
const EXPONENT_MAX: i64 = 1_000;

/// Sign and billionths, rounded up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Amount {
    negative: bool,
    nanos: u128,
}

#[derive(Clone, Copy)]
enum Suffix {
    Decimal { exponent: i64 },
    Binary { bits: u32 },
}

impl Amount {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let negative = text.starts_with('-');
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let number =
            unsigned.len() - unsigned.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
        let (number, suffix) = unsigned.split_at(number);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if fraction.contains('.') || whole.len() + fraction.len() == 0 {
            return None;
        }
        let nanos = match Suffix::parse(suffix)? {
            Suffix::Decimal { exponent } => nanos(whole, fraction, exponent, 1),
            Suffix::Binary { bits } => nanos(whole, fraction, 0, 1 << bits),
        };
        Some(Self { negative, nanos })
    }

    /// In units of so many billionths, rounded away from zero, at most what 64 bits hold.
    pub(super) fn scaled(self, nanos_per_unit: u64) -> i64 {
        let size = self.nanos.div_ceil(u128::from(nanos_per_unit)).min(i64::MAX as u128) as i64;
        if self.negative { -size } else { size }
    }
}

impl Suffix {
    fn parse(suffix: &str) -> Option<Self> {
        let decimal = |exponent| Some(Self::Decimal { exponent });
        let binary = |bits| Some(Self::Binary { bits });
        match suffix {
            "" => decimal(0),
            "n" => decimal(-9),
            "u" => decimal(-6),
            "m" => decimal(-3),
            "k" => decimal(3),
            "M" => decimal(6),
            "G" => decimal(9),
            "T" => decimal(12),
            "P" => decimal(15),
            "E" => decimal(18),
            "Ki" => binary(10),
            "Mi" => binary(20),
            "Gi" => binary(30),
            "Ti" => binary(40),
            "Pi" => binary(50),
            "Ei" => binary(60),
            _ => decimal(
                suffix.strip_prefix(['e', 'E'])?.parse::<i64>().ok()?.clamp(-EXPONENT_MAX, EXPONENT_MAX),
            ),
        }
    }
}

/// Billionths in `whole.fraction * 10^exponent * factor`, rounded up, at most [`NANOS_MAX`].
fn nanos(whole: &str, fraction: &str, exponent: i64, factor: u128) -> u128 {
    let (mut units, mut parts, mut rest) = (0u128, 0u128, false);
    let mut place = whole.len() as i64 + exponent;
    for digit in whole.bytes().chain(fraction.bytes()).map(|byte| u128::from(byte - b'0')) {
        place -= 1;
        if place >= 0 {
            units = (units * 10 + digit).min(NANOS_MAX);
        } else if place >= -FRACTION_DIGITS {
            parts += digit * 10u128.pow((FRACTION_DIGITS + place) as u32);
        } else {
            rest |= digit != 0;
        }
    }
    // Zeros between the last digit and the point: 40 of them make any number endless.
    for _ in 0..place.clamp(0, 40) {
        units = (units * 10).min(NANOS_MAX);
    }
    let parts = (parts * factor).div_ceil(FRACTION_PER_NANO)
        + u128::from(rest && (parts * factor).is_multiple_of(FRACTION_PER_NANO));
    let units = units.saturating_mul(factor).saturating_mul(NANOS_PER_UNIT);
    units.saturating_add(parts).min(NANOS_MAX)
}
