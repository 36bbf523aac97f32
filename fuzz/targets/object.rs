//! Objects of every kind in both encodings: what was read, is written and read again as the same.
#![no_main]

use objects::decode::{self, Encoding, Keep};
use objects::{Interner, ObjectBytes, Resource, Status, encode};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((&choice, bytes)) = data.split_first() else { return };
    let choice = usize::from(choice);
    let resource = Resource::ALL[choice % Resource::ALL.len()];
    let encoding = if choice < 128 { Encoding::Protobuf } else { Encoding::Json };
    let (interner, keep) = (Interner::default(), Keep { annotations: true });

    ObjectBytes { encoding, bytes }.identity();
    Status::decode(bytes);
    let Ok(object) = decode::object(resource, encoding, bytes, keep, &interner) else { return };
    let mut encoded = Vec::new();
    encode::object(&object, &mut encoded);
    let again = decode::object(resource, Encoding::Protobuf, &encoded, keep, &interner);
    assert_eq!(again.expect("own bytes are sound"), object);
});
