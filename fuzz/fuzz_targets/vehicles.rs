//! See `gridfleet_fuzz::vehicles`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::vehicles(data);
});
