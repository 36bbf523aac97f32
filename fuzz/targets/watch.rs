//! One watch stream.

#[path = "chunks.rs"]
mod chunks;

use objects::stream::WatchDecoder;

/// Reads the stream whole and in pieces.
pub fn check(body: &[u8]) {
    let whole = read(|feed| {
        feed(body);
    });
    let in_pieces = read(|feed| chunks::pieces(body, feed));
    assert_eq!(whole, in_pieces);
}

fn read(run: impl FnOnce(&mut dyn FnMut(&[u8]) -> bool)) -> Vec<String> {
    let (mut decoder, mut lines, mut failed) = (WatchDecoder::new(), Vec::new(), false);
    run(&mut |piece| {
        let fed = decoder.feed(piece, &mut |event| lines.push(format!("{event:?}")));
        failed = fed.inspect_err(|error| lines.push(error.to_string())).is_err();
        !failed
    });
    if !failed {
        lines.push(format!("{:?}", decoder.finish()));
    }
    lines
}
