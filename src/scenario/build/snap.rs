//! Replay: recorded coordinates of a parked car vary by a few metres from row to row; this module maps them to the
//! places that they represent.

use gridfleet_core::geo::Places;
use gridfleet_core::ids::PlaceId;
use gridfleet_sim::world::{First, Nearby, Requests, Search, Station, VehicleStart};

/// Coordinates closer than this are the same place [km]; assumed: a block, and several times the rounding of the feed
/// (0.0001 degrees, 11 m).
const SAME_PLACE_KM: f64 = 0.1;

/// Makes each trip start where its vehicle was left, if the recorded coordinates are close enough, and each trip that
/// ends at a charger end at the station located there.
pub fn snap(requests: &mut Requests, vehicles: &[VehicleStart], stations: &[Station], places: &Places) {
    let mut index = Nearby::new(places, stations.len(), stations.len().max(16));
    for (i, station) in stations.iter().enumerate() {
        index.insert(places, i as u32, station.place);
    }
    let mut last: Vec<Option<PlaceId>> = vec![None; vehicles.len()];
    let mut search = Search::default();
    for request in requests.time.ids() {
        let Some(recorded) = requests.recorded[request] else { continue };
        let last = &mut last[recorded.vehicle.index()];
        match *last {
            Some(place) if places.distance_km(place, requests.origin[request]) <= SAME_PLACE_KM => {
                requests.origin[request] = place;
            }
            _ => {}
        }
        if recorded.ends_at_charger {
            let fleet = vehicles[recorded.vehicle.index()].fleet;
            let mut first = First::new(|station: u32| stations[station as usize].access.allows(fleet));
            let destination = requests.destination[request];
            index.nearest(places, destination, 1, SAME_PLACE_KM, &mut search, &mut first);
            if let Some(station) = first.found {
                requests.destination[request] = stations[station as usize].place;
            }
        }
        *last = Some(requests.destination[request]);
    }
}
