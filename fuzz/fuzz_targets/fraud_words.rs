#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| comity_fuzz::fraud::named(input));
