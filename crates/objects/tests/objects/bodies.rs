//! Bodies as an API server sends them, and what the decoders make of them.

use objects::encode;
use objects::stream::{ListDecoder, ListItem, WatchDecoder, WatchEvent};

/// A protobuf list with these items, each already encoded.
pub(crate) fn protobuf_list(kind: &str, resource_version: &str, token: &str, items: &[&[u8]]) -> Vec<u8> {
    let mut meta = Vec::new();
    encode::field(1, b"", &mut meta);
    encode::field(2, resource_version.as_bytes(), &mut meta);
    encode::field(3, token.as_bytes(), &mut meta);
    meta.extend_from_slice(&[4 << 3, 17]); // remainingItemCount: 17
    let mut list = Vec::new();
    encode::field(1, &meta, &mut list);
    for item in items {
        encode::field(2, item, &mut list);
    }
    let mut body = Vec::new();
    encode::envelope("v1", kind, &list, &mut body);
    body
}

/// A frame of a protobuf watch around the object's own message.
pub(crate) fn protobuf_event(event_type: &str, kind: &str, object: &[u8]) -> Vec<u8> {
    let (mut enveloped, mut frame) = (Vec::new(), Vec::new());
    encode::envelope("v1", kind, object, &mut enveloped);
    encode::watch_frame(event_type, &enveloped, &mut frame);
    frame
}

/// `metadata` of a message, with a name, a resource version and annotations.
pub(crate) fn protobuf_object(name: &str, resource_version: &str, annotations: &[(&str, &str)]) -> Vec<u8> {
    let mut meta = Vec::new();
    encode::field(1, name.as_bytes(), &mut meta);
    encode::field(6, resource_version.as_bytes(), &mut meta);
    for (key, value) in annotations {
        let mut entry = Vec::new();
        encode::field(1, key.as_bytes(), &mut entry);
        encode::field(2, value.as_bytes(), &mut entry);
        encode::field(12, &entry, &mut meta);
    }
    let mut object = Vec::new();
    encode::field(1, &meta, &mut object);
    object
}

/// What a list decoder says about a body in chunks of these sizes (the last one repeats): one line per item, then the end.
pub(crate) fn read_list(body: &[u8], chunks: &[usize]) -> Vec<String> {
    let (mut decoder, mut lines) = (ListDecoder::new(), Vec::new());
    for chunk in cut(body, chunks) {
        let fed = decoder.feed(chunk, &mut |item| lines.push(item_line(item)));
        if let Err(error) = fed {
            lines.push(format!("error: {error}"));
            return lines;
        }
    }
    lines.push(match decoder.finish() {
        Ok(end) => format!("end: {end:?}"),
        Err(error) => format!("error: {error}"),
    });
    lines
}

/// The same of a watch.
pub(crate) fn read_watch(body: &[u8], chunks: &[usize]) -> Vec<String> {
    let (mut decoder, mut lines) = (WatchDecoder::new(), Vec::new());
    for chunk in cut(body, chunks) {
        if let Err(error) = decoder.feed(chunk, &mut |event| lines.push(event_line(event))) {
            lines.push(format!("error: {error}"));
            return lines;
        }
    }
    lines.push(match decoder.finish() {
        Ok(()) => "end".to_owned(),
        Err(error) => format!("error: {error}"),
    });
    lines
}

fn item_line(item: ListItem<'_>) -> String {
    match item {
        ListItem::Object(object) => format!("{:?} {}", object.encoding, object.bytes.escape_ascii()),
        ListItem::Oversized { bytes } => format!("oversized {bytes}"),
    }
}

fn event_line(event: WatchEvent<'_>) -> String {
    match event {
        WatchEvent::Added(object) => format!("added {}", object.identity().name),
        WatchEvent::Modified(object) => format!("modified {}", object.identity().name),
        WatchEvent::Deleted(object) => format!("deleted {}", object.identity().name),
        WatchEvent::Bookmark { resource_version, initial_events_end: true } => {
            format!("initial events end at {resource_version}")
        }
        WatchEvent::Bookmark { resource_version, .. } => format!("bookmark {resource_version}"),
        WatchEvent::Error(status) => format!("{status:?}"),
        WatchEvent::Undecodable(error) => format!("undecodable: {error}"),
    }
}

fn cut<'a>(mut body: &'a [u8], chunks: &'a [usize]) -> impl Iterator<Item = &'a [u8]> {
    let mut sizes =
        chunks.iter().copied().chain(std::iter::repeat(chunks.last().copied().unwrap_or(usize::MAX)));
    std::iter::from_fn(move || {
        if body.is_empty() {
            return None;
        }
        let (chunk, rest) = body.split_at(sizes.next()?.clamp(1, body.len()));
        body = rest;
        Some(chunk)
    })
}
