//! See `gridfleet_fuzz::report`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::report(data);
});
