//! Lines, fields and numbers of the kernel's text files, without allocation.

/// The lines of `bytes`, without their ends.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// The fields of a line: what stands between spaces and tabs.
pub fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| *byte == b' ' || *byte == b'\t').filter(|field| !field.is_empty())
}

/// `bytes` as text; empty when it is not UTF-8, which no name of the kernel's is.
pub fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or("")
}

/// A decimal number; surrounding white space is allowed. Past `u64::MAX` it stays at `u64::MAX`: a counter that the
/// kernel prints wider than 64 bits is better shown too small than not at all.
pub fn number(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.trim_ascii();
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |value, byte| {
        byte.is_ascii_digit().then(|| value.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
    })
}

/// A decimal number with a sign.
pub fn signed(bytes: &[u8]) -> Option<i64> {
    let trimmed = bytes.trim_ascii();
    let (negative, digits) = match trimmed.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, trimmed),
    };
    let magnitude = i64::try_from(number(digits)?).unwrap_or(i64::MAX);
    Some(if negative { -magnitude } else { magnitude })
}

/// A hexadecimal number, with or without `0x`.
pub fn hexadecimal(bytes: &[u8]) -> Option<u64> {
    let trimmed = bytes.trim_ascii();
    u64::from_str_radix(text(trimmed.strip_prefix(b"0x").unwrap_or(trimmed)), 16).ok()
}

/// A decimal fraction.
pub fn fraction(bytes: &[u8]) -> Option<f64> {
    text(bytes.trim_ascii()).parse().ok().filter(|value: &f64| value.is_finite())
}

/// A flat keyed file (`vmstat`, `cpu.stat`, `memory.stat`, `memory.events`): name and number of each line.
pub fn pairs(bytes: &[u8]) -> impl Iterator<Item = (&[u8], u64)> {
    lines(bytes).filter_map(|line| {
        let mut fields = fields(line);
        Some((fields.next()?, number(fields.next()?)?))
    })
}

#[cfg(test)]
mod tests;
