//! Policies by name and parameters, as a scenario file writes them.

use super::{AggregatorSpec, BiddingSpec, PricingSpec, ResponseSpec, StationsSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a scenario says of each role.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicySpecs {
    /// Which vehicle serves which request.
    pub dispatch: DispatchSpec,
    /// When, where and how far vehicles charge.
    pub charging: ChargingSpec,
    /// Where idle vehicles go.
    pub relocation: RelocationSpec,
    /// What is bought ahead in markets.
    pub bidding: BiddingSpec,
    /// How much stations draw whose price follows their load.
    pub stations: StationsSpec,
    /// What retailers with a cost of generation ask.
    pub pricing: PricingSpec,
    /// How households and drivers answer to prices.
    pub response: ResponseSpec,
    /// What the aggregator of a competition asks and buys.
    pub aggregator: AggregatorSpec,
}

/// Which vehicle serves which request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DispatchSpec {
    /// At each request the nearest idle vehicle that can be there in time; at each vehicle that
    /// becomes idle the nearest request still waiting.
    NearestIdle {},
    /// Every few seconds, all waiting requests and idle vehicles at once, at the least total time
    /// to the pick-ups.
    Batched {
        /// Time between two rounds [s].
        #[serde(default = "batch_interval_s")]
        #[schemars(range(min = 1, max = 3600))]
        interval_s: i64,
    },
}

/// Where idle vehicles go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RelocationSpec {
    /// Nowhere: they wait where they are.
    None {},
    /// From where there are more of them than riders have lately asked for to where there are fewer.
    FollowDemand {
        /// Time between two rounds [s].
        #[serde(default = "relocation_interval_s")]
        #[schemars(range(min = 1, max = 86400))]
        interval_s: i64,
        /// Only vehicles that have been idle for at least this long [s].
        #[serde(default = "relocation_idle_s")]
        #[schemars(range(min = 0))]
        idle_s: i64,
        /// Side of the squares in which demand and vehicles are counted [km].
        #[serde(default = "relocation_cell_km")]
        #[schemars(range(min = 0.1, max = 100.0))]
        cell_km: f64,
    },
    /// To the nearest depot of their fleet.
    ToDepot {
        /// Time between two rounds [s].
        #[serde(default = "relocation_interval_s")]
        #[schemars(range(min = 1, max = 86400))]
        interval_s: i64,
        /// Only vehicles that have been idle for at least this long [s].
        #[serde(default = "depot_idle_s")]
        #[schemars(range(min = 0))]
        idle_s: i64,
    },
}

/// When, where and how far vehicles charge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ChargingSpec {
    /// An idle vehicle below a state of charge drives to the nearest station it may use.
    ThresholdNearest {
        /// Charge when below this (0..1).
        #[serde(default = "start_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        start_soc: f64,
        /// Charge up to this (0..1).
        #[serde(default = "target_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        target_soc: f64,
    },
    /// The same, to the station where the charge is expected to be complete first:
    /// travel, queue and charging.
    ThresholdFastest {
        /// Charge when below this (0..1).
        #[serde(default = "start_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        start_soc: f64,
        /// Charge up to this (0..1).
        #[serde(default = "target_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        target_soc: f64,
        /// Nearest stations compared.
        #[serde(default = "station_candidates")]
        #[schemars(range(min = 1, max = 1000))]
        candidates: usize,
    },
    /// As `threshold-fastest`; besides, a vehicle that has been idle for a while charges at a free
    /// connector nearby, and leaves it whenever a rider asks.
    Opportunistic {
        /// Charge in any case when below this (0..1).
        #[serde(default = "start_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        start_soc: f64,
        /// Charge up to this (0..1).
        #[serde(default = "full_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        target_soc: f64,
        /// Charge while idle when below this (0..1).
        #[serde(default = "idle_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        idle_soc: f64,
        /// Idle for at least this long [s].
        #[serde(default = "idle_s")]
        #[schemars(range(min = 0))]
        idle_s: i64,
        /// Nearest stations compared.
        #[serde(default = "station_candidates")]
        #[schemars(range(min = 1, max = 1000))]
        candidates: usize,
    },
    /// As `opportunistic`, but by price: a vehicle that has to charge goes where energy and time together cost least, of the
    /// nearest stations and those at its depots; while idle it charges only where the price is low against the lowest prices
    /// of the last week at all stations that its fleet may use.
    PriceAware {
        /// Charge in any case when below this (0..1).
        #[serde(default = "start_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        start_soc: f64,
        /// Charge up to this (0..1).
        #[serde(default = "full_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        target_soc: f64,
        /// Charge in cheap hours when below this (0..1).
        #[serde(default = "idle_soc")]
        #[schemars(range(min = 0.0, max = 1.0))]
        idle_soc: f64,
        /// Idle for at least this long [s].
        #[serde(default = "idle_s")]
        #[schemars(range(min = 0))]
        idle_s: i64,
        /// A price is cheap if at most this share of the lowest prices known is lower (0..1).
        #[serde(default = "cheap_share")]
        #[schemars(range(min = 0.0, max = 1.0))]
        cheap_share: f64,
        /// Nearest stations compared.
        #[serde(default = "station_candidates")]
        #[schemars(range(min = 1, max = 1000))]
        candidates: usize,
        /// Worth of an hour of a vehicle's time on the way, in line and at the connector [currency/h].
        #[serde(default = "time_value_eur_h")]
        #[schemars(range(min = 0.0, max = 100000.0))]
        time_value_eur_h: f64,
    },
}

// Defaults; each is an assumption of ours, chosen to be unremarkable.
fn batch_interval_s() -> i64 {
    30
}
fn time_value_eur_h() -> f64 {
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
    /// Name as the scenario writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NearestIdle {} => "nearest-idle",
            Self::Batched { .. } => "batched",
        }
    }
}

impl RelocationSpec {
    /// Name as the scenario writes it.
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
    /// Name as the scenario writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ThresholdNearest { .. } => "threshold-nearest",
            Self::ThresholdFastest { .. } => "threshold-fastest",
            Self::Opportunistic { .. } => "opportunistic",
            Self::PriceAware { .. } => "price-aware",
        }
    }
}
