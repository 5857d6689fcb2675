//! See `gridfleet_fuzz::matpower`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::matpower(data);
});
