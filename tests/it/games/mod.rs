//! Games of fleets, and `gridfleet solve`; the mathematics is tested in its crate.

mod coalitions;
#[cfg(feature = "highs")]
mod highs;
mod solve_bilevel;
mod solve_c_nash;
mod solve_game;
mod solve_routing;
mod solve_stackelberg;
