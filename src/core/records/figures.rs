//! Key figures of a run, as written to `summary.json`.

use schemars::JsonSchema;
use serde::Serialize;

/// Key figures of one fleet, or of all together. Energies are at the plug unless stated otherwise.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct Figures {
    /// Requests in all.
    pub trips_requested: u64,
    /// Requests served.
    pub trips_served: u64,
    /// Requests lost, for any reason.
    pub trips_lost: u64,
    /// Lost because no vehicle could be there in time.
    pub trips_lost_no_vehicle: u64,
    /// Lost because the vehicle had too little charge.
    pub trips_lost_low_charge: u64,
    /// Lost because the vehicle was committed to a market.
    pub trips_lost_committed: u64,
    /// Not ended when the simulation did.
    pub trips_in_progress: u64,
    /// Share of ended requests that were served: served over served and lost; null without either.
    pub service_rate: Option<f64>,
    /// Share of all requests served by the end: served over requested; null without requests.
    pub completion_rate: Option<f64>,
    /// Mean wait of riders picked up [s].
    pub wait_mean_s: Option<f64>,
    /// Median wait [s], to three significant digits like the other quantiles.
    pub wait_p50_s: Option<u64>,
    /// Wait that 95 % of riders did not exceed [s].
    pub wait_p95_s: Option<u64>,
    /// Wait that 99 % of riders did not exceed [s].
    pub wait_p99_s: Option<u64>,
    /// Distance driven [km].
    pub km_total: f64,
    /// Distance driven without a rider, part of `km_total` [km].
    pub km_empty: f64,
    /// Drawn from the grid [kWh].
    pub energy_charged_kwh: f64,
    /// Energy stored in batteries, part of `energy_charged_kwh` [kWh].
    pub energy_stored_kwh: f64,
    /// Charged elsewhere on recorded trips, into batteries [kWh]; not billed.
    pub charged_elsewhere_kwh: f64,
    /// Taken from batteries to drive [kWh].
    pub energy_driven_kwh: f64,
    /// Fed back to the grid [kWh].
    pub energy_discharged_kwh: f64,
    /// Charging sessions: visits to stations in which power flowed.
    pub sessions: u64,
    /// Visits to stations that never got a connector; not counted as sessions.
    pub sessions_without_connector: u64,
    /// Mean wait of a charging need: from first joining any station, including one given up since, to first power [s].
    pub need_wait_mean_s: Option<f64>,
    /// Wait of a charging need that 95 % did not exceed [s].
    pub need_wait_p95_s: Option<u64>,
    /// Mean wait for a connector of vehicles that got one [s].
    pub queue_mean_s: Option<f64>,
    /// Wait for a connector that 95 % did not exceed [s].
    pub queue_p95_s: Option<u64>,
    /// Connector time occupied over connector time available.
    pub charger_utilisation: Option<f64>,
    /// Highest mean grid power of a control interval [kW].
    pub peak_power_kw: f64,
    /// Highest mean grid power of a quarter of an hour from the full hour on, the interval of most bills [kW].
    pub peak_15min_kw: f64,
    /// Mean state of charge over vehicles and time.
    pub mean_soc: Option<f64>,
    /// Paid by riders [currency].
    pub fares: f64,
    /// Fares that lost riders would have paid [currency].
    pub lost_fares: f64,
    /// Fares of riders turned away because of a commitment to a market [currency].
    pub lost_committed_fares: f64,
    /// Paid for charging, all sessions [currency].
    pub charging_cost: f64,
    /// Cost of driving by distance [currency].
    pub driving_cost: f64,
    /// Wear of batteries [currency].
    pub wear_cost: f64,
    /// Income lost with lost requests, where priced [currency].
    pub lost_request_cost: f64,
    /// Recovery of vehicles [currency].
    pub rescue_cost: f64,
    /// Paid to other fleets of the coalition whose riders it served, less received from them [currency].
    pub referral_cost: f64,
    /// Figures of trading, where there are markets.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub trading: Option<TradingFigures>,
    /// Figures of stations with load-dependent prices, of all together.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub loads: Option<LoadFigures>,
    /// Bound of `station_cost` with everything known [currency]: no load of the stations costs less that draws the same
    /// energy at each station, none of it before it was asked for, within the power of the station, and before announced
    /// departures as far as it was drawn by then. It leaves out the power of single vehicles and the feeder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attainable_cost: Option<f64>,
    /// Figures of the feeder, where there is one.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub grid: Option<GridFigures>,
    /// Fares less operating profit: all payments of the fleet, less its receipts other than fares [currency].
    pub operating_cost: f64,
    /// Operating cost and the fares of lost riders [currency].
    pub cost_with_lost_fares: f64,
    /// Figures of drivers, where vehicles are privately owned.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub drivers: Option<DriverFigures>,
    /// Received by the fleet less paid by it [currency].
    pub operating_profit: f64,
    /// Energy in batteries at the end of the warm-up, of legs and sessions that had ended [kWh].
    pub stored_start_kwh: f64,
    /// Energy in batteries at the end [kWh].
    pub stored_end_kwh: f64,
    /// Value of the difference less what was charged elsewhere, at `time.end_value_per_mwh` or the mean price paid per
    /// kWh stored [currency].
    pub stored_value: f64,
    /// Riders aboard at the end of the warm-up.
    pub rides_in_progress_start: u64,
    /// Riders aboard at the end.
    pub rides_in_progress_end: u64,
    /// Fares of riders aboard for the way that they had been driven, at the end less at the end of the warm-up: a fare is
    /// paid when the rider gets out [currency].
    pub rides_in_progress_value: f64,
    /// Operating profit, the value of energy stored more, or less, than at the end of the warm-up, and that of rides in
    /// progress [currency].
    pub net_profit: f64,
    /// CO2 of the energy drawn less fed back [kg], where a factor is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub co2_kg: Option<f64>,
}

/// Key figures of a fleet that trades in markets.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct TradingFigures {
    /// Bought in markets [kWh].
    pub market_bought_kwh: f64,
    /// Energy bought in markets and drawn [kWh].
    pub market_delivered_kwh: f64,
    /// Drawn and paid at the retailers' tariffs [kWh].
    pub tariff_kwh: f64,
    /// Settled as imbalance [kWh].
    pub imbalance_kwh: f64,
    /// Paid to markets [currency].
    pub market_cost: f64,
    /// Refunded by retailers for energy that came from markets [currency].
    pub supply_credit: f64,
    /// Paid for imbalance [currency].
    pub imbalance_cost: f64,
    /// Profit from trading: credit less cost of energy and of imbalance [currency].
    pub market_profit: f64,
    /// The same, less the fares of riders turned away because of a commitment [currency].
    pub market_profit_net: f64,
    /// Upper bound on the latter for any policy, even with perfect knowledge [currency]; where requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub market_profit_bound: Option<f64>,
}

/// Key figures of stations with load-dependent prices: of all, or of one operator.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct LoadFigures {
    /// Objective of the stations: cost of energy at load-dependent prices, and cost of deviations [currency].
    pub station_cost: f64,
    /// Half the sensitivity times the squared distance from nominal profiles [currency].
    pub deviation_cost: f64,
    /// Energy not drawn at times at which nominal profiles would have drawn it [kWh].
    pub shifted_kwh: f64,
    /// Energy requested and not drawn by the end of the simulation [kWh].
    pub unserved_kwh: f64,
    /// Highest mean power of a slot [kW].
    pub peak_load_kw: f64,
    /// Mean price, weighted by energy [currency/MWh].
    pub load_price_per_mwh: Option<f64>,
    /// Cost of stations per energy drawn [currency/MWh].
    pub station_cost_per_mwh: Option<f64>,
    /// Cost of stations, and energy unserved at the mean price that the load made: the cost at equal energy [currency].
    pub station_cost_with_unserved: f64,
    /// Cost of stations that their plans expected, each slot by the plan at its start [currency]; where stations plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planned_cost: Option<f64>,
    /// Mean time from plug-in to departure of the vehicles that have left these stations [s].
    pub stay_mean_s: Option<f64>,
    /// Mean wait for a connector at these stations, of vehicles that got one [s].
    pub connector_wait_mean_s: Option<f64>,
}

/// Key figures of a feeder, by the mean loads of control intervals.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct GridFigures {
    /// Active energy that left the source [kWh].
    pub grid_energy_kwh: f64,
    /// Highest mean active power of a quarter of an hour that left the source [kW].
    pub grid_peak_15min_kw: f64,
    /// Losses in branches [kWh].
    pub grid_losses_kwh: f64,
    /// Losses over energy; null without energy.
    pub grid_losses_share: Option<f64>,
    /// Lowest voltage of any bus, in per unit.
    pub grid_lowest_voltage_pu: Option<f64>,
    /// Number of the bus that had it.
    pub grid_lowest_voltage_bus: Option<u32>,
    /// Highest voltage of any bus, in per unit.
    pub grid_highest_voltage_pu: Option<f64>,
    /// Greatest load of a branch as a share of its rating; null where no branch has one.
    pub grid_branch_loading: Option<f64>,
    /// Number of the bus that this branch feeds.
    pub grid_branch_loading_bus: Option<u32>,
    /// Time with a voltage or a branch beyond its limit, or without a power flow [h].
    pub grid_violation_hours: f64,
    /// Time in which the feeder could not carry the loads at all [h].
    pub grid_unsolved_hours: f64,
    /// Charging held back by the feeder's limits: power that stations would have drawn and could not, over time [kWh].
    /// Energy that waits counts again as long as it waits.
    pub grid_held_back_kwh: f64,
}

/// Key figures of a fleet of privately owned vehicles.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct DriverFigures {
    /// Departures with a full battery.
    pub departures_full: u64,
    /// Departures with a battery that was not full.
    pub departures_missed: u64,
    /// Of those, after a stay too short to fill it.
    pub departures_short_stay: u64,
    /// Into batteries at stations, and out of them to be fed back [kWh].
    pub battery_throughput_kwh: f64,
}

/// Key figures of one retailer that has households or a cost of generation.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RetailerFigures {
    /// Name.
    pub name: String,
    /// Highest mean load of all its customers over a control interval [kW].
    pub peak_kw: f64,
    /// Standard deviation of that load over time [kW].
    pub load_sd_kw: f64,
    /// Drawn by all its customers, less what was fed back [kWh].
    pub energy_kwh: f64,
    /// Paid by all its customers, less paid to them [currency].
    pub payments: f64,
    /// Payments of households [currency].
    pub household_payments: f64,
    /// Cost of serving them [currency].
    pub generation_cost: f64,
    /// Received less paid [currency].
    pub profit: f64,
}

/// Key figures of one competing retailer.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CompetitorFigures {
    /// Name.
    pub name: String,
    /// Drawn by its customers, less what they fed back [kWh].
    pub energy_kwh: f64,
    /// The same as a share of the sales of all competitors (0..1).
    pub energy_share: Option<f64>,
    /// Owed by its customers for it, without the markups of stations [currency].
    pub revenue: f64,
    /// Mean price of its sales, weighted by energy [currency/MWh].
    pub sold_at_per_mwh: Option<f64>,
    /// Figures of the retailer that trades in markets.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub aggregator: Option<AggregatorFigures>,
}

/// Key figures of a retailer that trades in markets.
#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
pub struct AggregatorFigures {
    /// Bought ahead less sold ahead [kWh].
    pub bought_kwh: f64,
    /// Cost of that energy [currency].
    pub purchase_cost: f64,
    /// Drawn by its customers beyond its purchases [kWh].
    pub short_kwh: f64,
    /// Bought and not drawn [kWh].
    pub long_kwh: f64,
    /// Cost of imbalance, less income from it [currency].
    pub imbalance_cost: f64,
    /// Revenue less cost of purchases and of imbalance [currency].
    pub profit: f64,
    /// Standard deviation of the profits of local days [currency].
    pub day_profit_sd: Option<f64>,
    /// Mean profit of the worst twentieth of local days [currency]: conditional value at risk at 95 %.
    pub day_profit_cvar: Option<f64>,
}

/// Key figures of one market, of all its bidders.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MarketFigures {
    /// Name.
    pub name: String,
    /// Bids that were accepted, at least in part.
    pub bids_accepted: u64,
    /// Bids that were rejected.
    pub bids_rejected: u64,
    /// Bought [kWh].
    pub bought_kwh: f64,
    /// Sold [kWh].
    pub sold_kwh: f64,
    /// Mean price of purchases, weighted by quantity [currency/MWh].
    pub mean_price_per_mwh: Option<f64>,
    /// Received by bidders; paid if below zero [currency].
    pub cash: f64,
}

/// Key figures of one operator of stations.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct OperatorFigures {
    /// Name.
    pub name: String,
    /// Visits to its stations in which power flowed.
    pub sessions: u64,
    /// Drawn from the grid at its stations [kWh].
    pub energy_kwh: f64,
    /// Received from fleets [currency].
    pub revenue: f64,
    /// Paid to retailers [currency].
    pub energy_cost: f64,
    /// Received less paid [currency].
    pub profit: f64,
    /// Highest mean grid power of its stations together over a quarter of an hour [kW].
    pub peak_15min_kw: f64,
    /// Figures of its stations with load-dependent prices, where it has any.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub loads: Option<LoadFigures>,
}

/// Key figures of a group of stations with load-dependent prices: `coalition`, the stations that the scenario names, and
/// `rest`, all others.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GroupFigures {
    /// `coalition` or `rest`.
    pub name: String,
    /// Figures of its stations.
    #[serde(flatten)]
    pub loads: LoadFigures,
}

/// Key figures of one station.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StationFigures {
    /// Name.
    pub name: String,
    /// Highest mean grid power over a quarter of an hour from the full hour on, the interval of most bills [kW].
    pub peak_15min_kw: f64,
}

/// Key figures of one fleet.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FleetFigures {
    /// Name.
    pub name: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Results of [`super::metrics::Metrics`].
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RunFigures {
    /// All fleets together.
    pub total: Figures,
    /// Each fleet, in the order of the scenario.
    pub fleets: Vec<FleetFigures>,
    /// Each operator of stations, in the order of the scenario.
    pub operators: Vec<OperatorFigures>,
    /// Groups of stations, where the scenario names one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupFigures>,
    /// Each station, in the order of the scenario.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stations: Vec<StationFigures>,
    /// Each market, in the order of the scenario.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub markets: Vec<MarketFigures>,
    /// Each retailer that has households or a cost of generation, in the order of the scenario.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retailers: Vec<RetailerFigures>,
    /// Each competing retailer, in the order of the competition.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub competitors: Vec<CompetitorFigures>,
}
