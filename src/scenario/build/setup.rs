//! Builds the fixed part of a replication from a checked scenario and its recorded trips: requests and vehicles are
//! stored in flat columns.

use super::demand::{Demand, DemandModel};
use super::placement::Placing;
use super::sites::Sites;
use super::variation::factors::{self, Factors};
use super::variation::trips::{Picking, Picks};
use super::variation::{DrawnDays, prices};
use super::{Recorded, coalitions, competition, drivers, snap};
use crate::document::{Problems, sorted};
use crate::resolve::{Plan, Scenario, horizon, sources};
use crate::spec::{ModeSpec, OutputsSpec};
use gridfleet_core::error::Result;
use gridfleet_core::ids::PlaceId;
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_core::time::SimTime;
use gridfleet_data::{ImportReport, Trace};
use gridfleet_sim::policies::PolicySpecs;
use gridfleet_sim::world::{Fleet, Mode, Retail, Setup, Station, StationNames, Travel, VehicleStart};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Data of a run in addition to the [`Setup`].
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Name of the scenario.
    pub name: String,
    /// SHA-256 of the scenario file.
    pub sha256: String,
    /// Policies used.
    pub policies: PolicySpecs,
    /// Report on the rows of the trip files.
    pub import: ImportReport,
    /// Number of trips that were read but are not requests of this run, by reason, for example `outside the period`.
    pub left_out: BTreeMap<String, u64>,
    /// All files read.
    pub inputs: Vec<PathBuf>,
    /// Outputs to write.
    pub outputs: OutputsSpec,
    /// Days drawn by this replication.
    pub days: DrawnDays,
}

impl Scenario {
    /// Seed of the scenario and its overrides.
    pub fn seed(&self) -> u64 {
        self.spec.seed
    }

    /// First instant simulated, and first instant no longer simulated.
    pub fn period(&self) -> (SimTime, SimTime) {
        (self.plan.horizon.start, self.plan.horizon.end)
    }

    /// Reads the trips and builds the world of the replication identified by `streams`: [`Scenario::read`] and
    /// [`Scenario::build_from`] in one.
    ///
    /// # Errors
    /// [`gridfleet_core::error::Error::Input`] with all problems of the trips and of names that depend on them (zones,
    /// vehicles, fleets).
    pub fn build(&self, streams: Streams) -> Result<(Setup, Prepared)> {
        self.build_from(&self.read()?, streams)
    }

    /// Builds the world of the replication identified by `streams` from trips that have been read, by this scenario or
    /// one that [reads like it](Scenario::reads_like). Opens no file.
    ///
    /// # Errors
    /// As [`Scenario::build`].
    pub fn build_from(&self, recorded: &Recorded, streams: Streams) -> Result<(Setup, Prepared)> {
        let plan = &self.plan;
        let mut problems = Problems::new(&self.document);
        let mut sites = Sites::new(plan, recorded, &mut problems);
        coalitions::share_stations(&self.spec, &plan.coalitions, &mut sites.stations);
        let mut picks = self.picks(recorded, streams, &mut problems)?;
        let mut days = DrawnDays { trips: std::mem::take(&mut picks.drawn), ..DrawnDays::default() };
        let travel = Travel { matrix: recorded.matrix.clone(), ..plan.travel.clone() };
        let model = DemandModel {
            spec: &self.spec,
            plan,
            trace: &recorded.trace,
            places: &sites.places,
            travel: &travel,
            streams,
        };
        let mut demand = model.demand(picks, &mut problems);
        sites.locate_vehicles(plan, recorded, &mut problems);
        let mut vehicles = self.vehicles(recorded, &sites, &mut demand, streams, &mut problems);
        if problems.errors.is_empty() {
            sites.check_reach(plan, &demand.requests, &mut problems);
        }
        if !problems.errors.is_empty() {
            return Err(sorted(problems.errors));
        }
        let Demand { mut requests, left_out, derived, .. } = demand;
        coalitions::leave_out(&self.spec, &plan.take_part, &mut requests, &mut vehicles, streams);
        let departures = drivers::add(plan, &mut requests, &vehicles, &sites.stations, streams);
        let mut retailers = plan.retailers.clone();
        let mut trading = plan.trading.clone();
        let horizon = &plan.horizon;
        days.prices = prices::vary(&mut retailers, &mut trading, &self.spec.variation, horizon, streams);
        let setup = Setup {
            start: horizon.start,
            end: horizon.end,
            control_interval_s: self.spec.time.control_interval_s,
            measured_from: horizon.measured_from,
            end_value_per_mwh: self.spec.time.end_value_per_mwh,
            clock: horizon.clock.clone(),
            mode: match self.spec.operation.mode {
                ModeSpec::Dispatch => Mode::Dispatch { patience_s: self.spec.operation.patience_s },
                ModeSpec::Replay => Mode::Replay,
            },
            places: Arc::new(sites.places),
            travel,
            temperature_c: self.temperature_c(streams),
            types: plan.types.clone().into(),
            fleets: fleets(plan, sites.depots).into(),
            coalitions: plan.coalitions.clone().into(),
            referral_share: self.spec.operation.referral_share,
            operators: plan.operators.clone().into(),
            station_group: self.station_group(&sites.stations).into(),
            stations: sites.stations.into(),
            retailers: retailers.into(),
            competition: competition::competition(&plan.competition, vehicles.len(), streams),
            vehicles: vehicles.into(),
            retail: Retail {
                households: plan.households.clone().into(),
                generation: plan.generation.clone().into(),
                departures: departures.into(),
            },
            trading,
            grid: plan.grid.clone(),
            requests,
            currency: self.spec.currency.clone(),
            co2_kg_per_kwh: self.spec.environment.co2_kg_per_kwh,
        };
        let import = self.import(&recorded.trace, derived);
        Ok((setup, self.prepared(import, left_out, days)))
    }

    /// By station, whether it is in the group whose figures are summed up; empty if there is none.
    fn station_group(&self, stations: &[Station]) -> Vec<bool> {
        let operation = &self.spec.operation;
        let members: Vec<&String> = match operation.station_group.as_slice() {
            [] => operation.stations.members().collect(),
            named => named.iter().collect(),
        };
        if members.is_empty() {
            return Vec::new();
        }
        let names = StationNames::new(self.plan.operators.iter().map(String::as_str), stations.iter());
        let mut is_member = vec![false; stations.len()];
        for station in members.into_iter().filter_map(|name| names.find(name)).flatten() {
            is_member[station.index()] = true;
        }
        is_member
    }

    /// The trips of this replication.
    fn picks(&self, recorded: &Recorded, streams: Streams, problems: &mut Problems<'_>) -> Result<Picks> {
        let sampled = sources::draw(&recorded.trace, &self.plan.source, streams);
        let sampled = sampled.map_err(|error| self.located(error))?;
        let picking = Picking {
            spec: &self.spec.variation,
            horizon: &self.plan.horizon,
            days: &recorded.days,
            sampled: sampled.as_ref(),
            copy_jitter_s: self.spec.trips.jitter_s,
            replay: self.spec.operation.mode == ModeSpec::Replay,
            streams,
        };
        Ok(picking.picks(&recorded.trace, problems))
    }

    /// All vehicles at the start: in replay those that the trips name, whose trips are moved to the places they mean.
    fn vehicles(
        &self,
        recorded: &Recorded,
        sites: &Sites,
        demand: &mut Demand,
        streams: Streams,
        problems: &mut Problems<'_>,
    ) -> Vec<VehicleStart> {
        let Demand { requests, vehicles: bound, .. } = demand;
        if self.spec.operation.mode == ModeSpec::Replay {
            snap::snap(requests, bound, &sites.stations, &sites.places);
            return std::mem::take(bound);
        }
        // Vehicles with a driver start at home.
        let homes = self.plan.drivers.iter().map(|drivers| sites.stations.get(drivers.as_ref()?.home));
        // The draws may have left no request at whose origin a vehicle could start.
        let anywhere = || recorded.trace.origin.first().copied().into_iter().collect();
        let starts = sites.depots.iter().zip(homes).map(|(depots, home)| match home {
            Some(home) => vec![home.place],
            None if depots.is_empty() && requests.is_empty() => anywhere(),
            None => depots.clone(),
        });
        let placing = Placing {
            plan: &self.plan,
            styles: Factors::new(self.spec.variation.driving_style_cv, Purpose::DrivingStyle, streams),
            requests,
            depots: &starts.collect::<Vec<Vec<PlaceId>>>(),
            located: &sites.named,
            streams,
        };
        placing.vehicles(problems)
    }

    /// Ambient temperature by hour since the start [°C]; empty if the scenario has none.
    fn temperature_c(&self, streams: Streams) -> Vec<f64> {
        let horizon = &self.plan.horizon;
        let mut temperature_c = horizon::temperature_c(&self.spec.environment, horizon);
        factors::vary_temperature(&mut temperature_c, &self.spec.variation, horizon, streams);
        temperature_c
    }

    /// Report on the rows of the trip files, with the properties `derived` here.
    fn import(&self, trace: &Trace, derived: BTreeMap<String, String>) -> ImportReport {
        let mut import = trace.report.clone();
        // Properties that the reader leaves to the scenario are reported by the scenario.
        if self.spec.trips.fleet_shares.is_empty() {
            import.derived.remove("fleet");
        }
        for (property, how) in derived {
            import.derived.entry(property).or_insert(how);
        }
        import
    }

    fn prepared(&self, import: ImportReport, left_out: BTreeMap<String, u64>, days: DrawnDays) -> Prepared {
        let operation = &self.spec.operation;
        Prepared {
            name: self.spec.name.clone(),
            sha256: self.sha256.clone(),
            policies: PolicySpecs {
                dispatch: operation.dispatch.clone(),
                charging: operation.charging.clone(),
                relocation: operation.relocation.clone(),
                bidding: operation.bidding.clone().with(self.plan.trained.clone()),
                stations: operation.stations.clone(),
                pricing: operation.pricing.clone(),
                response: operation.response.clone(),
                aggregator: operation.aggregator.clone(),
            },
            import,
            left_out,
            inputs: self.inputs.clone(),
            outputs: self.spec.outputs.clone(),
            days,
        }
    }
}

/// The fleets with their depots.
fn fleets(plan: &Plan, depots: Vec<Vec<PlaceId>>) -> Vec<Fleet> {
    let fleets = plan.fleets.iter().zip(depots);
    fleets.map(|(fleet, depots)| Fleet { depots, ..fleet.fleet.clone() }).collect()
}
