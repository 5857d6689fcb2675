//! See `gridfleet_fuzz::trips`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::trips(data);
});
