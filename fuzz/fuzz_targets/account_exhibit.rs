#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| comity_fuzz::account::exhibit(input));
