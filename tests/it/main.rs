//! Integration tests, in one binary.

mod trips;
mod trips_bad;
