//! `[[vehicle_types]]`: types of vehicles.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A vehicle type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VehicleTypeSpec {
    /// Name, by which fleets refer to it.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Energy between state of charge 0 and 1 [kWh].
    #[schemars(range(max = gridfleet_core::ranges::BATTERY.most), extend("exclusiveMinimum" = gridfleet_core::ranges::BATTERY.least))]
    pub battery_kwh: f64,
    /// Lowest and highest state of charge that operation may use (0..1).
    #[serde(default = "usable_soc")]
    #[schemars(inner(range(min = gridfleet_core::ranges::SHARE.least, max = gridfleet_core::ranges::SHARE.most)))]
    pub usable_soc: [f64; 2],
    /// Energy taken from the battery per kilometre at mild temperature [kWh/km].
    #[schemars(range(max = gridfleet_core::ranges::CONSUMPTION.most), extend("exclusiveMinimum" = gridfleet_core::ranges::CONSUMPTION.least))]
    pub consumption_kwh_per_km: f64,
    /// Factor on the consumption over ambient temperature: points `[°C, factor]`, ascending; linear between them,
    /// constant outside.
    #[serde(default)]
    pub consumption_by_temperature: Vec<[f64; 2]>,
    /// Maximum power of the on-board charger [kW].
    #[schemars(range(min = gridfleet_core::ranges::VEHICLE_POWER.least, max = gridfleet_core::ranges::VEHICLE_POWER.most))]
    pub ac_kw: f64,
    /// Maximum power from a DC connector [kW]; 0 without a DC inlet.
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::VEHICLE_POWER.least, max = gridfleet_core::ranges::VEHICLE_POWER.most))]
    pub dc_kw: f64,
    /// Power at the plug over state of charge: points `[soc, kW]` from soc 0 to soc 1; linear between them. Without a
    /// curve the power is the same at every state of charge.
    pub charging_curve: Option<Vec<[f64; 2]>>,
    /// Charging curve as shares of the larger of `ac_kw` and `dc_kw`: points `[soc, share]`. Give this or
    /// `charging_curve`.
    pub charging_curve_share: Option<Vec<[f64; 2]>>,
    /// Ratio of stored energy to energy drawn from the grid (0..1).
    #[serde(default = "efficiency")]
    #[schemars(range(max = gridfleet_core::ranges::EFFICIENCY.most), extend("exclusiveMinimum" = gridfleet_core::ranges::EFFICIENCY.least))]
    pub charge_efficiency: f64,
    /// Ratio of energy fed to the grid to energy taken from the battery (0..1).
    #[serde(default = "efficiency")]
    #[schemars(range(max = gridfleet_core::ranges::EFFICIENCY.most), extend("exclusiveMinimum" = gridfleet_core::ranges::EFFICIENCY.least))]
    pub discharge_efficiency: f64,
    /// Maximum power fed back at the plug, if a policy requests it [kW]; 0 if the vehicle cannot feed back.
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::VEHICLE_POWER.least, max = gridfleet_core::ranges::VEHICLE_POWER.most))]
    pub feed_kw: f64,
    /// Maximum hours of charging and feeding back in one stay at home, unless more are needed to be full: protects the
    /// battery of a vehicle that feeds back [h].
    #[serde(default = "active_hours")]
    #[schemars(range(min = gridfleet_core::ranges::ACTIVE_HOURS.least, max = gridfleet_core::ranges::ACTIVE_HOURS.most))]
    pub max_active_hours: f64,
    /// Cost of battery wear [currency per kWh of throughput].
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::WEAR_COST.least, max = gridfleet_core::ranges::WEAR_COST.most))]
    pub wear_cost_per_kwh: f64,
}

fn usable_soc() -> [f64; 2] {
    [0.0, 1.0]
}
fn efficiency() -> f64 {
    0.9
}

/// Default of `max_active_hours`: assumed, as in the library's case of the paper.
pub(crate) fn active_hours() -> f64 {
    8.0
}
