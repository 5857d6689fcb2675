//! Households as players of the Stackelberg game: over a horizon that begins in the middle of a day, each group is a
//! separate player for every local day of the horizon, because its energy is fixed per day.

use super::PriceOffer;
use crate::world::View;
use gridfleet_core::ids::HouseholdId;
use gridfleet_games::stackelberg::{Household, Retailer, StackelbergGame, best_loads, solve};
use std::ops::Range;

/// A group of households in the slots of one local day.
pub(super) struct Home {
    pub group: HouseholdId,
    /// Its slots, numbered from the first of the horizon.
    pub slots: Range<usize>,
    /// The player over the whole horizon; outside its slots its load is zero.
    pub player: Household,
    /// Load of each household in every slot of the horizon [kW].
    pub load_kw: Vec<f64>,
}

/// Households that receive an offer.
pub(super) fn homes(view: View<'_>, offer: &PriceOffer<'_>) -> Vec<Home> {
    let (slots, clock) = (offer.slots, view.clock());
    let dates: Vec<_> = (0..slots.count).map(|slot| clock.local(slots.start(slot)).date()).collect();
    let mut days: Vec<Range<usize>> = Vec::new();
    for slot in 0..slots.count {
        match days.last_mut() {
            Some(day) if dates[day.start] == dates[slot] => day.end = slot + 1,
            _ => days.push(slot..slot + 1),
        }
    }
    let mut all = Vec::new();
    for group in view.households_of(offer.retailer) {
        let homes = view.households(group);
        let by_hour = |by_hour_kw: &[f64], day: &Range<usize>| -> Vec<f64> {
            let at = |slot| if day.contains(&slot) { by_hour_kw[clock.hour(slots.start(slot))] } else { 0.0 };
            (0..slots.count).map(at).collect()
        };
        for (number, day) in days.iter().enumerate() {
            let (low, high) = (by_hour(&homes.low_kw, day), by_hour(&homes.high_kw, day));
            // The first day may have begun; the end of the last day may lie beyond the horizon.
            let energy: f64 = if number == 0 {
                let (_, end) = view.slots_of_day(offer.retailer, slots.first);
                let beyond = (end - slots.start(day.end)).max(0) / slots.slot_s;
                let later = (0..beyond).map(|k| clock.hour(slots.start(day.end + k as usize)));
                view.energy_left_kwh(group, slots.first) / slots.hours()
                    - later.map(|hour| homes.nominal_kw[hour]).sum::<f64>()
            } else {
                by_hour(&homes.nominal_kw, day).iter().sum()
            };
            // Rounding must not move the energy out of bounds.
            let (least, most): (f64, f64) = (low.iter().sum(), high.iter().sum());
            let player = Household {
                count: homes.count,
                energy: energy.clamp(least, most.max(least)),
                low,
                high,
                omega: (0..slots.count)
                    .map(|slot| homes.worth_per_mwh(clock.hour(slots.start(slot))))
                    .collect(),
                theta: homes.theta_per_mwh_kw,
            };
            all.push(Home { group, slots: day.clone(), player, load_kw: vec![0.0; slots.count] });
        }
    }
    all
}

/// Lets all households respond, at a given load of the vehicles [kW].
pub(super) fn settle(homes: &mut [Home], offer: &PriceOffer<'_>, vehicles_kw: &[f64]) {
    if homes.is_empty() {
        return;
    }
    let rises = offer.lines.iter().all(|line| line.slope_per_mwh_kw > 0.0);
    let count = offer.slots.count;
    if rises {
        // The vehicles' load is part of the price at zero household load. A part common to all slots does not move any
        // household, because its energy is fixed; it keeps the game's marginal cost positive when vehicles feed back a
        // lot.
        let base: Vec<f64> = offer.lines.iter().zip(vehicles_kw).map(|(line, kw)| line.at(*kw)).collect();
        let least = base.iter().copied().fold(f64::INFINITY, f64::min);
        let leader = Retailer {
            a: offer.lines.iter().map(|line| line.slope_per_mwh_kw).collect(),
            b: base.iter().map(|base| base - least).collect(),
            c: vec![0.0; count],
            lambda: vec![1.0; count],
            capacity: vec![f64::INFINITY; count],
        };
        let players = homes.iter().map(|home| home.player.clone()).collect();
        if let Ok(game) = StackelbergGame::new(leader, players, Vec::new()) {
            let found = solve(&game).plans.households;
            for (home, load_kw) in homes.iter_mut().zip(found) {
                home.load_kw = load_kw;
            }
            return;
        }
    }
    let prices: Vec<f64> = offer.lines.iter().map(|line| line.base_per_mwh).collect();
    for home in homes {
        home.load_kw = best_loads(&home.player, &prices);
    }
}
