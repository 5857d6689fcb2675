//! `[variation]`: differences between replications.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Differences between replications. All are off by default; places and states of charge of vehicles at the start vary
/// in any case, as far as the scenario does not fix them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VariationSpec {
    /// Days of the trips: `as-recorded`, or `bootstrap`: for each simulated day a whole day of the files, drawn with
    /// replacement from the days of its class. Trips keep their local time of day. In `replay` a vehicle that was left
    /// at another place than the start of its next day is carried there.
    pub demand_days: DaysSpec,
    /// Classes of interchangeable days, for `demand_days` and `price_days`.
    pub day_classes: DayClasses,
    /// Share of trips that happen, drawn for each trip.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub demand_thinning: f64,
    /// Maximum shift of a trip, earlier or later, within its day [s]. In `replay` the trips of a vehicle on a day move
    /// together, so that they stay in order.
    #[schemars(range(min = 0, max = 43200))]
    pub demand_jitter_s: i64,
    /// Coefficient of variation of a factor of mean 1 on the number of trips of a day; trips are left out, or repeated
    /// up to `trips.jitter_s` earlier or later. Not in `replay`.
    #[schemars(range(min = 0.0, max = 2.0))]
    pub demand_level_cv: f64,
    /// Coefficient of variation of a factor of mean 1 on the duration of each ride.
    #[schemars(range(min = 0.0, max = 2.0))]
    pub ride_duration_cv: f64,
    /// Coefficient of variation of a factor of mean 1 on the consumption of each vehicle: drivers differ. In `replay`
    /// it also changes the recorded decreases of the state of charge.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub driving_style_cv: f64,
    /// Standard deviation of the offset of all temperatures of a day [°C].
    #[schemars(range(min = 0.0, max = 30.0))]
    pub temperature_sd_c: f64,
    /// Correlation of the temperature offset from one day to the next.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub temperature_correlation: f64,
    /// Days of the prices of real-time retailers, markets and imbalance: `as-recorded`, or `bootstrap` as for
    /// `demand_days`, from the days that all price files cover, with the same days for all files.
    pub price_days: DaysSpec,
}

impl Default for VariationSpec {
    fn default() -> Self {
        Self {
            demand_days: DaysSpec::AsRecorded,
            day_classes: DayClasses::WorkdaySaturdaySunday,
            demand_thinning: 1.0,
            demand_jitter_s: 0,
            demand_level_cv: 0.0,
            ride_duration_cv: 0.0,
            driving_style_cv: 0.0,
            temperature_sd_c: 0.0,
            // Assumed: weather persists for a few days.
            temperature_correlation: 0.7,
            price_days: DaysSpec::AsRecorded,
        }
    }
}

/// Origin of the days of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DaysSpec {
    /// Each day is the recorded one.
    AsRecorded,
    /// Each day is one of the recorded days, drawn with replacement from its class.
    Bootstrap,
}

/// Classes of interchangeable days. Public holidays count as the weekday on which they fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DayClasses {
    /// Monday to Friday; Saturday; Sunday.
    WorkdaySaturdaySunday,
    /// Monday to Friday; Saturday and Sunday.
    WeekdayWeekend,
    /// Each day of the week is a class.
    EachWeekday,
    /// All days are one class.
    Any,
}
