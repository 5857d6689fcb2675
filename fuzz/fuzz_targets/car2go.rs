//! See `gridfleet_fuzz::car2go`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::car2go(data);
});
