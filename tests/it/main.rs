//! Integration tests, in one binary: each link with the table library takes a while.

mod engine;
mod erlang;
#[path = "../support/mod.rs"]
mod support;
