//! See `gridfleet_fuzz::prices`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::prices(data);
});
