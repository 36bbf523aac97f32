//! LIST bodies in protobuf: the fuzzer need not find the first bytes itself.
#![no_main]

mod list;

libfuzzer_sys::fuzz_target!(|rest: &[u8]| list::check(&[b"k8s\0", rest].concat()));
