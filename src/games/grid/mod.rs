//! A radial distribution feeder: voltages and flows, marginal losses of loads, and operating limits.
//!
//! - [`feeder`]: buses and branches as a tree, and their validation;
//! - [`matpower`]: reader of feeders in MATPOWER case format;
//! - [`linear`]: LinDistFlow, in which voltages and flows are linear in the loads;
//! - [`sweep`]: the AC power flow, which LinDistFlow approximates;
//! - [`limits`]: permitted voltages and flows, and the headroom for loads;
//! - [`curtail`]: the share of requested load that satisfies the limits.
//!
//! Independent of vehicles, prices and clocks.
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
/// If the bundled data are invalid.
pub fn baran_wu() -> gridfleet_core::error::Result<Feeder> {
    matpower::read(BARAN_WU).map_err(gridfleet_core::error::Error::Input)
}
