//! The protobuf wire format: varints, tags, length-delimited fields.

/// Numbers.
pub(crate) const VARINT: u32 = 0;
/// Eight bytes.
pub(crate) const FIXED64: u32 = 1;
/// Strings, bytes, messages.
pub(crate) const LENGTH: u32 = 2;
/// Four bytes.
pub(crate) const FIXED32: u32 = 5;

/// One field as it stands on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Fixed-width numbers, which no served kind has.
    Skipped,
}

pub(crate) fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn put_tag(number: u32, wire_type: u32, out: &mut Vec<u8>) {
    put_varint(u64::from(number << 3 | wire_type), out);
}

pub(crate) fn put_bytes(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    put_tag(number, LENGTH, out);
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

pub(crate) fn put_int(number: u32, value: i64, out: &mut Vec<u8>) {
    put_tag(number, VARINT, out);
    put_varint(value as u64, out);
}

/// Bytes that `value` takes as a varint.
pub(crate) fn varint_len(value: u64) -> usize {
    (64 - (value | 1).leading_zeros() as usize).div_ceil(7)
}

/// Puts the length of `out[start..]` before it.
pub(crate) fn close_length(start: usize, out: &mut Vec<u8>) {
    let length = out.len() - start;
    let prefix = varint_len(length as u64);
    out.resize(out.len() + prefix, 0);
    out.copy_within(start..start + length, start + prefix);
    let mut rest = length as u64;
    for (place, byte) in out[start..start + prefix].iter_mut().enumerate() {
        let more = if place + 1 < prefix { 0x80 } else { 0 };
        *byte = (rest as u8 & 0x7f) | more;
        rest >>= 7;
    }
}

/// Takes the next field off `input`; `None` where the bytes are damaged.
pub(crate) fn take_field<'a>(input: &mut &'a [u8]) -> Option<(u32, Payload<'a>)> {
    let tag = take_varint(input)?;
    let number = u32::try_from(tag >> 3).ok()?;
    let payload = match tag as u32 & 7 {
        VARINT => Payload::Varint(take_varint(input)?),
        LENGTH => {
            let length = usize::try_from(take_varint(input)?).ok()?;
            let (bytes, rest) = input.split_at_checked(length)?;
            *input = rest;
            Payload::Bytes(bytes)
        }
        FIXED64 => skip(8, input)?,
        FIXED32 => skip(4, input)?,
        _ => return None,
    };
    (number != 0).then_some((number, payload))
}

pub(crate) fn take_varint(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn skip<'a>(bytes: usize, input: &mut &[u8]) -> Option<Payload<'a>> {
    *input = input.get(bytes..)?;
    Some(Payload::Skipped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_put_before() {
        for length in [0usize, 1, 127, 128, 16_383, 16_384, 300_000] {
            let mut out = vec![1, 2, 3];
            out.resize(3 + length, 7);
            close_length(3, &mut out);
            let mut rest = &out[3..];
            assert_eq!(take_varint(&mut rest), Some(length as u64));
            assert_eq!(rest.len(), length);
            assert_eq!(varint_len(length as u64), out.len() - 3 - length);
        }
    }

    #[test]
    fn damage_is_noticed() {
        for mut bytes in [&[0x80u8][..], &[0x0a, 0x05, 1], &[0x0b], &[0x00], &[0xff; 12], &[0x09, 1, 2]] {
            assert_eq!(take_field(&mut bytes), None);
        }
    }
}
