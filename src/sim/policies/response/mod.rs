//! Response: response of households and drivers of privately owned vehicles to prices.
//!
//! - `homes`: a household as a player of the game, day by day;
//! - `parked`: a vehicle at home and its best schedule;
//! - `rolling`: all of them, one after another, until nothing changes.

mod homes;
mod parked;
mod rolling;

use super::pricing::{PriceLine, Slots};
use super::{Action, Response, Turn};
use gridfleet_core::ids::RetailerId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Offer of a retailer to its customers before it announces prices.
#[derive(Debug, Clone, Copy)]
pub struct PriceOffer<'a> {
    /// The retailer.
    pub retailer: RetailerId,
    /// The slots.
    pub slots: Slots,
    /// A price line for each slot.
    pub lines: &'a [PriceLine],
}

/// Response of households and drivers to prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ResponseSpec {
    /// With their optimal loads over the coming day, determined again for each slot.
    Rolling {},
    /// No response: households have the load they would have at equal prices, vehicles charge on arrival at home.
    Nominal {},
}

impl Default for ResponseSpec {
    fn default() -> Self {
        Self::Rolling {}
    }
}

impl ResponseSpec {
    /// Name in the scenario file.
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

/// Ignores prices.
pub(crate) struct Nominal;

impl Response for Nominal {
    fn answer(&mut self, turn: &mut Turn<'_>, offer: &PriceOffer<'_>, load_kw: &mut [f64]) {
        let view = turn.view;
        for household in view.households_of(offer.retailer) {
            let homes = view.households(household);
            for (slot, load_kw) in load_kw.iter_mut().enumerate() {
                let start = offer.slots.start(slot);
                let power_kw = homes.nominal_kw[view.clock().hour(start)];
                *load_kw += f64::from(homes.count) * power_kw;
                if slot < offer.slots.due {
                    turn.actions.push(Action::Draw { household, slot: start, power_kw });
                }
            }
        }
        for vehicle in view.parked(offer.retailer) {
            let Some(session) = view.session(vehicle) else { continue };
            let vehicle_type = view.vehicle_type(vehicle);
            let mut soc = view.soc_at(vehicle, offer.slots.first);
            let leaves = view.departure(vehicle);
            for (slot, load_kw) in load_kw.iter_mut().enumerate() {
                if leaves.is_some_and(|leaves| leaves <= offer.slots.start(slot)) {
                    break;
                }
                let seconds = offer.slots.slot_s as f64;
                let after = vehicle_type.soc_after(soc, session.limit_kw, session.target_soc, seconds);
                *load_kw +=
                    vehicle_type.kwh(after - soc) / vehicle_type.charge_efficiency / offer.slots.hours();
                soc = after;
            }
        }
    }
}
