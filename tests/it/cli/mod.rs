//! The program from the outside: its commands and messages, files that stay whole however it ends, and the documents that
//! show it.

mod bad_input;
mod commands;
mod faults;
mod kills;
mod kinds;
mod migrate;
mod odd_inputs;
mod run;
mod signals;
mod stdout;
mod tutorial;
