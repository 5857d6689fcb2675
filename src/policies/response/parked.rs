//! A vehicle at home: what is left to charge until its driver leaves, and in which slots it charges, rests and feeds back.
//!
//! The schedule is the library's, in whole slots: a slot of charging brings the battery as much as the plug gives, a slot
//! of feeding back takes no more than that from it. What each costs has the losses in it and the wear of the battery.

use super::Offer;
use crate::games::stackelberg::{Vehicle, cheapest_schedule};
use crate::ids::VehicleId;
use crate::time::SimTime;
use crate::world::View;

/// A vehicle that is plugged in at home.
pub(super) struct Parked {
    pub vehicle: VehicleId,
    /// Power drawn while it charges [kW].
    pub charge_kw: f64,
    /// Power given while it feeds back [kW]; 0 if it cannot.
    pub feed_kw: f64,
    /// Wear of a slot of charging, and of one of feeding back [currency/MWh x kW, as prices times power].
    wear: [f64; 2],
    /// As a player of the game, at home from the first slot.
    player: Vehicle,
    /// Whole slots at home.
    stay: usize,
    /// Not full when its driver leaves within the first slot.
    must_charge: bool,
    /// 1 charges, 0 rests, -1 feeds back, by slot of the horizon.
    pub schedule: Vec<i8>,
}

/// Most hours of charging and feeding back of one plan, if no more are needed to be full; assumed, as in the library's case
/// of the paper.
const ACTIVE_HOURS: f64 = 8.0;

impl Parked {
    /// A vehicle from the slot on that starts at `first`, in which it still is at home; `None` if it has left by then.
    pub fn new(
        view: View<'_>,
        vehicle: VehicleId,
        first: SimTime,
        slot_s: i64,
        count: usize,
    ) -> Option<Self> {
        let session = view.session(vehicle)?;
        let of = view.vehicle_type(vehicle);
        let leaves = view.departure(vehicle).unwrap_or(first + slot_s * count as i64);
        if leaves <= first {
            return None;
        }
        let hours = slot_s as f64 / 3_600.0;
        let stay = (((leaves - first) / slot_s) as usize).min(count);
        let soc = view.soc_at(vehicle, first);
        let charge_kw = session.limit_kw;
        // Rounding must not make a slot more of it.
        let slots = of.seconds_to(soc, charge_kw, session.target_soc) / slot_s as f64;
        let needed = ((slots - 1e-6).ceil().max(0.0) as usize).min(stay) as u32;
        let stored_kw = charge_kw * of.charge_efficiency;
        let feed_kw = of.feed_kw.min(charge_kw).min(stored_kw * of.discharge_efficiency);
        let active = if feed_kw > 0.0 { (ACTIVE_HOURS / hours) as u32 } else { 0 };
        let player = Vehicle {
            rated_kw: stored_kw,
            battery_kwh: of.kwh(session.target_soc) / hours,
            soc_min: (session.floor_soc / session.target_soc).min(1.0),
            arrival: 0,
            departure: stay,
            hours_needed: needed,
            max_active_hours: active.max(needed),
            // The charge at the departure is given, so that its worth moves nothing.
            omega: 1.0,
            theta: 0.0,
        };
        let wear = of.wear_eur_per_kwh * 1_000.0;
        Some(Self {
            vehicle,
            charge_kw,
            feed_kw,
            wear: [wear * stored_kw, wear * feed_kw / of.discharge_efficiency],
            player,
            stay,
            must_charge: stay == 0 && slots > 0.0,
            schedule: vec![0; count],
        })
    }

    /// What it draws in a slot, less what it feeds back [kW].
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

    /// Takes the schedule that is best where all others draw `others_kw`, if it is better than its own by more than
    /// rounding; whether it did. It knows that its own load renews the price.
    pub fn plan(&mut self, offer: &Offer<'_>, others_kw: &[f64]) -> bool {
        if self.must_charge {
            let changed = self.schedule[0] != 1;
            self.schedule[0] = 1;
            return changed;
        }
        if self.stay == 0 || self.feed_kw == 0.0 && self.player.hours_needed == 0 {
            return false;
        }
        let (mut charge, mut feed) = (Vec::new(), Vec::new());
        for (line, others_kw) in offer.lines.iter().zip(others_kw) {
            let paid = |power_kw: f64| line.at(others_kw + power_kw / 2.0) * power_kw;
            charge.push(paid(self.charge_kw) + self.wear[0]);
            feed.push(if self.feed_kw > 0.0 { paid(-self.feed_kw) + self.wear[1] } else { f64::INFINITY });
        }
        let schedule = cheapest_schedule(&self.player, &charge, &feed);
        let cost = |schedule: &[i8]| -> f64 {
            let slot = |(t, state): (usize, &i8)| match state {
                1 => charge[t],
                -1 => feed[t],
                _ => 0.0,
            };
            schedule.iter().enumerate().map(slot).sum()
        };
        let (old, new) = (cost(&self.schedule), cost(&schedule));
        let better = schedule != self.schedule
            && (!self.keeps(&self.schedule) || new < old - 1e-9 * (1.0 + old.abs()));
        if better {
            self.schedule = schedule;
        }
        better
    }

    /// Whether a schedule brings what is needed, within the stay.
    fn keeps(&self, schedule: &[i8]) -> bool {
        crate::games::stackelberg::follows(&self.player, schedule)
    }
}
