//! Forecasts of a regular series from its history: prices, or the power of a pool of vehicles.
//!
//! A series has one value per slot of a fixed length ([`Calendar`]). A [`Forecaster`] observes values as they become
//! known and predicts later ones; it cannot use values that it has not observed. [`ForecastSpec`] names a forecaster in
//! a scenario. [`Distortion`] is for studies of the value of accuracy: it distorts a known value.
//!
//! This module does not depend on the simulator, markets or files.
//!
//! A forecaster has no other input than the values that it was given as they became known, so it cannot know the
//! future. Ridge regression needs more care: each row of history is stored with the features that were known `lead`
//! slots before it. A row has five non-zero features among 58; a fit sums their products and takes well below a
//! millisecond. Lags of days follow the local clock, as prices do. A distortion adds an error to a known value by a
//! draw identified by series and slot, independent of the caller, the time and the accuracy.

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

/// Predicts a series from its observed values.
pub trait Forecaster: Send {
    /// The value of `slot` has become known. Slots are in ascending order and may be omitted; a non-finite value is
    /// treated as omitted.
    ///
    /// # Panics
    /// If `slot` is not later than the last one observed.
    fn observe(&mut self, slot: i64, value: f64);

    /// Predicted value of `slot`, which is later than the last one observed. Always finite.
    fn predict(&self, slot: i64) -> f64;
}
