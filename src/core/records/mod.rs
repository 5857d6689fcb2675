//! Records: one struct per output table, and the recorders that receive them.
//!
//! An event is due, a record has happened. The engine passes each record to a [`Recorder`] once; a recorder cannot
//! write back, so recording never changes the simulation.

pub mod catalogue;
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

pub use recorder::Recorder;

use crate::geo::Places;
use crate::ids::{
    BidId, BidderId, FleetId, HouseholdId, MarketId, OperatorId, PlaceId, RequestId, RetailerId, SessionId,
    StationId, TypeId, VehicleId,
};
use crate::markets::Side;
use crate::time::SimTime;
use std::sync::Arc;

/// Outcome of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TripStatus {
    /// The rider was driven to the destination.
    Served,
    /// No vehicle could be there in time.
    LostNoVehicle,
    /// A vehicle was there, or could have been, but had too little charge.
    LostLowCharge,
    /// The vehicle was needed for a commitment to a market.
    LostCommitted,
    /// Not ended when the simulation did.
    InProgress,
}

impl TripStatus {
    /// Every status, in the order of the enum.
    pub const ALL: [Self; 5] =
        [Self::Served, Self::LostNoVehicle, Self::LostLowCharge, Self::LostCommitted, Self::InProgress];

    /// Name in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::LostNoVehicle => "lost_no_vehicle",
            Self::LostLowCharge => "lost_low_charge",
            Self::LostCommitted => "lost_committed",
            Self::InProgress => "in_progress",
        }
    }
}

/// One request, recorded at its end (row of `trips.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TripRecord {
    /// The request.
    pub request: RequestId,
    /// The fleet asked (of a served trip: the fleet that served it).
    pub fleet: FleetId,
    /// The vehicle that served it, or to which the trip is bound; `None` for a lost trip that any vehicle could serve.
    pub vehicle: Option<VehicleId>,
    /// Outcome.
    pub status: TripStatus,
    /// Time of the request.
    pub request_time: SimTime,
    /// Time of pick-up; `None` without one.
    pub pickup_time: Option<SimTime>,
    /// Time of drop-off; `None` without one.
    pub dropoff_time: Option<SimTime>,
    /// Pick-up less request [s].
    pub wait_s: Option<i64>,
    /// Place of pick-up.
    pub origin: PlaceId,
    /// Requested destination, whether reached or not.
    pub destination: PlaceId,
    /// Distance with the rider [km].
    pub distance_km: f64,
    /// Empty distance to the pick-up [km].
    pub deadhead_km: f64,
    /// Energy for both [kWh].
    pub energy_kwh: f64,
    /// Fare paid by the rider; 0 if lost.
    pub fare: f64,
    /// Fare that the rider would have paid; 0 unless lost.
    pub lost_fare: f64,
    /// Of a ride in progress, the part of the fare for the way driven with the rider so far; 0 otherwise.
    pub accrued_fare: f64,
    /// When the vehicle set out for the pick-up.
    pub soc_start: Option<f64>,
    /// State of charge at drop-off (0..1).
    pub soc_end: Option<f64>,
}

/// Purpose of a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LegPurpose {
    /// Empty, to a rider.
    Pickup,
    /// With a rider.
    Service,
    /// To a charging station.
    ToStation,
    /// To its depot.
    ToDepot,
    /// To a place where it may be needed, or, in replay, moved by staff to its next place in the trace.
    Relocation,
}

impl LegPurpose {
    /// Every purpose, in the order of the enum.
    pub const ALL: [Self; 5] =
        [Self::Pickup, Self::Service, Self::ToStation, Self::ToDepot, Self::Relocation];

    /// Name in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pickup => "pickup",
            Self::Service => "service",
            Self::ToStation => "to_station",
            Self::ToDepot => "to_depot",
            Self::Relocation => "relocation",
        }
    }
}

/// One movement of a vehicle, recorded at its end or at the end of the simulation (row of `legs.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LegRecord {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Its fleet.
    pub fleet: FleetId,
    /// Purpose of the movement.
    pub purpose: LegPurpose,
    /// The request that it serves; `None` unless it goes to or with a rider.
    pub request: Option<RequestId>,
    /// Departure.
    pub start_time: SimTime,
    /// Arrival, or the end of the simulation for a leg that it cuts off.
    pub end_time: SimTime,
    /// Place of departure.
    pub origin: PlaceId,
    /// Destination.
    pub destination: PlaceId,
    /// Driven until `end_time` [km].
    pub distance_km: f64,
    /// Taken from the battery until `end_time` [kWh].
    pub energy_kwh: f64,
    /// Charged elsewhere during the leg until `end_time`, into the battery [kWh]; not billed.
    pub charged_kwh: f64,
    /// State of charge at `start_time` (0..1).
    pub soc_start: f64,
    /// State of charge at `end_time` (0..1).
    pub soc_end: f64,
}

/// Reason for leaving a connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndReason {
    /// The charge asked for was reached.
    Target,
    /// The usable window of the battery is full.
    Full,
    /// The driver left before the battery was full, after a stay too short for any plan to fill it.
    ShortStay,
    /// The vehicle was needed elsewhere.
    Departure,
    /// The vehicle gave up waiting in the queue.
    GaveUp,
    /// The policy interrupted the session.
    Interrupted,
    /// Still there at the end of the simulation.
    InProgress,
}

impl SessionRecord {
    /// Whether power flowed: a visit without power is not counted as a session.
    pub fn charged(&self) -> bool {
        self.charge_start_time.is_some()
    }
}

impl EndReason {
    /// Every reason, in the order of the enum.
    pub const ALL: [Self; 7] = [
        Self::Target,
        Self::Full,
        Self::ShortStay,
        Self::Departure,
        Self::GaveUp,
        Self::Interrupted,
        Self::InProgress,
    ];

    /// Name in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Full => "full",
            Self::ShortStay => "short_stay",
            Self::Departure => "departure",
            Self::GaveUp => "gave_up",
            Self::Interrupted => "interrupted",
            Self::InProgress => "in_progress",
        }
    }
}

/// One visit to a station, recorded at its end or at the end of the simulation (row of `sessions.parquet`).
///
/// A vehicle that gave up waiting has a row without plug-in time and without energy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionRecord {
    /// The visit.
    pub session: SessionId,
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Its fleet.
    pub fleet: FleetId,
    /// The station.
    pub station: StationId,
    /// Operator of the station.
    pub operator: OperatorId,
    /// Retailer of its energy; where owners choose theirs, the one at the end of the visit.
    pub retailer: RetailerId,
    /// Number of the connector at its station; `None` if the vehicle never got one.
    pub connector: Option<u16>,
    /// Time of joining the station.
    pub arrival_time: SimTime,
    /// Time of getting a connector; `None` without one.
    pub plug_in_time: Option<SimTime>,
    /// First instant at which power flowed.
    pub charge_start_time: Option<SimTime>,
    /// Last instant at which power flowed.
    pub charge_end_time: Option<SimTime>,
    /// Time of departure; `None` if still there at the end of the simulation.
    pub unplug_time: Option<SimTime>,
    /// Wait for a connector [s].
    pub queue_s: i64,
    /// From first joining any station for this charging need, including one given up since, to first power [s]; `None`
    /// without power.
    pub need_wait_s: Option<i64>,
    /// Drawn from the grid [kWh].
    pub energy_kwh: f64,
    /// Stored in the battery [kWh].
    pub battery_kwh: f64,
    /// Fed back to the grid [kWh].
    pub discharged_kwh: f64,
    /// Taken from the battery for that [kWh]; the table contains it as energy fed back over the efficiency.
    pub withdrawn_kwh: f64,
    /// Highest power at the plug [kW].
    pub max_power_kw: f64,
    /// State of charge on arrival (0..1).
    pub soc_start: f64,
    /// State of charge at departure (0..1).
    pub soc_end: f64,
    /// Paid by the fleet.
    pub cost: f64,
    /// Reason for leaving.
    pub end_reason: EndReason,
}

/// State of one fleet at a control interval (row of `fleet.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FleetRecord {
    /// Time of the meter reading before; no column.
    pub since: SimTime,
    /// Time of the meter reading.
    pub time: SimTime,
    /// The fleet.
    pub fleet: FleetId,
    /// Parked without power flowing, plugged in or not.
    pub idle: u32,
    /// On a leg.
    pub driving: u32,
    /// Waiting for a connector.
    pub queued: u32,
    /// Taking power.
    pub charging: u32,
    /// Giving power.
    pub discharging: u32,
    /// Mean state of charge (0..1).
    pub mean_soc: f64,
    /// Energy in batteries [kWh], without the energy that legs and sessions in progress have taken or given so far. Not
    /// in the table.
    pub stored_kwh: f64,
    /// Mean grid power since the last reading [kW].
    pub power_kw: f64,
}

/// State of one station at a control interval (row of `stations.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StationRecord {
    /// Time of the meter reading before; no column.
    pub since: SimTime,
    /// Time of the meter reading.
    pub time: SimTime,
    /// The station.
    pub station: StationId,
    /// Its operator.
    pub operator: OperatorId,
    /// Its retailer; where owners choose theirs, the one in the scenario.
    pub retailer: RetailerId,
    /// Connectors with a vehicle.
    pub occupied: u32,
    /// Vehicles waiting.
    pub queue: u32,
    /// Mean power since the last reading [kW].
    pub power_kw: f64,
    /// Site limit, or the sum of its connectors' power where there is none [kW].
    pub limit_kw: f64,
}

/// One price broadcast (row of `prices.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceRecord {
    /// Time of announcement.
    pub broadcast_time: SimTime,
    /// First instant of validity.
    pub valid_from: SimTime,
    /// First instant after validity.
    pub valid_to: SimTime,
    /// The retailer that asks it.
    pub retailer: RetailerId,
    /// Price of energy [currency per MWh].
    pub price_per_mwh: f64,
}

/// One slot of one station with a load-dependent price (row of `loads.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadRecord {
    /// First instant of the slot, or of the simulation.
    pub slot_start: SimTime,
    /// First instant after it, or the end of the simulation.
    pub slot_end: SimTime,
    /// The station.
    pub station: StationId,
    /// Its operator.
    pub operator: OperatorId,
    /// Mean power if every vehicle had charged from its arrival at the highest power possible [kW].
    pub nominal_kw: f64,
    /// Highest power that a policy allowed at the end of the slot [kW]; `None` without a limit by a policy.
    pub budget_kw: Option<f64>,
    /// Mean power [kW].
    pub power_kw: f64,
    /// Announced price [currency per MWh].
    pub base_price_per_mwh: f64,
    /// Load-dependent price [currency per MWh].
    pub price_per_mwh: f64,
    /// Cost of energy at that price [currency].
    pub energy_cost: f64,
    /// Cost of deviating from the nominal power: half the station's sensitivity times the squared difference
    /// [currency]. No party pays it.
    pub deviation_cost: f64,
}

/// Sales of one competing retailer in one slot (row of `supply.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SupplyRecord {
    /// First instant of the slot, or of the simulation.
    pub slot_start: SimTime,
    /// First instant after it, or the end of the simulation.
    pub slot_end: SimTime,
    /// The retailer.
    pub retailer: RetailerId,
    /// Price that it asked [currency per MWh].
    pub price_per_mwh: f64,
    /// Share of owners who chose it (0..1), whether they charged or not.
    pub share: f64,
    /// Drawn by its customers, less what they fed back [kWh].
    pub energy_kwh: f64,
    /// Owed by its customers for it, without the markups of stations [currency].
    pub revenue: f64,
}

/// State of one group of households at a control interval (row of `households.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HouseholdRecord {
    /// Time of the meter reading.
    pub time: SimTime,
    /// The group.
    pub household: HouseholdId,
    /// Its retailer.
    pub retailer: RetailerId,
    /// Mean power of all its homes together since the last reading [kW].
    pub power_kw: f64,
    /// Mean price paid for it [currency per MWh]; the price in force if nothing was drawn.
    pub price_per_mwh: f64,
}

/// One bus of the feeder at a control interval (row of `grid.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BusRecord {
    /// Time of the meter reading.
    pub time: SimTime,
    /// Its number in the case.
    pub bus: u32,
    /// Voltage at the mean loads of all buses, in per unit; `None` if the feeder cannot carry them.
    pub voltage_pu: Option<f64>,
    /// Mean active load since the last reading, without shunts [kW].
    pub p_kw: f64,
    /// Mean reactive load since the last reading, without shunts [kvar].
    pub q_kvar: f64,
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

/// One bid, recorded at its settlement or rejection, or one settlement of imbalance (row of `market.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarketRecord {
    /// Its number.
    pub bid: BidId,
    /// The market; `None` for imbalance.
    pub market: Option<MarketId>,
    /// First instant of delivery.
    pub product_start: SimTime,
    /// First instant after delivery.
    pub product_end: SimTime,
    /// Gate closure (imbalance: the end of the interval).
    pub gate_closure: SimTime,
    /// Time of clearing.
    pub cleared_at: SimTime,
    /// The bidder.
    pub bidder: BidderId,
    /// Bought or sold.
    pub side: Side,
    /// Quantity bid [kW].
    pub quantity_kw: f64,
    /// Limit price: buys at it or below, sells at it or above; `None` for imbalance, which has no limit.
    pub limit_price_per_mwh: Option<f64>,
    /// Price of the product.
    pub clearing_price_per_mwh: f64,
    /// Paid for keeping power ready [currency/MW per hour]; 0 where only energy is traded.
    pub capacity_price_per_mw_h: f64,
    /// Accepted [kW].
    pub accepted_kw: f64,
    /// Accepted energy taken or given [kWh].
    pub delivered_kwh: f64,
    /// Accepted energy not taken [kWh]; in a row of imbalance, its quantity.
    pub imbalance_kwh: f64,
    /// Received by the bidder, or paid if below zero.
    pub cash: f64,
}

/// Kind of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SiteKind {
    /// A zone, by its centroid.
    Zone,
    /// A charging station.
    Station,
    /// A depot of a fleet.
    Depot,
}

impl SiteKind {
    /// Every kind, in the order of the enum.
    pub const ALL: [Self; 3] = [Self::Zone, Self::Station, Self::Depot];

    /// Name in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zone => "zone",
            Self::Station => "station",
            Self::Depot => "depot",
        }
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

/// One zone, station or depot (row of `sites.parquet`). Known before the simulation starts; recorded so that maps can
/// be drawn from the tables alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SiteRecord {
    /// Kind.
    pub kind: SiteKind,
    /// Place.
    pub place: PlaceId,
    /// The station, if it is one.
    pub station: Option<StationSite>,
}

/// One vehicle at the start of the simulation (row of `vehicles.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VehicleRecord {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Its fleet.
    pub fleet: FleetId,
    /// Its type.
    pub vehicle_type: TypeId,
    /// Energy between state of charge 0 and 1 [kWh].
    pub battery_kwh: f64,
    /// Lowest and highest state of charge that operation may use (0..1).
    pub usable_soc: [f64; 2],
    /// Energy taken from the battery per kilometre at mild temperature [kWh/km].
    pub consumption_kwh_per_km: f64,
    /// Maximum power of the on-board charger [kW].
    pub ac_kw: f64,
    /// Maximum power from a DC connector [kW]; 0 without a DC inlet.
    pub dc_kw: f64,
    /// State of charge at the start (0..1).
    pub initial_soc: f64,
    /// Place at the start.
    pub initial_place: PlaceId,
    /// That place, if it is a depot of the fleet or the home of the driver.
    pub depot: Option<PlaceId>,
}

/// One place (row of `places.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlaceRecord {
    /// The place. No other recorded place has its label.
    pub place: PlaceId,
}

/// Names behind the identifiers, for writing and printing records.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// Places, with their names or coordinates.
    pub places: Arc<Places>,
    /// Names of fleets.
    pub fleets: Vec<String>,
    /// Names of vehicles.
    pub vehicles: Vec<String>,
    /// Names of vehicle types.
    pub vehicle_types: Vec<String>,
    /// Names of stations.
    pub stations: Vec<String>,
    /// Names of operators.
    pub operators: Vec<String>,
    /// Names of retailers.
    pub retailers: Vec<String>,
    /// Names of markets.
    pub markets: Vec<String>,
    /// Names of groups of households.
    pub households: Vec<String>,
    /// Accounts of bidders, by bidder.
    pub bidders: Vec<String>,
    /// Ledger accounts, for example `fleet:yellow`, `operator:hub`, `riders`.
    pub accounts: Vec<String>,
    /// Currency of all amounts, for example `EUR`.
    pub currency: String,
}
