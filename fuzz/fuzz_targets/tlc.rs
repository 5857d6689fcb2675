//! See `gridfleet_fuzz::tlc`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::tlc(data);
});
