//! A uniform-price auction: bids against each other and against the rest of the market.
//!
//! The rest of the market sells `q` kilowatts net at the price `reference + slope q`. With a slope of zero, bidders are
//! price takers. All accepted quantities are paid at one price, at which purchases equal sales: bids to buy above it
//! and to sell below it are accepted in full, those exactly at it in the part that fits (Stoft, Power System Economics,
//! 2002, chapter 3-2: the single-price auction).

names! {
    /// Whether energy is bought or sold.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Side {
        /// The bidder takes energy.
        Buy = "buy",
        /// The bidder gives energy.
        Sell = "sell",
    }
}

/// One bid, as an input of the auction.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Order {
    /// To buy or to sell.
    pub side: Side,
    /// Largest quantity; not negative [kW].
    pub quantity_kw: f64,
    /// Buys at this price or below, sells at this price or above [currency/MWh].
    pub limit_per_mwh: f64,
}

impl Order {
    /// Whether the order is accepted at `price`, at least in part.
    fn takes(&self, price: f64) -> bool {
        match self.side {
            Side::Buy => self.limit_per_mwh >= price,
            Side::Sell => self.limit_per_mwh <= price,
        }
    }
}

/// The rest of the market.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rest {
    /// Price if the net purchase of our bidders is zero [currency/MWh].
    pub reference_per_mwh: f64,
    /// Price increase per kilowatt bought net [currency/MWh per kW]; not negative.
    pub slope: f64,
    /// Least and greatest price [currency/MWh].
    pub limits_per_mwh: [f64; 2],
}

/// Clears the auction: returns the price [currency/MWh]; `accepted` receives the accepted part of each order [kW].
pub fn clear(orders: &[Order], rest: Rest, accepted: &mut Vec<f64>) -> f64 {
    let [least, most] = rest.limits_per_mwh;
    let reference = rest.reference_per_mwh;
    let price = if rest.slope > 0.0 {
        crossing(orders, rest).clamp(least, most)
    } else {
        reference.clamp(least, most)
    };
    accepted.clear();
    accepted.extend(orders.iter().map(|order| if order.takes(price) { order.quantity_kw } else { 0.0 }));
    if rest.slope > 0.0 {
        ration(orders, rest, price, accepted);
    }
    price
}

/// Purchases less sales at a price just above (`above`) or just below this one [kW].
fn net_kw(orders: &[Order], price: f64, above: bool) -> f64 {
    let signed_kw = |order: &Order| match order.side {
        Side::Buy if order.limit_per_mwh > price || (!above && order.limit_per_mwh == price) => {
            order.quantity_kw
        }
        Side::Sell if order.limit_per_mwh < price || (above && order.limit_per_mwh == price) => {
            -order.quantity_kw
        }
        _ => 0.0,
    };
    orders.iter().map(signed_kw).sum()
}

/// The price at which `reference + slope x net = price`: net demand falls with the price, so there is one.
fn crossing(orders: &[Order], rest: Rest) -> f64 {
    let price_at = |net_kw: f64| rest.reference_per_mwh + rest.slope * net_kw;
    let mut limits: Vec<f64> = orders.iter().map(|order| order.limit_per_mwh).collect();
    limits.sort_by(f64::total_cmp);
    // The first limit just above which the rest of the market would ask less than the price.
    let at = limits.partition_point(|&limit| price_at(net_kw(orders, limit, true)) > limit);
    match limits.get(at) {
        // Just below it the rest would ask more: the price is the limit itself, unless it is reached before.
        Some(&limit) => price_at(net_kw(orders, limit, false)).min(limit),
        None => price_at(net_kw(orders, f64::INFINITY, false)),
    }
}

/// Accepts orders exactly at the price in part: as much as fits, in proportion.
fn ration(orders: &[Order], rest: Rest, price: f64, accepted: &mut [f64]) {
    let marginal = |side| {
        let at = |order: &&Order| order.side == side && order.limit_per_mwh == price;
        orders.iter().filter(at).map(|order| order.quantity_kw).sum::<f64>()
    };
    let (buys, sells) = (marginal(Side::Buy), marginal(Side::Sell));
    if buys + sells <= 0.0 {
        return;
    }
    let beyond = net_kw(orders, price, true) + sells;
    // Net purchase of the marginal orders at which the rest of the market asks exactly this price.
    let net = ((price - rest.reference_per_mwh) / rest.slope - beyond).clamp(-sells, buys);
    let bought = buys.min(sells + net);
    let sold = bought - net;
    for (order, accepted) in orders.iter().zip(accepted) {
        if order.limit_per_mwh == price {
            let (part, all) = if order.side == Side::Buy { (bought, buys) } else { (sold, sells) };
            *accepted = if all > 0.0 { order.quantity_kw * (part / all) } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OPEN: [f64; 2] = [-3_000.0, 3_000.0];

    fn buy(quantity_kw: f64, limit_per_mwh: f64) -> Order {
        Order { side: Side::Buy, quantity_kw, limit_per_mwh }
    }
    fn sell(quantity_kw: f64, limit_per_mwh: f64) -> Order {
        Order { side: Side::Sell, quantity_kw, limit_per_mwh }
    }

    fn cleared(orders: &[Order], reference_per_mwh: f64, slope: f64) -> (f64, Vec<f64>) {
        let mut accepted = Vec::new();
        let price = clear(orders, Rest { reference_per_mwh, slope, limits_per_mwh: OPEN }, &mut accepted);
        (price, accepted)
    }

    #[test]
    fn a_price_taker_is_filled_at_or_above_the_price() {
        let orders = [buy(10.0, 29.0), buy(10.0, 30.0), buy(5.0, 31.0), sell(4.0, 30.0), sell(4.0, 31.0)];
        assert_eq!(cleared(&orders, 30.0, 0.0), (30.0, vec![0.0, 10.0, 5.0, 4.0, 0.0]));
    }

    #[test]
    fn own_demand_moves_the_price() {
        // 100 kW at 0.1 per kW: 30 + 10.
        assert_eq!(cleared(&[buy(100.0, 50.0)], 30.0, 0.1), (40.0, vec![100.0]));
        // No bidder pays more than 35: exactly 50 kW fit.
        assert_eq!(cleared(&[buy(100.0, 35.0)], 30.0, 0.1), (35.0, vec![50.0]));
        // Two marginal orders share in proportion; the one above the price is served first.
        let (price, accepted) = cleared(&[buy(20.0, 60.0), buy(60.0, 35.0), buy(30.0, 35.0)], 30.0, 0.1);
        assert_eq!((price, accepted), (35.0, vec![20.0, 20.0, 10.0]));
        // Too expensive for the only bidder.
        assert_eq!(cleared(&[buy(100.0, 29.0)], 30.0, 0.1), (30.0, vec![0.0]));
        // Sales lower the price.
        assert_eq!(cleared(&[sell(100.0, 10.0)], 30.0, 0.1), (20.0, vec![100.0]));
        // Without orders the rest of the market is unchanged.
        assert_eq!(cleared(&[], 30.0, 0.1), (30.0, vec![]));
    }

    #[test]
    fn prices_keep_within_their_limits() {
        let mut accepted = Vec::new();
        let rest = Rest { reference_per_mwh: 30.0, slope: 0.0, limits_per_mwh: [-10.0, 20.0] };
        assert_eq!(clear(&[buy(1.0, 25.0)], rest, &mut accepted), 20.0);
        assert_eq!(accepted, [1.0]);
    }

    proptest! {
        /// Conditions of a correct result: bids beyond the price are filled, bids short of it are not, and the rest of
        /// the market asks exactly this price for what it sells.
        #[test]
        fn the_price_supports_what_is_accepted(
            drawn in prop::collection::vec((any::<bool>(), 0.0..100.0f64, 0i32..12), 0..12),
            reference in 0.0..12.0f64,
            slope in 0.001..0.5f64,
        ) {
            let orders: Vec<Order> = drawn
                .into_iter()
                .map(|(buys, quantity, limit)| {
                    if buys { buy(quantity, f64::from(limit)) } else { sell(quantity, f64::from(limit)) }
                })
                .collect();
            let (price, accepted) = cleared(&orders, reference, slope);
            let mut net = 0.0;
            for (order, &accepted) in orders.iter().zip(&accepted) {
                prop_assert!((0.0..=order.quantity_kw + 1e-9).contains(&accepted));
                let gain = match order.side {
                    Side::Buy => order.limit_per_mwh - price,
                    Side::Sell => price - order.limit_per_mwh,
                };
                if gain > 1e-9 {
                    prop_assert_eq!(accepted, order.quantity_kw);
                } else if gain < -1e-9 {
                    prop_assert_eq!(accepted, 0.0);
                }
                net += if order.side == Side::Buy { accepted } else { -accepted };
            }
            prop_assert!((reference + slope * net - price).abs() < 1e-6, "{} kW at {}", net, price);
        }
    }
}
