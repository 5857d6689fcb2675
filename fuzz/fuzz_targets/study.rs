//! See `gridfleet_fuzz::study`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::study(data);
});
