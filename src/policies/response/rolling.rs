//! Households and drivers who answer with what is best for them over the coming day, and decide anew for each slot.
//!
//! They answer one after another, the price being renewed after each, until nothing changes: the equilibrium of the
//! followers at the leader's lines. An answer takes into account that it renews the price, so the game's potential falls
//! with each and there is an end (`games::stackelberg`, `Answers::Renewed`). At a price that no load moves, one answer
//! each is all. Plans of the slot before are where it begins, so that nobody changes a plan without a gain.

use super::homes::{self, Home};
use super::parked::Parked;
use super::{Offer, Response};
use crate::ids::VehicleId;
use crate::policies::{Action, PriceLine, Slots};
use crate::time::SimTime;
use crate::world::View;
use rand_pcg::Pcg64;
use std::collections::BTreeMap;

/// Rounds of answers after which the plans are taken as they are; a few are usual.
const MOST_ROUNDS: usize = 50;

/// The last plan of each vehicle: start of its first slot, and its schedule from there.
#[derive(Debug, Default)]
pub(super) struct Rolling {
    plans: BTreeMap<VehicleId, (SimTime, Vec<i8>)>,
}

impl Rolling {
    /// The vehicle with its last plan, as far as that goes.
    fn resume(&self, mut parked: Parked, slots: Slots) -> Parked {
        if let Some((first, plan)) = self.plans.get(&parked.vehicle) {
            let passed = ((slots.first - *first) / slots.slot_s).max(0) as usize;
            for (state, planned) in parked.schedule.iter_mut().zip(plan.iter().skip(passed)) {
                *state = *planned;
            }
        }
        parked
    }
}

/// What all draw in each slot [kW].
fn add_up(homes: &[Home], vehicles: &[Parked], load_kw: &mut [f64]) {
    for (slot, load_kw) in load_kw.iter_mut().enumerate() {
        let at_home: f64 = homes.iter().map(|home| f64::from(home.player.count) * home.load_kw[slot]).sum();
        *load_kw = at_home + vehicles.iter().map(|parked| parked.load_kw(slot)).sum::<f64>();
    }
}

impl Response for Rolling {
    fn answer(
        &mut self,
        view: View<'_>,
        offer: &Offer<'_>,
        _: &mut Pcg64,
        actions: &mut Vec<Action>,
        load_kw: &mut [f64],
    ) {
        let slots = offer.slots;
        let mut homes = homes::homes(view, offer);
        let mut vehicles: Vec<Parked> = view
            .parked(offer.retailer)
            .filter_map(|vehicle| Parked::new(view, vehicle, slots.first, slots.slot_s, slots.count))
            .map(|parked| self.resume(parked, slots))
            .collect();
        let mut vehicles_kw = vec![0.0; slots.count];
        let rises = offer.lines.iter().any(|line| line.slope_eur_mwh_kw > 0.0);
        for _ in 0..MOST_ROUNDS {
            add_up(&[], &vehicles, &mut vehicles_kw);
            homes::settle(&mut homes, offer, &vehicles_kw);
            add_up(&homes, &vehicles, load_kw);
            let mut changed = false;
            for parked in &mut vehicles {
                (0..slots.count).for_each(|slot| load_kw[slot] -= parked.load_kw(slot));
                changed |= parked.plan(offer, load_kw);
                (0..slots.count).for_each(|slot| load_kw[slot] += parked.load_kw(slot));
            }
            if !(changed && rises) {
                break;
            }
        }
        add_up(&homes, &vehicles, load_kw);
        for slot in 0..slots.due {
            let start = slots.start(slot);
            for home in homes.iter().filter(|home| home.slots.contains(&slot)) {
                let power_kw = home.load_kw[slot];
                actions.push(Action::Draw { household: home.group, slot: start, power_kw });
            }
            for parked in &vehicles {
                let (vehicle, power_kw) = (parked.vehicle, parked.load_kw(slot));
                actions.push(Action::PlanPower { vehicle, slot: start, power_kw });
            }
        }
        for parked in vehicles {
            self.plans.insert(parked.vehicle, (slots.first, parked.schedule));
        }
    }

    /// Until prices are announced next, it goes by those that are known; it rests in the slot that has begun, unless it
    /// could not be full in time.
    fn on_plug_in(&mut self, view: View<'_>, vehicle: VehicleId, actions: &mut Vec<Action>) {
        self.plans.remove(&vehicle);
        let Some(station) = view.vehicle(vehicle).station else { return };
        let retailer = view.retailer(station);
        let slot_s = view.retailer_rules(retailer).slot_s;
        let (now, book) = (view.now(), view.prices(retailer));
        let first = SimTime((now.0 + slot_s).div_euclid(slot_s) * slot_s);
        let announced = book.broadcasts.last().map_or(first, |last| last.valid_to);
        let prices = book.outlook.as_ref().map_or(&[][..], |(start, prices)| {
            let passed = ((first - *start) / slot_s).max(0) as usize;
            prices.get(passed..).unwrap_or(&[])
        });
        if prices.is_empty() {
            // Nothing is announced yet: it will be, in this instant.
            actions.push(Action::SetPower { vehicle, power_kw: 0.0 });
            return;
        }
        let lines: Vec<PriceLine> =
            prices.iter().map(|&price| PriceLine { base_eur_mwh: price, slope_eur_mwh_kw: 0.0 }).collect();
        let slots = Slots { first, slot_s, due: 0, count: lines.len() };
        let offer = Offer { retailer, slots, lines: &lines };
        let of = view.vehicle_type(vehicle);
        let urgent = view.session(vehicle).zip(view.departure(vehicle)).is_some_and(|(session, leaves)| {
            let needed_s = of.seconds_to(view.soc(vehicle), session.limit_kw, session.target_soc);
            let whole_s = (leaves - first).max(0).div_euclid(slot_s) * slot_s;
            needed_s > whole_s as f64
        });
        if !urgent {
            actions.push(Action::SetPower { vehicle, power_kw: 0.0 });
        }
        // The battery as it is now: what it rests or charges until the first slot is little.
        let Some(mut parked) = Parked::new(view, vehicle, first, slot_s, slots.count) else { return };
        parked.plan(&offer, &vec![0.0; slots.count]);
        for slot in 0..slots.count {
            let start = slots.start(slot);
            if start >= announced {
                break;
            }
            let power_kw = parked.load_kw(slot);
            actions.push(Action::PlanPower { vehicle, slot: start, power_kw });
        }
        self.plans.insert(vehicle, (first, parked.schedule));
    }
}
