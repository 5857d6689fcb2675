//! Records: one struct per output table, and the recorders that receive them.
//!
//! An event is due, a record has happened. The engine passes each [`Record`] to a [`Recorder`] once; a recorder cannot
//! write back, so recording never changes the simulation. `tables.rs` declares all tables.

#[macro_use]
mod table;

pub mod catalogue;
pub mod cells;
pub mod definitions;
pub mod dictionary;
pub mod figures;
mod grid;
mod loads;
pub mod metrics;
mod readings;
mod recorder;
mod retail;
mod sums;
mod supply;
mod tables;

pub use recorder::Recorder;
pub use table::Row;
pub use tables::*;

use crate::geo::Places;
use crate::ids::{
    BidderId, FleetId, HouseholdId, IdVec, MarketId, OperatorId, RetailerId, StationId, TypeId, VehicleId,
};
use crate::ledger::{Account, Chart};
use crate::time::SimTime;
use std::sync::Arc;

names! {
    /// Outcome of a request.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum TripStatus {
        /// The rider was driven to the destination.
        Served = "served",
        /// No vehicle could be there in time.
        LostNoVehicle = "lost_no_vehicle",
        /// A vehicle was there, or could have been, but had too little charge.
        LostLowCharge = "lost_low_charge",
        /// The vehicle was needed for a commitment to a market.
        LostCommitted = "lost_committed",
        /// Not ended when the simulation did.
        InProgress = "in_progress",
    }
}

names! {
    /// Purpose of a movement.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum LegPurpose {
        /// Empty, to a rider.
        Pickup = "pickup",
        /// With a rider.
        Service = "service",
        /// To a charging station.
        ToStation = "to_station",
        /// To its depot.
        ToDepot = "to_depot",
        /// To a place where it may be needed, or, in replay, moved by staff to its next place in the trace.
        Relocation = "relocation",
    }
}

names! {
    /// Reason for leaving a connector.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum EndReason {
        /// The charge asked for was reached.
        Target = "target",
        /// The usable window of the battery is full.
        Full = "full",
        /// The driver left before the battery was full, after a stay too short for any plan to fill it.
        ShortStay = "short_stay",
        /// The vehicle was needed elsewhere.
        Departure = "departure",
        /// The vehicle gave up waiting in the queue.
        GaveUp = "gave_up",
        /// The policy interrupted the session.
        Interrupted = "interrupted",
        /// Still there at the end of the simulation.
        InProgress = "in_progress",
    }
}

impl SessionRecord {
    /// Whether power flowed: a visit without power is not counted as a session.
    pub fn charged(&self) -> bool {
        self.charge_start_time.is_some()
    }
}

/// The feeder as a whole at a control interval: not a table, but the source of key figures and pictures.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeederRecord {
    /// Time of the meter reading.
    pub time: SimTime,
    /// The power flow of the mean loads since the last reading; `None` if the feeder cannot carry them.
    pub flow: Option<FlowRecord>,
    /// Power that stations would draw until the next reading and cannot, because the feeder's limits have priority
    /// [kW].
    pub held_back_kw: f64,
}

/// Result of a power flow.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FlowRecord {
    /// Active power that leaves the source [kW].
    pub source_kw: f64,
    /// Losses in branches [kW].
    pub losses_kw: f64,
    /// Lowest voltage, in per unit, and the number of the first bus that has it.
    pub lowest: (f64, u32),
    /// Highest voltage, in per unit, and the number of the first bus that has it.
    pub highest: (f64, u32),
    /// Greatest share of its rating that a branch carries, and the number of the bus that it feeds; `None` if no branch
    /// has a rating.
    pub loading: Option<(f64, u32)>,
    /// Whether all voltages and branches are within their limits.
    pub kept: bool,
}

names! {
    /// Kind of a site.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum SiteKind {
        /// A zone, by its centroid.
        Zone = "zone",
        /// A charging station.
        Station = "station",
        /// A depot of a fleet.
        Depot = "depot",
    }
}

/// Properties of a station as a site.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StationSite {
    /// The station.
    pub station: StationId,
    /// Its operator.
    pub operator: OperatorId,
    /// Number of its connectors.
    pub connectors: u32,
    /// Power of the strongest of them [kW].
    pub connector_kw: f64,
}

/// Names behind the identifiers, for writing and printing records.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// Places, with their names or coordinates.
    pub places: Arc<Places>,
    /// Names of fleets.
    pub fleets: IdVec<FleetId, String>,
    /// Names of vehicles.
    pub vehicles: IdVec<VehicleId, String>,
    /// Names of vehicle types.
    pub vehicle_types: IdVec<TypeId, String>,
    /// Names of stations.
    pub stations: IdVec<StationId, String>,
    /// Names of operators.
    pub operators: IdVec<OperatorId, String>,
    /// Names of retailers.
    pub retailers: IdVec<RetailerId, String>,
    /// Names of markets.
    pub markets: IdVec<MarketId, String>,
    /// Names of groups of households.
    pub households: IdVec<HouseholdId, String>,
    /// Accounts of bidders, by bidder.
    pub bidders: IdVec<BidderId, Account>,
    /// Numbers of the accounts.
    pub chart: Chart,
    /// Currency of all amounts, for example `EUR`.
    pub currency: String,
}

impl Labels {
    /// Appends the name of an account in the tables, for example `fleet:yellow`, `operator:hub`, `riders`.
    pub fn write_account(&self, account: Account, out: &mut String) {
        let (kind, name) = match account {
            Account::Riders => ("riders", ""),
            Account::Outside => ("outside", ""),
            Account::Fleet(id) => ("fleet:", self.fleets[id].as_str()),
            Account::Operator(id) => ("operator:", self.operators[id].as_str()),
            Account::Retailer(id) => ("retailer:", self.retailers[id].as_str()),
            Account::Market(id) => ("market:", self.markets[id].as_str()),
            Account::SystemOperator => ("system operator", ""),
            Account::Households(id) => ("households:", self.households[id].as_str()),
        };
        out.push_str(kind);
        out.push_str(name);
    }
}
