//! Replay: recorded coordinates wander by a few metres between two rows of the
//! same parked car; here they become the places they stand for.

use crate::geo::Places;
use crate::ids::{FleetId, PlaceId};
use crate::world::{Nearby, Requests, Search, Station, VehicleStart, Verdict, Visitor};

/// Coordinates nearer than this are the same place [km]; assumed: a block, and several times the
/// rounding of the feed (0.0001 degrees, 11 m).
const SAME_PLACE_KM: f64 = 0.1;

/// Lets each trip start where its vehicle was left, if that is what the record means, and each trip
/// that ends at a charger end at the station that stands there.
pub(crate) fn snap(
    requests: &mut Requests,
    vehicles: &[VehicleStart],
    stations: &[Station],
    places: &Places,
) {
    let mut index = Nearby::new(places, stations.len(), stations.len().max(16));
    for (i, station) in stations.iter().enumerate() {
        index.insert(places, i as u32, station.place);
    }
    let mut last: Vec<Option<PlaceId>> = vec![None; vehicles.len()];
    let mut search = Search::default();
    for i in 0..requests.len() {
        let bound = requests.bound[i];
        let last = &mut last[bound.vehicle.index()];
        match *last {
            Some(place) if places.distance_km(place, requests.origin[i]) <= SAME_PLACE_KM => {
                requests.origin[i] = place;
            }
            _ => {}
        }
        if bound.ends_at_charger {
            let fleet = vehicles[bound.vehicle.index()].fleet;
            let mut first = First { stations, fleet, place: None };
            let destination = requests.destination[i];
            index.nearest(places, destination, 1, SAME_PLACE_KM, &mut search, &mut first);
            if let Some(place) = first.place {
                requests.destination[i] = place;
            }
        }
        *last = Some(requests.destination[i]);
    }
}

/// The first station that the fleet may use.
struct First<'a> {
    stations: &'a [Station],
    fleet: FleetId,
    place: Option<PlaceId>,
}

impl Visitor for First<'_> {
    fn place(&mut self, _: PlaceId, _: f64) -> bool {
        true
    }
    fn item(&mut self, station: u32) -> Verdict {
        let station = &self.stations[station as usize];
        let allowed = station.access.allows(self.fleet);
        if allowed {
            self.place = Some(station.place);
        }
        allowed.into()
    }
}
