//! LIST bodies in JSON: the fuzzer need not find the first bytes itself.
#![no_main]

mod list;

libfuzzer_sys::fuzz_target!(|rest: &[u8]| list::check(&[b"{", rest].concat()));
