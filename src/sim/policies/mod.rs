//! Policies: the decision makers. A policy proposes; the engine applies or refuses.
//!
//! A policy is called at defined times with a [`Turn`]: it sees the world through a [`View`], may draw from a separate
//! random stream, and answers with [`Action`]s. The engine applies each action or refuses it with a [`Refusal`], which
//! is counted and reported. No policy touches the event queue or the state. Each role of a strategy is a trait:
//!
//! - [`Dispatch`] assigns vehicles to requests. Called at each change, or every `n` seconds while requests wait;
//!   answers with `Assign`.
//! - [`Charging`] decides when and where vehicles charge. Called when vehicles become idle, and at each control
//!   interval; answers with `Charge`, `Unplug`, `SetPower`, `LimitStation`.
//! - [`Relocation`] decides where idle vehicles go. Called every `n` seconds; answers with `Relocate`.
//! - [`Bidding`] buys energy ahead in markets. Called as gates close, at each control interval, and when a rider
//!   requests a plugged-in vehicle, to decide whether it may leave; answers with `Bid`.
//! - [`StationControl`] sets the power of stations. Called at each control interval; answers with `LimitStation`.
//! - [`Pricing`] sets the prices of a retailer with a cost of generation. Called before prices are announced; answers
//!   with a line per slot: price over load.
//! - [`Response`] responds to these lines for households and drivers. Called before the prices are announced, and when
//!   a privately owned vehicle comes home; answers with `Draw`, `PlanPower`, `SetPower`, and the total load.
//!
//! The view shows the world as it is known now: no future request, and no price that is not announced or cleared. The
//! next departure of a privately owned vehicle is there for its driver's response and for the plan of its station. A
//! policy may keep memory of its observations. A strategy of several roles is several small objects that share an `Arc`
//! of their common data, for example a plan. [`Policies`] is one object per role, [`PolicySpecs`] the scenario's
//! specification of them.
//!
//! # Five strategies in terms of these traits
//!
//! The test module `families` of the root package has a skeleton of most, compiled and run in a synthetic city: the
//! values it reads from its view and the actions it returns.
//!
//! 1. **Cooperative** (coalitions of fleets). [`Dispatch`] and [`Charging`] decide for the coalition as one: views
//!    range over its vehicles, the setup contains its members, stations of one are open to all, and the engine refuses
//!    actions that the structure does not allow ([`Refusal::OtherFleet`]). A fleet that serves another's rider may owe
//!    it a part of the fare (`referral`). Studies of games are in `studies::coalition_game` of the root package.
//! 2. **Nash and C-Nash** (stations plan their load). [`StationControl`], one planner for all variants, which differ in
//!    the groups that decide together ([`stations`]). The equilibrium is `games::c_nash`.
//! 3. **Stackelberg** (retailer against households and parked vehicles). [`Pricing`] for the leader ([`pricing`]),
//!    [`Response`] for the followers ([`response`]). Fleets follow as customers, by `price-aware` charging. The
//!    equilibrium is `games::stackelberg`.
//! 4. **Bi-level** (aggregator in day-ahead and balancing markets). [`Bidding`] for a retailer: cleared prices, its
//!    positions, its load. [`Pricing`] for its selling prices: lines without slope, from the plan made at the gate
//!    ([`aggregator`]). Owners who switch are in `engine::competition`.
//! 5. **Reinforcement learning** (fleet as a virtual power plant). [`Bidding`]: [`bidding::learned`] bids according to
//!    an agent, whose action is a pair of risks; the root package's `training` plays the weeks and computes rewards
//!    from ledger and market. Agents are in `games::learning`.

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
mod stream;

pub use aggregator::AggregatorSpec;
pub use bidding::{BiddingSpec, ObservationKind, Trained};
pub use pricing::{PriceLine, PricingSpec, Slots};
pub use response::{PriceOffer, ResponseSpec};
pub use spec::{ChargingSpec, DispatchSpec, PolicySpecs, RelocationSpec};
pub use stations::{PlannedLoad, StationCoalitionSpec, StationControl, StationsSpec};
pub use stream::{PolicyStream, TrainingStream};

use crate::world::View;
use gridfleet_core::ids::{
    BidderId, HouseholdId, MarketId, PlaceId, RequestId, RetailerId, StationId, VehicleId,
};
use gridfleet_core::markets::Side;
use gridfleet_core::time::SimTime;
use rand_pcg::Pcg64;
use std::ops::Range;

/// Action proposed by a policy.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Send `vehicle` to `request`.
    Assign {
        /// The request; it must still be waiting.
        request: RequestId,
        /// A vehicle available to riders.
        vehicle: VehicleId,
    },
    /// Send `vehicle` to charge.
    Charge {
        /// An idle vehicle.
        vehicle: VehicleId,
        /// A station that it may use and that fits it.
        station: StationId,
        /// Target state of charge (0..1).
        target_soc: f64,
        /// Whether a rider's request may interrupt its charging.
        yields: bool,
    },
    /// Send `vehicle` elsewhere without a rider.
    Relocate {
        /// An idle vehicle.
        vehicle: VehicleId,
        /// Destination.
        to: PlaceId,
    },
    /// End a session early.
    Unplug {
        /// A plugged-in vehicle.
        vehicle: VehicleId,
    },
    /// Limit the power of a session from now on; 0 pauses it while plugged in; a negative value feeds this power back,
    /// down to the minimum state of charge of the vehicle's battery.
    SetPower {
        /// A plugged-in vehicle.
        vehicle: VehicleId,
        /// Maximum power at the plug, infinite for no limit, negative to feed back [kW].
        power_kw: f64,
    },
    /// Set the power of a session at the start of an upcoming slot, as [`Action::SetPower`] would at that time.
    PlanPower {
        /// A privately owned, plugged-in vehicle. Its announcements are discarded when it leaves.
        vehicle: VehicleId,
        /// Start of the slot.
        slot: SimTime,
        /// As for `SetPower` [kW].
        power_kw: f64,
    },
    /// Set the load of each household of a group from the start of an upcoming slot.
    Draw {
        /// The group.
        household: HouseholdId,
        /// Start of the slot; must be after previously announced slots.
        slot: SimTime,
        /// Within its bounds [kW].
        power_kw: f64,
    },
    /// Limit the power of a station from now on, below its site limit; the vehicle that announced the earliest departure
    /// comes first, then the emptiest.
    LimitStation {
        /// The station.
        station: StationId,
        /// Maximum power of all its connectors together, infinite for no limit [kW].
        power_kw: f64,
    },
    /// Submit a bid to the order book of a market.
    Bid {
        /// The bidder.
        bidder: BidderId,
        /// The market.
        market: MarketId,
        /// Index of the product.
        product: usize,
        /// Buy or sell.
        side: Side,
        /// Maximum quantity, rounded down to the market's lots [kW].
        quantity_kw: f64,
        /// Limit price: a maximum for buying, a minimum for selling [currency/MWh].
        limit_per_mwh: f64,
    },
}

gridfleet_core::names! {
    /// Reason why the engine refused an action.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    #[non_exhaustive]
    pub enum Refusal {
        /// There is no such request, vehicle, station, place, household, bidder or market.
        NoSuchEntity = "no_such_entity",
        /// The request is not waiting, or no longer waiting.
        RequestNotWaiting = "request_not_waiting",
        /// The vehicle is not available to riders.
        VehicleNotAvailable = "vehicle_not_available",
        /// The vehicle would arrive after the rider has given up.
        TooLate = "too_late",
        /// Its charge does not suffice.
        LowCharge = "low_charge",
        /// The rider did not ask this fleet.
        OtherFleet = "other_fleet",
        /// The vehicle is not idle.
        VehicleNotIdle = "vehicle_not_idle",
        /// The station does not serve the fleet or does not fit the vehicle.
        NoAccess = "no_access",
        /// The vehicle gave up waiting at the station recently.
        GaveUpThere = "gave_up_there",
        /// The vehicle already has this charge, or the target is outside its usable range.
        NothingToCharge = "nothing_to_charge",
        /// The vehicle is not plugged in.
        NotPlugged = "not_plugged",
        /// The slot has begun, or a load has been announced for it.
        SlotAnnounced = "slot_announced",
        /// The requested power is not a number, out of bounds, or negative where feeding back is not possible.
        NoSuchPower = "no_such_power",
        /// The vehicle is needed for the energy that its fleet has bought in a market.
        Committed = "committed",
        /// The market has no such product, or the bidder does not exist.
        NoSuchProduct = "no_such_product",
        /// Bids for the product are not accepted yet.
        GateNotOpen = "gate_not_open",
        /// Bids for the product are no longer accepted.
        GateClosed = "gate_closed",
        /// The quantity is below the market's minimum.
        QuantityTooSmall = "quantity_too_small",
    }
}

/// One call of a policy: all that it sees, may draw from and answers with.
pub struct Turn<'a> {
    /// The world as it is known now.
    pub view: View<'a>,
    /// Random stream of this policy alone.
    pub random: &'a mut Pcg64,
    /// Proposed actions. A policy adds to them; the engine applies or refuses each, in their order.
    pub actions: &'a mut Vec<Action>,
}

/// Times at which a dispatch policy is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// At the end of each instant at which a request was made or a vehicle became available.
    OnChange,
    /// Every given number of seconds, counted from the start, while requests wait.
    Every(i64),
}

/// Changes since the policy was last called.
#[derive(Debug, Clone, Copy, Default)]
pub struct News<'a> {
    /// Requests made.
    pub requests: &'a [RequestId],
    /// Vehicles that became available to riders.
    pub vehicles: &'a [VehicleId],
}

/// Assignment of vehicles to requests. First come, first served among equals: of the waiting requests of one place and
/// one fleet that a vehicle can serve, the oldest gets it.
pub trait Dispatch: Send {
    /// Times at which to call the policy.
    fn cadence(&self) -> Cadence;
    /// Proposes assignments.
    fn decide(&mut self, turn: &mut Turn<'_>, news: News<'_>);
}

/// Time, station and target of charging.
pub trait Charging: Send {
    /// Called for `idle` vehicles that became idle at this instant and were not assigned to riders.
    fn on_idle(&mut self, turn: &mut Turn<'_>, idle: &[VehicleId]);
    /// Called every control interval. Does nothing unless overridden.
    fn on_interval(&mut self, _turn: &mut Turn<'_>) {}
}

/// Destinations of idle vehicles.
pub trait Relocation: Send {
    /// Time between two rounds [s], counted from the start.
    fn interval_s(&self) -> i64;
    /// Proposes relocations; `requests` are those made since the last round.
    fn decide(&mut self, turn: &mut Turn<'_>, requests: &[RequestId]);
}

/// A gate that is about to close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenGate {
    /// The market.
    pub market: MarketId,
    /// Products for which this is the last opportunity.
    pub products: Range<usize>,
    /// Time of closure: now.
    pub closes: SimTime,
}

/// Purchases and sales of a fleet or a retailer in markets. One object per bidder.
pub trait Bidding: Send {
    /// Called when a gate closes: the last opportunity to answer with [`Action::Bid`] for its products. Bids may also
    /// be placed in any earlier call.
    fn bid(&mut self, turn: &mut Turn<'_>, bidder: BidderId, gate: &OpenGate);
    /// Called every control interval, after gates and clearings of the instant. Does nothing unless overridden.
    fn on_interval(&mut self, _turn: &mut Turn<'_>, _bidder: BidderId) {}
    /// Whether a plugged-in vehicle may leave with a rider. If not, the rider is turned away (`lost_committed`). Always
    /// true unless overridden.
    fn releases(&mut self, _view: View<'_>, _bidder: BidderId, _vehicle: VehicleId) -> bool {
        true
    }
}

/// Energy prices of a retailer that are not set by its tariff.
pub trait Pricing: Send {
    /// Called before the prices of the due slots are announced. Fills `lines`, initially empty, with a price line for
    /// each slot of `slots`: the price as a function of the load of its customers. Price-responsive customers settle on
    /// loads, and the resulting prices are announced for the due slots; the other prices are a non-binding outlook.
    fn price_lines(
        &mut self,
        turn: &mut Turn<'_>,
        retailer: RetailerId,
        slots: Slots,
        lines: &mut Vec<PriceLine>,
    );
}

/// Response of households and drivers of privately owned vehicles to prices. One object for all of them.
pub trait Response: Send {
    /// Called before prices are announced. Sets the behaviour of the retailer's customers in the due slots with
    /// [`Action::Draw`] and [`Action::PlanPower`], and fills `load_kw` with the resulting load in each slot of the
    /// offer, as far as they know now.
    fn answer(&mut self, turn: &mut Turn<'_>, offer: &PriceOffer<'_>, load_kw: &mut [f64]);
    /// Called when a privately owned vehicle has come home and is plugged in; it charges at once unless an action
    /// changes that. Does nothing unless overridden.
    fn on_plug_in(&mut self, _turn: &mut Turn<'_>, _vehicle: VehicleId) {}
}

/// The policies of retail.
#[derive(Default)]
pub struct RetailPolicies {
    /// Prices of retailers with a generation cost; `None` if tariffs set them.
    pub pricing: Option<Box<dyn Pricing>>,
    /// Response of households and drivers; `None` means [`ResponseSpec::Nominal`].
    pub response: Option<Box<dyn Response>>,
    /// Prices of the aggregator of a competition; `None` if its tariff sets them.
    pub aggregator: Option<Box<dyn Pricing>>,
}

/// The policies of one replication, one for each role.
pub struct Policies {
    /// Assignment of vehicles to requests.
    pub dispatch: Box<dyn Dispatch>,
    /// Time, station and target of charging.
    pub charging: Box<dyn Charging>,
    /// Destinations of idle vehicles.
    pub relocation: Option<Box<dyn Relocation>>,
    /// Energy bought ahead, by bidder; empty without trading.
    pub bidding: Vec<Box<dyn Bidding>>,
    /// Power of stations.
    pub stations: Option<Box<dyn StationControl>>,
    /// Prices of retailers, and the response of households and drivers.
    pub retail: RetailPolicies,
}

impl PolicySpecs {
    /// Retailer prices and customer response as named in the scenario; an aggregator charges its tariff.
    pub fn retail(&self) -> RetailPolicies {
        let (pricing, response) = (self.pricing.build(), Some(self.response.build()));
        RetailPolicies { pricing, response, aggregator: None }
    }
}

impl RelocationSpec {
    /// The policy named in the scenario, if any.
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
    /// The policy named in the scenario.
    pub fn build(&self) -> Box<dyn Dispatch> {
        match *self {
            Self::NearestIdle {} => Box::new(nearest_idle::NearestIdle::default()),
            Self::Batched { interval_s } => Box::new(batched::Batched::new(interval_s)),
        }
    }
}

impl ChargingSpec {
    /// The policy named in the scenario.
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
                time_value_per_h,
            } => {
                let idle = WhileIdle { below_soc: idle_soc, idle_s, cheap_share: Some(cheap_share) };
                let choice = Choice::Cheapest { candidates, time_value_per_h };
                Box::new(Threshold::new(start_soc, target_soc, choice, Some(idle)))
            }
        }
    }
}
