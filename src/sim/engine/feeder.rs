//! The feeder at each reading of the meters: the power flow of what was drawn since the last one, and, where the feeder's
//! limits are enforced, what stations may draw until the next.
//!
//! Loads come from the same records as the tables, by listening to them; so what is written of buses is what is written of
//! stations and households, and nothing here is in the way of any other event.
//!
//! **What stations may draw** must keep the limits whatever happens until the next reading: vehicles may come, prices
//! may change. So each station gets a limit of its own, such that all stations at theirs, with the most that
//! households have announced and the case draws until then, keep the feeder within its limits. First, what is
//! plugged in gets the shares that [`Curtailment`] finds of what it could draw. Where nothing is held back, what a station
//! full of vehicles could draw beyond that gets shares of what is left.

use super::Simulation;
use crate::world::{Enforce, Grid, Setup};
use gridfleet_core::ids::{HouseholdId, StationId};
use gridfleet_core::records::{
    BusRecord, FeederRecord, FlowRecord, HouseholdRecord, Recorder, StationRecord,
};
use gridfleet_core::time::SimTime;
use gridfleet_games::grid::curtail::{Asked, Curtailment};
use gridfleet_games::grid::sweep::Sweep;
use std::sync::Arc;

/// Voltages that are beyond a limit by no more than this are at it: rounding, in per unit.
const ROUNDING_PU: f64 = 1e-9;

/// The power flow of a run, and its memory.
pub(super) struct Feeder {
    grid: Arc<Grid>,
    sweep: Sweep,
    loads: Loads,
    /// Scratch: loads by bus, in MW and Mvar.
    active_mw: Vec<f64>,
    reactive_mvar: Vec<f64>,
    limits: Option<Limiting>,
    /// Not let draw until the next reading, of what stations would [kW].
    held_back_kw: f64,
}

/// Loads of buses as meters tell them, without those of the case.
pub(super) struct Loads {
    grid: Arc<Grid>,
    kw: Vec<f64>,
    kvar: Vec<f64>,
}

/// Memory of finding what stations may draw.
struct Limiting {
    curtailment: Curtailment,
    /// By station: what it could draw now, and full of vehicles [kW].
    wants_kw: Vec<(f64, f64)>,
    /// By bus, in MW: what is plugged in wants, and what a full station would want on top.
    wanted_mw: Vec<f64>,
    room_mw: Vec<f64>,
    /// By bus, in MW and Mvar: all other loads and what is let of those plugged in.
    fixed_mw: Vec<f64>,
    fixed_mvar: Vec<f64>,
    /// By bus (0..1).
    shares: Vec<f64>,
    room_shares: Vec<f64>,
}

impl Recorder for Loads {
    fn station(&mut self, record: &StationRecord) {
        let bus = self.grid.station_bus[record.station.index()];
        self.kw[bus] += record.power_kw;
        self.kvar[bus] += self.grid.station_kvar_per_kw * record.power_kw;
    }

    fn household(&mut self, record: &HouseholdRecord) {
        let bus = self.grid.household_bus[record.household.index()];
        self.kw[bus] += record.power_kw;
        self.kvar[bus] += self.grid.household_kvar_per_kw * record.power_kw;
    }
}

impl Feeder {
    /// The feeder of a setup, if it has one.
    pub fn new(setup: &Setup) -> Option<Box<Self>> {
        let grid = Arc::clone(setup.grid.as_ref()?);
        let buses = grid.feeder.buses().len();
        let zeros = vec![0.0; buses];
        let limiting = || Limiting {
            curtailment: Curtailment::new(&grid.feeder),
            wants_kw: Vec::with_capacity(setup.stations.len()),
            wanted_mw: zeros.clone(),
            room_mw: zeros.clone(),
            fixed_mw: zeros.clone(),
            fixed_mvar: zeros.clone(),
            shares: Vec::with_capacity(buses),
            room_shares: Vec::with_capacity(buses),
        };
        let limits = (grid.enforce == Enforce::Limit).then(limiting);
        Some(Box::new(Self {
            sweep: Sweep::new(&grid.feeder),
            loads: Loads { grid: Arc::clone(&grid), kw: zeros.clone(), kvar: zeros.clone() },
            active_mw: zeros.clone(),
            reactive_mvar: zeros,
            limits,
            held_back_kw: 0.0,
            grid,
        }))
    }

    /// Solves the power flow of what was drawn from `since` to `now`, and records it.
    fn record(&mut self, setup: &Setup, since: SimTime, now: SimTime, recorder: &mut dyn Recorder) {
        let (grid, feeder) = (&self.grid, &self.grid.feeder);
        let factor = grid.mean_factor(&setup.clock, since, now);
        for (bus, of) in feeder.buses().iter().enumerate() {
            self.active_mw[bus] = factor * of.load_mw + self.loads.kw[bus] / 1_000.0;
            self.reactive_mvar[bus] = factor * of.load_mvar + self.loads.kvar[bus] / 1_000.0;
        }
        let solved = self.sweep.solve(feeder, &self.active_mw, &self.reactive_mvar).is_some();
        for (bus, &number) in grid.number.iter().enumerate() {
            recorder.bus(&BusRecord {
                time: now,
                bus: number,
                voltage_pu: solved.then(|| self.sweep.voltage(bus)),
                p_kw: self.active_mw[bus] * 1_000.0,
                q_kvar: self.reactive_mvar[bus] * 1_000.0,
            });
        }
        let flow = solved.then(|| self.flow());
        recorder.feeder(&FeederRecord { time: now, flow, held_back_kw: self.held_back_kw });
    }

    /// What the power flow just solved comes to.
    fn flow(&self) -> FlowRecord {
        let (grid, feeder) = (&self.grid, &self.grid.feeder);
        let mut flow = FlowRecord {
            source_kw: self.sweep.source_mw(feeder) * 1_000.0,
            losses_kw: self.sweep.losses(feeder).0 * 1_000.0,
            lowest: (f64::INFINITY, 0),
            highest: (0.0, 0),
            loading: None,
            kept: true,
        };
        let [least, most] = grid.voltage;
        for (bus, &number) in grid.number.iter().enumerate() {
            let voltage = self.sweep.voltage(bus);
            if voltage < flow.lowest.0 {
                flow.lowest = (voltage, number);
            }
            if voltage > flow.highest.0 {
                flow.highest = (voltage, number);
            }
            flow.kept &= (least - ROUNDING_PU..=most + ROUNDING_PU).contains(&voltage);
            let Some((branch, _)) = feeder.feed(bus) else { continue };
            let limit_mva = feeder.branches()[branch].limit_mva;
            if limit_mva.is_finite() {
                let loading = self.sweep.flow_mva(feeder, bus) / limit_mva;
                if flow.loading.is_none_or(|(most, _)| loading > most) {
                    flow.loading = Some((loading, number));
                }
                flow.kept &= loading <= 1.0 + ROUNDING_PU;
            }
        }
        flow
    }
}

impl Limiting {
    /// Finds the shares of what stations want, and of what they might want on top, with these loads of all others by bus.
    fn find(&mut self, grid: &Grid, fixed_mw: &[f64], fixed_mvar: &[f64]) {
        let Self {
            curtailment, wants_kw, wanted_mw, room_mw, fixed_mw: with_mw, fixed_mvar: with_mvar, ..
        } = self;
        wanted_mw.fill(0.0);
        room_mw.fill(0.0);
        for (&(wanted_kw, most_kw), &bus) in wants_kw.iter().zip(&grid.station_bus) {
            wanted_mw[bus] += wanted_kw / 1_000.0;
            room_mw[bus] += (most_kw - wanted_kw) / 1_000.0;
        }
        let mut asked = Asked {
            fixed_mw,
            fixed_mvar,
            wanted_mw,
            mvar_per_mw: grid.station_kvar_per_kw,
            voltage_min: grid.voltage[0],
        };
        curtailment.shares(&grid.feeder, &asked, &mut self.shares);
        for (bus, share) in self.shares.iter().enumerate() {
            with_mw[bus] = fixed_mw[bus] + share * wanted_mw[bus];
            with_mvar[bus] = fixed_mvar[bus] + asked.mvar_per_mw * share * wanted_mw[bus];
            // Whoever is held back gets nothing for those who are not there yet.
            if *share < 1.0 {
                room_mw[bus] = 0.0;
            }
        }
        (asked.fixed_mw, asked.fixed_mvar, asked.wanted_mw) = (with_mw, with_mvar, room_mw);
        curtailment.shares(&grid.feeder, &asked, &mut self.room_shares);
    }
}

impl Simulation {
    /// Reads all meters, and what they come to on the feeder.
    pub(super) fn read_meters(&mut self, recorder: &mut dyn Recorder) {
        let Some(mut feeder) = self.feeder.take() else { return self.read_all(recorder) };
        let since = self.readings.time();
        feeder.loads.kw.fill(0.0);
        feeder.loads.kvar.fill(0.0);
        self.read_all(&mut (&mut *recorder, &mut feeder.loads));
        feeder.record(&self.setup, since, self.state.now, recorder);
        self.feeder = Some(feeder);
    }

    /// Limits what stations may draw until the next reading, where the feeder's limits are enforced.
    pub(super) fn hold_back(&mut self) {
        let Some(mut feeder) = self.feeder.take() else { return };
        if let Some(mut limits) = feeder.limits.take() {
            self.fix_loads(&mut feeder);
            feeder.held_back_kw = self.limit_stations(&feeder, &mut limits);
            feeder.limits = Some(limits);
        }
        self.feeder = Some(feeder);
    }

    /// The most that the case and households may draw until the next reading, as far as they have announced it: a load that
    /// is announced and begins within one control interval is not foreseen.
    fn fix_loads(&self, feeder: &mut Feeder) {
        let (setup, now) = (&self.setup, self.state.now);
        let until = (now + setup.control_interval_s).min(setup.end);
        let grid = Arc::clone(&feeder.grid);
        let (low, high) = grid.range_of_factors(&setup.clock, now, until);
        let most = |load: f64| if load > 0.0 { high * load } else { low * load };
        for (bus, of) in grid.feeder.buses().iter().enumerate() {
            feeder.active_mw[bus] = most(of.load_mw);
            feeder.reactive_mvar[bus] = most(of.load_mvar);
        }
        for (i, group) in setup.retail.households.iter().enumerate() {
            let Some(state) = self.state.retail.households.get(HouseholdId::new(i).index()) else { continue };
            let announced = state.plan.iter().skip(state.in_force).take_while(|slot| slot.0 < until);
            let most_kw = announced.fold(state.power_kw, |most, slot| most.max(slot.1));
            let (bus, mw) = (grid.household_bus[i], f64::from(group.count) * most_kw / 1_000.0);
            feeder.active_mw[bus] += mw;
            feeder.reactive_mvar[bus] += grid.household_kvar_per_kw * mw;
        }
    }

    /// Gives each station its limit; returns what is held back of what they could draw now [kW].
    fn limit_stations(&mut self, feeder: &Feeder, limits: &mut Limiting) -> f64 {
        let grid = &feeder.grid;
        let (setup, now) = (Arc::clone(&self.setup), self.state.now);
        let vehicles = &self.state.vehicles;
        let type_of =
            |vehicle: gridfleet_core::ids::VehicleId| vehicles[vehicle.index()].vehicle_type.index();
        let stations = &self.state.stations;
        let wants =
            (0..setup.stations.len()).map(|i| stations.wants_kw(&setup, type_of, StationId::new(i), now));
        limits.wants_kw.clear();
        limits.wants_kw.extend(wants);
        limits.find(grid, &feeder.active_mw, &feeder.reactive_mvar);
        let mut held_back_kw = 0.0;
        for i in 0..setup.stations.len() {
            let (bus, (wanted_kw, most_kw)) = (grid.station_bus[i], limits.wants_kw[i]);
            let (share, room) = (limits.shares[bus], limits.room_shares[bus]);
            let limit_kw = match (share < 1.0, room < 1.0) {
                (true, _) => share * wanted_kw,
                (false, true) => wanted_kw + room * (most_kw - wanted_kw),
                (false, false) => f64::INFINITY,
            };
            held_back_kw += (1.0 - share) * wanted_kw;
            let station = StationId::new(i);
            if self.state.stations.stations[i].feeder_kw != limit_kw {
                self.state.stations.set_feeder_limit(&setup, station, limit_kw);
                self.divide_power(station);
            }
        }
        held_back_kw
    }
}
