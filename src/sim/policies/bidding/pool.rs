//! Forecast of the power that a fleet can draw over a product.

use super::{ForecastKind, Foresight};
use crate::forecast::{Calendar, Distortion, Forecaster};
use crate::world::Setup;
use gridfleet_core::ids::{FleetId, MarketId};
use gridfleet_core::markets::Products;
use gridfleet_core::rng::Streams;
use gridfleet_core::time::SimTime;
use std::sync::Arc;

/// A forecast of one fleet's pool for the products of one market.
pub(super) enum Pool {
    /// A replay of the same replication without bids, distorted separately for each reading.
    Replay { fleet: FleetId, foresight: Arc<Foresight>, distortion: Distortion },
    /// Forecast from past readings: the series of each product's minimum reading.
    History {
        products: Products,
        forecaster: Box<dyn Forecaster>,
        /// The product being read, by its number, which may be negative, and its minimum reading so far [kW].
        reading: Option<(i64, f64)>,
    },
    /// No information.
    Blind,
}

impl Pool {
    /// `accuracy` applies to a replay.
    pub(super) fn new(
        forecast: ForecastKind,
        accuracy: f64,
        market: MarketId,
        setup: &Setup,
        fleet: FleetId,
        foresight: Option<&Arc<Foresight>>,
        streams: Streams,
    ) -> Self {
        let rules = &setup.trading.markets[market];
        let Some(history) = forecast.of_history() else {
            // Errors are drawn by fleet, market and reading, independently of the policy.
            let series = (fleet.index() * setup.trading.markets.len() + market.index()) as u16;
            return match (foresight, Distortion::new(&streams, series, accuracy)) {
                (Some(foresight), Ok(distortion)) => {
                    Self::Replay { fleet, foresight: Arc::clone(foresight), distortion }
                }
                _ => Self::Blind,
            };
        };
        let products = rules.products;
        let lead = (rules.gates.longest_s() / products.slot_s).max(1) + 1;
        let calendar = Calendar::new(products.start, products.slot_s, setup.clock.clone());
        match calendar.and_then(|calendar| history.build(calendar, lead)) {
            Ok(forecaster) => Self::History { products, forecaster, reading: None },
            Err(_) => Self::Blind,
        }
    }

    /// Whether it needs readings.
    pub(super) fn learns(&self) -> bool {
        matches!(self, Self::History { .. })
    }

    /// The pool at a reading of the meters [kW].
    pub(super) fn observe(&mut self, now: SimTime, pool_kw: f64) {
        let Self::History { products, forecaster, reading } = self else { return };
        let product = (now - products.start).div_euclid(products.slot_s);
        *reading = match *reading {
            Some((same, least)) if same == product => Some((product, least.min(pool_kw))),
            Some((before, least)) => {
                forecaster.observe(before, least);
                Some((product, pool_kw))
            }
            None => Some((product, pool_kw)),
        };
    }

    /// Minimum power that the fleet is expected to be able to take at any reading of a product [kW].
    pub(super) fn least_kw(&self, products: &Products, product: usize) -> f64 {
        match self {
            Self::Replay { fleet, foresight, distortion } => {
                let interval_s = foresight.interval_s;
                let first = |t: SimTime| (t - foresight.start + interval_s - 1).div_euclid(interval_s);
                let readings = &foresight.pool_kw[*fleet];
                let of_product = first(products.start_of(product)).max(0)..first(products.end_of(product));
                let of_product = of_product.filter_map(|i| Some((i, *readings.get(i as usize)?)));
                let least = of_product.map(|(i, kw)| distortion.distort(i, kw)).reduce(f64::min);
                least.unwrap_or(0.0)
            }
            Self::History { forecaster, .. } => forecaster.predict(product as i64).max(0.0),
            Self::Blind => 0.0,
        }
    }
}
