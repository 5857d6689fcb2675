//! Policies by name and parameters, as written in a scenario file.

use super::{AggregatorSpec, BiddingSpec, PricingSpec, ResponseSpec, StationsSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Policy of each role, from the scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicySpecs {
    /// Assignment of vehicles to requests.
    pub dispatch: DispatchSpec,
    /// Time, station and target of charging.
    pub charging: ChargingSpec,
    /// Destinations of idle vehicles.
    pub relocation: RelocationSpec,
    /// Energy bought ahead in markets.
    pub bidding: BiddingSpec,
    /// Power of stations with load-dependent prices.
    pub stations: StationsSpec,
    /// Prices of retailers with a generation cost.
    pub pricing: PricingSpec,
    /// Response of households and drivers to prices.
    pub response: ResponseSpec,
    /// Prices and purchases of the aggregator of a competition.
    pub aggregator: AggregatorSpec,
}

/// Assignment of vehicles to requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DispatchSpec {
    /// At each request, the nearest idle vehicle that can be there in time; at each vehicle that becomes idle, the
    /// nearest waiting request.
    NearestIdle {},
    /// Every few seconds, all waiting requests and idle vehicles at once, with the minimum total time to the pick-ups.
    Batched {
        /// Time between two rounds [s].
        #[serde(default = "batch_interval_s")]
        #[schemars(range(min = 1, max = 3600))]
        interval_s: i64,
    },
}

/// Relocation of idle vehicles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RelocationSpec {
    /// No relocation: vehicles wait at their current place.
    None {},
    /// Vehicles move from areas with more of them than the recent demand requires to areas with fewer.
    FollowDemand {
        /// Time between two rounds [s].
        #[serde(default = "relocation_interval_s")]
        #[schemars(range(min = 1, max = 86400))]
        interval_s: i64,
        /// Minimum idle time [s].
        #[serde(default = "relocation_idle_s")]
        #[schemars(range(min = 0))]
        idle_s: i64,
        /// Side length of the squares in which demand and vehicles are counted [km].
        #[serde(default = "relocation_cell_km")]
        #[schemars(range(min = 0.1, max = 100.0))]
        cell_km: f64,
    },
    /// Vehicles move to the nearest depot of their fleet.
    ToDepot {
        /// Time between two rounds [s].
        #[serde(default = "relocation_interval_s")]
        #[schemars(range(min = 1, max = 86400))]
        interval_s: i64,
        /// Minimum idle time [s].
        #[serde(default = "depot_idle_s")]
        #[schemars(range(min = 0))]
        idle_s: i64,
    },
}

/// Time, station and target of charging.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ChargingSpec {
    /// An idle vehicle below a state of charge drives to the nearest station that it may use.
    ThresholdNearest {
        /// State of charge below which it charges (0..1).
        #[serde(default = "start_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        start_soc: f64,
        /// Target state of charge (0..1).
        #[serde(default = "target_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        target_soc: f64,
    },
    /// The same, to the station with the earliest expected end of charging: travel, queue and charging.
    ThresholdFastest {
        /// State of charge below which it charges (0..1).
        #[serde(default = "start_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        start_soc: f64,
        /// Target state of charge (0..1).
        #[serde(default = "target_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        target_soc: f64,
        /// Number of nearest stations compared.
        #[serde(default = "station_candidates")]
        #[schemars(range(min = 1, max = 1000))]
        candidates: usize,
    },
    /// Like `threshold-fastest`; in addition, a vehicle that has been idle for some time charges at a free connector
    /// nearby, and leaves it when a rider requests it.
    Opportunistic {
        /// State of charge below which it charges in any case (0..1).
        #[serde(default = "start_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        start_soc: f64,
        /// Target state of charge (0..1).
        #[serde(default = "full_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        target_soc: f64,
        /// State of charge below which it charges while idle (0..1).
        #[serde(default = "idle_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        idle_soc: f64,
        /// Minimum idle time [s].
        #[serde(default = "idle_s")]
        #[schemars(range(min = 0))]
        idle_s: i64,
        /// Number of nearest stations compared.
        #[serde(default = "station_candidates")]
        #[schemars(range(min = 1, max = 1000))]
        candidates: usize,
    },
    /// Like `opportunistic`, but by price: a vehicle that has to charge drives to the station with the lowest total
    /// cost of energy and time, among the nearest stations and those at its depots; while idle it charges only if the
    /// price is low compared with the lowest prices of the last week at all stations that its fleet may use.
    PriceAware {
        /// State of charge below which it charges in any case (0..1).
        #[serde(default = "start_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        start_soc: f64,
        /// Target state of charge (0..1).
        #[serde(default = "full_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        target_soc: f64,
        /// State of charge below which it charges in cheap hours (0..1).
        #[serde(default = "idle_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        idle_soc: f64,
        /// Minimum idle time [s].
        #[serde(default = "idle_s")]
        #[schemars(range(min = 0))]
        idle_s: i64,
        /// A price is cheap if at most this share of the lowest known prices is lower (0..1).
        #[serde(default = "cheap_share")]
        #[schemars(range(min = 0.0, max = 1.0))]
        cheap_share: f64,
        /// Number of nearest stations compared.
        #[serde(default = "station_candidates")]
        #[schemars(range(min = 1, max = 1000))]
        candidates: usize,
        /// Value of an hour of a vehicle's time while driving, in the queue and at the connector [currency/h].
        #[serde(default = "time_value_per_h")]
        #[schemars(range(min = 0.0, max = 100000.0))]
        time_value_per_h: f64,
    },
}

// Defaults; each is an assumption of ours, chosen to be unremarkable.
fn batch_interval_s() -> i64 {
    30
}
fn time_value_per_h() -> f64 {
    5.0
}
fn relocation_interval_s() -> i64 {
    600
}
fn relocation_idle_s() -> i64 {
    300
}
fn relocation_cell_km() -> f64 {
    2.0
}
fn depot_idle_s() -> i64 {
    1_800
}
fn start_soc() -> f64 {
    0.25
}
fn target_soc() -> f64 {
    0.8
}
fn full_soc() -> f64 {
    0.9
}
fn idle_soc() -> f64 {
    0.6
}
fn idle_s() -> i64 {
    900
}
fn cheap_share() -> f64 {
    0.4
}
fn station_candidates() -> usize {
    8
}

impl DispatchSpec {
    /// Name in the scenario file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NearestIdle {} => "nearest-idle",
            Self::Batched { .. } => "batched",
        }
    }
}

impl RelocationSpec {
    /// Name in the scenario file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::None {} => "none",
            Self::FollowDemand { .. } => "follow-demand",
            Self::ToDepot { .. } => "to-depot",
        }
    }
}

impl Default for RelocationSpec {
    fn default() -> Self {
        Self::None {}
    }
}

impl ChargingSpec {
    /// Name in the scenario file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ThresholdNearest { .. } => "threshold-nearest",
            Self::ThresholdFastest { .. } => "threshold-fastest",
            Self::Opportunistic { .. } => "opportunistic",
            Self::PriceAware { .. } => "price-aware",
        }
    }
}
