//! Recent prices available to a fleet, for comparison with a current price.

use crate::world::View;
use gridfleet_core::ids::{FleetId, RetailerId};
use gridfleet_core::time::{DAY_S, SimTime};
use std::collections::VecDeque;

/// Time between two compared prices [s].
const STEP_S: i64 = 900;

/// Length of the comparison into the past [s].
const LOOK_BACK_S: i64 = 7 * DAY_S;

/// Length of the comparison into the future, as far as prices are announced [s]: a flat tariff is known indefinitely.
const LOOK_AHEAD_S: i64 = DAY_S;

/// A price in whole millionths, to be compared with others: prices that follow from loads are sums in the order of
/// stations, and differ from equal ones in their last digits.
pub(super) fn comparable(price_per_mwh: f64) -> f64 {
    (price_per_mwh * 1e6).round() / 1e6
}

/// The lowest price in each quarter of an hour, over all stations that a fleet may use.
#[derive(Debug)]
pub(super) struct Offers {
    /// Retailers of those stations, each with the lowest markup of its stations [currency/MWh].
    sellers: Vec<(RetailerId, f64)>,
    /// Lowest price of each step [currency/MWh].
    lowest: VecDeque<f64>,
    /// First step that is not yet in `lowest`.
    next: SimTime,
    /// Scratch buffer.
    sorted: Vec<f64>,
}

impl Offers {
    pub(super) fn new(view: View<'_>, fleet: FleetId) -> Self {
        let mut sellers: Vec<(RetailerId, f64)> = Vec::new();
        for station in view.stations_of(fleet) {
            let (retailer, markup) = (view.retailer(station), view.markup_per_mwh(station));
            match sellers.iter_mut().find(|(known, _)| *known == retailer) {
                Some((_, least)) => *least = least.min(markup),
                None => sellers.push((retailer, markup)),
            }
        }
        Self { sellers, lowest: VecDeque::new(), next: view.start(), sorted: Vec::new() }
    }

    /// Price up to which an offer counts as cheap [currency/MWh]: at most `share` of the lowest prices of the last
    /// week, and of those announced for the coming day, are lower.
    pub(super) fn cheap_up_to(&mut self, view: View<'_>, share: f64) -> f64 {
        self.extend(view);
        self.sorted.clear();
        self.sorted.extend(&self.lowest);
        let at = (share * self.sorted.len() as f64) as usize;
        if at >= self.sorted.len() {
            return f64::INFINITY;
        }
        *self.sorted.select_nth_unstable_by(at, f64::total_cmp).1
    }

    fn extend(&mut self, view: View<'_>) {
        let announced = |&(retailer, _): &(RetailerId, f64)| {
            view.prices(retailer).broadcasts.last().map(|price| price.valid_to)
        };
        // If retailers announce at different times, the lowest price is known only as far as all of them have
        // announced.
        let known = self.sellers.iter().filter_map(announced).min().unwrap_or(view.start());
        let known = known.min(view.now() + LOOK_AHEAD_S);
        while self.next < known {
            let at = self.next;
            let price = |&(retailer, markup): &(RetailerId, f64)| {
                view.prices(retailer).price_at(at).map(|price| comparable(price + markup))
            };
            // Before its first announcement a retailer has no price.
            self.lowest.extend(self.sellers.iter().filter_map(price).min_by(f64::total_cmp));
            self.next += STEP_S;
        }
        // A step without any price shortens the list: the oldest entries are removed by count, not by time.
        let ahead = (known - view.now()).max(0);
        let most = ((LOOK_BACK_S + ahead) / STEP_S) as usize;
        while self.lowest.len() > most {
            self.lowest.pop_front();
        }
    }
}
