//! See `gridfleet_fuzz::zones_shp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = gridfleet_fuzz::zones_shp(data);
});
