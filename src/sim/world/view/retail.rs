//! Retail customers as those see them who make prices or answer to them.

use super::View;
use crate::world::retail::{Generation, HouseholdState, Households, SlotLoad};
use crate::world::{Retailer, Session};
use gridfleet_core::ids::{HouseholdId, RetailerId, VehicleId};
use gridfleet_core::time::{DAY_S, SimTime};

impl<'a> View<'a> {
    /// A retailer.
    pub fn retailer_rules(&self, retailer: RetailerId) -> &'a Retailer {
        &self.setup.retailers[retailer.index()]
    }

    /// What serving its customers costs a retailer, if that is known.
    pub fn generation(&self, retailer: RetailerId) -> Option<&'a Generation> {
        self.setup.retail.generation(retailer)
    }

    /// What a retailer's customers drew in its slots that have ended, where somebody answers to its prices.
    pub fn slot_loads(&self, retailer: RetailerId) -> &'a [SlotLoad] {
        self.state.retail.loads.get(retailer.index()).map_or(&[], Vec::as_slice)
    }

    /// Households of a retailer.
    pub fn households_of(&self, retailer: RetailerId) -> impl Iterator<Item = HouseholdId> + 'a {
        let all = self.setup.retail.households.iter().enumerate();
        all.filter(move |(_, group)| group.retailer == retailer).map(|(i, _)| HouseholdId::new(i))
    }

    /// A group of households.
    pub fn households(&self, group: HouseholdId) -> &'a Households {
        &self.setup.retail.households[group.index()]
    }

    /// What they do.
    pub fn household_state(&self, group: HouseholdId) -> &'a HouseholdState {
        &self.state.retail.households[group.index()]
    }

    /// Slots of the local day in which the slot from `slot` starts, as far as they are simulated: start of the first, and
    /// end of the last.
    pub fn slots_of_day(&self, retailer: RetailerId, slot: SimTime) -> (SimTime, SimTime) {
        let slot_s = self.setup.retailers[retailer.index()].slot_s;
        let date = |t: SimTime| self.setup.clock.local(t).date();
        let earliest = SimTime(self.setup.start.0.div_euclid(slot_s) * slot_s);
        let (today, mut first, mut end) = (date(slot), slot, slot + slot_s);
        while first > earliest && date(first + -slot_s) == today {
            first += -slot_s;
        }
        // A local day has 25 hours at most.
        while date(end) == today && end - first < 2 * DAY_S {
            end += slot_s;
        }
        (first, end)
    }

    /// Energy that each household of a group draws in the slots of a local day from `slot` on, so that the day has what
    /// it would have if all prices were the same [kWh].
    pub fn energy_left_kwh(&self, group: HouseholdId, slot: SimTime) -> f64 {
        let homes = self.households(group);
        let slot_s = self.setup.retailers[homes.retailer.index()].slot_s;
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

    /// Privately owned vehicles that are plugged in at stations of a retailer.
    pub fn parked(&self, retailer: RetailerId) -> impl Iterator<Item = VehicleId> + 'a {
        let (setup, state) = (self.setup, self.state);
        let all = setup.retail.departures.iter().enumerate().filter(|(_, departures)| !departures.is_empty());
        all.map(|(i, _)| VehicleId::new(i)).filter(move |vehicle| {
            let v = &state.vehicles[vehicle.index()];
            v.connector.is_some()
                && v.station.is_some_and(|station| setup.stations[station.index()].retailer == retailer)
        })
    }

    /// When the driver of a privately owned vehicle leaves next, which the driver knows.
    pub fn departure(&self, vehicle: VehicleId) -> Option<SimTime> {
        self.setup.retail.next_departure(vehicle, self.now())
    }

    /// The session of a vehicle that is plugged in.
    pub fn session(&self, vehicle: VehicleId) -> Option<&'a Session> {
        self.state.session(vehicle)
    }

    /// State of charge of a vehicle that is plugged in at a coming instant, if it goes on as it does and as has been
    /// announced for it.
    pub fn soc_at(&self, vehicle: VehicleId, t: SimTime) -> f64 {
        let Some(session) = self.state.session(vehicle) else { return self.soc(vehicle) };
        let of = self.vehicle_type(vehicle);
        let plan = self.state.retail.plans.get(vehicle.index()).map_or(&[][..], Vec::as_slice);
        let (mut at, mut soc) = (self.now(), session.soc(of, self.now()));
        let mut power_kw = if session.active { session.share_kw } else { 0.0 };
        let steps = plan.iter().copied().filter(|step| step.0 < t).chain([(t, 0.0)]);
        for (start, next_kw) in steps {
            let seconds = (start - at).max(0) as f64;
            soc = if power_kw < 0.0 {
                of.soc_after_feeding(soc, -power_kw, session.floor_soc, seconds)
            } else {
                of.soc_after(soc, power_kw.min(session.limit_kw), session.target_soc, seconds)
            };
            (at, power_kw) = (start.max(at), next_kw);
        }
        soc
    }
}
