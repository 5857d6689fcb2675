//! Households and drivers who respond with their optimal loads over the coming day, determined again for each slot.
//!
//! They respond one after another, and the price is updated after each response, until nothing changes: the equilibrium
//! of the followers for the leader's price lines. A response takes its effect on the price into account, so the game's
//! potential decreases with each and the iteration terminates (`games::stackelberg`, `Conduct::PriceMaking`). At a
//! price that does not depend on the load, one response each is sufficient. The iteration starts with the plans of the
//! previous slot, so that plans change only for a gain.

use super::homes::{self, Home};
use super::parked::Parked;
use super::{PriceOffer, Response};
use crate::policies::{Action, PriceLine, Slots, Turn};
use crate::world::View;
use gridfleet_core::ids::{RetailerId, VehicleId};
use gridfleet_core::time::{DAY_S, SimTime};
use std::collections::BTreeMap;

/// Number of rounds after which the current plans are used; a few are usually enough.
const MOST_ROUNDS: usize = 50;

/// Last plan of each vehicle that is plugged in.
#[derive(Debug, Default)]
pub(super) struct Rolling {
    plans: BTreeMap<VehicleId, Plan>,
}

/// Plan of a vehicle for the rest of its stay.
#[derive(Debug)]
struct Plan {
    /// Start of its first slot.
    first: SimTime,
    /// Number of slots of this stay before `first` in which it charged or fed back.
    active: u32,
    /// Its schedule from `first`.
    schedule: Vec<i8>,
}

impl Plan {
    /// The part of it that remains from a later slot.
    fn from(&self, slots: Slots) -> Self {
        let passed = usize::try_from((slots.first - self.first) / slots.slot_s).unwrap_or(0);
        let (passed, rest) = self.schedule.split_at(passed.min(self.schedule.len()));
        let active = self.active + passed.iter().filter(|&&state| state != 0).count() as u32;
        Self { first: slots.first, active, schedule: rest.to_vec() }
    }
}

/// Sets `load_kw` to the load of all vehicles in each slot [kW].
fn add_up(vehicles: &[Parked], load_kw: &mut [f64]) {
    for (slot, load_kw) in load_kw.iter_mut().enumerate() {
        *load_kw = vehicles.iter().map(|parked| parked.load_kw(slot)).sum();
    }
}

/// Adds the load of all households in each slot to `load_kw` [kW].
fn add_homes(homes: &[Home], load_kw: &mut [f64]) {
    for (slot, load_kw) in load_kw.iter_mut().enumerate() {
        *load_kw += homes.iter().map(|home| f64::from(home.player.count) * home.load_kw[slot]).sum::<f64>();
    }
}

/// Lines of the first `count` slots, whose prices have been announced or are expected: constant prices.
fn announced_lines(view: View<'_>, retailer: RetailerId, slots: Slots, count: usize) -> Vec<PriceLine> {
    let book = view.prices(retailer);
    (0..count)
        .map_while(|slot| book.price_at(slots.start(slot)))
        .map(|base_per_mwh| PriceLine { base_per_mwh, slope_per_mwh_kw: 0.0 })
        .collect()
}

impl Response for Rolling {
    fn answer(&mut self, turn: &mut Turn<'_>, offer: &PriceOffer<'_>, load_kw: &mut [f64]) {
        let view = turn.view;
        let slots = offer.slots;
        let mut homes = homes::homes(view, offer);
        let rises = offer.lines.iter().any(|line| line.slope_per_mwh_kw > 0.0);
        // A load that determines the price is committed when the price is announced. Prices that do not depend on the
        // load do not bind a vehicle: it plans all remaining slots again, with every price known by now.
        let ahead =
            if rises { 0 } else { usize::try_from((slots.first - view.now()) / slots.slot_s).unwrap_or(0) };
        let known = Slots {
            first: slots.first + -(ahead as i64 * slots.slot_s),
            slot_s: slots.slot_s,
            due: ahead + slots.due,
            count: ahead + slots.count,
        };
        let announced = announced_lines(view, offer.retailer, known, ahead);
        let lines = [&announced[..], offer.lines].concat();
        let known_offer = PriceOffer { retailer: offer.retailer, slots: known, lines: &lines };
        let mut vehicles: Vec<Parked> = view
            .parked(offer.retailer)
            // The plan of a driver who leaves before these slots already used every price.
            .filter(|&vehicle| view.departure(vehicle).is_none_or(|leaves| leaves > slots.first))
            .filter_map(|vehicle| {
                let plan = self.plans.get(&vehicle).map(|plan| plan.from(known));
                let spent = plan.as_ref().map_or(0, |plan| plan.active);
                let mut parked = Parked::new(view, vehicle, known, view.soc_at(vehicle, known.first), spent)?;
                let planned = plan.into_iter().flat_map(|plan| plan.schedule);
                parked.schedule.iter_mut().zip(planned).for_each(|(state, planned)| *state = planned);
                Some(parked)
            })
            .collect();
        let mut all_kw = vec![0.0; known.count];
        let mut vehicles_kw = vec![0.0; known.count];
        for _ in 0..MOST_ROUNDS {
            add_up(&vehicles, &mut vehicles_kw);
            homes::settle(&mut homes, offer, &vehicles_kw[ahead..]);
            all_kw[..ahead].copy_from_slice(&vehicles_kw[..ahead]);
            load_kw.copy_from_slice(&vehicles_kw[ahead..]);
            add_homes(&homes, load_kw);
            all_kw[ahead..].copy_from_slice(load_kw);
            let mut changed = false;
            for parked in &mut vehicles {
                (0..known.count).for_each(|slot| all_kw[slot] -= parked.load_kw(slot));
                changed |= parked.plan(&known_offer, &all_kw);
                (0..known.count).for_each(|slot| all_kw[slot] += parked.load_kw(slot));
            }
            if !(changed && rises) {
                break;
            }
        }
        add_up(&vehicles, &mut all_kw);
        load_kw.copy_from_slice(&all_kw[ahead..]);
        add_homes(&homes, load_kw);
        for slot in 0..slots.due {
            let start = slots.start(slot);
            for home in homes.iter().filter(|home| home.slots.contains(&slot)) {
                let power_kw = home.load_kw[slot];
                turn.actions.push(Action::Draw { household: home.group, slot: start, power_kw });
            }
        }
        for slot in 0..known.due {
            let start = known.start(slot);
            for parked in &vehicles {
                let (vehicle, power_kw) = (parked.vehicle, parked.load_kw(slot));
                turn.actions.push(Action::PlanPower { vehicle, slot: start, power_kw });
            }
        }
        for parked in vehicles {
            let Parked { vehicle, active, schedule, .. } = parked;
            self.plans.insert(vehicle, Plan { first: known.first, active, schedule });
        }
    }

    /// Until the next announcement of prices, a vehicle uses the announced or expected prices. It charges in the rest
    /// of the slot in progress if that is cheaper than resting, or if it could not be full in time otherwise; the plan
    /// from the next slot starts with the resulting charge.
    fn on_plug_in(&mut self, turn: &mut Turn<'_>, vehicle: VehicleId) {
        let view = turn.view;
        self.plans.remove(&vehicle);
        let Some(station) = view.vehicle(vehicle).station else { return };
        let Some(session) = view.session(vehicle) else { return };
        let retailer = view.retailer(station);
        let slot_s = view.retailer_rules(retailer).slot_s;
        let (now, book) = (view.now(), view.prices(retailer));
        let first = SimTime((now.0 + slot_s).div_euclid(slot_s) * slot_s);
        let announced = book.broadcasts.last().map_or(first, |last| last.valid_to);
        let most = ((announced - first).max(0) / slot_s + DAY_S / slot_s) as usize;
        let slots = Slots { first, slot_s, due: 0, count: most };
        let lines = announced_lines(view, retailer, slots, most);
        if lines.is_empty() {
            // No prices are announced yet: they will be at this instant.
            turn.actions.push(Action::SetPower { vehicle, power_kw: 0.0 });
            return;
        }
        let slots = Slots { count: lines.len(), ..slots };
        let offer = PriceOffer { retailer, slots, lines: &lines };
        let vehicle_type = view.vehicle_type(vehicle);
        let soc = view.soc(vehicle);
        let charged = vehicle_type.soc_after(soc, session.limit_kw, session.target_soc, (first - now) as f64);
        let plan = |soc, active| {
            let mut parked = Parked::new(view, vehicle, slots, soc, active)?;
            parked.plan(&offer, &vec![0.0; slots.count]);
            Some(parked)
        };
        let (rests, charges) = (plan(soc, 0), plan(charged, 1));
        // Leaves before the next slot: it charges for its whole stay.
        let (Some(rests), Some(charges)) = (rests, charges) else { return };
        let in_force = book.price_at(now).unwrap_or(book.current_per_mwh);
        let charges_now = rests.lacks_time
            || charges.cost(&offer)
                + charges.cost_of_kwh(vehicle_type.kwh(charged - soc), in_force, slots.hours())
                < rests.cost(&offer);
        let parked = if charges_now {
            charges
        } else {
            turn.actions.push(Action::SetPower { vehicle, power_kw: 0.0 });
            rests
        };
        for slot in 0..slots.count {
            let start = slots.start(slot);
            if start >= announced {
                break;
            }
            turn.actions.push(Action::PlanPower { vehicle, slot: start, power_kw: parked.load_kw(slot) });
        }
        self.plans.insert(vehicle, Plan { first, active: parked.active, schedule: parked.schedule });
    }
}
