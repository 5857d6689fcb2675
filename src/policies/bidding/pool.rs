//! How much power a fleet expects to be able to draw.

use super::{Foresight, PoolForecast};
use crate::ids::FleetId;
use crate::rng::{Purpose, PurposeStreams, Streams};
use crate::time::SimTime;
use crate::world::Setup;
use rand::RngExt;
use std::sync::Arc;

/// A forecast of the pool of one fleet.
pub(super) struct Pool {
    fleet: FleetId,
    interval_s: i64,
    foresight: Option<Arc<Foresight>>,
    errors: PurposeStreams,
}

impl Pool {
    pub(super) fn new(
        forecast: PoolForecast,
        setup: &Setup,
        fleet: FleetId,
        foresight: Option<&Arc<Foresight>>,
        streams: Streams,
    ) -> Self {
        let foresight = match forecast {
            PoolForecast::Perfect => foresight.map(Arc::clone),
        };
        Self { fleet, interval_s: setup.control_interval_s, foresight, errors: streams.of(Purpose::Forecast) }
    }

    /// Least power that the fleet could take at any reading within [`start`, `end`), as forecast with `accuracy` for
    /// the market numbered `market` [kW].
    ///
    /// The error of a reading is drawn from a stream of its own for each market, so that it is the same whatever is bid, by
    /// whichever policy.
    pub(super) fn least_kw(&self, start: SimTime, end: SimTime, accuracy: f64, market: usize) -> f64 {
        let Some(foresight) = &self.foresight else { return 0.0 };
        let readings = &foresight.pool_kw[self.fleet.index()];
        let from = (start - foresight.start + self.interval_s - 1).div_euclid(self.interval_s).max(0);
        let to = (end - foresight.start + self.interval_s - 1).div_euclid(self.interval_s);
        let mut least = f64::INFINITY;
        for reading in from..to {
            let Some(&pool_kw) = readings.get(reading as usize) else { break };
            let error = if accuracy < 1.0 {
                let stream = (self.fleet.index() as u64) << 48 | (market as u64) << 40 | reading as u64;
                (1.0 - accuracy) * self.errors.stream(stream).random_range(-1.0..=1.0)
            } else {
                0.0
            };
            least = least.min(pool_kw * (1.0 + error));
        }
        if least.is_finite() { least } else { 0.0 }
    }
}
