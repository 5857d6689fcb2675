//! The feeder at each meter reading: the power flow of the energy drawn since the last reading and, if the feeder's
//! limits are enforced, the maximum power of stations until the next.
//!
//! Each station and each group of homes belongs to a bus. The feeder is independent of other events: a run without a
//! feeder does no work for it, and a feeder that only observes changes nothing but the records. The auditor solves
//! DistFlow (flows, squared currents and voltages) where the engine sweeps currents and voltages.
//!
//! - **Mean loads, as metered.** The feeder listens to the records of stations and households while meters are read,
//!   and adds the case's loads of the same interval. Its figures are therefore consistent with the other tables, and
//!   the auditor can compare them. The cost: a peak shorter than a control interval is not seen.
//! - **Memory is reused, start values are not.** A sweep starts from the source's voltage each time, so equal loads
//!   have equal voltages to the last bit, independent of history; 33 buses take about ten rounds and a few
//!   microseconds.
//! - **The maximum power of stations** must respect the limits whatever happens until the next reading: vehicles may
//!   come, prices may change. Each station therefore gets a separate limit, such that the feeder stays within its
//!   limits if all stations draw their maximum and households and the loads of the case reach their announced maximum
//!   until then. First, plugged-in vehicles get the shares that [`Curtailment`] finds of the power they could draw. If
//!   none is held back, the additional power that fully occupied stations could draw gets shares of the rest, so
//!   vehicles that arrive in between need not wait, and break no limit either. Within a station the limit is shared
//!   like a site limit.
//! - **Homes that answer at once.** Where a price has no notice, the load of homes in a slot is known when it begins: the
//!   limits of stations are set again then.
//! - **Violations without charging.** If homes and the case alone break a limit, the stations concerned do not charge,
//!   the others are not affected, and the hours count as violations.
//! - **High voltages**, where vehicles feed back, are observed and counted, not prevented.

use super::step::Step;
use crate::world::{Enforce, Grid, Setup, State};
use gridfleet_core::ids::VehicleId;
use gridfleet_core::records::{
    BusRecord, FeederRecord, FlowRecord, HouseholdRecord, Record, Recorder, StationRecord,
};
use gridfleet_core::time::SimTime;
use gridfleet_games::grid::curtail::{Asked, Curtailment};
use gridfleet_games::grid::sweep::Sweep;
use std::sync::Arc;

/// A voltage that exceeds a limit by no more than this counts as at the limit: rounding [p.u.].
const ROUNDING_PU: f64 = 1e-9;

/// Power flow of a run, and its buffers.
pub(super) struct Feeder {
    grid: Arc<Grid>,
    sweep: Sweep,
    loads: Loads,
    /// Scratch buffers: loads by bus [MW, Mvar].
    active_mw: Vec<f64>,
    reactive_mvar: Vec<f64>,
    limits: Option<Limiting>,
    /// Power held back from stations until the next reading, out of the power they would draw [kW].
    held_back_kw: f64,
}

/// Metered loads of buses, without the loads of the case.
pub(super) struct Loads {
    grid: Arc<Grid>,
    kw: Vec<f64>,
    kvar: Vec<f64>,
}

/// Buffers for the computation of station limits.
struct Limiting {
    curtailment: Curtailment,
    /// By station: power that it could draw now, and power that it could draw when fully occupied [kW].
    wants_kw: Vec<(f64, f64)>,
    /// By bus [MW]: power wanted by plugged-in vehicles, and the additional power of fully occupied stations.
    wanted_mw: Vec<f64>,
    room_mw: Vec<f64>,
    /// By bus [MW, Mvar]: all other loads, and the power allowed to plugged-in vehicles.
    fixed_mw: Vec<f64>,
    fixed_mvar: Vec<f64>,
    /// Shares by bus (0..1).
    shares: Vec<f64>,
    room_shares: Vec<f64>,
}

impl Recorder for Loads {
    fn record(&mut self, record: Record<'_>) {
        match record {
            Record::Station(record) => self.station(record),
            Record::Household(record) => self.household(record),
            _ => {}
        }
    }
}

impl Loads {
    fn station(&mut self, record: &StationRecord) {
        let bus = self.grid.station_bus[record.station];
        self.kw[bus] += record.power_kw;
        self.kvar[bus] += self.grid.station_kvar_per_kw * record.power_kw;
    }

    fn household(&mut self, record: &HouseholdRecord) {
        let bus = self.grid.household_bus[record.household];
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

    /// Reads all meters by `read`, and solves and records the resulting power flow of the energy drawn from `since` to
    /// now.
    pub fn read(&mut self, step: &mut Step<'_>, since: SimTime, read: impl FnOnce(&mut Step<'_>)) {
        self.loads.kw.fill(0.0);
        self.loads.kvar.fill(0.0);
        step.heard_by(&mut self.loads, read);
        let (grid, feeder, now) = (&self.grid, &self.grid.feeder, step.state.now);
        let factor = grid.mean_factor(&step.setup.clock, since, now);
        for (i, bus) in feeder.buses().iter().enumerate() {
            self.active_mw[i] = factor * bus.load_mw + self.loads.kw[i] / 1_000.0;
            self.reactive_mvar[i] = factor * bus.load_mvar + self.loads.kvar[i] / 1_000.0;
        }
        let solved = self.sweep.solve(feeder, &self.active_mw, &self.reactive_mvar).is_some();
        for (bus, &number) in grid.number.iter().enumerate() {
            step.books.recorder.record(Record::Bus(&BusRecord {
                time: now,
                bus: number,
                voltage_pu: solved.then(|| self.sweep.voltage(bus)),
                p_kw: self.active_mw[bus] * 1_000.0,
                q_kvar: self.reactive_mvar[bus] * 1_000.0,
            }));
        }
        let flow = solved.then(|| self.flow());
        step.books.recorder.record(Record::Feeder(&FeederRecord {
            time: now,
            flow,
            held_back_kw: self.held_back_kw,
        }));
    }

    /// Limits the power of stations until the next reading, if the feeder's limits are enforced.
    pub fn hold_back(&mut self, step: &mut Step<'_>) {
        if self.limits.is_some() {
            self.fix_loads(step.setup, step.state);
            self.limit_stations(step);
        }
    }

    /// Maximum loads of the case and of households until the next reading, as far as announced: a load that is
    /// announced and begins within one control interval is met when it begins.
    fn fix_loads(&mut self, setup: &Setup, state: &State) {
        let now = state.now;
        let until = (now + setup.control_interval_s).min(setup.end);
        let grid = &self.grid;
        let (low, high) = grid.range_of_factors(&setup.clock, now, until);
        let most = |load: f64| if load > 0.0 { high * load } else { low * load };
        for (i, bus) in grid.feeder.buses().iter().enumerate() {
            self.active_mw[i] = most(bus.load_mw);
            self.reactive_mvar[i] = most(bus.load_mvar);
        }
        for (id, group) in setup.retail.households.entries() {
            let Some(homes) = state.retail.households.of(id) else { continue };
            let announced = homes.plan.iter().skip(homes.in_force).take_while(|slot| slot.0 < until);
            let most_kw = announced.fold(homes.power_kw, |most, slot| most.max(slot.1));
            let (bus, mw) = (grid.household_bus[id], f64::from(group.count) * most_kw / 1_000.0);
            self.active_mw[bus] += mw;
            self.reactive_mvar[bus] += grid.household_kvar_per_kw * mw;
        }
    }

    /// Sets the limit of each station, and adds up the power held back out of the power they could draw now.
    fn limit_stations(&mut self, step: &mut Step<'_>) {
        let Self { grid, limits: Some(limits), active_mw, reactive_mvar, .. } = self else { return };
        let (setup, now) = (step.setup, step.state.now);
        let vehicles = &step.state.vehicles;
        let type_of = |vehicle: VehicleId| vehicles[vehicle].vehicle_type;
        let stations = &step.state.stations;
        let wants = setup.stations.ids().map(|id| stations.wants_kw(setup, type_of, id, now));
        limits.wants_kw.clear();
        limits.wants_kw.extend(wants);
        limits.find(grid, active_mw, reactive_mvar);
        self.held_back_kw = 0.0;
        for (station, &(wanted_kw, most_kw)) in setup.stations.ids().zip(&limits.wants_kw) {
            let bus = grid.station_bus[station];
            let (share, room) = (limits.shares[bus], limits.room_shares[bus]);
            let limit_kw = match (share < 1.0, room < 1.0) {
                (true, _) => share * wanted_kw,
                (false, true) => wanted_kw + room * (most_kw - wanted_kw),
                (false, false) => f64::INFINITY,
            };
            self.held_back_kw += (1.0 - share) * wanted_kw;
            if step.state.stations.station(station).feeder_kw != limit_kw {
                step.state.stations.set_feeder_limit(setup, station, limit_kw);
                step.divide_power(station);
            }
        }
    }

    /// Result of the latest power flow.
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
    /// Finds the shares of the power that stations want, and of their potential additional power, given all other loads
    /// by bus.
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
            // A station that is held back reserves no power for vehicles that have not arrived.
            if *share < 1.0 {
                room_mw[bus] = 0.0;
            }
        }
        (asked.fixed_mw, asked.fixed_mvar, asked.wanted_mw) = (with_mw, with_mvar, room_mw);
        curtailment.shares(&grid.feeder, &asked, &mut self.room_shares);
    }
}
