//! Energy that vehicles that have not arrived yet will request at stations.

use super::spec::Planning;
use crate::forecast::{Calendar, Distortion, Forecaster};
use crate::policies::bidding::Foresight;
use crate::world::LoadBook;
use gridfleet_core::rng::Streams;
use gridfleet_core::time::LocalClock;
use std::sync::Arc;

/// Forecast errors are drawn by series; those of stations are numbered from here, those of fleets and markets from 0.
const FIRST_SERIES: usize = 1 << 15;

/// A forecast of the energy requested at each station of a retailer, slot by slot [kWh].
pub(super) enum Demand {
    /// A replay of the same replication without limits, distorted separately for each station and slot.
    Replay {
        /// Index of the load book of the replay.
        book: usize,
        foresight: Arc<Foresight>,
        distortions: Vec<Distortion>,
    },
    /// Forecast from past requests: a forecaster for each station, and the first slot not yet observed.
    History { forecasters: Vec<Box<dyn Forecaster>>, next: usize },
    /// No information.
    Blind,
}

impl Demand {
    pub(super) fn new(
        planning: Planning,
        number: usize,
        book: &LoadBook,
        clock: &LocalClock,
        foresight: Option<&Arc<Foresight>>,
        streams: Streams,
    ) -> Self {
        let stations = book.stations.iter();
        let Some(history) = planning.forecast.of_history() else {
            let distortion = |station: &gridfleet_core::ids::StationId| {
                let series = (FIRST_SERIES + station.index() % FIRST_SERIES) as u16;
                Distortion::new(&streams, series, planning.accuracy).ok()
            };
            let distortions: Option<Vec<Distortion>> = stations.map(distortion).collect();
            return match (foresight, distortions) {
                (Some(foresight), Some(distortions)) => {
                    Self::Replay { book: number, foresight: Arc::clone(foresight), distortions }
                }
                _ => Self::Blind,
            };
        };
        // All forecasts are within the horizon; ridge regression needs the lead in advance.
        let lead = planning.horizon_s / book.slot_s;
        let forecaster = |_| {
            let calendar = Calendar::new(book.first, book.slot_s, clock.clone()).ok()?;
            history.build(calendar, lead).ok()
        };
        match stations.map(forecaster).collect() {
            Some(forecasters) => Self::History { forecasters, next: 0 },
            None => Self::Blind,
        }
    }

    /// Slots before `now` are complete.
    pub(super) fn observe(&mut self, book: &LoadBook, now: usize) {
        let Self::History { forecasters, next } = self else { return };
        for slot in *next..now.min(book.slots) {
            for (position, forecaster) in forecasters.iter_mut().enumerate() {
                forecaster.observe(slot as i64, book.nominal_of(position)[slot]);
            }
        }
        *next = now;
    }

    /// Energy that vehicles yet to arrive will request in a slot at a station, by its position in the book [kWh]:
    /// the forecast for the slot beyond the energy `known`, which present vehicles request in it. `left` is the share
    /// of the slot that is still to come.
    pub(super) fn others_kwh(&self, position: usize, slot: usize, known: f64, left: f64) -> f64 {
        match self {
            // A replay knows the rest of a slot in progress.
            Self::Replay { book, foresight, distortions } => {
                let of_station = foresight.asked_kwh.get(*book).map(|all| all.nominal_of(position));
                let expected = of_station.and_then(|slots| slots.get(slot)).copied().unwrap_or(0.0);
                (distortions[position].distort(slot as i64, expected) - known).max(0.0)
            }
            Self::History { forecasters, .. } => {
                left * (forecasters[position].predict(slot as i64) - known).max(0.0)
            }
            Self::Blind => 0.0,
        }
    }

    /// Energy that must be drawn in a slot, at the latest, for vehicles yet to arrive: of a replay that beyond the
    /// energy `known`, which is due for present vehicles. A forecast from history knows no departures [kWh].
    pub(super) fn due_kwh(&self, position: usize, slot: usize, known: f64) -> f64 {
        let Self::Replay { book, foresight, .. } = self else { return 0.0 };
        let of_station = foresight.asked_kwh.get(*book).map(|all| all.due_of(position));
        (of_station.and_then(|slots| slots.get(slot)).copied().unwrap_or(0.0) - known).max(0.0)
    }

    /// Mean energy of a request at a station [kWh]: of the replay, or so far.
    pub(super) fn mean_request_kwh(&self, position: usize, so_far: &LoadBook) -> Option<f64> {
        let replayed = match self {
            Self::Replay { book, foresight, .. } => foresight.asked_kwh.get(*book),
            _ => None,
        };
        replayed.unwrap_or(so_far).mean_request_kwh(position)
    }
}
