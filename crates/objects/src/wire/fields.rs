//! Protobuf fields without a schema: for envelopes and frames, whose content is passed on as it is.

/// A varint has at most ten bytes: 64 bits, seven at a time.
const VARINT_BYTES_MAX: u32 = 10;

/// What a protobuf message cannot contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged;

/// Wire types that Kubernetes writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WireType {
    Varint,
    Fixed64,
    Length,
    Fixed32,
}

/// Reads a varint byte by byte.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Varint {
    value: u64,
    bytes: u32,
}

impl Varint {
    /// The value, once `byte` was its last.
    pub(crate) fn push(&mut self, byte: u8) -> Result<Option<u64>, Damaged> {
        if self.bytes >= VARINT_BYTES_MAX || (self.bytes == VARINT_BYTES_MAX - 1 && byte > 1) {
            return Err(Damaged);
        }
        self.value |= u64::from(byte & 0x7f) << (7 * self.bytes);
        self.bytes += 1;
        if byte & 0x80 != 0 {
            return Ok(None);
        }
        Ok(Some(std::mem::take(self).value))
    }

    /// Whether no byte of the next varint has come yet.
    pub(crate) fn is_empty(self) -> bool {
        self.bytes == 0
    }
}

/// Splits a field's key into its number and its wire type.
pub(crate) fn key(key: u64) -> Result<(u64, WireType), Damaged> {
    let wire_type = match key & 7 {
        0 => WireType::Varint,
        1 => WireType::Fixed64,
        2 => WireType::Length,
        5 => WireType::Fixed32,
        _ => return Err(Damaged),
    };
    match key >> 3 {
        0 => Err(Damaged),
        number => Ok((number, wire_type)),
    }
}

/// The length-delimited fields of a message; the others are skipped.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    fn varint(&mut self) -> Result<u64, Damaged> {
        let mut varint = Varint::default();
        loop {
            let (&byte, rest) = self.0.split_first().ok_or(Damaged)?;
            self.0 = rest;
            if let Some(value) = varint.push(byte)? {
                return Ok(value);
            }
        }
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Damaged> {
        let length = usize::try_from(length).map_err(|_| Damaged)?;
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn field(&mut self) -> Result<Option<(u64, &'a [u8])>, Damaged> {
        while !self.0.is_empty() {
            let (number, wire_type) = key(self.varint()?)?;
            match wire_type {
                WireType::Varint => drop(self.varint()?),
                WireType::Fixed64 => drop(self.take(8)?),
                WireType::Fixed32 => drop(self.take(4)?),
                WireType::Length => {
                    let length = self.varint()?;
                    return Ok(Some((number, self.take(length)?)));
                }
            }
        }
        Ok(None)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, &'a [u8]), Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        let field = self.field().transpose();
        if matches!(field, Some(Err(_))) {
            self.0 = &[];
        }
        field
    }
}
