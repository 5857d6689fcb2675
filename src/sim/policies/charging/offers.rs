//! Prices that a fleet could have had lately: what an asking price is compared with.

use crate::world::View;
use gridfleet_core::ids::{FleetId, RetailerId};
use gridfleet_core::time::{DAY_S, SimTime};
use std::collections::VecDeque;

/// Time between two prices that are compared [s].
const STEP_S: i64 = 900;

/// How far back prices are compared [s].
const LOOK_BACK_S: i64 = 7 * DAY_S;

/// How far ahead, where they are announced so far [s]: the price of a flat tariff is, for ever.
const LOOK_AHEAD_S: i64 = DAY_S;

/// The lowest price at each quarter of an hour, over all stations that a fleet may use.
#[derive(Debug)]
pub(super) struct Offers {
    /// Retailers of those stations, each with the lowest markup of its stations [currency/MWh].
    sellers: Vec<(RetailerId, f64)>,
    /// Lowest price of each step [currency/MWh].
    lowest: VecDeque<f64>,
    /// First step that is not in `lowest` yet.
    next: SimTime,
    /// Scratch.
    sorted: Vec<f64>,
}

impl Offers {
    pub(super) fn new(view: View<'_>, fleet: FleetId) -> Self {
        let mut sellers: Vec<(RetailerId, f64)> = Vec::new();
        for station in view.stations_of(fleet) {
            let (retailer, markup) = (view.retailer(station), view.markup_eur_mwh(station));
            match sellers.iter_mut().find(|(known, _)| *known == retailer) {
                Some((_, least)) => *least = least.min(markup),
                None => sellers.push((retailer, markup)),
            }
        }
        Self { sellers, lowest: VecDeque::new(), next: view.start(), sorted: Vec::new() }
    }

    /// The price up to which an offer is cheap [currency/MWh]: at most `share` of the lowest prices of the last week, and of
    /// those announced for the day to come, are lower.
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
        // Where one retailer announces earlier than another, the lowest price is known as far as both have.
        let known = self.sellers.iter().filter_map(announced).min().unwrap_or(view.start());
        let known = known.min(view.now() + LOOK_AHEAD_S);
        while self.next < known {
            let at = self.next;
            let price = |&(retailer, markup): &(RetailerId, f64)| {
                view.prices(retailer).price_at(at).map(|price| price + markup)
            };
            // Before its first announcement a retailer has no price.
            self.lowest.extend(self.sellers.iter().filter_map(price).min_by(f64::total_cmp));
            self.next += STEP_S;
        }
        // A step without any price leaves a shorter list: the oldest go by their number, not by their time.
        let ahead = (known - view.now()).max(0);
        let most = ((LOOK_BACK_S + ahead) / STEP_S) as usize;
        while self.lowest.len() > most {
            self.lowest.pop_front();
        }
    }
}
