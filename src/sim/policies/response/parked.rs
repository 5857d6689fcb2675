//! A vehicle at home: the charge still needed before its driver leaves, and the slots in which it charges, rests and
//! feeds back.
//!
//! The schedule is that of the library, in whole slots. The library's vehicle moves the same energy both ways in a
//! slot; here a slot of charging stores the energy of one slot at plug power, and a slot of feeding back takes at most
//! that energy from the battery. The costs of each include the losses and the battery wear
//! (`games::stackelberg::cheapest_schedule`); a plan that is full at the departure is therefore full. A vehicle that is
//! not full was not at home for long enough (`short_stay`), or was limited by something else.

use super::PriceOffer;
use crate::policies::Slots;
use crate::world::View;
use gridfleet_core::ids::VehicleId;
use gridfleet_games::stackelberg::{Vehicle, cheapest_schedule};

/// A vehicle plugged in at home.
pub(super) struct Parked {
    pub vehicle: VehicleId,
    /// Number of slots of this stay before the first one in which it charged or fed back.
    pub active: u32,
    /// Power while it charges [kW].
    pub charge_kw: f64,
    /// Power while it feeds back [kW]; 0 if it cannot.
    pub feed_kw: f64,
    /// Wear of one slot of charging, and of one slot of feeding back [currency/MWh x kW, as prices times power].
    wear: [f64; 2],
    /// The player of the game, at home from the first slot.
    player: Vehicle,
    /// Number of whole slots at home.
    stay: usize,
    /// Number of charging slots needed to be full; the last of them may be partial.
    needed_slots: f64,
    /// Whether it can be full by departure only by charging from the first slot, if at all.
    pub lacks_time: bool,
    /// By slot of the horizon: 1 charges, 0 rests, -1 feeds back.
    pub schedule: Vec<i8>,
}

impl Parked {
    /// A vehicle with charge `soc` at the start of the first slot, during which it is still at home, and which has
    /// charged or fed back in `active` slots of this stay; `None` if it has left by then.
    pub fn new(view: View<'_>, vehicle: VehicleId, slots: Slots, soc: f64, active: u32) -> Option<Self> {
        let Slots { first, slot_s, count, .. } = slots;
        let session = view.session(vehicle)?;
        let vehicle_type = view.vehicle_type(vehicle);
        let leaves = view.departure(vehicle).unwrap_or(first + slot_s * count as i64);
        if leaves <= first {
            return None;
        }
        let hours = slot_s as f64 / 3_600.0;
        let stay = (((leaves - first) / slot_s) as usize).min(count);
        let charge_kw = session.limit_kw;
        // Rounding must not add another slot.
        let needed_slots =
            (vehicle_type.seconds_to(soc, charge_kw, session.target_soc) / slot_s as f64 - 1e-6).max(0.0);
        let needed = (needed_slots.ceil() as usize).min(stay) as u32;
        let stored_kw = charge_kw * vehicle_type.charge_efficiency;
        let feed_kw = vehicle_type.feed_kw.min(charge_kw).min(stored_kw * vehicle_type.discharge_efficiency);
        let most_active = if feed_kw > 0.0 { (vehicle_type.max_active_hours / hours) as u32 } else { 0 };
        let player = Vehicle {
            rated_kw: stored_kw,
            battery_kwh: vehicle_type.kwh(session.target_soc) / hours,
            soc_min: (session.floor_soc / session.target_soc).min(1.0),
            arrival: 0,
            departure: stay,
            hours_needed: needed,
            max_active_hours: most_active.saturating_sub(active).max(needed),
            // The charge at departure is fixed, so its value has no effect.
            omega: 1.0,
            theta: 0.0,
        };
        let wear = vehicle_type.wear_cost_per_kwh * 1_000.0;
        Some(Self {
            vehicle,
            active,
            charge_kw,
            feed_kw,
            wear: [wear * stored_kw, wear * feed_kw / vehicle_type.discharge_efficiency],
            player,
            stay,
            needed_slots,
            lacks_time: needed_slots > stay as f64,
            schedule: vec![0; count],
        })
    }

    /// Load in a slot, less the power fed back [kW].
    pub fn load_kw(&self, slot: usize) -> f64 {
        self.power(self.schedule[slot])
    }

    fn power(&self, state: i8) -> f64 {
        match state {
            1 => self.charge_kw,
            -1 => -self.feed_kw,
            _ => 0.0,
        }
    }

    /// Adopts the schedule that is optimal at the load `others_kw` of all others, if it improves on the current one by
    /// more than rounding. Returns whether it did. It takes into account that its load changes the price.
    pub fn plan(&mut self, offer: &PriceOffer<'_>, others_kw: &[f64]) -> bool {
        if self.lacks_time {
            let most = self.schedule.len().min(self.stay + 1);
            let changed = self.schedule[..most].iter().any(|&state| state != 1);
            self.schedule[..most].fill(1);
            return changed;
        }
        if self.stay == 0 || self.feed_kw == 0.0 && self.player.hours_needed == 0 {
            return false;
        }
        let (charge, feed) = self.costs_by_slot(offer, others_kw);
        let rises = offer.lines.iter().any(|line| line.slope_per_mwh_kw > 0.0);
        // At prices that do not depend on its load, a vehicle that only charges needs no game: its last charging slot
        // ends when the battery is full, and costs correspondingly less.
        let alone = !rises && self.feed_kw == 0.0;
        let schedule = if alone {
            let mut schedule = vec![0; charge.len()];
            cheapest_slots(&charge[..self.stay], self.needed_slots)
                .into_iter()
                .for_each(|slot| schedule[slot] = 1);
            schedule
        } else {
            cheapest_schedule(&self.player, &charge, &feed)
        };
        let part = if alone { self.unused_part() } else { 0.0 };
        let cost = |schedule: &[i8]| cost_of(schedule, &charge, &feed, part);
        let (old, new) = (cost(&self.schedule), cost(&schedule));
        let better = schedule != self.schedule
            && (!self.keeps(&self.schedule) || new < old - 1e-9 * (1.0 + old.abs()));
        if better {
            self.schedule = schedule;
        }
        better
    }

    /// Cost of its schedule at an offer's prices, without other loads; not applicable if it has no time to choose
    /// [currency/MWh x kW, as prices times power for one slot].
    pub fn cost(&self, offer: &PriceOffer<'_>) -> f64 {
        let (charge, feed) = self.costs_by_slot(offer, &vec![0.0; offer.slots.count]);
        cost_of(&self.schedule, &charge, &feed, self.unused_part())
    }

    /// Cost of storing `kwh` at one price [currency/MWh], in the unit of [`Self::cost`], for slots of `hours`.
    pub fn cost_of_kwh(&self, kwh: f64, price_per_mwh: f64, hours: f64) -> f64 {
        let slots = kwh / hours / self.player.rated_kw;
        slots * (price_per_mwh * self.charge_kw + self.wear[0])
    }

    /// Part of the last charging slot in which the battery is already full.
    fn unused_part(&self) -> f64 {
        self.needed_slots.ceil() - self.needed_slots
    }

    /// Cost of charging and of feeding back in each slot, at the load `others_kw` of all others.
    fn costs_by_slot(&self, offer: &PriceOffer<'_>, others_kw: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (mut charge, mut feed) = (Vec::new(), Vec::new());
        for (line, others_kw) in offer.lines.iter().zip(others_kw) {
            let paid = |power_kw: f64| line.at(others_kw + power_kw / 2.0) * power_kw;
            charge.push(paid(self.charge_kw) + self.wear[0]);
            feed.push(if self.feed_kw > 0.0 { paid(-self.feed_kw) + self.wear[1] } else { f64::INFINITY });
        }
        (charge, feed)
    }

    /// Whether a schedule provides the energy needed during the stay.
    fn keeps(&self, schedule: &[i8]) -> bool {
        gridfleet_games::stackelberg::follows(&self.player, schedule)
    }
}

/// Cost of a schedule, where the `unused` part of the last charging slot is not drawn.
fn cost_of(schedule: &[i8], charge: &[f64], feed: &[f64], unused: f64) -> f64 {
    let slot = |(t, state): (usize, &i8)| match state {
        1 => charge[t],
        -1 => feed[t],
        _ => 0.0,
    };
    let whole: f64 = schedule.iter().enumerate().map(slot).sum();
    whole - schedule.iter().rposition(|&state| state == 1).map_or(0.0, |last| unused * charge[last])
}

/// The slots in which `needed` charging slots cost least, where `costs` are those of whole slots. All are used fully
/// except the latest, in which the battery becomes full. Among equal choices, the earliest.
fn cheapest_slots(costs: &[f64], needed: f64) -> Vec<usize> {
    let count = (needed.ceil() as usize).min(costs.len());
    if count == 0 {
        return Vec::new();
    }
    let last_part = needed - (count - 1) as f64;
    // The cheapest of all slots before the latest one, by cost.
    let mut before: Vec<usize> = Vec::with_capacity(count);
    let mut sum = 0.0;
    let mut best = (f64::INFINITY, Vec::new());
    for latest in 0..costs.len() {
        if before.len() == count - 1 {
            let cost = sum + last_part.min(1.0) * costs[latest];
            if cost < best.0 {
                best = (cost, before.iter().copied().chain([latest]).collect());
            }
        }
        let at = before.partition_point(|&slot| costs[slot] <= costs[latest]);
        before.insert(at, latest);
        if before.len() > count - 1 {
            before.pop();
        }
        sum = before.iter().map(|&slot| costs[slot]).sum();
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_slot_that_ends_full_costs_only_its_part() {
        // 1.2 slots: a whole one at 110 and a fifth at 100 (130) lose to a whole one at 100 and a fifth at 111 (122.2).
        assert_eq!(cheapest_slots(&[110.0, 100.0, 111.0], 1.2), [1, 2]);
        assert_eq!(cheapest_slots(&[3.0, 3.0, 3.0], 2.0), [0, 1]);
        assert_eq!(cheapest_slots(&[3.0, 1.0], 0.0), [0; 0]);
        assert_eq!(cheapest_slots(&[3.0, 1.0], 5.0), [0, 1]);
    }

    proptest! {
        #[test]
        fn no_other_choice_of_slots_is_cheaper(
            costs in prop::collection::vec(-5_i32..20, 1..9),
            needed in 0.1_f64..4.0,
        ) {
            let costs: Vec<f64> = costs.into_iter().map(f64::from).collect();
            let count = needed.ceil() as usize;
            prop_assume!(count <= costs.len());
            let cost = |slots: &[usize]| {
                let latest = slots.iter().copied().max().unwrap();
                slots.iter().map(|&t| costs[t]).sum::<f64>() - (count as f64 - needed) * costs[latest]
            };
            let found = cheapest_slots(&costs, needed);
            prop_assert_eq!(found.len(), count);
            for subset in 0_u32..1 << costs.len() {
                if subset.count_ones() as usize == count {
                    let slots: Vec<usize> = (0..costs.len()).filter(|t| subset >> t & 1 == 1).collect();
                    prop_assert!(cost(&found) <= cost(&slots) + 1e-9);
                }
            }
        }
    }
}
