//! See `gridfleet_fuzz::solve`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::solve(data);
});
