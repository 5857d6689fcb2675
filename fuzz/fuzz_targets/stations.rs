//! See `gridfleet_fuzz::stations`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::stations(data);
});
