//! Integration tests, in one binary: each link with the table library takes a while.

mod car2go;
mod engine;
mod erlang;
mod fuzz_corpus;
#[path = "../support/mod.rs"]
mod support;
mod synth;
mod trips;
mod trips_bad;
