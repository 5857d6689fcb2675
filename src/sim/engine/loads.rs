//! Load-dependent prices: at the end of each slot the load of all stations of a retailer is known, and therefore the
//! price at which all energy drawn in the slot is billed.
//!
//! The price of a slot is the base price plus the slope times the mean load of all stations of the retailer. Nothing is
//! therefore billed during the slot. At its end every session in progress is billed for the slot; sessions that ended
//! within it have waited for the price, and are recorded and paid now. No other part of the code distinguishes such a
//! price.

use super::EventQueue;
use super::step::Step;
use crate::policies::PlannedLoad;
use crate::world::State;
use crate::world::charging::FleetEnergy;
use gridfleet_core::ids::{IdVec, RetailerId, StationId};
use gridfleet_core::records::{LoadRecord, Record};
use gridfleet_core::time::SimTime;

/// Load that was planned for a station in the slot with this start, if any.
pub(super) type Planned<'a> = &'a dyn Fn(StationId, SimTime) -> Option<PlannedLoad>;

/// Ends of the slots of load-dependent prices.
#[derive(Debug)]
pub(super) struct LoadSlots {
    /// Scratch buffer: mean power of stations over a slot.
    station_kw: Vec<f64>,
}

impl LoadSlots {
    /// Slots in progress at the start; each retailer with a load-dependent price has one.
    pub fn new(state: &State, queue: &mut EventQueue) -> Self {
        for book in &state.loads {
            queue.load_clearing(book.retailer, book.start_of(1));
        }
        Self { station_kw: Vec::new() }
    }

    /// The end of a slot.
    pub fn on_clearing(&mut self, step: &mut Step<'_>, retailer: RetailerId, planned: Planned<'_>) {
        let Some(number) = step.state.loads.iter().position(|book| book.retailer == retailer) else { return };
        self.clear(step, number, planned);
        let book = &step.state.loads[number];
        if book.current < book.slots {
            step.queue.load_clearing(retailer, book.start_of(book.current + 1));
        }
    }

    /// At the end of the horizon: the slots in progress end with it.
    pub fn clear_last(&mut self, step: &mut Step<'_>, planned: Planned<'_>) {
        for number in 0..step.state.loads.len() {
            if step.state.loads[number].current < step.state.loads[number].slots {
                self.clear(step, number, planned);
            }
        }
    }

    /// Prices the current slot of a retailer, which ends now, bills the energy drawn in it and pays the sessions that
    /// have ended.
    fn clear(&mut self, step: &mut Step<'_>, number: usize, planned: Planned<'_>) {
        let (setup, now) = (step.setup, step.state.now);
        let book = &step.state.loads[number];
        let (retailer, slot) = (book.retailer, book.current);
        let (book_start, slot_s) = (book.start_of(slot), book.slot_s);
        let rules = &setup.retailers[retailer];
        let start = book_start.max(setup.start);
        let hours = (now - start) as f64 / 3_600.0;
        let mut load_kw = 0.0;
        self.station_kw.clear();
        // Only the readings of fleets need the sums by fleet.
        let mut fleets = IdVec::filled(setup.fleets.len(), FleetEnergy::default());
        for (position, &station) in book.stations.iter().enumerate() {
            let total_kwh = step.state.read_station(setup, station, &mut fleets);
            let metered = total_kwh - book.metered_kwh[position];
            self.station_kw.push(metered / hours);
            load_kw += metered / hours;
        }
        let base_price_per_mwh =
            rules.tariff.price_per_mwh(book_start, &setup.clock, |_| unreachable!("not of a market"));
        let price_per_mwh = base_price_per_mwh + rules.tariff.slope_per_mwh_kw().unwrap_or(0.0) * load_kw;
        for (position, &power_kw) in self.station_kw.iter().enumerate() {
            let station = step.state.loads[number].stations[position];
            let nominal_kw = step.state.loads[number].nominal_of(position)[slot] / hours;
            let site = &setup.stations[station];
            let (away_kw, budget_kw) =
                (power_kw - nominal_kw, step.state.stations.station(station).budget_kw);
            let sensitivity_per_mwh_kw = site.sensitivity_per_mwh_kw;
            let plan = planned(station, book_start);
            step.books.recorder.record(Record::Load(&LoadRecord {
                slot_start: start,
                slot_end: now,
                station,
                operator: site.operator,
                nominal_kw,
                budget_kw: Some(budget_kw).filter(|kw| kw.is_finite()),
                power_kw,
                base_price_per_mwh,
                price_per_mwh,
                energy_cost: power_kw * hours * price_per_mwh / 1_000.0,
                deviation_cost: 0.5 * sensitivity_per_mwh_kw * away_kw * away_kw * hours / 1_000.0,
                planned_kw: plan.map(|plan| plan.power_kw),
                // Of a slot that is cut off, its share.
                planned_cost: plan.map(|plan| plan.cost * (now - start) as f64 / slot_s as f64),
            }));
            step.state.loads[number].metered_kwh[position] += power_kw * hours;
            step.state.bill(setup, station, retailer, price_per_mwh);
        }
        step.state.loads[number].current += 1;
        let mut unpaid = std::mem::take(&mut step.books.accounts.unpaid);
        for mut bill in unpaid.extract_if(.., |bill| bill.record.retailer == retailer) {
            let cost = bill.unbilled_kwh * price_per_mwh / 1_000.0;
            bill.energy_cost += cost;
            step.state.drawn[(bill.record.fleet, retailer)].cost += cost;
            step.books.pay_session(now, bill);
        }
        step.books.accounts.unpaid = unpaid;
    }
}
