//! One LIST body.

#[path = "chunks.rs"]
mod chunks;

use objects::decode::Keep;
use objects::stream::{ListDecoder, ListItem};
use objects::{Interner, Resource};

/// Reads the body whole and in pieces, and decodes each item as a pod.
pub fn check(body: &[u8]) {
    let interner = Interner::default();
    let whole = read(&interner, |feed| {
        feed(body);
    });
    let in_pieces = read(&interner, |feed| chunks::pieces(body, feed));
    assert_eq!(whole, in_pieces);
}

fn read(interner: &Interner, run: impl FnOnce(&mut dyn FnMut(&[u8]) -> bool)) -> Vec<String> {
    let (mut decoder, mut lines, mut failed) = (ListDecoder::new(), Vec::new(), false);
    run(&mut |piece| {
        let fed = decoder.feed(piece, &mut |item| {
            lines.push(match item {
                ListItem::Object(bytes) => match bytes.object(Resource::Pods, Keep::default(), interner) {
                    Ok(object) => format!("{object:?}"),
                    Err(error) => format!("{error} {:?}", bytes.identity()),
                },
                ListItem::Oversized { bytes } => format!("oversized {bytes}"),
            });
        });
        failed = fed.inspect_err(|error| lines.push(error.to_string())).is_err();
        !failed
    });
    if !failed {
        lines.push(format!("{:?}", decoder.finish()));
    }
    lines
}
