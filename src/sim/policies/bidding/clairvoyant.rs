//! Maximum market profit of each fleet under perfect information: converts the trips and prices of a replay into the
//! programs of [`gridfleet_games::optimize::clairvoyant`].

use super::main_retailer;
use crate::world::{Mode, RecordedSoc, Setup, Tariff};
use gridfleet_core::error::Result;
use gridfleet_core::ids::{FleetId, IdVec, VehicleId};
use gridfleet_games::optimize::clairvoyant::{Horizon, RequestedTrip, VehicleSchedule, bound};

/// Upper bound on `market_profit_net` of each fleet [currency], without the warm-up, as that figure: anything may have
/// been bought or refused before its end. `None` where no bound exists: without markets, without the trips of a replay,
/// where bids move prices, or where tariffs change with the market's results.
///
/// # Errors
/// If the solver fails.
pub fn bounds(setup: &Setup) -> Result<Option<Vec<f64>>> {
    let trading = &setup.trading;
    let takers = trading.markets.iter().all(|market| market.slope_per_mwh_kw == 0.0);
    let passed_on = setup.retailers.iter().any(|retailer| matches!(retailer.tariff, Tariff::Market { .. }));
    if !trading.is_active() || setup.mode != Mode::Replay || !takers || passed_on {
        return Ok(None);
    }
    let fleets = setup.fleets.ids();
    fleets
        .map(|fleet| Ok(bound(&horizon(setup, fleet), &vehicles(setup, fleet))?.total.profit))
        .collect::<Result<Vec<_>>>()
        .map(Some)
}

/// Maximum saving relative to the tariff per megawatt hour drawn in each settlement interval.
fn horizon(setup: &Setup, fleet: FleetId) -> Horizon {
    let trading = &setup.trading;
    let slot_s = trading.settlement_s;
    let first = setup.start.0.div_euclid(slot_s);
    let last = (setup.end.0 + slot_s - 1).div_euclid(slot_s);
    let tariff = &setup.retailers[main_retailer(setup, fleet)].tariff;
    let value_per_mwh = (first..last).map(|slot| {
        let t = gridfleet_core::time::SimTime(slot * slot_s);
        let in_warm_up = t + slot_s <= setup.measured_from;
        // A product is paid for when it ends, for all of its time.
        let ends_later = |market: &gridfleet_core::markets::Market| {
            market.products.at(t).is_some_and(|product| market.products.end_of(product) > setup.measured_from)
        };
        if in_warm_up && !trading.markets.iter().any(ends_later) {
            return 0.0;
        }
        let least = trading
            .markets
            .iter()
            .filter(|market| market.products.at(t).is_some())
            .filter_map(|market| {
                let kept_ready = market.capacity.as_ref().and_then(|series| series.at(t)).unwrap_or(0.0);
                Some(market.price_without_bidders(t)? - kept_ready)
            })
            .fold(f64::INFINITY, f64::min);
        let price = tariff.price_per_mwh(t.max(setup.start), &setup.clock, |_| f64::NAN);
        // In the warm-up what the tariff would have cost does not count, only the price.
        let price = if in_warm_up { price.max(0.0) } else { price };
        (price - least).max(0.0)
    });
    Horizon { start_s: first * slot_s, slot_s, value_per_mwh: value_per_mwh.collect() }
}

fn vehicles(setup: &Setup, fleet: FleetId) -> Vec<VehicleSchedule> {
    let strongest_kw = |vehicle_type: &crate::world::VehicleType| {
        let connectors = setup.stations.iter().flat_map(|station| &station.connectors);
        connectors.map(|&connector| vehicle_type.limit_kw(connector)).fold(0.0, f64::max)
    };
    let mut vehicles: IdVec<VehicleId, Option<VehicleSchedule>> = setup
        .vehicles
        .iter()
        .map(|v| {
            let vehicle_type = &setup.types[v.vehicle_type];
            (v.fleet == fleet).then(|| VehicleSchedule {
                battery_kwh: vehicle_type.battery_kwh,
                usable_soc: vehicle_type.usable_soc,
                charge_efficiency: vehicle_type.charge_efficiency,
                power_kw: strongest_kw(vehicle_type),
                start_soc: v.soc,
                plugged_at_start: false,
                trips: Vec::new(),
            })
        })
        .collect();
    let requests = &setup.requests;
    for request in requests.time.ids() {
        let Some(recorded) = requests.recorded[request] else { continue };
        let Some(vehicle) = &mut vehicles[recorded.vehicle] else { continue };
        let start_s = requests.time[request].0;
        let start = &setup.vehicles[recorded.vehicle];
        let per_km = setup.types[start.vehicle_type]
            .consumption_kwh_per_km(setup.temperature_c(requests.time[request]))
            * start.consumption_factor;
        let energy_kwh = match recorded.soc {
            RecordedSoc::Fell(fall) => fall * vehicle.battery_kwh,
            RecordedSoc::Rose(rise) => -rise * vehicle.battery_kwh,
            RecordedSoc::Unknown => requests.distance_km[request] * per_km,
        };
        let (mut trip_start_s, end_s) = (start_s, start_s + i64::from(requests.duration_s[request]));
        let measured = requests.time[request] >= setup.measured_from;
        let mut cost = if measured { requests.fare[request].units() } else { 0.0 };
        if let Some(before) = vehicle.trips.last()
            && before.end_s > start_s
        {
            // Sampled days may overlap: one of the two trips is lost, which costs nothing. It is represented as a
            // shorter trip that may be lost at no cost, so the bound remains valid.
            (trip_start_s, cost) = (before.end_s, 0.0);
        }
        vehicle.trips.push(RequestedTrip {
            start_s: trip_start_s,
            end_s: end_s.max(trip_start_s),
            energy_kwh,
            ends_at_charger: recorded.ends_at_charger,
            cost,
        });
    }
    vehicles.into_iter().flatten().collect()
}
