//! Places on the globe and the distance between them.
//!
//! Places store their point on the unit sphere: the squared chord of two needs no trigonometry, has the same order as
//! the distance, and gives the arc by a short series below 127 km (error below 1e-13). The distance is requested more
//! often than any other value.

use crate::ids::PlaceId;

/// Mean radius of the Earth [km] (IUGG).
pub const EARTH_RADIUS_KM: f64 = 6_371.008_8;

/// Mean distance between two random points of a unit square
/// (Burgstaller and Pillichshammer, 2009: (2 + √2 + 5 ln(1 + √2)) / 15).
pub const MEAN_DISTANCE_IN_UNIT_SQUARE: f64 = 0.521_405_433_164_720_7;

/// All places of a simulation, by [`PlaceId`].
///
/// A place is a zone, known by its centroid and area, or a point.
#[derive(Debug, Clone, Default)]
pub struct Places {
    lat: Vec<f64>,
    lon: Vec<f64>,
    /// The point on the unit sphere: the chord between two points gives their great circle.
    unit: Vec<[f64; 3]>,
    /// Typical distance of a trip within the place [km]; 0 for a point.
    within_km: Vec<f64>,
    /// Name of the place; empty for a point, which is named by its coordinates.
    name: Vec<Box<str>>,
}

impl Places {
    /// Adds a point, by latitude and longitude in degrees.
    pub fn add_point(&mut self, lat: f64, lon: f64) -> PlaceId {
        self.add("", lat, lon, 0.0)
    }

    /// Adds a zone by name, centroid and area [km²].
    pub fn add_zone(&mut self, name: &str, lat: f64, lon: f64, area_km2: f64) -> PlaceId {
        self.add(name, lat, lon, MEAN_DISTANCE_IN_UNIT_SQUARE * area_km2.max(0.0).sqrt())
    }

    fn add(&mut self, name: &str, lat: f64, lon: f64, within_km: f64) -> PlaceId {
        let id = PlaceId::new(self.lat.len());
        let (phi, lambda) = (lat.to_radians(), lon.to_radians());
        self.lat.push(lat);
        self.lon.push(lon);
        self.unit.push([phi.cos() * lambda.cos(), phi.cos() * lambda.sin(), phi.sin()]);
        self.within_km.push(within_km);
        self.name.push(name.into());
        id
    }

    /// Number of places.
    pub fn len(&self) -> usize {
        self.lat.len()
    }

    /// Whether there are no places.
    pub fn is_empty(&self) -> bool {
        self.lat.is_empty()
    }

    /// Latitude [degrees north].
    #[inline]
    pub fn lat(&self, place: PlaceId) -> f64 {
        self.lat[place.index()]
    }

    /// Longitude [degrees east].
    #[inline]
    pub fn lon(&self, place: PlaceId) -> f64 {
        self.lon[place.index()]
    }

    /// The place as a point on the unit sphere.
    #[inline]
    pub fn unit(&self, place: PlaceId) -> [f64; 3] {
        self.unit[place.index()]
    }

    /// Great-circle distance [km]; from a zone to itself, the mean distance within it.
    #[inline]
    pub fn distance_km(&self, a: PlaceId, b: PlaceId) -> f64 {
        if a == b {
            return self.within_km[a.index()];
        }
        let (p, q) = (self.unit[a.index()], self.unit[b.index()]);
        let (dx, dy, dz) = (p[0] - q[0], p[1] - q[1], p[2] - q[2]);
        great_circle_km(dx * dx + dy * dy + dz * dz)
    }

    /// Name of a zone, or `None` for a point.
    pub fn zone_name(&self, place: PlaceId) -> Option<&str> {
        let name = &*self.name[place.index()];
        (!name.is_empty()).then_some(name)
    }

    /// Appends the place's label, its zone's name or `lat,lon` to five decimals (about a metre), to `out`.
    pub fn write_label(&self, place: PlaceId, out: &mut String) {
        use std::fmt::Write as _;
        match self.zone_name(place) {
            Some(name) => out.push_str(name),
            // Writing to a string cannot fail.
            None => drop(write!(out, "{:.5},{:.5}", self.lat(place), self.lon(place))),
        }
    }
}

/// Great-circle distance [km] of a squared chord of the unit sphere.
#[inline]
pub fn great_circle_km(squared_chord: f64) -> f64 {
    let x2 = 0.25 * squared_chord;
    let half_chord = x2.sqrt();
    // Series of the arc sine up to 127 km, where the first omitted term is below 1e-13 of the whole: several times
    // faster, and no function is called more often.
    let half_angle = if half_chord < 0.01 {
        half_chord * (1.0 + x2 * (1.0 / 6.0 + x2 * (3.0 / 40.0)))
    } else {
        half_chord.min(1.0).asin()
    };
    2.0 * EARTH_RADIUS_KM * half_angle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn great_circles_agree_with_published_distances() {
        let mut places = Places::default();
        // Nashville to Los Angeles airport, a published haversine example (2887.26 km at R = 6372.8 km).
        let bna = places.add_point(36.12, -86.67);
        let lax = places.add_point(33.94, -118.40);
        let expected = 2_887.259_95 * EARTH_RADIUS_KM / 6_372.8;
        assert!((places.distance_km(bna, lax) - expected).abs() < 1e-3);
        // A quarter of a meridian.
        let equator = places.add_point(0.0, 0.0);
        let pole = places.add_point(90.0, 0.0);
        let quarter = std::f64::consts::FRAC_PI_2 * EARTH_RADIUS_KM;
        assert!((places.distance_km(equator, pole) - quarter).abs() < 1e-9);
    }

    #[test]
    fn near_and_far_distances_agree_where_the_method_changes() {
        for half_chord in [1e-7_f64, 1e-4, 0.003, 0.009_999, 0.010_001] {
            let exact_km = 2.0 * EARTH_RADIUS_KM * half_chord.asin();
            let km = great_circle_km(4.0 * half_chord * half_chord);
            assert!((km / exact_km - 1.0).abs() < 1e-13, "{half_chord}");
        }
    }

    #[test]
    fn a_trip_inside_a_zone_has_a_length() {
        let mut places = Places::default();
        let zone = places.add_zone("4", 40.72, -73.98, 0.25);
        assert!((places.distance_km(zone, zone) - 0.2607).abs() < 1e-4);
        let mut label = String::new();
        places.write_label(zone, &mut label);
        assert_eq!(label, "4");
    }
}
