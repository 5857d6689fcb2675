//! Tests of the solvers against other solvers, published tables and properties, in one binary.

mod bilevel;
mod bilevel_scenarios;
mod c_nash;
mod c_nash_rows;
mod clairvoyant;
mod coalition;
mod coalition_formation;
mod grid;
#[cfg(feature = "highs")]
mod highs;
mod learning;
mod optimize;
mod routing;
mod routing_scarce;
mod stackelberg;
mod statistics;
mod statistics_coverage;
mod structures;
