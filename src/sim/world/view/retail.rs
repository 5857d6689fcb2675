//! Retail customers as seen by policies that set prices or respond to them.

use super::View;
use crate::world::retail::{Generation, HouseholdState, Households, SlotLoad};
use crate::world::{Retailer, Session};
use gridfleet_core::ids::{HouseholdId, RetailerId, VehicleId};
use gridfleet_core::time::{DAY_S, SimTime};

impl<'a> View<'a> {
    /// A retailer.
    pub fn retailer_rules(&self, retailer: RetailerId) -> &'a Retailer {
        &self.setup.retailers[retailer]
    }

    /// Generation cost of a retailer, if known.
    pub fn generation(&self, retailer: RetailerId) -> Option<&'a Generation> {
        self.setup.retail.generation(retailer)
    }

    /// Loads of a retailer's customers in its completed slots, where a policy responds to its prices.
    pub fn slot_loads(&self, retailer: RetailerId) -> &'a [SlotLoad] {
        self.state.retail.loads.of(retailer).map_or(&[], Vec::as_slice)
    }

    /// Households of a retailer.
    pub fn households_of(&self, retailer: RetailerId) -> impl Iterator<Item = HouseholdId> + 'a {
        let all = self.setup.retail.households.iter().enumerate();
        all.filter(move |(_, group)| group.retailer == retailer).map(|(i, _)| HouseholdId::new(i))
    }

    /// A group of households.
    pub fn households(&self, group: HouseholdId) -> &'a Households {
        &self.setup.retail.households[group]
    }

    /// Current state of a group of households.
    pub fn household_state(&self, group: HouseholdId) -> &'a HouseholdState {
        &self.state.retail.households[group]
    }

    /// Simulated slots of the local day that contains the slot starting at `slot`: start of the first and end of the
    /// last.
    pub fn slots_of_day(&self, retailer: RetailerId, slot: SimTime) -> (SimTime, SimTime) {
        let slot_s = self.setup.retailers[retailer].slot_s;
        let date = |t: SimTime| self.setup.clock.local(t).date();
        let earliest = SimTime(self.setup.start.0.div_euclid(slot_s) * slot_s);
        let (today, mut first, mut end) = (date(slot), slot, slot + slot_s);
        while first > earliest && date(first + -slot_s) == today {
            first += -slot_s;
        }
        // A local day has at most 25 hours.
        while date(end) == today && end - first < 2 * DAY_S {
            end += slot_s;
        }
        (first, end)
    }

    /// Energy that each household of a group has left to draw in the local day, from the slot starting at `slot`, so
    /// that the total of the day equals the total at equal prices [kWh].
    pub fn energy_left_kwh(&self, group: HouseholdId, slot: SimTime) -> f64 {
        let homes = self.households(group);
        let slot_s = self.setup.retailers[homes.retailer].slot_s;
        let (first, end) = self.slots_of_day(homes.retailer, slot);
        let mut kw = 0.0;
        let mut at = first;
        while at < end {
            kw += homes.nominal_kw[self.setup.clock.hour(at)];
            at += slot_s;
        }
        let plan = &self.household_state(group).plan;
        let announced =
            plan.iter().rev().skip_while(|step| step.0 >= slot).take_while(|step| step.0 >= first);
        kw -= announced.map(|step| step.1).sum::<f64>();
        kw * slot_s as f64 / 3_600.0
    }

    /// Privately owned vehicles plugged in at stations of a retailer.
    pub fn parked(&self, retailer: RetailerId) -> impl Iterator<Item = VehicleId> + 'a {
        let (setup, state) = (self.setup, self.state);
        let all = setup.retail.departures.iter().enumerate().filter(|(_, departures)| !departures.is_empty());
        all.map(|(i, _)| VehicleId::new(i)).filter(move |vehicle| {
            let v = &state.vehicles[*vehicle];
            v.connector.is_some()
                && v.station.is_some_and(|station| setup.stations[station].retailer == retailer)
        })
    }

    /// Next departure of the driver of a privately owned vehicle, known to the driver.
    pub fn departure(&self, vehicle: VehicleId) -> Option<SimTime> {
        self.setup.retail.next_departure(vehicle, self.now())
    }

    /// Session of a plugged-in vehicle.
    pub fn session(&self, vehicle: VehicleId) -> Option<&'a Session> {
        self.state.session(vehicle)
    }

    /// Future state of charge of a plugged-in vehicle at `t`, if it continues as it does now and as announced.
    pub fn soc_at(&self, vehicle: VehicleId, t: SimTime) -> f64 {
        let Some(session) = self.state.session(vehicle) else { return self.soc(vehicle) };
        let vehicle_type = self.vehicle_type(vehicle);
        let plan = self.state.retail.plans.of(vehicle).map_or(&[][..], Vec::as_slice);
        let (mut at, mut soc) = (self.now(), session.soc(vehicle_type, self.now()));
        let mut power_kw = if session.active { session.share_kw } else { 0.0 };
        let steps = plan.iter().copied().filter(|step| step.0 < t).chain([(t, 0.0)]);
        for (start, next_kw) in steps {
            let seconds = (start - at).max(0) as f64;
            soc = if power_kw < 0.0 {
                vehicle_type.soc_after_feeding(soc, -power_kw, session.floor_soc, seconds)
            } else {
                vehicle_type.soc_after(soc, power_kw.min(session.limit_kw), session.target_soc, seconds)
            };
            (at, power_kw) = (start.max(at), next_kw);
        }
        soc
    }
}
