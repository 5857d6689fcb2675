//! Builds the fixed part of a replication from a checked scenario and its recorded trips: requests and vehicles are
//! stored in flat columns.

use super::demand::{self, Demand};
use super::variation::trips::Picking;
use super::variation::{DrawnDays, factors, prices};
use super::{Recorded, coalitions, competition, drivers, placement, snap};
use crate::document::{Problems, Subject, sorted, suggest};
use crate::resolve::fleets::FleetPlan;
use crate::resolve::{Scenario, horizon, sources};
use crate::spec::{ModeSpec, OutputsSpec};
use gridfleet_core::error::Result;
use gridfleet_core::geo::Places;
use gridfleet_core::ids::{PlaceId, TypeId};
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_core::time::SimTime;
use gridfleet_data::ImportReport;
use gridfleet_data::stations::Location;
use gridfleet_sim::policies::PolicySpecs;
use gridfleet_sim::world::{Mode, Retail, Setup, Station, Travel};
use std::collections::{BTreeMap, BTreeSet};
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
        let (plan, variation) = (&self.plan, &self.spec.variation);
        let horizon = &plan.horizon;
        let trace = &recorded.trace;
        let sampled = sources::draw(trace, &plan.source, streams).map_err(|error| self.located(error))?;
        let mut problems = Problems::new(&self.document);
        let mut places = trace.places.clone();
        let zones = &recorded.zones;
        let mut stations = self.stations(&mut places, zones, &mut problems);
        coalitions::share_stations(&self.spec, &plan.coalitions, &mut stations);
        let depots = self.depots(&mut places, zones, &mut problems);
        let travel = Travel { matrix: recorded.matrix.clone(), ..plan.travel.clone() };
        let picking = Picking {
            spec: variation,
            horizon,
            days: &recorded.days,
            sampled: sampled.as_ref(),
            copy_jitter_s: self.spec.trips.jitter_s,
            replay: self.spec.operation.mode == ModeSpec::Replay,
            streams,
        };
        let mut picks = picking.picks(trace, &mut problems);
        let mut days = DrawnDays { trips: std::mem::take(&mut picks.drawn), ..DrawnDays::default() };
        let Demand { mut requests, vehicles: bound, left_out, derived } =
            demand::demand(&self.spec, plan, trace, picks, &places, &travel, streams, &mut problems);
        let located: Vec<Vec<Option<PlaceId>>> = plan
            .fleets
            .iter()
            .map(|fleet| {
                fleet
                    .named
                    .iter()
                    .map(|v| {
                        v.location
                            .as_ref()
                            .and_then(|l| place(l, &v.subject, "zone", &mut places, zones, &mut problems))
                    })
                    .collect()
            })
            .collect();
        let mut vehicles = match self.spec.operation.mode {
            ModeSpec::Replay => {
                snap::snap(&mut requests, &bound, &stations, &places);
                bound
            }
            ModeSpec::Dispatch => {
                let cv = variation.driving_style_cv;
                let styles = factors::Factors::new(cv, Purpose::DrivingStyle, streams);
                // Vehicles with a driver start at home.
                let homes = plan.drivers.iter().map(|drivers| stations.get(drivers.as_ref()?.home));
                // The draws may have left no request at whose origin a vehicle could start.
                let anywhere = || trace.origin.first().copied().into_iter().collect();
                let starts: Vec<Vec<PlaceId>> = depots
                    .iter()
                    .zip(homes)
                    .map(|(depots, home)| match home {
                        Some(home) => vec![home.place],
                        None if depots.is_empty() && requests.is_empty() => anywhere(),
                        None => depots.clone(),
                    })
                    .collect();
                placement::vehicles(plan, styles, &requests, &starts, &located, streams, &mut problems)
            }
        };
        if problems.errors.is_empty() {
            self.stations_in_range(&stations, &places, &requests, &mut problems);
            self.starts_in_range(&depots, &located, &places, &requests, &mut problems);
        }
        if !problems.errors.is_empty() {
            return Err(sorted(problems.errors));
        }
        coalitions::leave_out(&self.spec, &plan.take_part, &mut requests, &mut vehicles, streams);
        let departures = drivers::add(plan, &mut requests, &vehicles, &stations, streams);
        let mut fleets: Vec<_> = plan.fleets.iter().map(|f| f.fleet.clone()).collect();
        for (fleet, depots) in fleets.iter_mut().zip(depots) {
            fleet.depots = depots;
        }
        let mut import = trace.report.clone();
        // Properties that the reader leaves to the scenario are reported by the scenario.
        if self.spec.trips.fleet_shares.is_empty() {
            import.derived.remove("fleet");
        }
        for (property, how) in derived {
            import.derived.entry(property).or_insert(how);
        }
        let mut temperature_c = horizon::temperature_c(&self.spec.environment, horizon);
        factors::vary_temperature(&mut temperature_c, variation, horizon, streams);
        let mut retailers = plan.retailers.clone();
        let mut trading = plan.trading.clone();
        days.prices = prices::vary(&mut retailers, &mut trading, variation, horizon, streams);
        let competition = competition::competition(&plan.competition, vehicles.len(), streams);
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
            places: Arc::new(places),
            travel,
            temperature_c,
            types: plan.types.clone(),
            fleets,
            coalitions: plan.coalitions.clone(),
            referral_share: self.spec.operation.referral_share,
            vehicles,
            operators: plan.operators.clone(),
            stations,
            retailers,
            competition,
            retail: Retail {
                households: plan.households.clone(),
                generation: plan.generation.clone(),
                departures,
            },
            trading,
            grid: plan.grid.clone(),
            requests,
            currency: self.spec.currency.clone(),
            co2_kg_per_kwh: self.spec.environment.co2_kg_per_kwh,
        };
        let prepared = Prepared {
            name: self.spec.name.clone(),
            sha256: self.sha256.clone(),
            policies: PolicySpecs {
                dispatch: self.spec.operation.dispatch.clone(),
                charging: self.spec.operation.charging.clone(),
                relocation: self.spec.operation.relocation.clone(),
                bidding: self.spec.operation.bidding.clone().with(plan.trained.clone()),
                stations: self.spec.operation.stations.clone(),
                pricing: self.spec.operation.pricing.clone(),
                response: self.spec.operation.response.clone(),
                aggregator: self.spec.operation.aggregator.clone(),
            },
            import,
            left_out,
            inputs: self.inputs.clone(),
            outputs: self.spec.outputs.clone(),
            days,
        };
        Ok((setup, prepared))
    }

    fn stations(
        &self,
        places: &mut Places,
        zones: &BTreeMap<String, PlaceId>,
        problems: &mut Problems<'_>,
    ) -> Vec<Station> {
        let plans = self.plan.stations.iter();
        plans
            .filter_map(|plan| {
                let place = place(&plan.location, &plan.subject, "zone", places, zones, problems)?;
                Some(Station { place, ..plan.station.clone() })
            })
            .collect()
    }

    fn depots(
        &self,
        places: &mut Places,
        zones: &BTreeMap<String, PlaceId>,
        problems: &mut Problems<'_>,
    ) -> Vec<Vec<PlaceId>> {
        let mut all = Vec::with_capacity(self.plan.fleets.len());
        for fleet in &self.plan.fleets {
            let mut depots = Vec::with_capacity(fleet.depots.len());
            for (i, depot) in fleet.depots.iter().enumerate() {
                let subject = Subject::Key(format!("{}.depots[{i}]", fleet.key));
                depots.extend(place(depot, &subject, "", places, zones, problems));
            }
            all.push(depots);
        }
        all
    }

    /// Rejects a station that no vehicle can reach from any place of the demand.
    fn stations_in_range(
        &self,
        stations: &[Station],
        places: &Places,
        requests: &gridfleet_sim::world::Requests,
        problems: &mut Problems<'_>,
    ) {
        for (station, plan) in stations.iter().zip(&self.plan.stations) {
            let fleets = self.plan.fleets.iter().filter(|f| station.access.allows(f.id));
            let range_km = self.range_km(fleets.flat_map(FleetPlan::types));
            if let Some(nearest) = self.out_of_range(station.place, range_km, places, requests) {
                let field = if matches!(plan.location, Location::Zone(_)) { "zone" } else { "lat" };
                problems
                    .about(
                        &plan.subject,
                        field,
                        format!("station \"{}\" {nearest:.0} km from the nearest trip", station.name),
                        format!("a station that a vehicle can reach: the longest range is {range_km:.0} km"),
                    )
                    .help("check latitude and longitude: they may be swapped");
            }
        }
    }

    /// Rejects a depot, or an initial place of a vehicle, from which no trip is within a battery's range: the vehicle
    /// would never leave it.
    fn starts_in_range(
        &self,
        depots: &[Vec<PlaceId>],
        located: &[Vec<Option<PlaceId>>],
        places: &Places,
        requests: &gridfleet_sim::world::Requests,
        problems: &mut Problems<'_>,
    ) {
        const HELP: &str = "check latitude and longitude: they may be swapped";
        for ((fleet, depots), located) in self.plan.fleets.iter().zip(depots).zip(located) {
            let range_km = self.range_km(fleet.types());
            for (i, &depot) in depots.iter().enumerate() {
                if let Some(nearest) = self.out_of_range(depot, range_km, places, requests) {
                    let found = format!("a depot {nearest:.0} km from the nearest trip");
                    let expected = format!("a depot within the longest range, {range_km:.0} km");
                    problems.add(&format!("{}.depots[{i}]", fleet.key), found, expected).help(HELP);
                }
            }
            for (vehicle, place) in fleet.named.iter().zip(located) {
                let Some(place) = *place else { continue };
                let range_km = self.range_km(std::iter::once(vehicle.vehicle_type));
                if let Some(nearest) = self.out_of_range(place, range_km, places, requests) {
                    let found = format!("vehicle \"{}\" {nearest:.0} km from the nearest trip", vehicle.name);
                    let expected = format!("a vehicle within its range, {range_km:.0} km");
                    problems.about(&vehicle.subject, "lat", found, expected).help(HELP);
                    // Each check visits all trips, and one message is enough.
                    break;
                }
            }
        }
    }

    /// Longest distance that one of these types can drive on a full battery [km].
    fn range_km(&self, types: impl Iterator<Item = TypeId>) -> f64 {
        types
            .filter_map(|t| self.plan.types.get(t.index()))
            .map(|t| t.battery_kwh * (t.usable_soc[1] - t.usable_soc[0]) / t.consumption_kwh_per_km)
            .fold(0.0, f64::max)
    }

    /// Distance to the nearest end of a trip [km], if none is within `range_km` of `place`.
    fn out_of_range(
        &self,
        place: PlaceId,
        range_km: f64,
        places: &Places,
        requests: &gridfleet_sim::world::Requests,
    ) -> Option<f64> {
        let km = |&end: &PlaceId| self.plan.travel.circuity * places.distance_km(end, place);
        let ends = || requests.destination.iter().chain(&requests.origin);
        // The first place is nearly always in range, so this rarely visits all of them.
        if requests.is_empty() || ends().any(|end| km(end) <= range_km) {
            return None;
        }
        Some(ends().map(km).fold(f64::INFINITY, f64::min))
    }
}

/// Zones by name.
pub(super) fn zones(places: &Places) -> BTreeMap<String, PlaceId> {
    (0..places.len())
        .map(PlaceId::new)
        .map_while(|place| Some((places.zone_name(place)?.to_owned(), place)))
        .collect()
}

fn place(
    location: &Location,
    subject: &Subject,
    field: &str,
    places: &mut Places,
    zones: &BTreeMap<String, PlaceId>,
    problems: &mut Problems<'_>,
) -> Option<PlaceId> {
    match location {
        Location::Point(lat, lon) => Some(places.add_point(*lat, *lon)),
        Location::Zone(name) => {
            let place = zones.get(name).copied();
            if place.is_none() {
                let found = format!("the unknown zone \"{name}\"");
                let help = if zones.is_empty() {
                    Some("the trips come without zones: give a latitude and a longitude".to_owned())
                } else {
                    let known: BTreeSet<&str> = zones.keys().map(String::as_str).collect();
                    suggest::help(name, known)
                };
                problems.about(subject, field, found, "the name of a zone of the trips").perhaps(help);
            }
            place
        }
    }
}
