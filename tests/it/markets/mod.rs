//! Energy bought and sold: wholesale markets, retailers and their competition, load-dependent prices, and agents that learn
//! to bid.

mod competition;
mod hindsight;
mod loads;
mod retail;
mod retail_files;
mod station_coalitions;
mod station_costs;
mod station_plans;
mod trading;
mod training;
