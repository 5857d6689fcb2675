//! Vehicle types: battery, consumption, and how fast they charge.

/// Power that a battery accepts over its state of charge, at the plug [kW]:
/// straight lines between points.
#[derive(Debug, Clone, PartialEq)]
pub struct ChargingCurve {
    /// States of charge, ascending, the first 0, the last 1.
    soc: Vec<f64>,
    /// Power at each [kW], positive.
    power_kw: Vec<f64>,
}

/// A type of vehicle.
#[derive(Debug, Clone)]
pub struct VehicleType {
    /// Name, unique among types.
    pub name: String,
    /// Energy between state of charge 0 and 1 [kWh].
    pub battery_kwh: f64,
    /// Lowest and highest state of charge that operation may use.
    pub usable_soc: [f64; 2],
    /// Taken from the battery per kilometre at mild temperature [kWh/km].
    pub consumption_kwh_per_km: f64,
    /// Factor on the consumption over ambient temperature [°C], ascending; straight lines between
    /// points, constant outside; empty where temperature plays no part.
    pub consumption_by_temperature: Vec<[f64; 2]>,
    /// Most power of the on-board charger [kW].
    pub ac_kw: f64,
    /// Most power from a DC connector [kW]; 0 if the vehicle has no DC inlet.
    pub dc_kw: f64,
    /// Limit by state of charge, whatever the connector.
    pub curve: ChargingCurve,
    /// Stored energy over energy drawn from the grid.
    pub charge_efficiency: f64,
    /// Energy fed to the grid over energy taken from the battery.
    pub discharge_efficiency: f64,
    /// Cost of wear of the battery [currency per kWh through it].
    pub wear_eur_per_kwh: f64,
}

impl ChargingCurve {
    /// A curve through `points` of (state of charge, power at the plug [kW]).
    ///
    /// # Panics
    /// If the points do not start at 0, end at 1, ascend strictly, with positive power.
    pub fn new(points: &[[f64; 2]]) -> Self {
        let ascending = points.windows(2).all(|w| w[0][0] < w[1][0]);
        assert!(points.len() >= 2 && points[0][0] == 0.0 && points[points.len() - 1][0] == 1.0 && ascending);
        assert!(points.iter().all(|p| p[1] > 0.0 && p[1].is_finite()));
        Self { soc: points.iter().map(|p| p[0]).collect(), power_kw: points.iter().map(|p| p[1]).collect() }
    }

    /// The same power at every state of charge.
    pub fn constant(power_kw: f64) -> Self {
        Self::new(&[[0.0, power_kw], [1.0, power_kw]])
    }
}
