//! Objects and events in bodies that pass by. Nothing is kept, and on any doubt counting stops: what passes is not held up.

mod json;
mod nesting;
mod protobuf;
#[cfg(test)]
mod tests;

use std::io::Write as _;

use flate2::write::MultiGzDecoder;

/// What unpacking yields at once: deflate packs at most about 1,030 to 1, so 4 KiB are never more than 4.2 MiB.
const SLICE_BYTES: usize = 4096;

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The answer to a LIST.
    List,
    /// The answer to a watch.
    Watch,
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counted {
    /// Of a LIST: objects. Of a watch: events before the initial ones ended.
    pub(super) objects: Option<u64>,
    /// Of a watch: events after that; bookmarks are none.
    pub(super) events: Option<u64>,
    /// Bytes without compression.
    pub(super) bytes: u64,
}

/// Counts one body.
pub(super) struct Counter {
    gunzip: Option<MultiGzDecoder<Vec<u8>>>,
    form: Form,
    bytes: u64,
    broken: bool,
}

enum Form {
    JsonList(json::List),
    JsonWatch(json::Watch),
    ProtobufList(protobuf::List),
    ProtobufWatch(protobuf::Watch),
    Other,
}

impl Counter {
    /// For a body of that kind with these headers of its answer.
    pub(super) fn new(kind: Option<Kind>, content_type: &str, encoding: &str) -> Self {
        let protobuf = content_type.starts_with("application/vnd.kubernetes.protobuf");
        let json = content_type.starts_with("application/json");
        let known = matches!(encoding, "" | "identity" | "gzip");
        let form = match kind {
            Some(Kind::List) if json && known => Form::JsonList(json::List::default()),
            Some(Kind::Watch) if json && known => Form::JsonWatch(json::Watch::default()),
            Some(Kind::List) if protobuf && known => Form::ProtobufList(protobuf::List::default()),
            Some(Kind::Watch) if protobuf && known => Form::ProtobufWatch(protobuf::Watch::default()),
            _ => Form::Other,
        };
        let gunzip = (encoding == "gzip").then(|| MultiGzDecoder::new(Vec::new()));
        Self { gunzip, form, bytes: 0, broken: false }
    }

    /// The next bytes as they are on the wire.
    pub(super) fn feed(&mut self, wire: &[u8]) {
        if self.broken {
            return;
        }
        let Some(mut gunzip) = self.gunzip.take() else {
            self.plain(wire);
            return;
        };
        for slice in wire.chunks(SLICE_BYTES) {
            if gunzip.write_all(slice).and_then(|()| gunzip.flush()).is_err() {
                self.broken = true;
                return;
            }
            let plain = std::mem::take(gunzip.get_mut());
            self.plain(&plain);
        }
        self.gunzip = Some(gunzip);
    }

    /// What it was.
    pub(super) fn counted(&self) -> Counted {
        let (objects, events) = match &self.form {
            _ if self.broken => (None, None),
            Form::JsonList(list) => (Some(list.objects()), None),
            Form::ProtobufList(list) => (list.objects(), None),
            Form::JsonWatch(watch) => watch.events(),
            Form::ProtobufWatch(watch) => watch.events(),
            Form::Other => (None, None),
        };
        Counted { objects, events, bytes: self.bytes }
    }

    fn plain(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        match &mut self.form {
            Form::JsonList(list) => list.feed(bytes),
            Form::JsonWatch(watch) => watch.feed(bytes),
            Form::ProtobufList(list) => list.feed(bytes),
            Form::ProtobufWatch(watch) => watch.feed(bytes),
            Form::Other => {}
        }
    }
}

/// Events of a watch, from the beginnings of their frames.
#[derive(Debug, Default)]
struct Events {
    events: u64,
    initial: Option<u64>,
}

impl Events {
    /// `head`: the first bytes of an event, with its type and, of a bookmark, its annotations.
    fn take(&mut self, bookmark: bool, head: &[u8]) {
        if !bookmark {
            self.events += 1;
            return;
        }
        const END: &[u8] = b"k8s.io/initial-events-end";
        if self.initial.is_none() && head.windows(END.len()).any(|part| part == END) {
            self.initial = Some(self.events);
            self.events = 0;
        }
    }

    fn counted(&self) -> (Option<u64>, Option<u64>) {
        (self.initial, Some(self.events))
    }
}
