//! Names, units and better directions of the key figures of a run.
//!
//! Tables, pictures and reports of studies take titles and units from here. A figure of one fleet or one operator is
//! called `fleets.NAME.figure` or `operators.NAME.figure`, and has the title and unit of the figure.

/// Direction in which a figure is better, where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Higher is better.
    Higher,
    /// Lower is better.
    Lower,
    /// Neither.
    Neither,
}

/// A key figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FigureInfo {
    /// Name in `summary.json`.
    pub name: &'static str,
    /// Human-readable title.
    pub title: &'static str,
    /// Unit; `currency` denotes that of the scenario, `0..1` a share, an empty text a count.
    pub unit: &'static str,
    /// Better direction.
    pub better: Direction,
}

const fn figure(
    name: &'static str,
    title: &'static str,
    unit: &'static str,
    better: Direction,
) -> FigureInfo {
    FigureInfo { name, title, unit, better }
}

use Direction::{Higher, Lower, Neither};

const BEFORE_LOADS: [FigureInfo; 49] = [
    figure("trips_requested", "Trips requested", "", Neither),
    figure("trips_served", "Trips served", "", Higher),
    figure("trips_lost", "Trips lost", "", Lower),
    figure("trips_lost_no_vehicle", "Trips lost: no vehicle", "", Lower),
    figure("trips_lost_low_charge", "Trips lost: low charge", "", Lower),
    figure("trips_lost_committed", "Trips lost: committed", "", Lower),
    figure("trips_in_progress", "Trips in progress at the end", "", Neither),
    figure("service_rate", "Service rate", "0..1", Higher),
    figure("completion_rate", "Requests completed", "0..1", Higher),
    figure("wait_mean_s", "Wait, mean", "s", Lower),
    figure("wait_p50_s", "Wait, median", "s", Lower),
    figure("wait_p95_s", "Wait, 95th percentile", "s", Lower),
    figure("wait_p99_s", "Wait, 99th percentile", "s", Lower),
    figure("km_total", "Distance driven", "km", Neither),
    figure("km_empty", "Distance driven empty", "km", Lower),
    figure("energy_charged_kwh", "Energy charged", "kWh", Neither),
    figure("energy_stored_kwh", "Energy stored", "kWh", Neither),
    figure("charged_elsewhere_kwh", "Energy charged elsewhere", "kWh", Neither),
    figure("energy_driven_kwh", "Energy driven", "kWh", Neither),
    figure("energy_discharged_kwh", "Energy discharged", "kWh", Neither),
    figure("sessions", "Charging sessions", "", Neither),
    figure("sessions_without_connector", "Visits without a connector", "", Lower),
    figure("queue_mean_s", "Queue at stations, mean", "s", Lower),
    figure("queue_p95_s", "Queue at stations, 95th percentile", "s", Lower),
    figure("need_wait_mean_s", "Wait from need to power, mean", "s", Lower),
    figure("need_wait_p95_s", "Wait from need to power, 95th percentile", "s", Lower),
    figure("charger_utilisation", "Charger utilisation", "0..1", Neither),
    figure("peak_power_kw", "Peak power", "kW", Lower),
    figure("peak_15min_kw", "Peak power of a quarter hour", "kW", Lower),
    figure("mean_soc", "Mean state of charge", "0..1", Neither),
    figure("fares", "Fares", "currency", Higher),
    figure("lost_fares", "Fares of lost trips", "currency", Lower),
    figure("lost_committed_fares", "Fares of trips lost: committed", "currency", Lower),
    figure("charging_cost", "Charging cost", "currency", Lower),
    figure("driving_cost", "Driving cost", "currency", Lower),
    figure("wear_cost", "Battery wear", "currency", Lower),
    figure("lost_request_cost", "Cost of lost requests", "currency", Lower),
    figure("rescue_cost", "Rescues", "currency", Lower),
    figure("referral_cost", "Paid for referrals", "currency", Neither),
    figure("market_bought_kwh", "Bought in markets", "kWh", Neither),
    figure("market_delivered_kwh", "Drawn from markets", "kWh", Neither),
    figure("tariff_kwh", "Drawn at the tariff", "kWh", Neither),
    figure("imbalance_kwh", "Imbalance", "kWh", Lower),
    figure("market_cost", "Paid to markets", "currency", Lower),
    figure("supply_credit", "Credit for market energy", "currency", Higher),
    figure("imbalance_cost", "Cost of imbalance", "currency", Lower),
    figure("market_profit", "Market profit", "currency", Higher),
    figure("market_profit_net", "Market profit less refused rentals", "currency", Higher),
    figure("market_profit_bound", "Market profit, clairvoyant bound", "currency", Neither),
];

/// The figures of [`super::metrics::LoadFigures`]: stations with load-dependent prices.
const LOAD_FIGURES: [FigureInfo; 11] = [
    figure("station_cost", "Cost of stations", "currency", Lower),
    figure("deviation_cost", "Cost of deviations", "currency", Lower),
    figure("shifted_kwh", "Energy shifted", "kWh", Neither),
    figure("unserved_kwh", "Energy unserved", "kWh", Lower),
    figure("peak_load_kw", "Peak of slots", "kW", Lower),
    figure("load_price_per_mwh", "Mean price that the load made", "currency/MWh", Lower),
    figure("station_cost_per_mwh", "Cost of stations per energy", "currency/MWh", Lower),
    figure("station_cost_with_unserved", "Cost of stations at equal energy", "currency", Lower),
    figure("planned_cost", "Cost that plans expected", "currency", Neither),
    figure("stay_mean_s", "Stay at the plug, mean", "s", Lower),
    figure("connector_wait_mean_s", "Wait for a connector, mean", "s", Lower),
];

const AFTER_LOADS: [FigureInfo; 28] = [
    figure("attainable_cost", "Bound of the cost of stations", "currency", Neither),
    figure("grid_energy_kwh", "Energy from the feeder's source", "kWh", Neither),
    figure("grid_peak_15min_kw", "Peak power of the feeder's source", "kW", Lower),
    figure("grid_losses_kwh", "Losses of the feeder", "kWh", Lower),
    figure("grid_losses_share", "Losses of the feeder, share", "0..1", Lower),
    figure("grid_lowest_voltage_pu", "Lowest voltage", "p.u.", Higher),
    figure("grid_lowest_voltage_bus", "Bus of the lowest voltage", "", Neither),
    figure("grid_highest_voltage_pu", "Highest voltage", "p.u.", Neither),
    figure("grid_branch_loading", "Largest load of a branch", "0..1", Lower),
    figure("grid_branch_loading_bus", "Bus fed by the most loaded branch", "", Neither),
    figure("grid_violation_hours", "Hours beyond the feeder's limits", "h", Lower),
    figure("grid_unsolved_hours", "Hours beyond what the feeder can carry", "h", Lower),
    figure("grid_held_back_kwh", "Charging held back", "kWh", Lower),
    figure("operating_cost", "Operating cost", "currency", Lower),
    figure("cost_with_lost_fares", "Operating cost with fares of lost trips", "currency", Lower),
    figure("departures_full", "Departures full", "", Higher),
    figure("departures_missed", "Departures not full", "", Lower),
    figure("departures_short_stay", "Departures not full: short stay", "", Lower),
    figure("battery_throughput_kwh", "Battery throughput", "kWh", Neither),
    figure("operating_profit", "Operating profit", "currency", Higher),
    figure("stored_start_kwh", "Energy in batteries, start", "kWh", Neither),
    figure("stored_end_kwh", "Energy in batteries, end", "kWh", Neither),
    figure("stored_value", "Value of energy stored more or less", "currency", Neither),
    figure("rides_in_progress_start", "Riders aboard, start", "", Neither),
    figure("rides_in_progress_end", "Riders aboard, end", "", Neither),
    figure("rides_in_progress_value", "Fares of riders aboard, end less start", "currency", Neither),
    figure("net_profit", "Profit with stored energy and riders aboard", "currency", Higher),
    figure("co2_kg", "CO2", "kg", Lower),
];

/// Lists of figures, one after the other; `N` is the number of all.
const fn joined<const N: usize>(lists: &[&[FigureInfo]]) -> [FigureInfo; N] {
    let mut all = [lists[0][0]; N];
    let (mut list, mut at) = (0, 0);
    while list < lists.len() {
        let mut i = 0;
        while i < lists[list].len() {
            all[at] = lists[list][i];
            (i, at) = (i + 1, at + 1);
        }
        list += 1;
    }
    assert!(at == N);
    all
}

/// The figures of [`super::metrics::Figures`], in their order.
pub const FIGURES: &[FigureInfo] =
    &joined::<{ LOAD_FIGURES.len() + 77 }>(&[&BEFORE_LOADS, &LOAD_FIGURES, &AFTER_LOADS]);

/// The figures of [`super::metrics::OperatorFigures`].
pub const OPERATOR_FIGURES: &[FigureInfo] = &joined::<{ LOAD_FIGURES.len() + 6 }>(&[
    &[
        figure("sessions", "Charging sessions", "", Neither),
        figure("energy_kwh", "Energy sold", "kWh", Neither),
        figure("revenue", "Revenue", "currency", Higher),
        figure("energy_cost", "Energy cost", "currency", Lower),
        figure("profit", "Profit", "currency", Higher),
        figure("peak_15min_kw", "Peak power of a quarter hour", "kW", Lower),
    ],
    &LOAD_FIGURES,
]);

/// The figures of [`super::metrics::GroupFigures`].
pub const GROUP_FIGURES: &[FigureInfo] = &LOAD_FIGURES;

/// The figures of [`super::metrics::StationFigures`]. Studies do not compare them: there may be a thousand stations.
pub const STATION_FIGURES: &[FigureInfo] =
    &[figure("peak_15min_kw", "Peak power of a quarter hour", "kW", Lower)];

/// The figures of [`super::metrics::RetailerFigures`].
pub const RETAILER_FIGURES: &[FigureInfo] = &[
    figure("peak_kw", "Peak load", "kW", Lower),
    figure("load_sd_kw", "Load, standard deviation", "kW", Lower),
    figure("energy_kwh", "Energy sold", "kWh", Neither),
    figure("payments", "Payments of all customers", "currency", Lower),
    figure("household_payments", "Payments of households", "currency", Lower),
    figure("generation_cost", "Cost of generation", "currency", Lower),
    figure("profit", "Profit of the retailer", "currency", Higher),
];

/// The figures of [`super::metrics::CompetitorFigures`].
pub const COMPETITOR_FIGURES: &[FigureInfo] = &[
    figure("energy_kwh", "Energy sold", "kWh", Neither),
    figure("energy_share", "Share of energy sold", "0..1", Neither),
    figure("revenue", "Revenue", "currency", Higher),
    figure("sold_at_per_mwh", "Mean selling price", "currency/MWh", Neither),
    figure("bought_kwh", "Bought ahead", "kWh", Neither),
    figure("purchase_cost", "Cost of purchases ahead", "currency", Lower),
    figure("short_kwh", "Short: drawn and not bought", "kWh", Lower),
    figure("long_kwh", "Long: bought and not drawn", "kWh", Lower),
    figure("imbalance_cost", "Cost of imbalance", "currency", Lower),
    figure("profit", "Profit of the aggregator", "currency", Higher),
    figure("day_profit_sd", "Profit of days, standard deviation", "currency", Lower),
    figure("day_profit_cvar", "Profit of days, CVaR at 95 %", "currency", Higher),
];

/// The figures of [`super::metrics::MarketFigures`].
pub const MARKET_FIGURES: &[FigureInfo] = &[
    figure("bids_accepted", "Bids accepted", "", Neither),
    figure("bids_rejected", "Bids rejected", "", Neither),
    figure("bought_kwh", "Bought", "kWh", Neither),
    figure("sold_kwh", "Sold", "kWh", Neither),
    figure("mean_price_per_mwh", "Mean price bought at", "currency/MWh", Lower),
    figure("cash", "Cash", "currency", Higher),
];

/// Information on the figure `name`, with the name of its fleet or operator if it has one.
pub fn find(name: &str) -> Option<(FigureInfo, Option<&str>)> {
    let lookup = |list: &[FigureInfo], name: &str| list.iter().find(|figure| figure.name == name).copied();
    // Names of fleets may contain dots; names of figures do not.
    let owned = |prefix: &str, list: &[FigureInfo]| {
        let (owner, figure) = name.strip_prefix(prefix).and_then(|rest| rest.rsplit_once('.')).unzip();
        lookup(list, figure?).map(|figure| (figure, owner))
    };
    lookup(FIGURES, name)
        .map(|figure| (figure, None))
        .or_else(|| owned("fleets.", FIGURES))
        .or_else(|| owned("operators.", OPERATOR_FIGURES))
        .or_else(|| owned("groups.", GROUP_FIGURES))
        .or_else(|| owned("markets.", MARKET_FIGURES))
        .or_else(|| owned("retailers.", RETAILER_FIGURES))
        .or_else(|| owned("competitors.", COMPETITOR_FIGURES))
}

#[cfg(test)]
mod tests {
    use super::super::metrics::{
        AggregatorFigures, CompetitorFigures, DriverFigures, Figures, GridFigures, GroupFigures, LoadFigures,
        MarketFigures, OperatorFigures, RetailerFigures, TradingFigures,
    };
    use super::*;

    fn names(value: &serde_json::Value) -> Vec<String> {
        value.as_object().unwrap().keys().filter(|name| *name != "name").cloned().collect()
    }

    /// The list has exactly the figures that are written.
    fn check(list: &[FigureInfo], figures: impl serde::Serialize) {
        let mut listed: Vec<&str> = list.iter().map(|f| f.name).collect();
        listed.sort_unstable();
        let mut written = names(&serde_json::to_value(figures).unwrap());
        written.sort_unstable();
        assert_eq!(listed, written);
    }

    #[test]
    fn every_figure_is_listed() {
        let trading = TradingFigures { market_profit_bound: Some(0.0), ..TradingFigures::default() };
        let loads = Some(LoadFigures { planned_cost: Some(0.0), ..LoadFigures::default() });
        let figures = Figures {
            co2_kg: Some(1.0),
            attainable_cost: Some(0.0),
            trading: Some(trading),
            loads: loads.clone(),
            grid: Some(GridFigures::default()),
            drivers: Some(DriverFigures::default()),
            ..Figures::default()
        };
        check(FIGURES, figures);
        let group_loads = loads.clone().unwrap();
        let operator = OperatorFigures {
            name: "a".into(),
            sessions: 0,
            energy_kwh: 0.0,
            revenue: 0.0,
            energy_cost: 0.0,
            profit: 0.0,
            peak_15min_kw: 0.0,
            loads,
        };
        check(OPERATOR_FIGURES, operator);
        let group = GroupFigures { name: "coalition".into(), loads: group_loads };
        check(GROUP_FIGURES, group);
        let market = MarketFigures {
            name: "a".into(),
            bids_accepted: 0,
            bids_rejected: 0,
            bought_kwh: 0.0,
            sold_kwh: 0.0,
            mean_price_per_mwh: Some(0.0),
            cash: 0.0,
        };
        let retailer = RetailerFigures {
            name: "a".into(),
            peak_kw: 0.0,
            load_sd_kw: 0.0,
            energy_kwh: 0.0,
            payments: 0.0,
            household_payments: 0.0,
            generation_cost: 0.0,
            profit: 0.0,
        };
        check(RETAILER_FIGURES, retailer);
        let competitor = CompetitorFigures {
            name: "a".into(),
            energy_kwh: 0.0,
            energy_share: None,
            revenue: 0.0,
            sold_at_per_mwh: None,
            aggregator: Some(AggregatorFigures::default()),
        };
        check(COMPETITOR_FIGURES, competitor);
        check(MARKET_FIGURES, market);
    }

    #[test]
    fn figures_of_fleets_and_operators_are_found() {
        assert_eq!(find("service_rate").unwrap().1, None);
        let (figure, owner) = find("fleets.a.b.wait_p95_s").unwrap();
        assert_eq!((figure.unit, owner), ("s", Some("a.b")));
        assert_eq!(find("operators.hub.profit").unwrap().0.better, Direction::Higher);
        assert!(find("operators.hub.wait_p95_s").is_none() && find("wait").is_none());
    }
}
