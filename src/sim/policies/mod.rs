//! Policies: what decides. A policy proposes, the engine disposes.
//!
//! Each role a strategy can play is a trait: [`Dispatch`] says which vehicle
//! serves which request, [`Charging`] when and where vehicles charge, [`Relocation`] where idle
//! vehicles go, [`Bidding`] what is bought ahead in markets, [`StationControl`] how much stations draw, [`Pricing`] what a
//! retailer asks, [`Response`] how households and drivers answer to it. A policy is asked at defined moments, sees the
//! world through a [`View`], may draw from
//! a random stream of its own, and answers with [`Action`]s. The engine applies each
//! or refuses it with a [`Refusal`], which is counted and reported. No policy
//! touches the queue of events or the state.

pub mod aggregator;
pub mod assignment;
mod batched;
pub mod bidding;
mod charging;
mod nearest_idle;
pub mod pricing;
mod relocation;
pub mod response;
pub mod spec;
pub mod stations;

pub use aggregator::AggregatorSpec;
pub use bidding::{BiddingSpec, ObservationKind, Trained};
pub use pricing::{PriceLine, PricingSpec, Slots};
pub use response::{Offer, ResponseSpec};
pub use spec::{ChargingSpec, DispatchSpec, PolicySpecs, RelocationSpec};
pub use stations::{StationControl, StationsSpec};

use crate::world::View;
use gridfleet_core::ids::{
    BidderId, HouseholdId, MarketId, PlaceId, RequestId, RetailerId, StationId, VehicleId,
};
use gridfleet_core::markets::Side;
use gridfleet_core::time::SimTime;
use rand_pcg::Pcg64;
use std::ops::Range;

/// What a policy wants done.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Send `vehicle` to `request`.
    Assign {
        /// The request; it must still wait.
        request: RequestId,
        /// A vehicle that riders can have.
        vehicle: VehicleId,
    },
    /// Send `vehicle` to charge.
    Charge {
        /// A vehicle that is idle.
        vehicle: VehicleId,
        /// A station that it may use and that fits it.
        station: StationId,
        /// Charge up to this (0..1).
        target_soc: f64,
        /// Riders may call it away while it charges.
        yields: bool,
    },
    /// Send `vehicle` elsewhere without a rider.
    Relocate {
        /// A vehicle that is idle.
        vehicle: VehicleId,
        /// Where to.
        to: PlaceId,
    },
    /// Break a session off.
    Unplug {
        /// A vehicle that is plugged in.
        vehicle: VehicleId,
    },
    /// Let a session take at most so much power from now on; 0 holds it, plugged in; below 0 it feeds so much back,
    /// down to the lowest charge that its battery may use.
    SetPower {
        /// A vehicle that is plugged in.
        vehicle: VehicleId,
        /// Most power at the plug, infinite for no limit, below 0 to feed back [kW].
        power_kw: f64,
    },
    /// Set the power of a session at the start of a coming slot, as [`Action::SetPower`] would then.
    PlanPower {
        /// A privately owned vehicle that is plugged in. What it has announced is forgotten when it leaves.
        vehicle: VehicleId,
        /// Start of the slot.
        slot: SimTime,
        /// As for `SetPower` [kW].
        power_kw: f64,
    },
    /// Let each household of a group draw so much from the start of a coming slot on.
    Draw {
        /// The group.
        household: HouseholdId,
        /// Start of the slot; after those that it has announced before.
        slot: SimTime,
        /// Within its bounds [kW].
        power_kw: f64,
    },
    /// Let a station draw at most so much power from now on, below its site limit; the emptiest vehicle comes first.
    LimitStation {
        /// The station.
        station: StationId,
        /// Most power of all its connectors together, infinite for no limit [kW].
        power_kw: f64,
    },
    /// Put a bid into the book of a market.
    Bid {
        /// Who bids.
        bidder: BidderId,
        /// The market.
        market: MarketId,
        /// Which of its products.
        product: usize,
        /// To buy or to sell.
        side: Side,
        /// How much at most; rounded down to the market's lots [kW].
        quantity_kw: f64,
        /// At which price at most, or at least [currency/MWh].
        limit_eur_mwh: f64,
    },
}

/// Why the engine did not do what a policy wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no such request, vehicle, station, place, household, bidder or market.
    NoSuchEntity,
    /// The request is not waiting (any more).
    RequestNotWaiting,
    /// The vehicle is not one that riders can have.
    VehicleNotAvailable,
    /// The vehicle would come after the rider has given up.
    TooLate,
    /// Its charge does not last.
    LowCharge,
    /// The fleet was not asked.
    OtherFleet,
    /// The vehicle is not idle.
    VehicleNotIdle,
    /// The station does not serve the fleet or does not fit the vehicle.
    NoAccess,
    /// The vehicle gave up waiting at the station a short while ago.
    GaveUpThere,
    /// The vehicle is charged that far already, or the target is beyond its usable window.
    NothingToCharge,
    /// The vehicle is not plugged in.
    NotPlugged,
    /// The slot has begun, or a load has been announced for it.
    SlotAnnounced,
    /// The power asked for is not a number, out of bounds, or below zero where nothing can be fed back.
    NoSuchPower,
    /// The vehicle is needed for what its fleet has bought in a market.
    Committed,
    /// The market has no such product, or the bidder does not exist.
    NoSuchProduct,
    /// Bids for the product are not taken yet.
    GateNotOpen,
    /// Bids for the product are not taken any more.
    GateClosed,
    /// The quantity is less than the market takes.
    QuantityTooSmall,
}

impl Refusal {
    /// Every reason, in the order of the enum.
    pub const ALL: [Self; 18] = [
        Self::NoSuchEntity,
        Self::RequestNotWaiting,
        Self::VehicleNotAvailable,
        Self::TooLate,
        Self::LowCharge,
        Self::OtherFleet,
        Self::VehicleNotIdle,
        Self::NoAccess,
        Self::GaveUpThere,
        Self::NothingToCharge,
        Self::NotPlugged,
        Self::SlotAnnounced,
        Self::NoSuchPower,
        Self::Committed,
        Self::NoSuchProduct,
        Self::GateNotOpen,
        Self::GateClosed,
        Self::QuantityTooSmall,
    ];

    /// Name in summaries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoSuchEntity => "no_such_entity",
            Self::RequestNotWaiting => "request_not_waiting",
            Self::VehicleNotAvailable => "vehicle_not_available",
            Self::TooLate => "too_late",
            Self::LowCharge => "low_charge",
            Self::OtherFleet => "other_fleet",
            Self::VehicleNotIdle => "vehicle_not_idle",
            Self::NoAccess => "no_access",
            Self::GaveUpThere => "gave_up_there",
            Self::NothingToCharge => "nothing_to_charge",
            Self::NotPlugged => "not_plugged",
            Self::SlotAnnounced => "slot_announced",
            Self::NoSuchPower => "no_such_power",
            Self::Committed => "committed",
            Self::NoSuchProduct => "no_such_product",
            Self::GateNotOpen => "gate_not_open",
            Self::GateClosed => "gate_closed",
            Self::QuantityTooSmall => "quantity_too_small",
        }
    }
}

/// When a dispatch policy is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// At the end of each instant in which a request was made or a vehicle became available.
    OnChange,
    /// Every so many seconds, counted from the start, while requests wait.
    Every(i64),
}

/// What has changed since the policy was last asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct News<'a> {
    /// Requests made.
    pub requests: &'a [RequestId],
    /// Vehicles that became available to riders.
    pub vehicles: &'a [VehicleId],
}

/// Which vehicle serves which request. First come, first served among equals: of the waiting requests of one place and one
/// fleet that a vehicle can serve, the oldest gets it.
pub trait Dispatch: Send {
    /// When to ask.
    fn cadence(&self) -> Cadence;
    /// Proposes assignments.
    fn decide(&mut self, view: View<'_>, news: News<'_>, random: &mut Pcg64, actions: &mut Vec<Action>);
}

/// When, where and how far vehicles charge.
pub trait Charging: Send {
    /// `idle` vehicles have become idle in this instant and no rider has taken them.
    fn on_idle(&mut self, view: View<'_>, idle: &[VehicleId], random: &mut Pcg64, actions: &mut Vec<Action>);
    /// Every control interval. Does nothing unless overridden.
    fn on_interval(&mut self, _view: View<'_>, _random: &mut Pcg64, _actions: &mut Vec<Action>) {}
}

/// Where idle vehicles go.
pub trait Relocation: Send {
    /// Time between two rounds [s], counted from the start.
    fn interval_s(&self) -> i64;
    /// Proposes relocations; `requests` are those made since the last round.
    fn decide(
        &mut self,
        view: View<'_>,
        requests: &[RequestId],
        random: &mut Pcg64,
        actions: &mut Vec<Action>,
    );
}

/// A gate that is about to close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenGate {
    /// The market.
    pub market: MarketId,
    /// The products that it is the last chance for.
    pub products: Range<usize>,
    /// Now.
    pub closes: SimTime,
}

/// What a fleet or a retailer buys and sells in markets. One object per bidder.
pub trait Bidding: Send {
    /// A gate closes: the last moment to answer with [`Action::Bid`] for its products. Bids may also be placed
    /// earlier, at any other question.
    fn bid(
        &mut self,
        view: View<'_>,
        bidder: BidderId,
        gate: &OpenGate,
        random: &mut Pcg64,
        actions: &mut Vec<Action>,
    );
    /// Every control interval, after gates and clearings of the instant. Does nothing unless overridden.
    fn on_interval(
        &mut self,
        _view: View<'_>,
        _bidder: BidderId,
        _random: &mut Pcg64,
        _actions: &mut Vec<Action>,
    ) {
    }
    /// Whether a vehicle that is plugged in may leave with a rider. If not, the rider is turned away
    /// (`lost_committed`). Always, unless overridden.
    fn releases(&mut self, _view: View<'_>, _bidder: BidderId, _vehicle: VehicleId) -> bool {
        true
    }
}

/// What a retailer asks for energy, where its tariff does not say it.
pub trait Pricing: Send {
    /// Prices of the slots that are due are about to be announced. Fills `lines`, empty before, with a line for each slot
    /// of `slots`: the price that each load of its customers would have. Those that answer to prices settle on loads, and
    /// the prices of these are announced for the slots that are due; the others are an outlook and do not bind.
    fn offer(
        &mut self,
        view: View<'_>,
        retailer: RetailerId,
        slots: Slots,
        random: &mut Pcg64,
        lines: &mut Vec<PriceLine>,
    );
}

/// How households and the drivers of privately owned vehicles answer to prices. One object for all of them.
pub trait Response: Send {
    /// Prices are about to be announced. Says by [`Action::Draw`] and [`Action::PlanPower`] what the customers of the
    /// retailer will do in the slots that are due, and fills `load_kw` with what they then draw in each slot of the offer,
    /// as far as they know now.
    fn answer(
        &mut self,
        view: View<'_>,
        offer: &Offer<'_>,
        random: &mut Pcg64,
        actions: &mut Vec<Action>,
        load_kw: &mut [f64],
    );
    /// A privately owned vehicle has come home and is plugged in; unless something is done, it charges at once. Does
    /// nothing unless overridden.
    fn on_plug_in(&mut self, _view: View<'_>, _vehicle: VehicleId, _actions: &mut Vec<Action>) {}
}

/// The policies of retail.
#[derive(Default)]
pub struct RetailPolicies {
    /// What retailers with a cost of generation ask; `None` where tariffs say it.
    pub pricing: Option<Box<dyn Pricing>>,
    /// How households and drivers answer; `None`: as [`ResponseSpec::Nominal`].
    pub response: Option<Box<dyn Response>>,
    /// What the aggregator of a competition asks; `None` where its tariff says it.
    pub aggregator: Option<Box<dyn Pricing>>,
}

/// The policies of one replication, a role each.
pub struct Policies {
    /// Which vehicle serves which request.
    pub dispatch: Box<dyn Dispatch>,
    /// When, where and how far vehicles charge.
    pub charging: Box<dyn Charging>,
    /// Where idle vehicles go.
    pub relocation: Option<Box<dyn Relocation>>,
    /// What is bought ahead, by bidder; empty where nobody trades.
    pub bidding: Vec<Box<dyn Bidding>>,
    /// How much stations draw.
    pub stations: Option<Box<dyn StationControl>>,
    /// What retailers ask, and how households and drivers answer.
    pub retail: RetailPolicies,
}

impl PolicySpecs {
    /// What retailers ask and how customers answer, as the scenario names it; an aggregator asks what its tariff says.
    pub fn retail(&self) -> RetailPolicies {
        let (pricing, response) = (self.pricing.build(), Some(self.response.build()));
        RetailPolicies { pricing, response, aggregator: None }
    }
}

impl RelocationSpec {
    /// The policy that the scenario names, if it names one.
    pub fn build(&self) -> Option<Box<dyn Relocation>> {
        match *self {
            Self::None {} => None,
            Self::FollowDemand { interval_s, idle_s, cell_km } => {
                Some(Box::new(relocation::FollowDemand::new(interval_s, idle_s, cell_km)))
            }
            Self::ToDepot { interval_s, idle_s } => {
                Some(Box::new(relocation::ToDepot::new(interval_s, idle_s)))
            }
        }
    }
}

impl DispatchSpec {
    /// The policy that the scenario names.
    pub fn build(&self) -> Box<dyn Dispatch> {
        match *self {
            Self::NearestIdle {} => Box::new(nearest_idle::NearestIdle::default()),
            Self::Batched { interval_s } => Box::new(batched::Batched::new(interval_s)),
        }
    }
}

impl ChargingSpec {
    /// The policy that the scenario names.
    pub fn build(&self) -> Box<dyn Charging> {
        use charging::{Choice, Threshold, WhileIdle};
        match *self {
            Self::ThresholdNearest { start_soc, target_soc } => {
                Box::new(Threshold::new(start_soc, target_soc, Choice::Nearest, None))
            }
            Self::ThresholdFastest { start_soc, target_soc, candidates } => {
                Box::new(Threshold::new(start_soc, target_soc, Choice::Fastest { candidates }, None))
            }
            Self::Opportunistic { start_soc, target_soc, idle_soc, idle_s, candidates } => {
                let idle = WhileIdle { below_soc: idle_soc, idle_s, cheap_share: None };
                Box::new(Threshold::new(start_soc, target_soc, Choice::Fastest { candidates }, Some(idle)))
            }
            Self::PriceAware {
                start_soc,
                target_soc,
                idle_soc,
                idle_s,
                cheap_share,
                candidates,
                time_value_eur_h,
            } => {
                let idle = WhileIdle { below_soc: idle_soc, idle_s, cheap_share: Some(cheap_share) };
                let choice = Choice::Cheapest { candidates, time_value_eur_h };
                Box::new(Threshold::new(start_soc, target_soc, choice, Some(idle)))
            }
        }
    }
}
