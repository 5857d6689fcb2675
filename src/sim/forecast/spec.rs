//! Forecasters by name and parameters, as written in a scenario.

use super::{Calendar, Forecaster, Persistence, Ridge, SeasonalNaive};
use gridfleet_core::error::InputError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Forecast of a series from its history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ForecastSpec {
    /// The last known value.
    Persistence {
        /// Prediction before any value is known.
        #[serde(default)]
        initial: f64,
    },
    /// The value at the same local time one season before; if that is unknown, of the nearest day that is known, or the
    /// last value.
    SeasonalNaive {
        /// Length of a season in days.
        #[serde(default = "season_days")]
        #[schemars(range(min = 1, max = 366))]
        season_days: u32,
        /// Prediction before any value is known.
        #[serde(default)]
        initial: f64,
    },
    /// Ridge regression on the hour, the weekday and the values of previous hours, days and weeks that are known in
    /// time, fitted again every day; `seasonal-naive` until there is enough history.
    Ridge {
        /// Days of history used by a fit.
        #[serde(default = "window_days")]
        #[schemars(range(min = 7, max = 3660))]
        window_days: u32,
        /// Penalty on the squared weights of standardised features, relative to the sum of squared errors.
        #[serde(default = "penalty")]
        #[schemars(range(min = 1e-6, max = 1e9))]
        penalty: f64,
        /// Prediction before any value is known.
        #[serde(default)]
        initial: f64,
    },
}

// Defaults; each is an assumption of ours, chosen to be unremarkable.
fn season_days() -> u32 {
    7
}
fn window_days() -> u32 {
    56
}
fn penalty() -> f64 {
    1.0
}

impl ForecastSpec {
    /// The last known value.
    pub fn persistence() -> Self {
        Self::Persistence { initial: 0.0 }
    }

    /// The value one week before.
    pub fn seasonal_naive() -> Self {
        Self::SeasonalNaive { season_days: season_days(), initial: 0.0 }
    }

    /// Ridge regression with default parameters.
    pub fn ridge() -> Self {
        Self::Ridge { window_days: window_days(), penalty: penalty(), initial: 0.0 }
    }

    /// A forecaster of a series with these slots, for predictions `lead` slots after the last known value. Only `ridge`
    /// needs the lead in advance.
    ///
    /// # Errors
    /// If a parameter or the lead is out of range.
    pub fn build(&self, calendar: Calendar, lead: i64) -> Result<Box<dyn Forecaster>, InputError> {
        let (Self::Persistence { initial }
        | Self::SeasonalNaive { initial, .. }
        | Self::Ridge { initial, .. }) = *self;
        if !initial.is_finite() {
            return Err(InputError::new(initial.to_string(), "a finite number").key("initial"));
        }
        Ok(match *self {
            Self::Persistence { initial } => Box::new(Persistence::new(initial)),
            Self::SeasonalNaive { season_days, initial } => {
                if !(1..=366).contains(&season_days) {
                    let found = season_days.to_string();
                    return Err(InputError::new(found, "1 to 366 days").key("season_days"));
                }
                Box::new(SeasonalNaive::new(calendar, season_days, initial))
            }
            Self::Ridge { window_days, penalty, initial } => {
                Box::new(Ridge::new(calendar, lead, window_days, penalty, initial)?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::time::{LocalClock, SimTime};

    fn build(text: &str, lead: i64) -> Result<Box<dyn Forecaster>, String> {
        let spec: ForecastSpec = toml::from_str(text).map_err(|error| error.message().to_owned())?;
        let clock = LocalClock::new(chrono_tz::UTC, SimTime(0), SimTime(0));
        let calendar = Calendar::new(SimTime(0), 900, clock).unwrap();
        spec.build(calendar, lead).map_err(|error| error.to_string())
    }

    #[test]
    fn each_kind_is_built_by_its_name() {
        for text in [
            "kind = \"persistence\"\ninitial = 3.5",
            "kind = \"seasonal-naive\"\nseason_days = 2\ninitial = 3.5",
            "kind = \"ridge\"\nwindow_days = 28\npenalty = 5.0\ninitial = 3.5",
        ] {
            assert_eq!(build(text, 2).unwrap().predict(10), 3.5);
        }
        for kind in ["persistence", "seasonal-naive", "ridge"] {
            assert_eq!(build(&format!("kind = \"{kind}\""), 672).unwrap().predict(10), 0.0);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let refused = |text: &str, lead| build(text, lead).err().unwrap_or_default();
        let unknown = refused("kind = \"persistence\"\nseason = 1", 1);
        assert!(unknown.contains("unknown field"), "{unknown}");
        insta::assert_snapshot!(refused("kind = \"ridge\"", 0), @"lead: found 0, expected 1 slot to a year of them");
        insta::assert_snapshot!(refused("kind = \"ridge\"\npenalty = 0.0", 1), @"penalty: found 0, expected a number above 0");
        insta::assert_snapshot!(refused("kind = \"ridge\"\nwindow_days = 3", 1), @"window_days: found 3, expected a week to ten years");
        insta::assert_snapshot!(refused("kind = \"seasonal-naive\"\nseason_days = 0", 1), @"season_days: found 0, expected 1 to 366 days");
        insta::assert_snapshot!(refused("kind = \"persistence\"\ninitial = nan", 1), @"initial: found NaN, expected a finite number");
    }
}
