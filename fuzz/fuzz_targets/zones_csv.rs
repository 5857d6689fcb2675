//! See `gridfleet_fuzz::zones_csv`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::zones_csv(data);
});
