//! Competition as seen by an aggregator: prices charged, energy sold and balancing costs.

use super::View;
use crate::world::{Competition, SlotSupply, Station, Tariff};
use gridfleet_core::ids::RetailerId;
use gridfleet_core::markets::imbalance::Prices;
use gridfleet_core::time::SimTime;

impl<'a> View<'a> {
    /// The competition, if any.
    pub fn competition(&self) -> Option<&'a Competition> {
        self.setup.competition.as_ref()
    }

    /// Maximum power of all stations at which owners choose their retailer [kW].
    pub fn competing_power_kw(&self) -> f64 {
        let stations = self.setup.stations.iter().filter(|station| self.setup.competes(station.retailer));
        stations.map(Station::capacity_kw).sum()
    }

    /// Energy sold by competitors in completed slots.
    pub fn supplied(&self) -> &'a [SlotSupply] {
        &self.state.competition.supplied
    }

    /// Price that a retailer charged in the slot starting at `slot` [currency/MWh]: as announced or, for slots before
    /// the start, according to its tariff. `None` for slots that have not been announced, and where price files do not
    /// go back far enough.
    pub fn price_asked(&self, retailer: RetailerId, slot: SimTime) -> Option<f64> {
        let broadcasts = &self.state.prices[retailer].broadcasts;
        if let Ok(at) = broadcasts.binary_search_by_key(&slot, |price| price.valid_from) {
            return Some(broadcasts[at].price_per_mwh);
        }
        if slot >= self.setup.start {
            return None;
        }
        let tariff_per_mwh = match &self.setup.retailers[retailer].tariff {
            Tariff::Flat(price) => *price,
            Tariff::TimeOfUse(week) => week[self.setup.clock.hour_of_week(slot)],
            Tariff::RealTime { series, margin_per_mwh } => series.at(slot)? + margin_per_mwh,
            Tariff::Market { market, margin_per_mwh } => {
                self.setup.trading.markets[*market].price_without_bidders(slot)? + margin_per_mwh
            }
            Tariff::LoadDependent { .. } => return None,
        };
        let competition = self.setup.competition.as_ref();
        Some(
            competition.map_or(tariff_per_mwh, |competition| {
                competition.asked_per_mwh(retailer, slot, tariff_per_mwh)
            }),
        )
    }

    /// Imbalance prices in the settlement interval starting at `t`, if it has ended; `None` before the first entry of
    /// the price files.
    pub fn imbalance_prices(&self, t: SimTime) -> Option<Prices> {
        let trading = &self.setup.trading;
        (t + trading.settlement_s <= self.now()).then(|| trading.imbalance.known(t)).flatten()
    }
}
