//! `[feeder]`: the distribution feeder.

use super::by_hour::ByHour;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A radial distribution feeder: base loads of the case, and stations and households connected by their `bus`. At each
/// meter reading the power flow of the mean loads is solved and written to `grid.parquet`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeederSpec {
    /// A feeder included in the program. Give this or `file`.
    pub case: Option<FeederCase>,
    /// A feeder as a MATPOWER case (.m), radial. Give this or `case`.
    pub file: Option<PathBuf>,
    /// Factor on the loads of the case, to which stations and households are added: one number, or 24 by local hour.
    #[serde(default = "as_it_is")]
    pub base_load: ByHour,
    /// Voltage at the source [p.u.]; by default that of the case.
    #[schemars(range(min = 0.5, max = 1.5))]
    pub source_voltage_pu: Option<f64>,
    /// Minimum voltage of a bus [p.u.]; by default 10 % below nominal (EN 50160).
    #[serde(default = "least")]
    #[schemars(range(min = 0.1, max = 1.5))]
    pub voltage_min_pu: f64,
    /// Maximum voltage of a bus [p.u.]; by default 10 % above nominal (EN 50160).
    #[serde(default = "greatest")]
    #[schemars(range(min = 0.1, max = 2.0))]
    pub voltage_max_pu: f64,
    /// Power factor of stations (0..1), lagging: reactive load accompanies active load; default 1 (assumed).
    #[serde(default = "one")]
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub station_power_factor: f64,
    /// Power factor of households (0..1), lagging; default 0.95 (assumed).
    #[serde(default = "of_homes")]
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub household_power_factor: f64,
    /// Buses of stations without `bus`: `spread` assigns them to all buses except the source in turn. By default each
    /// station must name its bus.
    pub bus_of_stations: Option<BusOfStations>,
    /// Effect of the limits of voltages and branches on charging.
    #[serde(default)]
    pub enforce: EnforceSpec,
}

/// Feeders included in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeederCase {
    /// The feeder of Baran and Wu (1989): buses 1 to 33, 12.66 kV, 3.715 MW, no branch ratings.
    Ieee33,
}

/// Assignment of stations without `bus` to buses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BusOfStations {
    /// In the order of stations, to the buses in the order of the case except the source, starting again after the
    /// last.
    Spread,
}

/// Effect of the limits of voltages and branches on charging.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EnforceSpec {
    /// No effect: violations are counted.
    #[default]
    Observe,
    /// At each control interval, the stations affected by a limit are held back by a common factor, as far as needed.
    Limit,
}

fn as_it_is() -> ByHour {
    ByHour::All(1.0)
}

// EN 50160, 4.2.2 and 5.2.2: supply voltage within ±10 % of the nominal voltage.
fn least() -> f64 {
    0.9
}
fn greatest() -> f64 {
    1.1
}
fn one() -> f64 {
    1.0
}
fn of_homes() -> f64 {
    0.95
}
