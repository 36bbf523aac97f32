//! Watch streams in JSON: the fuzzer need not find the first bytes itself.
#![no_main]

mod watch;

libfuzzer_sys::fuzz_target!(|rest: &[u8]| watch::check(&[b"{", rest].concat()));
