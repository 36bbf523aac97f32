//! The shapes of the built-in kinds: which field has which number, name and type.
//!
//! The table (`generated.rs`) is written by `examples/generate-schema.rs` from the Kubernetes API modules.

mod generated;

/// One protobuf message and its JSON object.
#[derive(Debug)]
pub(crate) struct Message {
    /// Full protobuf name.
    pub(crate) name: &'static str,
    /// Sorted by JSON name.
    pub(crate) fields: &'static [Field],
}

/// One field of a message.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) number: u32,
    /// Name in JSON.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) shape: Shape,
    pub(crate) zero: Zero,
    /// How a strategic merge patch merges this list: by this key of its elements; "." for a set of scalars; "" not at all.
    pub(crate) merge_key: &'static str,
}

/// Type of a field, of the elements of a list, of the values of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    String,
    /// base64 in JSON
    Bytes,
    Bool,
    Int32,
    Int64,
    /// `metav1.Time`: RFC 3339 with seconds
    Time,
    /// `metav1.MicroTime`: RFC 3339 with microseconds
    MicroTime,
    /// Any JSON, as bytes in field 1.
    FieldsV1,
    Quantity,
    IntOrString,
    /// Another message, by its place in the table.
    Nested(u16),
}

/// How often a field stands in its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    One,
    Repeated,
    /// Keys are strings.
    Map,
    /// A message of its own in protobuf, whose fields stand in the parent in JSON.
    Inline,
}

/// What JSON says about a zero ("" / 0 / false).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zero {
    /// Left out.
    Drop,
    /// Written when it is present in protobuf: a pointer in Go.
    Keep,
    /// Always written.
    Always,
}

impl Message {
    /// The message with this full protobuf name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        generated::MESSAGES.iter().find(|message| message.name == name)
    }

    pub(crate) fn at(place: u16) -> &'static Self {
        &generated::MESSAGES[usize::from(place)]
    }

    /// The field with this JSON name, directly in this message.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        let place = self.fields.binary_search_by(|field| field.name.cmp(name)).ok()?;
        Some(&self.fields[place])
    }

    /// The field with this JSON name in a message that is inlined into this one, and the field that holds that message.
    pub(crate) fn inlined_field(&self, name: &str) -> Option<(&'static Field, &'static Field)> {
        self.fields.iter().filter(|field| field.shape == Shape::Inline).find_map(|holder| {
            let Kind::Nested(place) = holder.kind else { return None };
            Some((holder, Self::at(place).field(name)?))
        })
    }

    /// What a JSON name means here, inlined or not.
    pub(crate) fn lookup(&self, name: &str) -> Option<&'static Field> {
        match self.field(name) {
            Some(field) if field.shape != Shape::Inline => Some(field),
            _ => self.inlined_field(name).map(|(_, field)| field),
        }
    }
}

const fn field(
    number: u32,
    name: &'static str,
    kind: Kind,
    shape: Shape,
    zero: Zero,
    merge_key: &'static str,
) -> Field {
    Field { number, name, kind, shape, zero, merge_key }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_sorted() {
        let fields: usize = generated::MESSAGES.iter().map(|message| message.fields.len()).sum();
        assert_eq!(fields, generated::FIELDS);
        for message in &generated::MESSAGES {
            assert!(message.fields.is_sorted_by(|a, b| a.name < b.name), "{}", message.name);
            for field in message.fields {
                if let Kind::Nested(place) = field.kind {
                    assert!(usize::from(place) < generated::MESSAGES.len());
                }
            }
        }
    }

    #[test]
    fn inlined_messages_are_found() {
        let volume = Message::named("k8s.io.api.core.v1.Volume").expect("in the table");
        let (holder, field) = volume.inlined_field("emptyDir").expect("inlined");
        assert_eq!((holder.number, field.number), (2, 2));
    }
}
