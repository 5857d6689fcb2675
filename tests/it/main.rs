//! Integration tests, in one binary.

mod fuzz_corpus;
mod trips;
mod trips_bad;
