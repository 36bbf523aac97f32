//! Watch streams in protobuf: the fuzzer need not find the first bytes itself.
#![no_main]

mod watch;

libfuzzer_sys::fuzz_target!(|rest: &[u8]| watch::check(&[b"\0", rest].concat()));
