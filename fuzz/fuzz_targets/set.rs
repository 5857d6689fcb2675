//! See `gridfleet_fuzz::set`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::set(data);
});
