//! Places of stations, depots and named vehicles, and whether a vehicle could ever reach or leave them.

use super::Recorded;
use crate::document::{Problems, Subject, suggest};
use crate::resolve::Plan;
use crate::resolve::fleets::FleetPlan;
use gridfleet_core::geo::Places;
use gridfleet_core::ids::{PlaceId, TypeId};
use gridfleet_data::stations::Location;
use gridfleet_sim::world::{Requests, Station};
use std::collections::{BTreeMap, BTreeSet};

const HELP: &str = "check latitude and longitude: they may be swapped";

/// The places of a replication.
pub struct Sites {
    /// All places; those of the trips come first.
    pub places: Places,
    /// The stations, each at its place.
    pub stations: Vec<Station>,
    /// Depots by fleet.
    pub depots: Vec<Vec<PlaceId>>,
    /// Places at the start by fleet and named vehicle, as far as they are given.
    pub named: Vec<Vec<Option<PlaceId>>>,
}

impl Sites {
    /// The places of the trips, of stations and of depots.
    pub fn new(plan: &Plan, recorded: &Recorded, problems: &mut Problems<'_>) -> Self {
        let mut places = recorded.trace.places.clone();
        let zones = &recorded.zones;
        let stations = plan.stations.iter().filter_map(|plan| {
            let place = place(&plan.location, &plan.subject, "zone", &mut places, zones, problems)?;
            Some(Station { place, ..plan.station.clone() })
        });
        let stations = stations.collect();
        let mut all = Vec::with_capacity(plan.fleets.len());
        for fleet in &plan.fleets {
            let mut depots = Vec::with_capacity(fleet.depots.len());
            for (i, depot) in fleet.depots.iter().enumerate() {
                let subject = Subject::Key(format!("{}.depots[{i}]", fleet.key));
                depots.extend(place(depot, &subject, "", &mut places, zones, problems));
            }
            all.push(depots);
        }
        Self { places, stations, depots: all, named: Vec::new() }
    }

    /// Adds the places of named vehicles at the start.
    pub fn locate_vehicles(&mut self, plan: &Plan, recorded: &Recorded, problems: &mut Problems<'_>) {
        let (places, zones) = (&mut self.places, &recorded.zones);
        for fleet in &plan.fleets {
            let located = fleet.named.iter().map(|vehicle| {
                let location = vehicle.location.as_ref()?;
                place(location, &vehicle.subject, "zone", places, zones, problems)
            });
            self.named.push(located.collect());
        }
    }

    /// Rejects stations that no vehicle can reach from any place of the demand, and depots and places at the start from
    /// which no trip is within a battery's range: vehicles would never leave them.
    pub fn check_reach(&self, plan: &Plan, requests: &Requests, problems: &mut Problems<'_>) {
        let reach = Reach { plan, places: &self.places, requests };
        reach.stations(&self.stations, problems);
        reach.starts(&self.depots, &self.named, problems);
    }
}

/// Distances between places and the nearest trip.
struct Reach<'a> {
    plan: &'a Plan,
    places: &'a Places,
    requests: &'a Requests,
}

impl Reach<'_> {
    fn stations(&self, stations: &[Station], problems: &mut Problems<'_>) {
        for (station, plan) in stations.iter().zip(&self.plan.stations) {
            let fleets = self.plan.fleets.iter().filter(|f| station.access.allows(f.id));
            let range_km = self.range_km(fleets.flat_map(FleetPlan::types));
            if let Some(nearest) = self.out_of_range(station.place, range_km) {
                let field = if matches!(plan.location, Location::Zone(_)) { "zone" } else { "lat" };
                let found = format!("station \"{}\" {nearest:.0} km from the nearest trip", station.name);
                let expected =
                    format!("a station that a vehicle can reach: the longest range is {range_km:.0} km");
                problems.about(&plan.subject, field, found, expected).help(HELP);
            }
        }
    }

    fn starts(&self, depots: &[Vec<PlaceId>], named: &[Vec<Option<PlaceId>>], problems: &mut Problems<'_>) {
        for ((fleet, depots), named) in self.plan.fleets.iter().zip(depots).zip(named) {
            let range_km = self.range_km(fleet.types());
            for (i, &depot) in depots.iter().enumerate() {
                if let Some(nearest) = self.out_of_range(depot, range_km) {
                    let found = format!("a depot {nearest:.0} km from the nearest trip");
                    let expected = format!("a depot within the longest range, {range_km:.0} km");
                    problems.add(&format!("{}.depots[{i}]", fleet.key), found, expected).help(HELP);
                }
            }
            for (vehicle, place) in fleet.named.iter().zip(named) {
                let Some(place) = *place else { continue };
                let range_km = self.range_km(std::iter::once(vehicle.vehicle_type));
                if let Some(nearest) = self.out_of_range(place, range_km) {
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
    fn out_of_range(&self, place: PlaceId, range_km: f64) -> Option<f64> {
        let km = |&end: &PlaceId| self.plan.travel.circuity * self.places.distance_km(end, place);
        let ends = || self.requests.destination.iter().chain(&self.requests.origin);
        // The first place is nearly always in range, so this rarely visits all of them.
        if self.requests.is_empty() || ends().any(|end| km(end) <= range_km) {
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
