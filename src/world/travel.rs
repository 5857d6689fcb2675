//! How long and how far it is from one place to another.

use crate::geo::Places;
use crate::ids::PlaceId;
use crate::time::{HOUR_S, LocalClock, SimTime};

/// One way from a place to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trip {
    /// [km].
    pub distance_km: f64,
    /// [s]; at least 1 unless the distance is 0.
    pub duration_s: i64,
}

/// How fast traffic moves in one hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// First instant at which the pace may be another.
    pub until: SimTime,
    /// Hour of the local day.
    pub hour: usize,
    /// [s/km].
    pub s_per_km: f64,
}

/// The travel model.
#[derive(Debug, Clone)]
pub struct Travel {
    /// Road distance over great-circle distance.
    pub circuity: f64,
    /// Speed in each hour of the local week, from Monday 0:00 [km/h]; 168 of them.
    pub speed_kmh: Box<[f64]>,
    /// Times and distances learned from the trace, where it has enough trips.
    pub matrix: Option<OdMatrix>,
}

/// Mean time and distance between zones, by hour of the local day, learned from trips.
///
/// Zones are the places numbered below `zones`. Where an hour has too few trips
/// the mean over the day, scaled by the hour's overall pace, stands in; where a
/// pair has too few, the great circle does.
#[derive(Debug, Clone)]
pub struct OdMatrix {
    /// Number of zones.
    pub zones: usize,
    /// [km], row by origin; NaN where the trace has too few trips.
    pub distance_km: Vec<f32>,
    /// [s], (origin x zones + destination) x 24 + hour; NaN where the trace has too few trips.
    pub duration_s: Vec<f32>,
}

impl Travel {
    /// The pace of traffic at `t`, good for the rest of that local hour.
    pub fn pace(&self, clock: &LocalClock, t: SimTime) -> Pace {
        let into_hour_s = (t.0 + clock.offset_s(t)).rem_euclid(HOUR_S);
        Pace {
            until: t + (HOUR_S - into_hour_s),
            hour: clock.hour(t),
            s_per_km: HOUR_S as f64 / self.speed_kmh[clock.hour_of_week(t)],
        }
    }

    /// The way from `from` to `to` at the pace of traffic when setting out.
    #[inline]
    pub fn trip(&self, places: &Places, pace: &Pace, from: PlaceId, to: PlaceId) -> Trip {
        if let Some(matrix) = &self.matrix
            && let Some(trip) = matrix.trip(from, to, pace.hour)
        {
            return trip;
        }
        let distance_km = self.circuity * places.distance_km(from, to);
        Trip { distance_km, duration_s: whole_seconds(distance_km * pace.s_per_km) }
    }

    /// Least time to anywhere `great_circle_km` away [s].
    pub fn least_time_s(&self, pace: &Pace, great_circle_km: f64) -> i64 {
        let over_roads = self.circuity * great_circle_km * pace.s_per_km;
        if self.matrix.is_none() { whole_seconds(over_roads) } else { 0 }
    }
}

impl Travel {
    /// Fastest way of the model, in great-circle kilometres per hour: nothing farther away than
    /// this times the time left can arrive in time.
    pub fn fastest_great_circle_kmh(&self, places: &Places) -> f64 {
        let fastest_kmh = self.speed_kmh.iter().copied().fold(0.0, f64::max) / self.circuity;
        let Some(matrix) = &self.matrix else { return fastest_kmh };
        let mut fastest_kmh = fastest_kmh;
        for from in 0..matrix.zones {
            for to in 0..matrix.zones {
                let pair = from * matrix.zones + to;
                let shortest_s = matrix.duration_s[pair * 24..(pair + 1) * 24]
                    .iter()
                    .copied()
                    .fold(f32::INFINITY, f32::min);
                if matrix.distance_km[pair].is_finite() && shortest_s > 0.0 {
                    let km = places.distance_km(PlaceId::new(from), PlaceId::new(to));
                    fastest_kmh = fastest_kmh.max(km / f64::from(shortest_s) * 3_600.0);
                }
            }
        }
        fastest_kmh
    }
}

impl OdMatrix {
    #[inline]
    fn trip(&self, from: PlaceId, to: PlaceId, hour: usize) -> Option<Trip> {
        if from.index() >= self.zones || to.index() >= self.zones {
            return None;
        }
        let pair = from.index() * self.zones + to.index();
        let (distance_km, duration_s) = (self.distance_km[pair], self.duration_s[pair * 24 + hour]);
        (!distance_km.is_nan() && !duration_s.is_nan()).then(|| Trip {
            distance_km: f64::from(distance_km),
            duration_s: whole_seconds(f64::from(duration_s)),
        })
    }
}

/// Rounded up, so that a way of any length takes time.
#[inline]
fn whole_seconds(seconds: f64) -> i64 {
    let whole = seconds as i64;
    whole + i64::from(seconds > whole as f64)
}
