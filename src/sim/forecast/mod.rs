//! Forecasts of a regular series from its own history: prices, or the power of a pool of vehicles.
//!
//! A series has one value per slot of a fixed length ([`Calendar`]). A [`Forecaster`] is told values as they become
//! known and asked for later ones; what it was not told it cannot use. [`ForecastSpec`] is how a scenario names one.
//! [`Distortion`] is for studies of what accuracy is worth: it takes a value that is known and makes it worse.
//!
//! Nothing here knows a simulator, a market or a file.

mod calendar;
mod distortion;
mod history;
mod naive;
pub mod regression;
mod ridge;
mod spec;

pub use calendar::Calendar;
pub use distortion::Distortion;
pub use naive::{Persistence, SeasonalNaive};
pub use ridge::Ridge;
pub use spec::ForecastSpec;

/// Predicts a series from what it has been told of it.
pub trait Forecaster: Send {
    /// The value of `slot` has become known. Slots come in ascending order and may be left out; a value that is
    /// not finite is as good as left out.
    ///
    /// # Panics
    /// If `slot` is not later than the last one told.
    fn observe(&mut self, slot: i64, value: f64);

    /// What `slot`, which is later than the last one told, is expected to be. Always finite.
    fn predict(&self, slot: i64) -> f64;
}
