//! Feeds a body whole and in pieces: what comes out must be the same. Shared by the list and watch targets.

/// Calls `feed` for pieces of the body; their sizes come from the body itself.
pub fn pieces(mut body: &[u8], mut feed: impl FnMut(&[u8]) -> bool) {
    let mut seed = body.len();
    while !body.is_empty() {
        seed = seed.wrapping_mul(31).wrapping_add(usize::from(body[0]));
        let (piece, rest) = body.split_at((seed % 13 + 1).min(body.len()));
        body = rest;
        if !feed(piece) {
            return;
        }
    }
}
