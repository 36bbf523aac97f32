//! What was encoded is decoded to the same; what was not, does no harm.

use objects::decode::{self, Encoding, Keep};
use objects::{Interner, ObjectBytes, Resource, Status, encode};
use proptest::prelude::*;

use crate::arbitrary::Choices;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn decoding_undoes_encoding(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        for resource in Resource::ALL {
            let object = Choices(&bytes).object(resource);
            let mut encoded = Vec::new();
            encode::object(&object, &mut encoded);
            let keep = Keep { annotations: true };
            let decoded = decode::object(resource, Encoding::Protobuf, &encoded, keep, &Interner::default());
            prop_assert_eq!(decoded.unwrap(), object);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for resource in Resource::ALL {
            for encoding in [Encoding::Protobuf, Encoding::Json] {
                let object = ObjectBytes { encoding, bytes: &bytes };
                let _ = object.object(resource, Keep::default(), &Interner::default());
                object.identity();
            }
        }
        let _ = ObjectBytes::of_body(&bytes);
        Status::decode(&bytes);
    }

    #[test]
    fn a_flipped_byte_is_read_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
        place in any::<prop::sample::Index>(),
        flip in 1..=255u8,
    ) {
        for resource in Resource::ALL {
            let mut encoded = Vec::new();
            encode::object(&Choices(&bytes).object(resource), &mut encoded);
            if encoded.is_empty() {
                continue;
            }
            let place = place.index(encoded.len());
            encoded[place] ^= flip;
            let _ = decode::object(resource, Encoding::Protobuf, &encoded, Keep::default(), &Interner::default());
        }
    }
}
