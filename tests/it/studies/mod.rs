//! Studies, and published results that are computed again.

mod bilevel_figures;
mod c_nash_figures;
mod cooperative;
mod erlang;
mod reproduce;
mod stackelberg_targets;
mod study;
