//! See `gridfleet_fuzz::registers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::registers(data);
});
