//! See `gridfleet_fuzz::containers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::containers(data);
});
