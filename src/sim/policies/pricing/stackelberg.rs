//! Leader of a Stackelberg game as a retailer: the price of a slot is its marginal cost at the total load, times a
//! margin.
//!
//! The load of price-responsive customers follows from `policies::response`; for all other loads the retailer expects
//! the value of the day before. A leader that chooses its margins does so once a local day, for all hours of the day,
//! in a game with its current households and with the other loads at its stations as on the day before
//! (`games::stackelberg::lead`): it does not know which vehicles will come home with an empty battery.

use super::{PriceLine, Pricing, Slots, Turn};
use crate::world::{Generation, SlotLoad, View};
use gridfleet_core::ids::RetailerId;
use gridfleet_core::time::{DAY_S, SimTime};
use gridfleet_games::stackelberg::{self as game, Household, Retailer, StackelbergGame};
use std::collections::BTreeMap;

/// Objective of the leader.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Aim {
    /// Keeps this margin.
    Keep(f64),
    /// Flattest load, with margins up to this value.
    Flatten(f64),
    /// Maximum profit, with margins up to this value.
    Profit(f64),
}

/// The leader; one for all retailers with a generation cost.
pub(super) struct Stackelberg {
    aim: Aim,
    /// By retailer: the day for which margins were chosen, and the margins by hour of the local day.
    chosen: BTreeMap<RetailerId, (chrono::NaiveDate, Vec<f64>)>,
}

impl Stackelberg {
    pub fn new(aim: Aim) -> Self {
        Self { aim, chosen: BTreeMap::new() }
    }

    /// Margin in the hour of the local day that contains a slot.
    fn margin(&mut self, view: View<'_>, retailer: RetailerId, slot: SimTime) -> f64 {
        let aim = match self.aim {
            Aim::Keep(margin) => return margin,
            Aim::Flatten(most) => game::Aim::Flatten(most),
            Aim::Profit(most) => game::Aim::Profit(most),
        };
        let date = view.clock().local(view.now()).date();
        let hour = view.clock().hour(slot);
        match self.chosen.get(&retailer) {
            Some((chosen, margins)) if *chosen == date => margins[hour],
            _ => {
                let margins = choose(view, retailer, aim).unwrap_or_else(|| vec![1.0; 24]);
                let margin = margins[hour];
                self.chosen.insert(retailer, (date, margins));
                margin
            }
        }
    }
}

impl Pricing for Stackelberg {
    fn price_lines(
        &mut self,
        turn: &mut Turn<'_>,
        retailer: RetailerId,
        slots: Slots,
        lines: &mut Vec<PriceLine>,
    ) {
        let view = turn.view;
        let Some(generation) = view.generation(retailer) else { return };
        for slot in 0..slots.count {
            let start = slots.start(slot);
            let hour = view.clock().hour(start);
            let margin = self.margin(view, retailer, start);
            let slope = margin * generation.a_per_mwh_kw[hour];
            let others_kw = expected(view, retailer, start).map_or(0.0, |load| load.others_kw);
            lines.push(PriceLine {
                base_per_mwh: margin * generation.b_per_mwh[hour] + slope * others_kw,
                slope_per_mwh_kw: slope,
            });
        }
    }
}

/// Loads one day before a slot, or the latest known; `None` before any load is known.
fn expected(view: View<'_>, retailer: RetailerId, slot: SimTime) -> Option<SlotLoad> {
    let loads = view.slot_loads(retailer);
    // A slot later than tomorrow is assumed to equal that of the last known day.
    let mut day_before = slot + -DAY_S;
    while day_before > view.now() {
        day_before += -DAY_S;
    }
    let at = loads.binary_search_by_key(&day_before, |load| load.start).ok();
    at.map(|at| loads[at]).or(loads.last().copied())
}

/// Margins of the 24 hours for a day like the coming one.
fn choose(view: View<'_>, retailer: RetailerId, aim: game::Aim) -> Option<Vec<f64>> {
    let Generation { a_per_mwh_kw, b_per_mwh, c_per_h } = view.generation(retailer)?;
    let leader = Retailer {
        a: a_per_mwh_kw.to_vec(),
        b: b_per_mwh.to_vec(),
        c: c_per_h.to_vec(),
        lambda: vec![1.0; 24],
        capacity: vec![f64::INFINITY; 24],
    };
    let mut households: Vec<Household> = view
        .households_of(retailer)
        .map(|group| {
            let homes = view.households(group);
            Household {
                count: homes.count,
                energy: homes.nominal_kw.iter().sum(),
                low: homes.low_kw.to_vec(),
                high: homes.high_kw.to_vec(),
                omega: (0..24).map(|hour| homes.worth_per_mwh(hour)).collect(),
                theta: homes.theta_per_mwh_kw,
            }
        })
        .collect();
    // All other loads are represented as a household that cannot shift its load.
    let mut rest = vec![0.0; 24];
    for load in view.slot_loads(retailer).iter().rev().take_while(|load| view.now() - load.start <= DAY_S) {
        rest[view.clock().hour(load.start)] = (load.parked_kw + load.others_kw).max(0.0);
    }
    let energy = rest.iter().sum();
    households.push(Household {
        count: 1,
        energy,
        low: rest.clone(),
        high: rest,
        omega: vec![1.0; 24],
        theta: 1.0,
    });
    let game = StackelbergGame::new(leader, households, Vec::new()).ok()?;
    Some(game::lead(&game, aim).ok()?.game.retailer().lambda.clone())
}
