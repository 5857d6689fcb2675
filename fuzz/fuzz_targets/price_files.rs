//! See `gridfleet_fuzz::price_files`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::price_files(data);
});
