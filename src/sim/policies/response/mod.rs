//! Response: how households and the drivers of privately owned vehicles answer to prices.
//!
//! - `homes`: a household as a player of the game, day by day;
//! - `parked`: a vehicle at home and its best schedule;
//! - `rolling`: all of them, one after another, until nothing changes.

mod homes;
mod parked;
mod rolling;

use super::pricing::{PriceLine, Slots};
use super::{Action, Response};
use crate::world::View;
use gridfleet_core::ids::RetailerId;
use rand_pcg::Pcg64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a retailer offers its customers before it announces prices.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// The retailer.
    pub retailer: RetailerId,
    /// The slots.
    pub slots: Slots,
    /// A line for each of them.
    pub lines: &'a [PriceLine],
}

/// How households and drivers answer to prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ResponseSpec {
    /// With the loads that are best for them over the coming day, decided anew for each slot.
    Rolling {},
    /// Not at all: households draw what they would at equal prices, vehicles charge as they come home.
    Nominal {},
}

impl Default for ResponseSpec {
    fn default() -> Self {
        Self::Rolling {}
    }
}

impl ResponseSpec {
    /// Name as the scenario writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rolling {} => "rolling",
            Self::Nominal {} => "nominal",
        }
    }

    /// The policy.
    pub fn build(&self) -> Box<dyn Response> {
        match self {
            Self::Rolling {} => Box::new(rolling::Rolling::default()),
            Self::Nominal {} => Box::new(Nominal),
        }
    }
}

/// Who does not look at prices.
pub(crate) struct Nominal;

impl Response for Nominal {
    fn answer(
        &mut self,
        view: View<'_>,
        offer: &Offer<'_>,
        _: &mut Pcg64,
        actions: &mut Vec<Action>,
        load_kw: &mut [f64],
    ) {
        for household in view.households_of(offer.retailer) {
            let homes = view.households(household);
            for (slot, load_kw) in load_kw.iter_mut().enumerate() {
                let start = offer.slots.start(slot);
                let power_kw = homes.nominal_kw[view.clock().hour(start)];
                *load_kw += f64::from(homes.count) * power_kw;
                if slot < offer.slots.due {
                    actions.push(Action::Draw { household, slot: start, power_kw });
                }
            }
        }
        for vehicle in view.parked(offer.retailer) {
            let Some(session) = view.session(vehicle) else { continue };
            let of = view.vehicle_type(vehicle);
            let mut soc = view.soc_at(vehicle, offer.slots.first);
            let leaves = view.departure(vehicle);
            for (slot, load_kw) in load_kw.iter_mut().enumerate() {
                if leaves.is_some_and(|leaves| leaves <= offer.slots.start(slot)) {
                    break;
                }
                let seconds = offer.slots.slot_s as f64;
                let after = of.soc_after(soc, session.limit_kw, session.target_soc, seconds);
                *load_kw += of.kwh(after - soc) / of.charge_efficiency / offer.slots.hours();
                soc = after;
            }
        }
    }
}
