//! Requests from the trips picked from a trace: each with its fleet, and with distance, duration and fare if the trace
//! does not have them.

use super::placement;
use super::variation::factors::Factors;
use super::variation::trips::{Pick, Picks};
use crate::document::Problems;
use crate::document::suggest;
use crate::resolve::Plan;
use crate::spec::{ModeSpec, ScenarioFile};
use gridfleet_core::geo::Places;
use gridfleet_core::ids::{FleetId, VehicleId};
use gridfleet_core::ledger::Money;
use gridfleet_core::rng::{Purpose, PurposeStreams, Streams};
use gridfleet_core::time::SimTime;
use gridfleet_data::{OnBadRow, Trace};
use gridfleet_sim::world::{Pace, RecordedSoc, RecordedTrip, Requests, Travel, VehicleStart};
use rand::RngExt as _;
use std::collections::BTreeMap;

/// Requests, with a report on their derivation.
#[derive(Debug, Default)]
pub struct Demand {
    /// The requests.
    pub requests: Requests,
    /// In replay, the vehicles named by the trips.
    pub vehicles: Vec<VehicleStart>,
    /// Number of trips that are not requests, by reason.
    pub left_out: BTreeMap<String, u64>,
    /// Derived properties, and the method.
    pub derived: BTreeMap<String, String>,
}

/// Assignment of trips to fleets.
enum Split {
    /// All trips to one fleet.
    Only(FleetId),
    /// By the fleet named in the trace; `None` for names that are not fleets.
    ByName(Vec<Option<FleetId>>),
    /// At random: fleets with the upper ends of their shares of 0..1.
    Shares(Vec<(f64, FleetId)>),
}

impl Split {
    /// The fleet of trip `i`, whose draws are identified by `key`; `None` if it is of no fleet of the scenario.
    fn fleet(&self, trace: &Trace, i: usize, key: u64, choices: PurposeStreams) -> Option<FleetId> {
        match self {
            Self::Only(fleet) => Some(*fleet),
            Self::ByName(fleets) => fleets.get(trace.fleet[i] as usize).copied().flatten(),
            Self::Shares(shares) => {
                let draw: f64 = choices.stream(key).random();
                shares.iter().find(|(upper, _)| draw < *upper).or(shares.last()).map(|&(_, fleet)| fleet)
            }
        }
    }
}

/// Longest ride [s]: limited by the column type, about 136 years.
const MOST_SECONDS: f64 = u32::MAX as f64;

/// Highest speed; assumed, and the limit above which the reader of taxi records assumes an error (130 km/h).
const FASTEST_KM_PER_S: f64 = 130.0 / 3_600.0;

/// Inputs of the derivation of requests from trips.
pub struct DemandModel<'a> {
    /// The file.
    pub spec: &'a ScenarioFile,
    /// The period, and the fleets with their fares.
    pub plan: &'a Plan,
    /// The recorded trips.
    pub trace: &'a Trace,
    /// Places of the trips.
    pub places: &'a Places,
    /// Travel times and distances where trips do not record them.
    pub travel: &'a Travel,
    /// Random streams.
    pub streams: Streams,
}

/// Numbers of trips that lack a property.
#[derive(Default)]
struct Lacking {
    fleet: u64,
    vehicle: u64,
    distance: u64,
    duration: u64,
    fare: u64,
}

impl DemandModel<'_> {
    /// The requests of `picks`, trips of the trace.
    pub fn demand(&self, picks: Picks, problems: &mut Problems<'_>) -> Demand {
        let Picks { trips, left_out, derived, drawn: _, none_by_chance } = picks;
        let mut demand = Demand { left_out, derived, ..Demand::default() };
        if trips.is_empty() {
            if problems.errors.is_empty() && !self.spec.trips.files.is_empty() && !none_by_chance {
                no_trips(self.plan, self.trace, problems);
            }
            return demand;
        }
        let Some(split) = split(self.spec, self.trace, problems) else { return demand };
        if self.replays() && self.trace.vehicle_names.is_empty() {
            problems
                .add(
                    "operation.mode",
                    "\"replay\", but the trips name no vehicles",
                    "\"dispatch\", or trips with a `vehicle` column",
                )
                .help("if the column has another name, map it: map = { vehicle = \"...\" }");
            return demand;
        }
        let mut lacking = Lacking::default();
        (demand.requests, demand.vehicles) = self.requests(trips, &split, &mut lacking, problems);
        self.report(&lacking, &mut demand, problems);
        demand
    }

    fn replays(&self) -> bool {
        self.spec.operation.mode == ModeSpec::Replay
    }

    /// The requests, and in replay the vehicles named by their trips.
    fn requests(
        &self,
        trips: Vec<Pick>,
        split: &Split,
        lacking: &mut Lacking,
        problems: &mut Problems<'_>,
    ) -> (Requests, Vec<VehicleStart>) {
        let mut requests = with_capacity(trips.len());
        let variation = &self.spec.variation;
        let styles = Factors::new(variation.driving_style_cv, Purpose::DrivingStyle, self.streams);
        let durations = Factors::new(variation.ride_duration_cv, Purpose::RideDuration, self.streams);
        let choices = self.streams.of(Purpose::FleetChoice);
        let mut binder = Binder::new(self.plan, self.trace, styles, self.streams);
        let mut pace = self.travel.pace(&self.plan.horizon.clock, self.plan.horizon.start);
        for Pick { time, row, key } in trips {
            let i = row as usize;
            let Some(mut fleet) = split.fleet(self.trace, i, key, choices) else {
                lacking.fleet += 1;
                continue;
            };
            if self.replays() {
                let Some((recorded, owner)) = binder.bind(self.trace, i, fleet) else {
                    lacking.vehicle += 1;
                    continue;
                };
                fleet = owner;
                requests.recorded.push(Some(recorded));
            }
            let (distance_km, duration_s) = self.ride(i, time, &mut pace, lacking);
            let duration_s = (duration_s * durations.of(key)).ceil().clamp(1.0, MOST_SECONDS) as u32;
            let fare = self.fare(i, fleet, distance_km, duration_s, lacking);
            let Ok(fare) = Money::from_units(fare) else {
                let key = format!("fleets[{}].fare", fleet.index());
                let found = format!("a fare of {fare:e} for a trip of {distance_km} km and {duration_s} s");
                problems.add(&key, found, format!("fares up to {:e}", Money::MOST_UNITS));
                break;
            };
            requests.time.push(time);
            requests.origin.push(self.trace.origin[i]);
            requests.destination.push(self.trace.destination[i]);
            requests.duration_s.push(duration_s);
            requests.distance_km.push(distance_km);
            requests.fare.push(fare);
            requests.fleet.push(fleet);
        }
        (requests, binder.vehicles)
    }

    /// Distance [km] and duration [s] of trip `i`, recorded or by the travel model at `time`.
    fn ride(&self, i: usize, time: SimTime, pace: &mut Pace, lacking: &mut Lacking) -> (f64, f64) {
        let (mut distance_km, mut duration_s) = (self.trace.distance_km[i], self.trace.duration_s[i]);
        if !distance_km.is_nan() && !duration_s.is_nan() {
            return (distance_km, duration_s);
        }
        if time >= pace.until {
            *pace = self.travel.pace(&self.plan.horizon.clock, time);
        }
        let route = self.travel.route(self.places, pace, self.trace.origin[i], self.trace.destination[i]);
        if distance_km.is_nan() {
            lacking.distance += 1;
            distance_km = if duration_s.is_nan() {
                route.distance_km
            } else if route.distance_km > 0.0 {
                // Limited to the distance that can be driven in the recorded time: one second between two zones is not
                // a drive of 8,000 km/h.
                route.distance_km.min(duration_s * FASTEST_KM_PER_S)
            } else {
                // A round trip: the distance driven in its time at the speed of traffic.
                duration_s / pace.s_per_km
            };
        }
        if duration_s.is_nan() {
            lacking.duration += 1;
            // At the pace of the travel model, over the recorded distance of the trip.
            duration_s = if self.trace.distance_km[i].is_nan() {
                route.duration_s as f64
            } else if route.distance_km > 0.0 {
                route.duration_s as f64 * distance_km / route.distance_km
            } else {
                distance_km * pace.s_per_km
            };
        }
        (distance_km, duration_s)
    }

    /// Fare of trip `i` [currency], recorded or by the rule of its fleet.
    fn fare(
        &self,
        i: usize,
        fleet: FleetId,
        distance_km: f64,
        duration_s: u32,
        lacking: &mut Lacking,
    ) -> f64 {
        let fare = self.trace.fare[i];
        if !fare.is_nan() {
            return fare;
        }
        lacking.fare += 1;
        let rule = self.plan.fleets.get(fleet.index()).map(|f| f.fleet.fare).unwrap_or_default();
        rule.fare(distance_km, i64::from(duration_s)).map_or_else(|refused| refused.0, Money::units)
    }

    /// Reports trips that are not requests, and properties that were derived.
    fn report(&self, lacking: &Lacking, demand: &mut Demand, problems: &mut Problems<'_>) {
        for (reason, count) in
            [("no fleet of the scenario", lacking.fleet), ("no vehicle named", lacking.vehicle)]
        {
            if count > 0 {
                demand.left_out.insert(reason.to_owned(), count);
            }
        }
        let fails = self.spec.trips.on_bad_row == OnBadRow::Fail || demand.requests.is_empty();
        if lacking.fleet > 0 && fails {
            unknown_fleets(self.spec, self.trace, lacking.fleet, problems);
        }
        for (property, count, how) in [
            ("distance_km", lacking.distance, "travel model"),
            ("duration_s", lacking.duration, "travel model"),
            ("fare", lacking.fare, "the fleet's fare rule"),
        ] {
            if count > 0 {
                demand.derived.insert(property.to_owned(), how.to_owned());
            }
        }
    }
}

/// No requests, with memory for `count` of them.
fn with_capacity(count: usize) -> Requests {
    let mut requests = Requests::default();
    requests.reserve(count);
    requests
}

fn no_trips(plan: &Plan, trace: &Trace, problems: &mut Problems<'_>) {
    let expected = format!("trips from {} to {}", plan.horizon.start.iso(), plan.horizon.end.iso());
    match (trace.request_time.first(), trace.request_time.last()) {
        (Some(first), Some(last)) => problems
            .add(
                "time.start",
                format!("no trip in the period; the trips run from {} to {}", first.iso(), last.iso()),
                expected,
            )
            .help("change [time], or move the trips with trips.fold_week"),
        _ => problems
            .add("trips.files", "no trip that can be used", expected)
            .help("`gridfleet data describe FILE` shows the content of a file"),
    }
}

/// Determines how trips are assigned to fleets.
fn split(spec: &ScenarioFile, trace: &Trace, problems: &mut Problems<'_>) -> Option<Split> {
    let position = |name: &str| spec.fleets.iter().position(|f| f.name == name).map(FleetId::new);
    if !spec.trips.fleet_shares.is_empty() {
        let total: f64 = spec.trips.fleet_shares.values().sum();
        let mut upper = 0.0;
        let shares = spec.trips.fleet_shares.iter().filter_map(|(name, share)| {
            upper += share / total;
            Some((upper, position(name)?))
        });
        return Some(Split::Shares(shares.collect()));
    }
    let named = !trace.fleet_names.is_empty();
    // Drivers take no passengers.
    let fleets: Vec<usize> = (0..spec.fleets.len()).filter(|&i| spec.fleets[i].drivers.is_none()).collect();
    if named && (fleets.len() > 1 || spec.trips.fleet_column.is_some()) {
        let fleet = |name: &String| {
            position(spec.trips.fleet_names.get(name).unwrap_or(name))
                .filter(|fleet| fleets.contains(&fleet.index()))
        };
        return Some(Split::ByName(trace.fleet_names.iter().map(fleet).collect()));
    }
    if let [only] = fleets[..] {
        return Some(Split::Only(FleetId::new(only)));
    }
    problems
        .add(
            "trips",
            format!("{} fleets, and trips that name none", fleets.len()),
            "a way to split the trips over the fleets",
        )
        .help("set trips.fleet_column or trips.fleet_shares");
    None
}

fn unknown_fleets(spec: &ScenarioFile, trace: &Trace, count: u64, problems: &mut Problems<'_>) {
    let fleets = || spec.fleets.iter().map(|f| f.name.as_str());
    let known = |name: &&String| fleets().any(|f| f == spec.trips.fleet_names.get(*name).unwrap_or(*name));
    let unknown: Vec<String> =
        trace.fleet_names.iter().filter(|n| !known(n)).take(5).map(|n| format!("\"{n}\"")).collect();
    let found = match unknown.as_slice() {
        [] => format!("{count} trips that name no fleet"),
        names => format!("{count} trips of {}", names.join(", ")),
    };
    let help = suggest::help("", fleets().collect::<Vec<_>>());
    let help = help
        .map(|known| format!("map the names in the files: fleet_names = {{ \"...\" = \"fleet\" }}; {known}"));
    problems.add("trips.fleet_column", found, "names of the [[fleets]]").perhaps(help);
}

/// Binds trips to the vehicles named in the trace.
struct Binder<'a> {
    plan: &'a Plan,
    styles: Factors,
    streams: Streams,
    /// Number in the scenario of each vehicle of the trace, once it has made a trip.
    numbers: Vec<Option<VehicleId>>,
    vehicles: Vec<VehicleStart>,
}

impl<'a> Binder<'a> {
    fn new(plan: &'a Plan, trace: &Trace, styles: Factors, streams: Streams) -> Self {
        let numbers = vec![None; trace.vehicle_names.len()];
        Self { plan, styles, streams, numbers, vehicles: Vec::new() }
    }

    /// The binding of trip `i`, and the fleet of its vehicle; a vehicle belongs to the fleet of its first trip, starts
    /// at the origin of that trip, and has the charge recorded there.
    fn bind(&mut self, trace: &Trace, i: usize, fleet: FleetId) -> Option<(RecordedTrip, FleetId)> {
        let named = trace.vehicle[i] as usize;
        let number = self.numbers.get_mut(named)?;
        let vehicle = match *number {
            Some(vehicle) => vehicle,
            None => {
                let group = self.plan.fleets.get(fleet.index())?.groups.first()?;
                let vehicle = VehicleId::new(self.vehicles.len());
                let recorded = trace.soc_start[i];
                let soc = if recorded.is_nan() {
                    placement::draw_soc(self.streams, vehicle, group.soc)
                } else {
                    recorded.clamp(0.0, 1.0)
                };
                let name = trace.vehicle_names.get(named)?.clone();
                let vehicle_type = group.vehicle_type;
                self.vehicles.push(VehicleStart {
                    name,
                    fleet,
                    vehicle_type,
                    place: trace.origin[i],
                    soc,
                    // By its number in the trace, which does not depend on the trips that happen.
                    consumption_factor: self.styles.of(named as u64),
                });
                *number = Some(vehicle);
                vehicle
            }
        };
        let start = self.vehicles.get(vehicle.index())?;
        let fall = trace.soc_start[i] - trace.soc_end[i];
        let recorded = RecordedTrip {
            vehicle,
            soc: if fall >= 0.0 {
                RecordedSoc::Fell(fall * start.consumption_factor)
            } else if fall < 0.0 {
                RecordedSoc::Rose(-fall)
            } else {
                RecordedSoc::Unknown
            },
            ends_at_charger: trace.ends_at_charger[i],
        };
        Some((recorded, start.fleet))
    }
}
