//! A radial distribution feeder: its voltages and flows, what a load adds to its losses, and what it can bear.
//!
//! - [`feeder`]: buses and branches as a tree, and what is wrong with them;
//! - [`matpower`]: feeders written as MATPOWER cases;
//! - [`linear`]: LinDistFlow, in which voltages and flows are linear in the loads;
//! - [`sweep`]: the power flow of alternating current, which LinDistFlow approximates;
//! - [`limits`]: voltages and flows that are allowed, and how much room a load has;
//! - [`curtail`]: which share of what is asked for keeps to them.
//!
//! Nothing here knows a vehicle, a price or a clock.
//!
#![doc = include_str!("../../../docs/equations/rendered/grid.md")]

pub mod curtail;
pub mod feeder;
pub mod limits;
pub mod linear;
pub mod matpower;
pub mod sweep;

pub use feeder::{Branch, Bus, Fault, Feeder, Place};
pub use limits::{Breach, Limit, Limits};
pub use linear::{Flow, flow};

/// The feeder of Baran and Wu (1989): 33 buses, 12.66 kV, 3.715 MW and 2.3 Mvar, as a MATPOWER case.
pub const BARAN_WU: &str = include_str!("../../../datasets/feeders/baran-wu-33.m");

/// The feeder of [`BARAN_WU`].
///
/// # Errors
/// If the data that ship are broken.
pub fn baran_wu() -> gridfleet_core::error::Result<Feeder> {
    matpower::read(BARAN_WU).map_err(gridfleet_core::error::Error::Input)
}
