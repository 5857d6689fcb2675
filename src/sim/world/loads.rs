//! Stations with load-dependent prices: energy requested and energy drawn in each slot.
//!
//! The *nominal* profile of a station is the load it would have if every vehicle charged from its arrival, at its
//! maximum power, until it reaches its target or leaves: the drivers' preference, whatever the control does. The engine
//! stores it, because it must be the same regardless of how a policy uses it: each arrival adds the energy it would
//! draw, slot by slot, if it charged at once at full power; each departure removes the energy it would still have drawn
//! afterwards. Without limits it therefore equals the load, except for queues and site limits. Completed slots no
//! longer change.
//!
//! Energy *due* is the same for vehicles that charge as late as they can before an announced departure.

use super::{Setup, VehicleType};
use gridfleet_core::ids::{RetailerId, StationId};
use gridfleet_core::time::{DAY_S, SimTime};

/// Stations of one retailer whose price depends on their total load.
#[derive(Debug, Clone)]
pub struct LoadBook {
    /// The retailer.
    pub retailer: RetailerId,
    /// Start of slot 0, at or before the start of the simulation.
    pub first: SimTime,
    /// Length of a slot [s].
    pub slot_s: i64,
    /// Slots that begin before the end of the simulation.
    pub slots: usize,
    /// Its stations.
    pub stations: Vec<StationId>,
    /// First slot that has not been cleared.
    pub current: usize,
    /// Slots for which requested energy is stored: also those of a day after the end, so that plans do not depend on it.
    stored: usize,
    /// By station and slot (station x `stored` + slot): energy requested by vehicles that have arrived so far [kWh].
    nominal_kwh: Vec<f64>,
    /// Likewise: energy that must be drawn in the slot, at the latest, for vehicles to be charged when they leave [kWh].
    /// Empty if no departure is announced.
    due_kwh: Vec<f64>,
    /// By station: number of requests so far, and their total energy [kWh].
    requested: Vec<(u32, f64)>,
    /// By station: meter reading at the start of the current slot [kWh].
    pub metered_kwh: Vec<f64>,
}

impl LoadBook {
    /// One book for each retailer with a load-dependent price.
    pub fn all(setup: &Setup) -> Vec<Self> {
        let book_of = |retailer: RetailerId| {
            let slot_s = setup.retailers[retailer].slot_s;
            let first = SimTime(setup.start.0.div_euclid(slot_s) * slot_s);
            let slots = ((setup.end - first + slot_s - 1) / slot_s).max(0) as usize;
            let stored = slots + (DAY_S / slot_s) as usize;
            let supplied = |id: &StationId| setup.stations[*id].retailer == retailer;
            let stations: Vec<StationId> = setup.stations.ids().filter(supplied).collect();
            Self {
                retailer,
                first,
                slot_s,
                slots,
                stored,
                current: 0,
                nominal_kwh: vec![0.0; stations.len() * stored],
                due_kwh: vec![
                    0.0;
                    if setup.retail.departures.is_empty() { 0 } else { stations.len() * stored }
                ],
                requested: vec![(0, 0.0); stations.len()],
                metered_kwh: vec![0.0; stations.len()],
                stations,
            }
        };
        let follows = |retailer: &RetailerId| setup.has_ex_post_price(*retailer);
        setup.retailers.ids().filter(follows).map(book_of).collect()
    }

    /// Slot of an instant; may be one past the last.
    pub fn slot(&self, t: SimTime) -> usize {
        (t - self.first).div_euclid(self.slot_s).max(0) as usize
    }

    /// Start of a slot.
    pub fn start_of(&self, slot: usize) -> SimTime {
        self.first + slot as i64 * self.slot_s
    }

    /// Energy requested at a station in each slot of the period and of the day after it, by the station's position in
    /// `stations` [kWh].
    pub fn nominal_of(&self, position: usize) -> &[f64] {
        &self.nominal_kwh[position * self.stored..][..self.stored]
    }

    /// Energy that must be drawn at a station in each slot, at the latest, for the vehicles that have arrived so far to be
    /// charged at their announced departures, by the station's position in `stations` [kWh]; empty if none is announced.
    pub fn due_of(&self, position: usize) -> &[f64] {
        self.due_kwh.get(position * self.stored..).map_or(&[], |from| from.get(..self.stored).unwrap_or(&[]))
    }

    /// Mean energy of a request at a station so far, by the station's position in `stations` [kWh]; `None` before the
    /// first.
    pub fn mean_request_kwh(&self, position: usize) -> Option<f64> {
        let (number, kwh) = self.requested[position];
        (kwh > 0.0).then(|| kwh / f64::from(number))
    }

    /// Start of the slot of a departure, by which its vehicle has to be charged: a station draws evenly in a slot.
    pub fn due_at(&self, departure: SimTime) -> SimTime {
        self.start_of(self.slot(departure))
    }

    /// Adds (`sign` 1) the energy requested by a vehicle at a station that starts to charge at `from`, or removes it
    /// when the vehicle leaves (-1).
    pub(super) fn change_nominal(
        &mut self,
        station: StationId,
        vehicle_type: &VehicleType,
        charge_request: ChargeRequest,
        from: SimTime,
        sign: f64,
    ) {
        self.change(|book| &mut book.nominal_kwh, station, vehicle_type, charge_request, from, sign);
        if sign > 0.0
            && let Ok(position) = self.stations.binary_search(&station)
        {
            let missing = (charge_request.target_soc - charge_request.soc).max(0.0);
            let (number, kwh) = &mut self.requested[position];
            *number += 1;
            *kwh += vehicle_type.kwh(missing) / vehicle_type.charge_efficiency;
        }
    }

    /// The same for the energy that is due, of a vehicle that has to start at `from`.
    pub(super) fn change_due(
        &mut self,
        station: StationId,
        vehicle_type: &VehicleType,
        charge_request: ChargeRequest,
        from: SimTime,
        sign: f64,
    ) {
        self.change(|book| &mut book.due_kwh, station, vehicle_type, charge_request, from, sign);
    }

    fn change(
        &mut self,
        list: impl FnOnce(&mut Self) -> &mut Vec<f64>,
        station: StationId,
        vehicle_type: &VehicleType,
        charge_request: ChargeRequest,
        from: SimTime,
        sign: f64,
    ) {
        // Stations are listed in ascending order.
        let Ok(position) = self.stations.binary_search(&station) else { return };
        let (first, slot_s, slots) = (self.first, self.slot_s, self.stored);
        let Some(list) = list(self).get_mut(position * slots..) else { return };
        charge_request.spread(vehicle_type, first, slot_s, from, |slot, kwh| {
            if let Some(sum) = list.get_mut(slot) {
                *sum += sign * kwh;
            }
            slot + 1 < slots
        });
    }
}

/// Charge requested by a vehicle: from which state of charge, to which, and at which power.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChargeRequest {
    /// State of charge now.
    pub soc: f64,
    /// State of charge requested.
    pub target_soc: f64,
    /// Maximum power at the plug [kW].
    pub limit_kw: f64,
}

impl ChargeRequest {
    /// Distributes the energy at the plug over slots [kWh] if the vehicle charges as fast as it can starting at `from`:
    /// calls `add(slot, energy)` until it returns that later slots are not needed. Slot 0 starts at `first`.
    pub fn spread(
        self,
        vehicle_type: &VehicleType,
        first: SimTime,
        slot_s: i64,
        from: SimTime,
        mut add: impl FnMut(usize, f64) -> bool,
    ) {
        let mut slot = (from - first).div_euclid(slot_s).max(0) as usize;
        let (mut soc, mut at) = (self.soc, from);
        // Without power no energy is drawn.
        while soc < self.target_soc && self.limit_kw > 0.0 {
            let end = first + (slot as i64 + 1) * slot_s;
            let then = vehicle_type.soc_after(soc, self.limit_kw, self.target_soc, (end - at) as f64);
            if !add(slot, vehicle_type.kwh(then - soc) / vehicle_type.charge_efficiency) || then <= soc {
                return;
            }
            (soc, at, slot) = (then, end, slot + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::ChargingCurve;

    #[test]
    fn a_charge_request_is_spread_over_the_slots_it_takes() {
        let vehicle_type = VehicleType {
            name: "test".into(),
            battery_kwh: 40.0,
            usable_soc: [0.0, 1.0],
            consumption_kwh_per_km: 0.2,
            consumption_by_temperature: Vec::new(),
            ac_kw: 10.0,
            dc_kw: 0.0,
            curve: ChargingCurve::constant(10.0),
            charge_efficiency: 0.8,
            discharge_efficiency: 1.0,
            feed_kw: 0.0,
            max_active_hours: 8.0,
            wear_cost_per_kwh: 0.0,
        };
        let charge_request = ChargeRequest { soc: 0.25, target_soc: 0.75, limit_kw: 10.0 };
        let mut slots = vec![0.0; 6];
        // 20 kWh stored are 25 kWh at the plug: half an hour, two hours at 10 kW, then no more.
        charge_request.spread(&vehicle_type, SimTime(0), 3_600, SimTime(5_400), |slot, kwh| {
            slots[slot] += kwh;
            true
        });
        for (found, expected) in slots.iter().zip([0.0, 5.0, 10.0, 10.0, 0.0, 0.0]) {
            assert!((found - expected).abs() < 1e-9, "{slots:?}");
        }
        let mut asked = 0;
        charge_request.spread(&vehicle_type, SimTime(0), 3_600, SimTime(5_400), |_, _| {
            asked += 1;
            false
        });
        assert_eq!(asked, 1, "no later slot is requested");
    }
}
