//! `[environment]`: weather and carbon intensity of the grid.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Weather and carbon intensity of the grid.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnvironmentSpec {
    /// Ambient temperature at all hours [°C]. Without a temperature, it has no effect.
    #[schemars(range(min = -60.0, max = 60.0))]
    pub temperature_c: Option<f64>,
    /// Ambient temperature in each hour of the local day, from midnight [°C]; 24 of them.
    #[schemars(length(min = 24, max = 24), inner(range(min = -60.0, max = 60.0)))]
    pub temperature_by_hour_c: Option<Vec<f64>>,
    /// CO2 emissions of grid energy [kg/kWh].
    #[schemars(range(min = 0.0, max = 3.0))]
    pub co2_kg_per_kwh: Option<f64>,
}
