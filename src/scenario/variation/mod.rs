//! `[variation]`: differences between replications besides the charge and the places of vehicles at the start.
//!
//! Every draw comes from a separate stream of its purpose and of the day, the trip or the vehicle concerned, so that
//! enabling one variation leaves the draws of the others unchanged, and two policies see the same world.
//!
//! | file | variation |
//! |---|---|
//! | `days` | none: local days, their classes, one drawn for another |
//! | `trips` | selection and timing of the trips of the trace |
//! | `factors` | durations, consumption, temperatures |
//! | `prices` | prices of real-time retailers, markets and imbalance |
//!
//! All work that touches files is done once, when a scenario is read, and is the same in each replication. The rest
//! takes a few milliseconds, from (seed, replication) alone, so `run --replication N` is replication N of a study.
//! [`Scenario::reads_like`](crate::Scenario::reads_like) determines which scenarios can share the data read. Draws
//! about a trip are identified by its key (position after `trips.scale`, day drawn for, copy), those about a day by its
//! date, so neither the period nor another variation affects them. The draws determine which rows of the trace happen,
//! and when; the trace is never copied.

pub mod days;
pub mod factors;
pub mod prices;
pub mod trips;

use super::horizon::Horizon;
use super::problems::Problems;
use super::spec::{ModeSpec, ScenarioFile};
use chrono::NaiveDate;
use days::Day;
use gridfleet_sim::world::{Retailer, Trading};
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

/// The days that a replication drew from its files, if there was more than one to draw from: for each simulated day the
/// day from which it was drawn. Two replications with the same draw share all of it, those with some days in common a
/// part.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DrawnDays {
    /// Days of the trips.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trips: Vec<NaiveDate>,
    /// Days of the prices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<NaiveDate>,
}

impl DrawnDays {
    /// Whether no days were drawn: all replications have the same days.
    pub fn is_empty(&self) -> bool {
        self.trips.is_empty() && self.prices.is_empty()
    }
}

/// Checks `[variation]` against the rest of the scenario.
pub(super) fn check(
    spec: &ScenarioFile,
    horizon: Option<&Horizon>,
    retailers: &[Retailer],
    trading: &Trading,
    problems: &mut Problems<'_>,
) {
    let variation = &spec.variation;
    if variation.demand_level_cv > 0.0 && spec.operation.mode == ModeSpec::Replay {
        let found = format!("{:?} in replay", variation.demand_level_cv);
        problems
            .add("variation.demand_level_cv", found, "0: a vehicle makes each trip once")
            .help("demand_thinning leaves trips out in replay too");
    }
    let environment = &spec.environment;
    let tells = environment.temperature_c.is_some() || environment.temperature_by_hour_c.is_some();
    if variation.temperature_sd_c > 0.0 && !tells {
        let found = format!("{:?}, but no temperature that could vary", variation.temperature_sd_c);
        let expected = "environment.temperature_c or environment.temperature_by_hour_c";
        problems.add("variation.temperature_sd_c", found, expected);
    }
    let complete = retailers.len() == spec.retailers.len() && trading.markets.len() == spec.markets.len();
    if variation.price_days == DaysSpec::Bootstrap
        && complete
        && let Some(horizon) = horizon
    {
        prices::check(variation, horizon, retailers, trading, problems);
    }
}

/// Adds a problem if a day class has no day in `sources`.
fn lacking(
    key: &str,
    classes: DayClasses,
    targets: &[Day],
    sources: &[Day],
    what: &str,
    problems: &mut Problems<'_>,
) -> bool {
    let Some(class) = classes.lacking(targets, sources) else { return false };
    let found = match sources {
        [] => format!("\"bootstrap\", but {what} without one whole day"),
        [first, .., last] => {
            let days = sources.len();
            format!(
                "\"bootstrap\", but no {class} among the {days} days of {what}, {} to {}",
                first.date, last.date
            )
        }
        [only] => format!("\"bootstrap\", but no {class}: {what} have one whole day, {}", only.date),
    };
    let help = match classes {
        DayClasses::Any => "give files of more days",
        _ => {
            "give files of more days, or coarser classes: variation.day_classes = \"weekday-weekend\" or \"any\""
        }
    };
    problems.add(key, found, format!("a {class} to draw")).help(help);
    true
}
