//! Retail customers with a separate meter: households, drivers who park at home, and their retailer's cost of supply.
//! Contains the part that is constant during a replication, and its state at one instant.

use gridfleet_core::ids::{HouseholdId, IdVec, RetailerId, VehicleId};
use gridfleet_core::time::SimTime;

/// Identical households of one retailer, whose load can be shifted within the local day. All values are per household.
#[derive(Debug, Clone, PartialEq)]
pub struct Households {
    /// Name, unique among groups.
    pub name: String,
    /// Number of households.
    pub count: u32,
    /// Retailer that sells them energy.
    pub retailer: RetailerId,
    /// Load in each hour of the local day at equal prices [kW]; 24 values.
    pub nominal_kw: Box<[f64]>,
    /// Minimum load in each hour [kW]; 24 values.
    pub low_kw: Box<[f64]>,
    /// Maximum load in each hour [kW]; 24 values.
    pub high_kw: Box<[f64]>,
    /// Marginal value of the first unit in an hour without nominal load [currency/MWh].
    pub omega_per_mwh: f64,
    /// Decrease of the marginal value per additional kW, above 0 [currency/MWh per kW].
    pub theta_per_mwh_kw: f64,
    /// Bus of the distribution feeder to which they are connected.
    pub bus: Option<u32>,
}

impl Households {
    /// Marginal value of the first unit in an hour of the day [currency/MWh], chosen so that the nominal load is
    /// optimal at equal prices: each kW below it raises the marginal value by the same amount.
    pub fn worth_per_mwh(&self, hour: usize) -> f64 {
        self.omega_per_mwh + self.theta_per_mwh_kw * self.nominal_kw[hour]
    }
}

/// Cost of serving a load g in kW: `a / 2 g^2 + b g + c` per hour, by hour of the local day (equation 1 of the
/// Stackelberg paper; see `games::stackelberg`).
#[derive(Debug, Clone, PartialEq)]
pub struct Generation {
    /// Increase of the marginal cost with the load, above 0 [currency/MWh per kW]; 24 values.
    pub a_per_mwh_kw: Box<[f64]>,
    /// Marginal cost at zero load, 0 or more [currency/MWh]; 24 values.
    pub b_per_mwh: Box<[f64]>,
    /// Cost at zero load, 0 or more [currency/h]; 24 values.
    pub c_per_h: Box<[f64]>,
}

impl Generation {
    /// Cost of a load of `load_kw` for `hours` in an hour of the day [currency].
    pub fn cost(&self, hour: usize, load_kw: f64, hours: f64) -> f64 {
        let energy = (self.a_per_mwh_kw[hour] / 2.0 * load_kw + self.b_per_mwh[hour]) * load_kw / 1_000.0;
        (energy + self.c_per_h[hour]) * hours
    }
}

/// Retail customers and generation of the scenario; all fields are empty if there are none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Retail {
    /// Groups of households.
    pub households: IdVec<HouseholdId, Households>,
    /// Generation cost by retailer, `None` where unknown; empty if no retailer has one.
    pub generation: IdVec<RetailerId, Option<Generation>>,
    /// By vehicle: times at which its driver leaves home, in order. Empty for vehicles that are not privately owned;
    /// the whole list is empty if there are none.
    pub departures: IdVec<VehicleId, Vec<SimTime>>,
}

impl Retail {
    /// Whether there are no households, departures or generation costs.
    pub fn is_empty(&self) -> bool {
        self.households.is_empty()
            && self.departures.is_empty()
            && self.generation.iter().all(Option::is_none)
    }

    /// Generation cost of a retailer, if known.
    pub fn generation(&self, retailer: RetailerId) -> Option<&Generation> {
        self.generation.of(retailer)?.as_ref()
    }

    /// Next departure of the driver of `vehicle` after `now`; `None` after the last one, or if it has no driver.
    pub fn next_departure(&self, vehicle: VehicleId, now: SimTime) -> Option<SimTime> {
        let all = self.departures.of(vehicle)?;
        all.get(all.partition_point(|&departure| departure <= now)).copied()
    }
}

/// A group of households at one instant; all values are per household.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HouseholdState {
    /// Load [kW].
    pub power_kw: f64,
    /// Time since which it has this load.
    pub since: SimTime,
    /// Energy drawn from the start to `since` [kWh].
    drawn_kwh: f64,
    /// Part of it that has been billed [kWh].
    billed_kwh: f64,
    /// Amount billed since the start [currency].
    pub billed: f64,
    /// Loads announced for slots: (start, load [kW]), in order.
    pub plan: Vec<(SimTime, f64)>,
    /// Number of announced loads that have taken effect.
    pub in_force: usize,
}

impl HouseholdState {
    /// Energy drawn from the start to `t` [kWh].
    pub fn energy_kwh(&self, t: SimTime) -> f64 {
        self.drawn_kwh + self.power_kw * (t - self.since) as f64 / 3_600.0
    }

    /// Amount billed until `t`, plus the unbilled energy at `price_per_mwh` [currency].
    pub fn owed(&self, t: SimTime, price_per_mwh: f64) -> f64 {
        self.billed + (self.energy_kwh(t) - self.billed_kwh) * price_per_mwh / 1_000.0
    }

    /// Bills the energy drawn since the last bill.
    pub fn bill(&mut self, t: SimTime, price_per_mwh: f64) {
        self.billed = self.owed(t, price_per_mwh);
        self.billed_kwh = self.energy_kwh(t);
    }

    /// Applies the loads announced for slots that have begun.
    pub fn begin_slots(&mut self, now: SimTime) {
        while let Some(&(start, power_kw)) = self.plan.get(self.in_force)
            && start <= now
        {
            self.drawn_kwh = self.energy_kwh(now);
            (self.since, self.power_kw) = (now, power_kw);
            self.in_force += 1;
        }
    }
}

/// Energy that the customers of a retailer drew in one of its slots, as mean loads.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlotLoad {
    /// Start of the slot.
    pub start: SimTime,
    /// Mean load of households [kW].
    pub households_kw: f64,
    /// Mean load of privately owned vehicles at its stations, less what they fed back [kW].
    pub parked_kw: f64,
    /// Mean load of all other vehicles at its stations [kW].
    pub others_kw: f64,
}

impl SlotLoad {
    /// Total mean load [kW].
    pub fn total_kw(&self) -> f64 {
        self.households_kw + self.parked_kw + self.others_kw
    }
}

/// Retail customers at one instant.
#[derive(Debug, Clone, Default)]
pub struct RetailState {
    /// By group of households.
    pub households: IdVec<HouseholdId, HouseholdState>,
    /// By vehicle: powers that its driver has announced for upcoming slots, (start, power [kW]); empty if there are
    /// none.
    pub plans: IdVec<VehicleId, Vec<(SimTime, f64)>>,
    /// By retailer: loads in completed slots; kept where a policy responds to its prices.
    pub loads: IdVec<RetailerId, Vec<SlotLoad>>,
}

impl RetailState {
    /// Initial state: no energy has been drawn.
    pub fn new(retail: &Retail, retailers: usize, start: SimTime) -> Self {
        if retail.is_empty() {
            return Self::default();
        }
        let households =
            retail.households.iter().map(|_| HouseholdState { since: start, ..HouseholdState::default() });
        Self {
            households: households.collect(),
            plans: IdVec::filled(retail.departures.len(), Vec::new()),
            loads: IdVec::filled(retailers, Vec::new()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_is_billed_for_what_it_draws_at_the_price_it_had() {
        let plan = vec![(SimTime(0), 2.0), (SimTime(3_600), 0.5)];
        let mut home = HouseholdState { plan, ..HouseholdState::default() };
        home.begin_slots(SimTime(0));
        assert_eq!(home.energy_kwh(SimTime(1_800)), 1.0);
        home.bill(SimTime(3_600), 100.0);
        home.begin_slots(SimTime(3_600));
        assert_eq!((home.power_kw, home.energy_kwh(SimTime(7_200))), (0.5, 2.5));
        // 2 kWh at 0.1 and half a kWh at 0.2.
        assert!((home.owed(SimTime(7_200), 200.0) - 0.3).abs() < 1e-12);
        assert!((home.billed - 0.2).abs() < 1e-12);
    }

    #[test]
    fn generation_costs_what_the_quadratic_says() {
        let all = |x: f64| vec![x; 24].into_boxed_slice();
        let generation = Generation { a_per_mwh_kw: all(0.1), b_per_mwh: all(2.0), c_per_h: all(3.0) };
        // 0.05 x 1000^2 + 2 x 1000 = 52,000 EUR/1000 h, plus 3: half an hour of it.
        assert!((generation.cost(5, 1_000.0, 0.5) - 27.5).abs() < 1e-9);
    }

    #[test]
    fn a_driver_leaves_after_now() {
        let departures = vec![vec![], vec![SimTime(10), SimTime(20)]].into();
        let retail = Retail { departures, ..Retail::default() };
        let next = |vehicle, now| retail.next_departure(VehicleId(vehicle), SimTime(now));
        assert_eq!(
            [next(1, 0), next(1, 10), next(1, 20), next(0, 0), next(7, 0)],
            [Some(SimTime(10)), Some(SimTime(20)), None, None, None]
        );
    }
}
