//! Integration tests, in one binary: each link with the table library takes a while.

mod audit;
mod bad_input;
mod bilevel;
mod bilevel_scenarios;
mod c_nash;
mod c_nash_figures;
mod car2go;
mod cli;
mod coalition;
mod data_commands;
mod engine;
mod erlang;
mod fuzz_corpus;
mod layers;
mod outputs;
mod outputs_day;
mod prices;
mod prices_bad;
mod real_data;
mod report;
mod reproduce;
mod run;
mod scenario;
mod scenario_tables;
mod solve_bilevel;
mod solve_c_nash;
mod statistics;
mod statistics_coverage;
mod study;
#[path = "../support/mod.rs"]
mod support;
mod synth;
mod trading;
mod trips;
mod trips_bad;
mod variation;
