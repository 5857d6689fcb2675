//! Travel time and distance between places.

use gridfleet_core::geo::Places;
use gridfleet_core::ids::PlaceId;
use gridfleet_core::time::{HOUR_S, LocalClock, SimTime};
use std::sync::Arc;

/// Distance and duration of the route between two places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Route {
    /// Distance [km].
    pub distance_km: f64,
    /// Duration [s]; at least 1 unless the distance is 0.
    pub duration_s: i64,
}

/// Pace of traffic in one hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// First instant at which the pace may change.
    pub until: SimTime,
    /// Hour of the local day.
    pub hour: usize,
    /// Time per distance [s/km].
    pub s_per_km: f64,
}

/// The travel model.
#[derive(Debug, Clone)]
pub struct Travel {
    /// Ratio of road distance to great-circle distance.
    pub circuity: f64,
    /// Speed in each hour of the local week, from Monday 0:00 [km/h]; 168 values.
    pub speed_kmh: Box<[f64]>,
    /// Times and distances estimated from the trace, where it has enough trips.
    pub matrix: Option<Arc<OdMatrix>>,
}

/// Mean time and distance between zones, by hour of the local day, estimated from trips.
///
/// Zones are the places numbered below `zones`. An hour with too few trips uses the mean over the day, scaled by the
/// hour's overall pace; a pair with too few trips uses the great circle.
#[derive(Debug, Clone)]
pub struct OdMatrix {
    /// Number of zones.
    pub zones: usize,
    /// Distance [km], row by origin; NaN where the trace has too few trips.
    pub distance_km: Vec<f32>,
    /// Duration [s], (origin x zones + destination) x 24 + hour; NaN where the trace has too few trips.
    pub duration_s: Vec<f32>,
}

impl Travel {
    /// Pace of traffic at `t`, valid for the rest of that local hour.
    pub fn pace(&self, clock: &LocalClock, t: SimTime) -> Pace {
        let into_hour_s = (t.0 + clock.offset_s(t)).rem_euclid(HOUR_S);
        Pace {
            until: t + (HOUR_S - into_hour_s),
            hour: clock.hour(t),
            s_per_km: HOUR_S as f64 / self.speed_kmh[clock.hour_of_week(t)],
        }
    }

    /// Route from `from` to `to` at the pace of traffic at departure.
    #[inline]
    pub fn route(&self, places: &Places, pace: &Pace, from: PlaceId, to: PlaceId) -> Route {
        if let Some(matrix) = &self.matrix
            && let Some(route) = matrix.route(from, to, pace.hour)
        {
            return route;
        }
        let distance_km = self.circuity * places.distance_km(from, to);
        Route { distance_km, duration_s: whole_seconds(distance_km * pace.s_per_km) }
    }
}

/// Maximum distance reachable in a given time, and minimum time to cover a given distance: the stopping criterion of
/// nearest-neighbour searches.
#[derive(Debug, Clone)]
pub struct Bounds {
    /// Minimum time [s] between a zone and any other at least as far away as a multiple of `STEP_KM`, by hour of the
    /// local day: first the routes to each zone, then those from each. Empty without a matrix.
    least_s: Vec<Vec<f32>>,
}

/// All routes to one place, or all routes from one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routes {
    /// To the place.
    To(PlaceId),
    /// From the place.
    From(PlaceId),
}

/// Great-circle distance between two entries of the bounds [km].
const STEP_KM: f64 = 0.25;

impl Bounds {
    /// Computes the bounds of a travel model.
    pub fn new(travel: &Travel, places: &Places) -> Self {
        let Some(matrix) = &travel.matrix else { return Self { least_s: Vec::new() } };
        let zones = matrix.zones;
        let mut least_s: Vec<Vec<f32>> = vec![Vec::new(); 2 * zones * 24];
        for from in 0..zones {
            for to in 0..zones {
                let pair = from * zones + to;
                if from == to || matrix.distance_km[pair].is_nan() {
                    continue;
                }
                let km = places.distance_km(PlaceId::new(from), PlaceId::new(to));
                let step = (km / STEP_KM) as usize;
                for hour in 0..24 {
                    for list in [to * 24 + hour, (zones + from) * 24 + hour] {
                        let least = &mut least_s[list];
                        if least.len() <= step {
                            least.resize(step + 1, f32::INFINITY);
                        }
                        least[step] = least[step].min(matrix.duration_s[pair * 24 + hour]);
                    }
                }
            }
        }
        for least in &mut least_s {
            for step in (1..least.len()).rev() {
                least[step - 1] = least[step - 1].min(least[step]);
            }
        }
        Self { least_s }
    }

    fn list(&self, routes: Routes, hour: usize) -> &[f32] {
        let zones = self.least_s.len() / 48;
        let (place, first) = match routes {
            Routes::To(place) => (place.index(), 0),
            Routes::From(place) => (place.index(), zones),
        };
        // A place that is not a zone has no pairs in the matrix.
        if place < zones { &self.least_s[(first + place) * 24 + hour] } else { &[] }
    }

    /// Minimum time to `to` from any other place that is at least `great_circle_km` away [s].
    pub fn least_time_s(&self, travel: &Travel, pace: &Pace, to: PlaceId, great_circle_km: f64) -> i64 {
        let over_roads_s = travel.circuity * great_circle_km * pace.s_per_km;
        let of_pairs_s = self
            .list(Routes::To(to), pace.hour)
            .get((great_circle_km / STEP_KM) as usize)
            .map_or(f64::INFINITY, |&s| f64::from(s));
        whole_seconds(over_roads_s.min(of_pairs_s))
    }

    /// Upper bound on the length of the `routes` that take at most `seconds` [great-circle km].
    pub fn reach_km(&self, travel: &Travel, pace: &Pace, routes: Routes, seconds: i64) -> f64 {
        let over_roads_km = seconds.max(0) as f64 / (travel.circuity * pace.s_per_km);
        let least = self.list(routes, pace.hour);
        let of_pairs_km = STEP_KM * least.partition_point(|&s| f64::from(s) <= seconds as f64) as f64;
        over_roads_km.max(of_pairs_km)
    }
}

impl OdMatrix {
    #[inline]
    fn route(&self, from: PlaceId, to: PlaceId, hour: usize) -> Option<Route> {
        if from.index() >= self.zones || to.index() >= self.zones {
            return None;
        }
        let pair = from.index() * self.zones + to.index();
        let (distance_km, duration_s) = (self.distance_km[pair], self.duration_s[pair * 24 + hour]);
        (!distance_km.is_nan() && !duration_s.is_nan()).then(|| Route {
            distance_km: f64::from(distance_km),
            duration_s: whole_seconds(f64::from(duration_s)),
        })
    }
}

/// Rounded up, so that a route of any length takes time.
#[inline]
fn whole_seconds(seconds: f64) -> i64 {
    let whole = seconds as i64;
    whole + i64::from(seconds > whole as f64)
}
