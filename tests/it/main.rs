//! Integration tests, in one binary: each link with the table library takes a while.
//!
//! A folder for each subject; `tests/support` has what they share.

mod cli;
mod data;
mod engine;
mod games;
mod house;
mod markets;
mod outputs;
mod scenario;
mod studies;
#[path = "../support/mod.rs"]
mod support;
