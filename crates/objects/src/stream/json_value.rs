//! Finds the end of a JSON value, chunk by chunk, without reading it.

/// Where in a value the scanner is. Starts at the first byte of the value.
///
/// It counts brackets and respects strings; whether the value is sound is for its decoder to say. Nothing is held per
/// level, so depth needs no limit here; decoders have theirs (128 in serde_json).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct JsonValue {
    depth: u64,
    place: Place,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Start,
    Structure,
    Text,
    Escape,
    Scalar,
}

impl JsonValue {
    /// How many of `bytes` belong to the value, and whether it ends there.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (index, &byte) in bytes.iter().enumerate() {
            match self.place {
                Place::Text if byte == b'"' => {
                    self.place = Place::Structure;
                    if self.depth == 0 {
                        return (index + 1, true);
                    }
                }
                Place::Text if byte == b'\\' => self.place = Place::Escape,
                Place::Text => {}
                Place::Escape => self.place = Place::Text,
                Place::Scalar if ends_scalar(byte) => return (index, true),
                Place::Scalar => {}
                Place::Start | Place::Structure => match byte {
                    b'"' => self.place = Place::Text,
                    b'{' | b'[' => {
                        self.place = Place::Structure;
                        self.depth += 1;
                    }
                    b'}' | b']' => {
                        self.depth = self.depth.saturating_sub(1);
                        if self.depth == 0 {
                            return (index + 1, true);
                        }
                    }
                    _ if self.place == Place::Start => self.place = Place::Scalar,
                    _ => {}
                },
            }
        }
        (bytes.len(), false)
    }
}

fn ends_scalar(byte: u8) -> bool {
    matches!(byte, b',' | b'}' | b']') || byte.is_ascii_whitespace()
}
