//! Scenarios of a day: a price model, paths sampled from it, scenario reduction, and prices of rivals.
//!
//! | file | contents |
//! |---|---|
//! | `arima`, `least_squares` | a seasonal ARIMA model of hourly prices, and its estimation |
//! | `paths` | paths of several prices with correlated residuals, and the corresponding demand |
//! | `reduce` | scenario reduction by the Kantorovich distance |
//! | `rivals` | prices of rivals by the roulette wheel |

pub mod arima;
mod least_squares;
pub mod paths;
pub mod reduce;
pub mod rivals;

pub use arima::{Arima, ArimaError, Orders};
pub use paths::PriceModel;
pub use reduce::Reduced;
