//! Puts together what arrives in pieces, up to a limit.

/// Capacity that is kept between two objects. Most objects are below 16 KiB.
const RETAINED_BYTES_MAX: usize = 64 << 10;

/// The pieces of one value so far. Over the limit it only counts.
#[derive(Debug, Default)]
pub(super) struct Gather {
    held: Vec<u8>,
    size: u64,
}

impl Gather {
    /// Adds a piece that is not the last.
    pub(super) fn add(&mut self, piece: &[u8], bytes_max: u64) {
        self.size += piece.len() as u64;
        if self.size > bytes_max {
            self.held = Vec::new();
            return;
        }
        self.held.extend_from_slice(piece);
    }

    /// Makes room for what is known to come, so that the buffer does not grow to twice the object.
    pub(super) fn expect(&mut self, bytes: u64, bytes_max: u64) {
        if bytes <= bytes_max {
            self.held.reserve_exact(usize::try_from(bytes).unwrap_or(0));
        }
    }

    /// The bytes so far, held or only counted.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Hands the whole value to `then`, or its size if that is over the limit, and starts over. A value that came in one
    /// piece is not copied.
    pub(super) fn finish<R>(
        &mut self,
        last: &[u8],
        bytes_max: u64,
        then: impl FnOnce(Result<&[u8], u64>) -> R,
    ) -> R {
        let result = if self.size == 0 && last.len() as u64 <= bytes_max {
            then(Ok(last))
        } else {
            self.add(last, bytes_max);
            if self.size > bytes_max { then(Err(self.size)) } else { then(Ok(&self.held)) }
        };
        self.size = 0;
        self.held.clear();
        self.held.shrink_to(RETAINED_BYTES_MAX);
        result
    }
}
