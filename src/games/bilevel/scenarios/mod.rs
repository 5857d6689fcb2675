//! Scenarios of a day: a price model, paths sampled from it, fewer that stand for all, and what rivals may ask.
//!
//! | file | what |
//! |---|---|
//! | `arima`, `least_squares` | a seasonal ARIMA model of hourly prices, and its estimation |
//! | `paths` | paths of several prices with correlated residuals, and the demand that goes with them |
//! | `reduce` | scenario reduction by the Kantorovich distance |
//! | `rivals` | prices of rivals by the roulette wheel |

pub mod arima;
mod least_squares;
pub mod paths;
pub mod reduce;
pub mod rivals;

pub use arima::{Arima, Orders};
pub use paths::PriceModel;
pub use reduce::Reduced;
