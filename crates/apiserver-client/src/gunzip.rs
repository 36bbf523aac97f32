//! gzip bodies, unpacked as they arrive.
//!
//! Kubernetes 1.37 compresses watch streams one member per event (`WatchListCompression`), so a body has many members.

use std::io::Write;

use flate2::write::MultiGzDecoder;

/// Compressed bytes unpacked at once. Deflate packs at most about 1,030 to 1: 4 KiB are never more than 4.2 MiB of plain text,
/// which is handed on before the next 4 KiB are looked at.
const SLICE_BYTES: usize = 4_096;

/// The plain text of a body, member after member.
pub(crate) struct Gunzip(MultiGzDecoder<Vec<u8>>);

/// The body is not gzip, or is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("damaged gzip")]
pub(crate) struct Damaged;

impl Gunzip {
    pub(crate) fn new() -> Self {
        Self(MultiGzDecoder::new(Vec::new()))
    }

    /// Unpacks `chunk` and hands over all plain text that it yields. `each` stops it by returning an error.
    pub(crate) fn feed<E: From<Damaged>>(
        &mut self,
        chunk: &[u8],
        each: &mut dyn FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for slice in chunk.chunks(SLICE_BYTES) {
            // The flush makes it hand over what it has: an event must not wait in here for the next one.
            self.0.write_all(slice).and_then(|()| self.0.flush()).map_err(|_| Damaged)?;
            let plain = self.0.get_mut();
            if !plain.is_empty() {
                each(plain)?;
                plain.clear();
            }
        }
        Ok(())
    }

    /// At the end of the body: whether the last member was whole and its checksum right.
    pub(crate) fn finish(&mut self) -> Result<(), Damaged> {
        self.0.try_finish().map_err(|_| Damaged)
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn member(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(chunks: &[&[u8]]) -> Result<Vec<Vec<u8>>, Damaged> {
        let mut gunzip = Gunzip::new();
        let mut after_each = Vec::new();
        for chunk in chunks {
            let mut plain = Vec::new();
            gunzip.feed::<Damaged>(chunk, &mut |bytes| {
                plain.extend_from_slice(bytes);
                Ok(())
            })?;
            after_each.push(plain);
        }
        gunzip.finish()?;
        Ok(after_each)
    }

    /// Chunks, and what must have come out after each.
    type Row<'a> = (&'a [&'a [u8]], &'a [&'a [u8]]);

    #[test]
    fn each_member_comes_out_as_soon_as_it_is_in() {
        let (one, two) = (member(b"first event\n"), member(b"second event\n"));
        let rows: &[Row<'_>] = &[
            (&[&one], &[b"first event\n"]),
            (&[&one, &two], &[b"first event\n", b"second event\n"]),
            (&[&[one.as_slice(), &two].concat()], &[b"first event\nsecond event\n"]),
            // A member that is not yet complete gives what it can.
            (&[&one[..1], &one[1..], &two[..5], &two[5..]], &[b"", b"first event\n", b"", b"second event\n"]),
            (&[&[one.as_slice(), &two[..9]].concat(), &two[9..]], &[b"first event\n", b"second event\n"]),
        ];
        for (chunks, expected) in rows {
            assert_eq!(unpack(chunks).unwrap(), *expected);
        }
    }

    #[test]
    fn one_byte_at_a_time() {
        let packed = [member(b"alpha "), member(b""), member(&b"omega ".repeat(1_000))].concat();
        let chunks: Vec<&[u8]> = packed.chunks(1).collect();
        let expected = [b"alpha ".to_vec(), b"omega ".repeat(1_000)].concat();
        assert_eq!(unpack(&chunks).unwrap().concat(), expected);
    }

    #[test]
    fn what_is_not_gzip_is_named() {
        assert_eq!(unpack(&[b"{\"kind\":\"PodList\"}"]), Err(Damaged));
        let mut damaged = member(b"some text that is long enough");
        let end = damaged.len() - 6;
        damaged[end] ^= 0xff;
        assert_eq!(unpack(&[&damaged]), Err(Damaged));
        let whole = member(b"some text that is long enough");
        assert_eq!(unpack(&[&whole[..whole.len() - 1]]), Err(Damaged));
    }

    #[test]
    fn a_bomb_is_handed_over_in_pieces() {
        let bomb = member(&vec![0; 16 << 20]);
        let (mut pieces, mut largest, mut total) = (0, 0, 0);
        let mut gunzip = Gunzip::new();
        gunzip
            .feed::<Damaged>(&bomb, &mut |plain| {
                pieces += 1;
                largest = largest.max(plain.len());
                total += plain.len();
                Ok(())
            })
            .unwrap();
        assert_eq!(total, 16 << 20);
        assert!(largest <= 5 << 20 && pieces > 3, "{largest} bytes in one of {pieces} pieces");
    }
}
