//! Per replication: from a checked scenario and its recorded trips to the fixed part of a world.

mod coalitions;
mod competition;
mod demand;
mod drivers;
mod od_matrix;
mod placement;
mod recorded;
mod setup;
mod sites;
mod snap;
pub mod variation;

pub use recorded::Recorded;
pub use setup::Prepared;
