//! Places and states of charge of vehicles at the start of the simulation.

use super::variation::factors::Factors;
use crate::document::Problems;
use crate::resolve::Plan;
use gridfleet_core::ids::{FleetId, PlaceId, TypeId, VehicleId};
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_sim::world::{Requests, VehicleStart};
use rand::RngExt as _;
use std::collections::BTreeSet;

/// Inputs of the placement of vehicles at the start.
pub struct Placing<'a> {
    /// Fleets and their vehicles.
    pub plan: &'a Plan,
    /// Factors on the consumption of vehicles.
    pub styles: Factors,
    /// Requests, at whose origins vehicles may start.
    pub requests: &'a Requests,
    /// Depots by fleet.
    pub depots: &'a [Vec<PlaceId>],
    /// Places by fleet and named vehicle, as far as they are given.
    pub located: &'a [Vec<Option<PlaceId>>],
    /// Random streams.
    pub streams: Streams,
}

impl Placing<'_> {
    /// All vehicles: fleet by fleet, first those by type (`yellow-0001`, ...), then those of a table.
    pub fn vehicles(&self, problems: &mut Problems<'_>) -> Vec<VehicleStart> {
        let Self { plan, styles, requests, depots, located, streams } = *self;
        let origins = origins(plan.fleets.len(), requests);
        let mut all: Vec<VehicleStart> = Vec::new();
        for ((fleet, depots), (located, origins)) in
            plan.fleets.iter().zip(depots).zip(located.iter().zip(&origins))
        {
            let before = all.len();
            let by_type =
                fleet.groups.iter().flat_map(|g| (0..g.count).map(move |_| (g.vehicle_type, g.soc)));
            let by_type = by_type.enumerate().map(|(n, (vehicle_type, soc))| {
                (format!("{}-{:04}", fleet.fleet.name, n + 1), vehicle_type, soc, None)
            });
            let named = fleet.named.iter().zip(located).map(|(vehicle, place)| {
                let usable =
                    plan.types.get(vehicle.vehicle_type.index()).map_or([0.5, 0.9], |t| t.usable_soc);
                let soc =
                    vehicle.soc.map_or(DEFAULT_SOC.map(|s| s.clamp(usable[0], usable[1])), |soc| [soc, soc]);
                (vehicle.name.clone(), vehicle.vehicle_type, soc, *place)
            });
            let both: Vec<(String, TypeId, [f64; 2], Option<PlaceId>)> = by_type.chain(named).collect();
            for (name, vehicle_type, soc, place) in both {
                let vehicle = VehicleId::new(all.len());
                let place = place.or_else(|| {
                    if fleet.start_at_depots && !depots.is_empty() {
                        depots.get((all.len() - before) % depots.len()).copied()
                    } else {
                        draw_origin(origins, &requests.origin, streams, vehicle)
                    }
                });
                // A fleet without requests has no origins; its depots, or any place in the area, will do.
                let place = place.or(depots.first().copied()).or(requests.origin.first().copied());
                let Some(place) = place else { continue };
                let soc = draw_soc(streams, vehicle, soc);
                let number = u64::from(vehicle.0);
                let consumption_factor = styles.of(number);
                all.push(VehicleStart {
                    name,
                    fleet: fleet.id,
                    vehicle_type,
                    place,
                    soc,
                    consumption_factor,
                });
            }
        }
        let mut names = BTreeSet::new();
        for vehicle in &all {
            if !names.insert(vehicle.name.as_str()) {
                let key = plan.fleets.get(vehicle.fleet.index()).map_or("fleets", |f| f.key.as_str());
                problems.add(key, format!("two vehicles named \"{}\"", vehicle.name), "unique names");
            }
        }
        all
    }
}

/// State of charge at the start if neither the scenario nor the table gives it; assumed.
const DEFAULT_SOC: [f64; 2] = [0.5, 0.9];

/// State of charge drawn uniformly between two values.
pub fn draw_soc(streams: Streams, vehicle: VehicleId, [low, high]: [f64; 2]) -> f64 {
    if high <= low {
        return low;
    }
    streams.stream(Purpose::InitialSoc, u64::from(vehicle.0)).random_range(low..high)
}

/// Requests of each fleet, by number.
fn origins(fleets: usize, requests: &Requests) -> Vec<Vec<u32>> {
    let mut counts = vec![0_usize; fleets];
    for fleet in &requests.fleet {
        counts[fleet.index()] += 1;
    }
    let mut lists: Vec<Vec<u32>> = counts.into_iter().map(Vec::with_capacity).collect();
    for (request, FleetId(fleet)) in (0_u32..).zip(&requests.fleet) {
        lists[usize::from(*fleet)].push(request);
    }
    lists
}

fn draw_origin(
    requests: &[u32],
    origins: &[PlaceId],
    streams: Streams,
    vehicle: VehicleId,
) -> Option<PlaceId> {
    if requests.is_empty() {
        return None;
    }
    let draw = streams.stream(Purpose::Placement, u64::from(vehicle.0)).random_range(0..requests.len());
    origins.get(*requests.get(draw)? as usize).copied()
}
