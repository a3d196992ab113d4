#![no_main]

use std::sync::Once;

/// The reader of Parquet panics on some input, and `chain` makes an error of it. The fuzzer's own
/// hook would end the process before that; a panic that nobody catches ends it all the same.
static CAUGHT: Once = Once::new();

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    CAUGHT.call_once(|| std::panic::set_hook(Box::new(|_| {})));
    comity_fuzz::table::parquet(input);
});
