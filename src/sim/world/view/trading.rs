//! Trading as seen by a bidder: its positions, known prices and the power that it could take.

use super::View;
use crate::world::Party;
use crate::world::charging::best_limit_kw;
use gridfleet_core::ids::{BidderId, FleetId, MarketId, VehicleId};
use gridfleet_core::markets::Market;
use gridfleet_core::ranges;
use gridfleet_core::time::SimTime;

impl<'a> View<'a> {
    /// Number of markets.
    pub fn market_count(&self) -> usize {
        self.setup.trading.markets.len()
    }

    /// Rules of a market. Reference prices before the start of the simulation are public; later ones become known
    /// through [`MarketView::clearing_price`].
    pub fn market(&self, market: MarketId) -> MarketView<'a> {
        MarketView { rules: &self.setup.trading.markets[market], view: *self, market }
    }

    /// The party behind a bidder.
    pub fn party(&self, bidder: BidderId) -> Party {
        self.setup.trading.bidders[bidder]
    }

    /// Net position (bought less sold) in one market at instant `t` [kW].
    #[inline]
    pub fn position_kw(&self, market: MarketId, bidder: BidderId, t: SimTime) -> f64 {
        self.state.trading.position_kw(&self.setup.trading, market, bidder, t)
    }

    /// Net position (bought less sold) in all markets at instant `t` [kW]: the power that the bidder has to draw.
    pub fn committed_kw(&self, bidder: BidderId, t: SimTime) -> f64 {
        (0..self.market_count()).map(|m| self.position_kw(MarketId::new(m), bidder, t)).sum()
    }

    /// Power that the plugged-in vehicles of `fleet` can take for at least one more control interval [kW].
    pub fn pool_kw(&self, fleet: FleetId) -> f64 {
        let sessions = self.state.stations.open().filter(|session| session.fleet == fleet);
        sessions.map(|session| self.pool_share_kw(session.vehicle)).sum()
    }

    /// A vehicle's part of the [pool](Self::pool_kw), its mean power over the next control interval [kW]: zero if it is
    /// not plugged in, or full before the interval ends.
    pub fn pool_share_kw(&self, vehicle: VehicleId) -> f64 {
        let Some(session) = self.state.session(vehicle) else { return 0.0 };
        let power_kw = if session.active { session.share_kw } else { session.limit_kw };
        let soc = session.soc(self.vehicle_type(vehicle), self.now());
        self.mean_power_kw(vehicle, soc, session.target_soc, power_kw)
    }

    /// Power that would replace a vehicle's part of the pool if it left its connector: the part of the next vehicle in
    /// the queue there [kW].
    pub fn successor_share_kw(&self, vehicle: VehicleId) -> f64 {
        let Some(station) = self.vehicle(vehicle).station else { return 0.0 };
        let state = self.state.stations.station(station);
        let Some(next) = state.queue.front().map(|waiting| waiting.vehicle) else { return 0.0 };
        let site = &self.setup.stations[station];
        let sharers = state.occupied.max(1);
        let limit_kw = best_limit_kw(self.vehicle_type(next), &site.connectors);
        let power_kw = limit_kw.min(site.site_limit_kw / f64::from(sharers));
        let v = self.vehicle(next);
        self.mean_power_kw(next, v.soc, v.target_soc, power_kw)
    }

    /// Mean power over the next control interval of a vehicle that charges from `soc` [kW]; zero if it is full before.
    fn mean_power_kw(&self, vehicle: VehicleId, soc: f64, target_soc: f64, power_kw: f64) -> f64 {
        let vehicle_type = self.vehicle_type(vehicle);
        let interval_s = self.control_interval_s() as f64;
        let then = vehicle_type.soc_if_charging_for(soc, power_kw, target_soc, interval_s);
        let gained = then.map_or(0.0, |then| then - soc);
        vehicle_type.kwh(gained) / vehicle_type.charge_efficiency * 3_600.0 / interval_s
    }

    /// Time between two meter readings [s].
    pub fn control_interval_s(&self) -> i64 {
        self.setup.control_interval_s
    }

    /// First instant simulated.
    pub fn start(&self) -> SimTime {
        self.setup.start
    }
}

/// Known data of one market.
#[derive(Clone, Copy)]
pub struct MarketView<'a> {
    rules: &'a Market,
    view: View<'a>,
    market: MarketId,
}

impl<'a> MarketView<'a> {
    /// Name.
    pub fn name(&self) -> &'a str {
        &self.rules.name
    }

    /// Kind.
    pub fn kind(&self) -> gridfleet_core::markets::MarketKind {
        self.rules.kind
    }

    /// Its products.
    pub fn products(&self) -> gridfleet_core::markets::Products {
        self.rules.products
    }

    /// Highest price that can clear [currency/MWh]: the cap of the market, or that of all prices where it has none.
    pub fn highest_price_per_mwh(&self) -> f64 {
        self.rules.limits_per_mwh[1].min(ranges::PRICE.most)
    }

    /// Price of a product that has been cleared [currency/MWh].
    pub fn clearing_price(&self, product: usize) -> Option<f64> {
        self.view.state.trading.markets[self.market].cleared_per_mwh.get(product).copied()
    }

    /// Number of cleared products: all before this one.
    pub fn cleared(&self) -> usize {
        self.view.state.trading.markets[self.market].cleared_per_mwh.len()
    }

    /// Price at `t` before the first product [currency/MWh], as far back as the price file goes.
    pub fn past_price(&self, t: SimTime) -> Option<f64> {
        if t < self.rules.products.start { self.rules.reference.at(t) } else { None }
    }
}
