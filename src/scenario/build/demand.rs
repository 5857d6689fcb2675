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
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_data::{OnBadRow, Trace};
use gridfleet_sim::world::{RecordedSoc, RecordedTrip, Requests, Travel, VehicleStart};
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

/// Longest ride [s]: limited by the column type, about 136 years.
const MOST_SECONDS: f64 = u32::MAX as f64;

/// Highest speed; assumed, and the limit above which the reader of taxi records assumes an error (130 km/h).
const FASTEST_KM_PER_S: f64 = 130.0 / 3_600.0;

/// The requests of `picks`, trips of `trace`.
#[expect(clippy::too_many_arguments, reason = "one caller; a struct for it would only rename them")]
pub(crate) fn demand(
    spec: &ScenarioFile,
    plan: &Plan,
    trace: &Trace,
    picks: Picks,
    places: &Places,
    travel: &Travel,
    streams: Streams,
    problems: &mut Problems<'_>,
) -> Demand {
    let Picks { trips, left_out, derived, drawn: _, none_by_chance } = picks;
    let mut demand = Demand { left_out, derived, ..Demand::default() };
    if trips.is_empty() {
        if problems.errors.is_empty() && !spec.trips.files.is_empty() && !none_by_chance {
            no_trips(plan, trace, problems);
        }
        return demand;
    }
    let Some(split) = split(spec, trace, problems) else { return demand };
    let replay = spec.operation.mode == ModeSpec::Replay;
    if replay && trace.vehicle_names.is_empty() {
        problems
            .add(
                "operation.mode",
                "\"replay\", but the trips name no vehicles",
                "\"dispatch\", or trips with a `vehicle` column",
            )
            .help("if the column has another name, map it: map = { vehicle = \"...\" }");
        return demand;
    }

    let count = trips.len();
    let requests = &mut demand.requests;
    requests.time.reserve_exact(count);
    requests.origin.reserve_exact(count);
    requests.destination.reserve_exact(count);
    requests.duration_s.reserve_exact(count);
    requests.distance_km.reserve_exact(count);
    requests.fare.reserve_exact(count);
    requests.fleet.reserve_exact(count);
    let (mut no_fleet, mut no_vehicle) = (0_u64, 0_u64);
    let (mut distances, mut durations, mut fares) = (0_u64, 0_u64, 0_u64);
    let variation = &spec.variation;
    let styles = Factors::new(variation.driving_style_cv, Purpose::DrivingStyle, streams);
    let durations_of = Factors::new(variation.ride_duration_cv, Purpose::RideDuration, streams);
    let fleets_of = streams.of(Purpose::FleetChoice);
    let mut binder = Binder::new(plan, trace, styles, streams);
    let mut pace = travel.pace(&plan.horizon.clock, plan.horizon.start);
    for Pick { time, row, key } in trips {
        let i = row as usize;
        let fleet = match &split {
            Split::Only(fleet) => Some(*fleet),
            Split::ByName(fleets) => fleets.get(trace.fleet[i] as usize).copied().flatten(),
            Split::Shares(shares) => {
                let draw: f64 = fleets_of.stream(key).random();
                shares.iter().find(|(upper, _)| draw < *upper).or(shares.last()).map(|&(_, fleet)| fleet)
            }
        };
        let Some(mut fleet) = fleet else {
            no_fleet += 1;
            continue;
        };
        if replay {
            let Some((recorded, owner)) = binder.bind(trace, i, fleet) else {
                no_vehicle += 1;
                continue;
            };
            fleet = owner;
            requests.recorded.push(Some(recorded));
        }
        let (from, to) = (trace.origin[i], trace.destination[i]);
        let (mut distance_km, mut duration_s) = (trace.distance_km[i], trace.duration_s[i]);
        if distance_km.is_nan() || duration_s.is_nan() {
            if time >= pace.until {
                pace = travel.pace(&plan.horizon.clock, time);
            }
            let route = travel.route(places, &pace, from, to);
            if distance_km.is_nan() {
                distances += 1;
                distance_km = if duration_s.is_nan() {
                    route.distance_km
                } else if route.distance_km > 0.0 {
                    // Limited to the distance that can be driven in the recorded time: one second between two zones is
                    // not a drive of 8,000 km/h.
                    route.distance_km.min(duration_s * FASTEST_KM_PER_S)
                } else {
                    // A round trip: the distance driven in its time at the speed of traffic.
                    duration_s / pace.s_per_km
                };
            }
            if duration_s.is_nan() {
                durations += 1;
                // At the pace of the travel model, over the recorded distance of the trip.
                duration_s = if trace.distance_km[i].is_nan() {
                    route.duration_s as f64
                } else if route.distance_km > 0.0 {
                    route.duration_s as f64 * distance_km / route.distance_km
                } else {
                    distance_km * pace.s_per_km
                };
            }
        }
        duration_s *= durations_of.of(key);
        let duration_s = duration_s.ceil().clamp(1.0, MOST_SECONDS) as u32;
        let mut fare = trace.fare[i];
        if fare.is_nan() {
            fares += 1;
            let rule = plan.fleets.get(fleet.index()).map(|f| f.fleet.fare).unwrap_or_default();
            fare =
                rule.fare(distance_km, i64::from(duration_s)).map_or_else(|refused| refused.0, Money::units);
        }
        let Ok(fare) = Money::from_units(fare) else {
            let key = format!("fleets[{}].fare", fleet.index());
            let found = format!("a fare of {fare:e} for a trip of {distance_km} km and {duration_s} s");
            problems.add(&key, found, format!("fares up to {:e}", Money::MOST_UNITS));
            break;
        };
        requests.time.push(time);
        requests.origin.push(from);
        requests.destination.push(to);
        requests.duration_s.push(duration_s);
        requests.distance_km.push(distance_km);
        requests.fare.push(fare);
        requests.fleet.push(fleet);
    }
    demand.vehicles = binder.vehicles;
    for (reason, count) in [("no fleet of the scenario", no_fleet), ("no vehicle named", no_vehicle)] {
        if count > 0 {
            demand.left_out.insert(reason.to_owned(), count);
        }
    }
    if no_fleet > 0 && (spec.trips.on_bad_row == OnBadRow::Fail || demand.requests.is_empty()) {
        unknown_fleets(spec, trace, no_fleet, problems);
    }
    for (property, count, how) in [
        ("distance_km", distances, "travel model"),
        ("duration_s", durations, "travel model"),
        ("fare", fares, "the fleet's fare rule"),
    ] {
        if count > 0 {
            demand.derived.insert(property.to_owned(), how.to_owned());
        }
    }
    demand
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
