//! `[operation]`: policies and rules of operation.

use gridfleet_sim::policies::{
    AggregatorSpec, BiddingSpec, ChargingSpec, DispatchSpec, PricingSpec, RelocationSpec, ResponseSpec,
    StationsSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Modes of operating a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModeSpec {
    /// Requests have no vehicle: the dispatch policy assigns one.
    #[default]
    Dispatch,
    /// Trips are bound to the vehicles named in the trace.
    Replay,
}

/// Policies and rules of operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OperationSpec {
    /// `dispatch` or `replay`.
    pub mode: ModeSpec,
    /// Time for which a rider waits for the vehicle before giving up [s]; not used in `replay`.
    #[schemars(range(min = 0, max = 86400))]
    pub patience_s: i64,
    /// Assignment of vehicles to requests; not used in `replay`.
    pub dispatch: DispatchSpec,
    /// Time, place and amount of charging.
    pub charging: ChargingSpec,
    /// Destinations of idle vehicles.
    pub relocation: RelocationSpec,
    /// Fleets that cooperate, by name: `[["yellow", "green"]]` is one coalition of two. Fleets in no coalition act
    /// alone. Not used in `replay`.
    pub coalitions: Vec<Vec<String>>,
    /// Resources shared by the fleets of a coalition.
    pub coalition_shares: Shares,
    /// Part of the fare that a fleet pays to the fleet of its coalition that the rider had requested (0..1).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub referral_share: f64,
    /// Fleets that take part, by name; by default all. The others have no vehicles. Not in `replay`.
    pub take_part: Vec<String>,
    /// Treatment of riders of fleets that do not take part.
    pub demand: DemandOf,
    /// Purchases of fleets in markets ahead of delivery.
    pub bidding: BiddingSpec,
    /// Fleets that bid, by name; by default all.
    pub bidders: Vec<String>,
    /// Load of stations whose price depends on their load (tariff `load-dependent`).
    pub stations: StationsSpec,
    /// Operators or stations with load-dependent prices whose figures are summed up as `groups.coalition`, those of all
    /// others as `groups.rest`. By default the members of the coalitions that `stations` names. A study of several
    /// coalitions sets it for all policies alike.
    pub station_group: Vec<String>,
    /// Prices of retailers with a cost of `generation`.
    pub pricing: PricingSpec,
    /// Response of households and drivers to prices.
    pub response: ResponseSpec,
    /// Prices of the first of the retailers of `[competition]`, and its purchases ahead of delivery.
    pub aggregator: AggregatorSpec,
    /// In `replay` with markets: compute the profit achievable with perfect knowledge of trips and prices, by a linear
    /// program per vehicle (figure `market_profit_bound`). It takes seconds per replication.
    pub clairvoyant_bound: bool,
}

impl Default for OperationSpec {
    fn default() -> Self {
        Self {
            mode: ModeSpec::Dispatch,
            patience_s: 600,
            dispatch: DispatchSpec::Batched { interval_s: 30 },
            charging: ChargingSpec::ThresholdFastest { start_soc: 0.25, target_soc: 0.8, candidates: 8 },
            relocation: RelocationSpec::None {},
            coalitions: Vec::new(),
            coalition_shares: Shares::RidersAndStations,
            referral_share: 0.0,
            take_part: Vec::new(),
            demand: DemandOf::Members,
            bidding: BiddingSpec::Regular {},
            bidders: Vec::new(),
            stations: StationsSpec::Uncontrolled {},
            station_group: Vec::new(),
            pricing: PricingSpec::default(),
            response: ResponseSpec::default(),
            aggregator: AggregatorSpec::default(),
            clairvoyant_bound: false,
        }
    }
}

/// Resources shared by the fleets of a coalition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shares {
    /// Each fleet serves the riders of all, and charges at stations that are open to any of them.
    #[default]
    RidersAndStations,
    /// Each fleet serves the riders of all.
    Riders,
}

/// Treatment of riders of fleets that do not take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DemandOf {
    /// They are absent: each fleet brings its riders.
    #[default]
    Members,
    /// They request a ride from one of the fleets that take part, drawn uniformly.
    All,
}
