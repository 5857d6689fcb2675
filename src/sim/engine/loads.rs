//! Load-dependent prices: at the end of each slot the load of all stations of a retailer is known, and therefore the
//! price at which all energy drawn in the slot is billed.
//!
//! The price of a slot is the base price plus the slope times the mean load of all stations of the retailer. Nothing is
//! therefore billed during the slot. At its end every session in progress is billed for the slot; sessions that ended
//! within it have waited for the price, and are recorded and paid now. No other part of the code distinguishes such a
//! price.

use super::Simulation;
use crate::world::charging::FleetEnergy;
use gridfleet_core::ids::RetailerId;
use gridfleet_core::ledger::{Account, EntryKind, Money, Reference};
use gridfleet_core::records::{LoadRecord, Record, Recorder, SessionRecord};

/// A completed session with the amounts it owes.
#[derive(Debug, Clone)]
pub(super) struct Bill {
    /// The record, complete except for its cost.
    pub record: SessionRecord,
    /// Amount owed to retailers for the billed energy [currency].
    pub energy_cost: f64,
    /// Part already settled with previous retailers.
    pub earlier_cost: f64,
    /// Energy drawn in the current slot, whose price is not known yet [kWh].
    pub unbilled_kwh: f64,
    /// Operator's markup on the retailer's price [currency/MWh].
    pub markup_per_mwh: f64,
    /// Battery wear.
    pub wear: Money,
}

impl Simulation {
    /// Schedules the end of the first slot of each retailer with a load-dependent price; the slot is in progress from
    /// the start.
    pub(super) fn schedule_first_clearings(&mut self) {
        for book in &self.state.loads {
            self.queue.load_clearing(book.retailer, book.start_of(1));
        }
    }

    /// The end of a slot.
    pub(super) fn on_load_clearing(&mut self, retailer: RetailerId, recorder: &mut dyn Recorder) {
        let Some(number) = self.state.loads.iter().position(|book| book.retailer == retailer) else { return };
        self.clear_load(number, recorder);
        let book = &self.state.loads[number];
        if book.current < book.slots {
            self.queue.load_clearing(retailer, book.start_of(book.current + 1));
        }
    }

    /// At the end of the horizon: the slots in progress end with it.
    pub(super) fn clear_last_loads(&mut self, recorder: &mut dyn Recorder) {
        for number in 0..self.state.loads.len() {
            if self.state.loads[number].current < self.state.loads[number].slots {
                self.clear_load(number, recorder);
            }
        }
    }

    /// Prices the current slot of a retailer, which ends now, bills the energy drawn in it and pays the sessions that
    /// have ended.
    fn clear_load(&mut self, number: usize, recorder: &mut dyn Recorder) {
        let setup = std::sync::Arc::clone(&self.setup);
        let now = self.state.now;
        let book = &self.state.loads[number];
        let (retailer, slot) = (book.retailer, book.current);
        let rules = &setup.retailers[retailer.index()];
        let start = book.start_of(slot).max(setup.start);
        let hours = (now - start) as f64 / 3_600.0;
        let mut load_kw = 0.0;
        let mut power_kw = std::mem::take(&mut self.station_kw);
        power_kw.clear();
        // Only the readings of fleets need the sums by fleet.
        let mut fleets = vec![FleetEnergy::default(); setup.fleets.len()];
        for (position, &station) in book.stations.iter().enumerate() {
            let total_kwh = self.state.read_station(&setup, station, &mut fleets);
            let metered = total_kwh - book.metered_kwh[position];
            power_kw.push(metered / hours);
            load_kw += metered / hours;
        }
        let base_price_per_mwh = rules
            .tariff
            .price_per_mwh(book.start_of(slot), &setup.clock, |_| unreachable!("not of a market"));
        let price_per_mwh = base_price_per_mwh + rules.tariff.slope_per_mwh_kw().unwrap_or(0.0) * load_kw;
        for (position, &power_kw) in power_kw.iter().enumerate() {
            let station = self.state.loads[number].stations[position];
            let nominal_kw = self.state.loads[number].nominal_of(position)[slot] / hours;
            let site = &setup.stations[station.index()];
            let (away_kw, budget_kw) =
                (power_kw - nominal_kw, self.state.stations.stations[station.index()].budget_kw);
            let sensitivity_per_mwh_kw = site.sensitivity_per_mwh_kw;
            recorder.record(Record::Load(&LoadRecord {
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
            }));
            self.state.loads[number].metered_kwh[position] += power_kw * hours;
            self.state.bill(&setup, station, retailer, price_per_mwh);
        }
        self.station_kw = power_kw;
        self.state.loads[number].current += 1;
        let mut unpaid = std::mem::take(&mut self.unpaid);
        for mut bill in unpaid.extract_if(.., |bill| bill.record.retailer == retailer) {
            let cost = bill.unbilled_kwh * price_per_mwh / 1_000.0;
            bill.energy_cost += cost;
            let fleet = bill.record.fleet.index();
            self.state.drawn[fleet * setup.retailers.len() + retailer.index()].cost += cost;
            self.pay_session(bill, recorder);
        }
        self.unpaid = unpaid;
    }

    /// Records a completed session and posts its cost.
    pub(super) fn pay_session(&mut self, bill: Bill, recorder: &mut dyn Recorder) {
        let Bill { mut record, energy_cost, earlier_cost, markup_per_mwh, wear, .. } = bill;
        let net_kwh = record.energy_kwh - record.discharged_kwh;
        let cost = energy_cost + net_kwh * markup_per_mwh / 1_000.0;
        let cost = self.accounts.money(cost, EntryKind::Charging, self.state.now);
        record.cost = cost.units();
        recorder.record(Record::Session(&record));
        let (now, reference) = (self.state.now, Reference::Session(record.session.0));
        let (fleet, operator) = (Account::Fleet(record.fleet), Account::Operator(record.operator));
        let retailer = Account::Retailer(record.retailer);
        let energy_cost = self.accounts.money(energy_cost - earlier_cost, EntryKind::Energy, now);
        self.accounts.pay(recorder, now, operator, fleet, cost, EntryKind::Charging, reference);
        self.accounts.pay(recorder, now, retailer, operator, energy_cost, EntryKind::Energy, reference);
        self.accounts.pay(recorder, now, Account::Outside, fleet, wear, EntryKind::Wear, reference);
    }
}
