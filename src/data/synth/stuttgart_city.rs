//! Density of parked shared cars in Stuttgart, with charging stations.

use super::Cumulative;
use crate::stations::{AccessRule, Location, StationRow};
use rand::RngExt;
use rand_distr::StandardNormal;

/// A place on the 1e-4 degree grid of the feed: (latitude, longitude) x 10,000.
pub type Point = (i32, i32);

/// Districts and towns of the service area: share of parked cars (assumed, in proportion to residents and
/// workplaces), latitude and longitude of the centre, spread [km] (assumed), postcode and town.
const DISTRICTS: [(f64, f64, f64, f64, &str); 16] = [
    (22.0, 48.776, 9.177, 1.3, "70173 Stuttgart"),
    (12.0, 48.768, 9.163, 0.9, "70178 Stuttgart"),
    (10.0, 48.775, 9.152, 0.9, "70197 Stuttgart"),
    (8.0, 48.779, 9.204, 0.9, "70188 Stuttgart"),
    (9.0, 48.806, 9.216, 1.2, "70372 Stuttgart"),
    (7.0, 48.728, 9.113, 1.2, "70563 Stuttgart"),
    (5.0, 48.724, 9.148, 1.0, "70567 Stuttgart"),
    (5.0, 48.747, 9.169, 0.9, "70597 Stuttgart"),
    (5.0, 48.811, 9.157, 1.0, "70469 Stuttgart"),
    (3.0, 48.832, 9.170, 1.0, "70435 Stuttgart"),
    (3.0, 48.716, 9.193, 1.0, "70599 Stuttgart"),
    (2.0, 48.690, 9.195, 0.6, "70629 Stuttgart"),
    (4.0, 48.742, 9.306, 1.2, "73728 Esslingen am Neckar"),
    (2.0, 48.685, 9.012, 1.0, "71034 Böblingen"),
    (2.0, 48.709, 9.004, 1.0, "71063 Sindelfingen"),
    (1.0, 48.781, 9.250, 0.8, "70327 Stuttgart"),
];

/// Street names; most German towns have each of them.
const STREETS: [&str; 24] = [
    "Hauptstraße",
    "Schulstraße",
    "Gartenstraße",
    "Bahnhofstraße",
    "Bergstraße",
    "Kirchstraße",
    "Schillerstraße",
    "Goethestraße",
    "Lindenstraße",
    "Mozartstraße",
    "Uhlandstraße",
    "Silberburgstraße",
    "Rotebühlstraße",
    "Olgastraße",
    "Wagnerstraße",
    "Hegelstraße",
    "Kepplerstraße",
    "Daimlerstraße",
    "Möhringer Straße",
    "Neckarstraße",
    "Alexanderstraße",
    "Weinsteige",
    "Talstraße",
    "Wiesenweg",
];

/// Kilometres per degree of latitude (the sphere of mean radius) and, at 48.78 N, of longitude.
const KM_PER_DEGREE: (f64, f64) = (111.195, 73.27);

/// The service area.
pub struct City {
    districts: Cumulative,
    /// Charging stations.
    pub stations: Vec<Point>,
}

impl City {
    /// A city with `stations` charging stations at distinct places.
    pub fn new(stations: u32, random: &mut impl RngExt) -> Self {
        let mut city =
            Self { districts: Cumulative::new(DISTRICTS.iter().map(|d| d.0)), stations: Vec::new() };
        while city.stations.len() < stations as usize {
            let place = city.place(random);
            if !city.stations.contains(&place) {
                city.stations.push(place);
            }
        }
        city
    }

    /// Draws a place where a car may be parked.
    pub fn place(&self, random: &mut impl RngExt) -> Point {
        let (_, lat, lon, spread_km, _) = DISTRICTS[self.districts.draw(random)];
        let mut off = |km_per_degree: f64| {
            let normal: f64 = random.sample(StandardNormal);
            normal.clamp(-2.5, 2.5) * spread_km / km_per_degree
        };
        grid(lat + off(KM_PER_DEGREE.0), lon + off(KM_PER_DEGREE.1))
    }

    /// The nearest station to `place` that satisfies `free`, within `most_km`.
    pub fn nearest_station(&self, place: Point, most_km: f64, free: impl Fn(usize) -> bool) -> Option<usize> {
        let mut best = None;
        let mut best_km = most_km;
        for (station, &at) in self.stations.iter().enumerate() {
            let km = distance_km(place, at);
            if km <= best_km && free(station) {
                (best, best_km) = (Some(station), km);
            }
        }
        best
    }

    /// The canonical stations table of the city.
    pub fn station_rows(&self, connectors: u32, connector_kw: f64) -> Vec<StationRow> {
        self.stations
            .iter()
            .enumerate()
            .map(|(number, &at)| StationRow {
                line: 0,
                station_id: format!("charger-{:03}", number + 1),
                location: Location::Point(degrees(at.0), degrees(at.1)),
                operator: "city".to_owned(),
                access: AccessRule::Public,
                connectors,
                connector_kw,
                dc: false,
                site_limit_kw: None,
                retailer: None,
                markup_per_mwh: None,
                queue_patience_s: None,
                bus: None,
            })
            .collect()
    }
}

/// Street, number, postcode and town of a place: the same place always has the same address.
pub fn address(at: Point) -> String {
    let nearest = DISTRICTS
        .iter()
        .min_by(|a, b| distance_km(at, grid(a.1, a.2)).total_cmp(&distance_km(at, grid(b.1, b.2))));
    let town = nearest.map_or("", |district| district.4);
    // A street extends through cells of about 300 m.
    let cell = (at.0.div_euclid(30)).wrapping_mul(31) ^ at.1.div_euclid(40).wrapping_mul(17);
    let street = STREETS[cell.rem_euclid(STREETS.len() as i32) as usize];
    let number = 1 + (at.0.wrapping_mul(7) + at.1.wrapping_mul(3)).rem_euclid(120);
    format!("{street} {number}, {town}")
}

/// Distance on a flat map [km]; accurate to a few metres within the city.
pub fn distance_km(a: Point, b: Point) -> f64 {
    let north = f64::from(a.0 - b.0) / 10_000.0 * KM_PER_DEGREE.0;
    let east = f64::from(a.1 - b.1) / 10_000.0 * KM_PER_DEGREE.1;
    (north * north + east * east).sqrt()
}

/// Degrees of one coordinate of a point.
pub fn degrees(coordinate: i32) -> f64 {
    f64::from(coordinate) / 10_000.0
}

/// Nearest point of the grid to a position in degrees.
pub fn grid(lat: f64, lon: f64) -> Point {
    ((lat * 10_000.0).round() as i32, (lon * 10_000.0).round() as i32)
}

/// Point at a distance of `km` from `at` in direction `turn` (1 is a full circle).
pub fn point_off(at: Point, km: f64, turn: f64) -> Point {
    let angle = turn * std::f64::consts::TAU;
    grid(
        degrees(at.0) + km * angle.sin() / KM_PER_DEGREE.0,
        degrees(at.1) + km * angle.cos() / KM_PER_DEGREE.1,
    )
}
