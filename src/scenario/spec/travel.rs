//! `[travel]`: travel times and distances.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Travel time and distance where trips do not record them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TravelSpec {
    /// Ratio of road distance to great-circle distance.
    #[schemars(range(min = 1.0, max = 5.0))]
    pub circuity: f64,
    /// Speed at all hours [km/h]; 25 if no speed is given.
    #[schemars(range(min = 1.0, max = 200.0))]
    pub speed_kmh: Option<f64>,
    /// Speed in each hour of the local day, from midnight [km/h]; 24 of them.
    #[schemars(length(min = 24, max = 24), inner(range(min = 1.0, max = 200.0)))]
    pub speed_by_hour_kmh: Option<Vec<f64>>,
    /// Speed in each hour of the local week, from Monday 0:00 [km/h]; 168 of them.
    #[schemars(length(min = 168, max = 168), inner(range(min = 1.0, max = 200.0)))]
    pub speed_by_hour_of_week_kmh: Option<Vec<f64>>,
    /// Learn times and distances between zones, by hour, from the trips.
    pub learn_from_trips: bool,
    /// Minimum number of trips between two zones from which to learn.
    #[schemars(range(min = 1, max = 1000000))]
    pub min_trips: u32,
}

impl Default for TravelSpec {
    fn default() -> Self {
        Self {
            circuity: 1.3,
            speed_kmh: None,
            speed_by_hour_kmh: None,
            speed_by_hour_of_week_kmh: None,
            learn_from_trips: false,
            min_trips: 3,
        }
    }
}

impl TravelSpec {
    /// Speed if the scenario gives none [km/h]; assumed.
    pub const DEFAULT_SPEED_KMH: f64 = 25.0;
}
