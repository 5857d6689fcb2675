//! Counterfactual profit of each risk, computed after delivery, when prices and requests are known.
//!
//! Each product is valued separately. Other risks change the energy bought for it, hence the riders turned away during
//! delivery, hence the energy drawn; all of that is computed as the engine does it. Taken as observed are
//! prices (a market whose price follows the fleet's own bids is refused by the course); the state of the fleet at the start of the
//! product (a vehicle that stayed for one product is in the pool of the next, too); that a vehicle which stays draws its share
//! of the pool until the product ends. The value of the played risks is exact to the last digit of money, that of similar
//! risks nearly so: `tests/it/markets/hindsight.rs` measures both.

use super::course::Week;
use crate::ids::{MarketId, RequestId};
use crate::markets::{Lots, Market, MarketKind};
use crate::policies::bidding::observation::{self, RISKS};
use crate::policies::bidding::trace::{self, GateBid, Trace};
use crate::time::SimTime;
use crate::world::Setup;

/// A rider who asked for a vehicle that was plugged in.
#[derive(Debug, Clone, Copy)]
struct Rider {
    pool_kw: f64,
    share_kw: f64,
    released: bool,
    /// Fare that the rider would have paid [currency].
    fare: f64,
    /// From then to the end of the product [h].
    left_h: f64,
}

/// One of the two markets, for one product.
#[derive(Debug, Clone, Copy)]
struct MarketSlot {
    offer: Option<GateBid>,
    price_per_mwh: f64,
    /// Paid for reserve kept ready [currency per MW and hour].
    capacity_per_mw_h: f64,
    lots: Lots,
}

impl MarketSlot {
    fn new(rules: &Market, start: SimTime, offer: Option<GateBid>) -> Self {
        let [_, most] = rules.limits_per_mwh;
        let price_per_mwh = rules.price_without_bidders(start).unwrap_or(most);
        let capacity_per_mw_h = rules.capacity.as_ref().and_then(|series| series.at(start)).unwrap_or(0.0);
        Self { offer, price_per_mwh, capacity_per_mw_h, lots: rules.lots }
    }

    /// Power bought at a risk, given the power bought before [kW].
    fn bought_kw(&self, risk: f64, committed_kw: f64) -> f64 {
        let Some(offer) = self.offer else { return 0.0 };
        let quantity_kw = self.lots.fit(GateBid { committed_kw, ..offer }.quantity_kw(risk));
        if offer.limit_per_mwh >= self.price_per_mwh { quantity_kw.max(0.0) } else { 0.0 }
    }
}

/// A slot of a week that is over.
#[derive(Debug, Clone)]
pub struct Slot {
    /// Balancing, intraday.
    markets: [MarketSlot; 2],
    /// Which of them is filled first by what is drawn.
    first: usize,
    hours: f64,
    drawn_kwh: f64,
    tariff_per_mwh: f64,
    long_per_mwh: f64,
    riders: Vec<Rider>,
}

impl Slot {
    /// Risks that were played (balancing, intraday).
    pub fn played(&self) -> [f64; 2] {
        self.markets.map(|market| market.offer.map_or(1.0, |offer| offer.risk))
    }

    /// Profit of the product with these risks: savings of markets against the tariff, less penalties and the fares of
    /// riders turned away [currency].
    pub fn value(&self, risks: [f64; 2]) -> f64 {
        let first_kw = self.markets[0].bought_kw(risks[0], 0.0);
        let bought_kw = [first_kw, self.markets[1].bought_kw(risks[1], first_kw)];
        let committed_kw: f64 = bought_kw.iter().sum();
        let (fares, stayed_kwh) = self.turned_away(committed_kw);
        let drawn_kwh = (self.drawn_kwh + stayed_kwh).max(0.0);
        let committed_kwh = committed_kw * self.hours;
        let mut thousandths = committed_kwh.min(drawn_kwh) * self.tariff_per_mwh
            + (committed_kwh - drawn_kwh).max(0.0) * self.long_per_mwh;
        let mut left_kwh = drawn_kwh;
        for place in [self.first, 1 - self.first] {
            let (market, kwh) = (&self.markets[place], bought_kw[place] * self.hours);
            let delivered_kwh = kwh.min(left_kwh);
            left_kwh -= delivered_kwh;
            if kwh > 0.0 {
                thousandths += delivered_kwh * market.capacity_per_mw_h - kwh * market.price_per_mwh;
            }
        }
        thousandths / 1_000.0 - fares
    }

    /// Fares lost if so much has to be drawn, and what is drawn more than was because others stayed [kWh].
    fn turned_away(&self, committed_kw: f64) -> (f64, f64) {
        let (mut fares, mut stayed_kw, mut stayed_kwh) = (0.0, 0.0, 0.0);
        for rider in &self.riders {
            let needed = trace::is_needed(rider.pool_kw + stayed_kw, rider.share_kw, committed_kw);
            if needed {
                fares += rider.fare;
            }
            if needed == rider.released {
                let share_kw = if needed { rider.share_kw } else { -rider.share_kw };
                stayed_kw += share_kw;
                stayed_kwh += share_kw * rider.left_h;
            }
        }
        (fares, stayed_kwh)
    }

    /// The most that any pair of risks would have brought [currency].
    pub fn most(&self) -> f64 {
        (0..observation::ACTIONS)
            .map(|action| self.value(observation::risks(action)))
            .fold(f64::NEG_INFINITY, f64::max)
    }

    /// Profit of each risk of one market with the played risk of the other: of balancing, then of intraday bids [currency].
    pub fn alternatives(&self) -> [[f64; RISKS]; 2] {
        let played = self.played();
        [0, 1].map(|place| {
            std::array::from_fn(|step| {
                let mut risks = played;
                risks[place] = step as f64 / (RISKS - 1) as f64;
                self.value(risks)
            })
        })
    }
}

/// All slots of a week, of which `trace` was written; `drawn_kwh` is what the fleet drew in each.
pub fn slots(week: &Week, trace: &Trace, drawn_kwh: &[f64]) -> Vec<Slot> {
    let setup = &*week.setup;
    let trading = &setup.trading;
    let market = |kind| trading.markets.iter().position(|market| market.kind == kind).unwrap_or(0);
    let markets = [MarketKind::Balancing, MarketKind::Intraday].map(market);
    let mut asked = &trace.asked[..];
    let slot_of = |(number, &drawn_kwh): (usize, &f64)| {
        let start = setup.start + trading.settlement_s * number as i64;
        let end = start + trading.settlement_s;
        let (of_slot, later) = asked.split_at(asked.partition_point(|asked| asked.time < end));
        asked = later;
        let riders = of_slot.iter().map(|asked| Rider {
            pool_kw: asked.pool_kw,
            share_kw: asked.share_kw,
            released: asked.released,
            fare: fare(setup, asked),
            left_h: (end - asked.time) as f64 / 3_600.0,
        });
        let offers = [0, 1].map(|place| trace.bid(place, number));
        Slot {
            markets: [0, 1].map(|place| {
                MarketSlot::new(&trading.markets[MarketId::new(markets[place])], start, offers[place])
            }),
            first: usize::from(MarketId::new(markets[1]) < MarketId::new(markets[0])),
            hours: trading.settlement_s as f64 / 3_600.0,
            drawn_kwh,
            tariff_per_mwh: offers[1].or(offers[0]).map_or(0.0, |offer| offer.tariff_per_mwh),
            long_per_mwh: trading.imbalance.prices(start).long_per_mwh,
            riders: riders.collect(),
        }
    };
    drawn_kwh.iter().enumerate().map(slot_of).collect()
}

/// Fare of the trip that is assigned to this vehicle at this time.
fn fare(setup: &Setup, asked: &trace::Asked) -> f64 {
    let requests = &setup.requests;
    let first = requests.time.partition_point(|&time| time < asked.time);
    let of_vehicle = |&request: &RequestId| {
        requests.recorded_trip(request).is_some_and(|bound| bound.vehicle == asked.vehicle)
    };
    let mut then = (first..requests.len())
        .map(RequestId::new)
        .take_while(|&request| requests.time(request) == asked.time);
    then.find(of_vehicle).map_or(0.0, |request| requests.fare[request].units())
}
