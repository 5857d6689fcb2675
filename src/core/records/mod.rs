//! What has happened: one struct per output table, and who may listen.
//!
//! An event is due, a record has happened. The engine hands each record to a
//! [`Recorder`] once; a recorder cannot write back, so what is recorded never
//! changes what is simulated.

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
    StationId, VehicleId,
};
use crate::markets::Side;
use crate::time::SimTime;
use std::sync::Arc;

/// How a request ended.
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

/// One request, when it has ended (row of `trips.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TripRecord {
    /// The request.
    pub request: RequestId,
    /// The fleet asked (for a trip that was served: the fleet that served it).
    pub fleet: FleetId,
    /// The vehicle that served it, or that the trip is bound to; `None` for a lost trip that any vehicle could serve.
    pub vehicle: Option<VehicleId>,
    /// How it ended.
    pub status: TripStatus,
    /// When the rider asked.
    pub request_time: SimTime,
    /// When the rider got in; `None` if that did not happen.
    pub pickup_time: Option<SimTime>,
    /// When the rider got out; `None` if that did not happen.
    pub dropoff_time: Option<SimTime>,
    /// Pick-up less request [s].
    pub wait_s: Option<i64>,
    /// Where the rider asked.
    pub origin: PlaceId,
    /// Where the rider went, or wanted to go.
    pub destination: PlaceId,
    /// With the rider [km].
    pub distance_km: f64,
    /// Empty, to the pick-up [km].
    pub deadhead_km: f64,
    /// Of both [kWh].
    pub energy_kwh: f64,
    /// Paid by the rider; 0 when lost.
    pub fare: f64,
    /// What the rider would have paid; 0 unless lost.
    pub lost_fare: f64,
    /// Of a ride in progress, the part of the fare for the way driven with the rider so far; 0 otherwise.
    pub accrued_fare: f64,
    /// When the vehicle set out for the pick-up.
    pub soc_start: Option<f64>,
    /// At drop-off.
    pub soc_end: Option<f64>,
}

/// Why a vehicle moved.
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
    /// To where it may be needed, or, in replay, carried by staff to where the trace has it next.
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

/// One movement of a vehicle, when it has ended or the simulation has (row of `legs.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LegRecord {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Its fleet.
    pub fleet: FleetId,
    /// Why it moved.
    pub purpose: LegPurpose,
    /// Departure.
    pub start_time: SimTime,
    /// For a leg cut off by the end of the simulation: that end.
    pub end_time: SimTime,
    /// Where it set out.
    pub origin: PlaceId,
    /// Where it went.
    pub destination: PlaceId,
    /// Driven until `end_time` [km].
    pub distance_km: f64,
    /// Taken from the battery until `end_time` [kWh].
    pub energy_kwh: f64,
    /// Charged elsewhere on the way until `end_time`, in the battery [kWh]; not billed.
    pub charged_kwh: f64,
    /// State of charge at `start_time` (0..1).
    pub soc_start: f64,
    /// State of charge at `end_time` (0..1).
    pub soc_end: f64,
}

/// Why a vehicle left its connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EndReason {
    /// The charge asked for was reached.
    Target,
    /// The usable window of the battery is full.
    Full,
    /// A driver left before the battery was full, and no plan could have filled it in so short a stay.
    ShortStay,
    /// The vehicle was needed elsewhere.
    Departure,
    /// The vehicle gave up waiting in the queue.
    GaveUp,
    /// The policy broke the session off.
    Interrupted,
    /// Still there when the simulation ended.
    InProgress,
}

impl SessionRecord {
    /// Whether power flowed: a visit without is no session in any count.
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

/// One visit to a station, when it has ended or the simulation has (row of `sessions.parquet`).
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
    /// Who runs the station.
    pub operator: OperatorId,
    /// Number of the connector at its station; `None` if the vehicle never got one.
    pub connector: Option<u16>,
    /// When the vehicle joined the station.
    pub arrival_time: SimTime,
    /// When it got a connector; `None` if it never did.
    pub plug_in_time: Option<SimTime>,
    /// First instant at which power flowed.
    pub charge_start_time: Option<SimTime>,
    /// Last instant at which power flowed.
    pub charge_end_time: Option<SimTime>,
    /// When it left (still there at the end of the simulation: `None`).
    pub unplug_time: Option<SimTime>,
    /// Waited for a connector [s].
    pub queue_s: i64,
    /// From first joining any station for this charging need, also one given up since, to first power [s]; `None` without
    /// power.
    pub need_wait_s: Option<i64>,
    /// Drawn from the grid [kWh].
    pub energy_kwh: f64,
    /// Stored in the battery [kWh].
    pub battery_kwh: f64,
    /// Fed back to the grid [kWh].
    pub discharged_kwh: f64,
    /// Taken from the battery for that [kWh]; the table has it as what was fed back over the efficiency.
    pub withdrawn_kwh: f64,
    /// Highest power at the plug [kW].
    pub max_power_kw: f64,
    /// State of charge on arrival (0..1).
    pub soc_start: f64,
    /// State of charge when it left (0..1).
    pub soc_end: f64,
    /// Paid by the fleet.
    pub cost: f64,
    /// Why it left.
    pub end_reason: EndReason,
}

/// State of one fleet at a control interval (row of `fleet.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FleetRecord {
    /// When the meters were read.
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
    /// Energy in batteries [kWh], without what legs and sessions in progress have taken or given so far. Not in the table.
    pub stored_kwh: f64,
    /// Mean grid power since the last reading [kW].
    pub power_kw: f64,
}

/// State of one station at a control interval (row of `stations.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StationRecord {
    /// When the meters were read.
    pub time: SimTime,
    /// The station.
    pub station: StationId,
    /// Who runs it.
    pub operator: OperatorId,
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
    /// When it was announced.
    pub broadcast_time: SimTime,
    /// First instant at which it holds.
    pub valid_from: SimTime,
    /// First instant at which it holds no longer.
    pub valid_to: SimTime,
    /// Who asks it.
    pub retailer: RetailerId,
    /// Price of energy [currency per MWh].
    pub price_eur_mwh: f64,
}

/// One slot of one station whose price follows the load (row of `loads.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadRecord {
    /// First instant of the slot, or of the simulation.
    pub slot_start: SimTime,
    /// First instant after it, or the end of the simulation.
    pub slot_end: SimTime,
    /// The station.
    pub station: StationId,
    /// Who runs it.
    pub operator: OperatorId,
    /// Mean power if every vehicle had charged from its arrival as fast as it can [kW].
    pub nominal_kw: f64,
    /// Most power that a policy let it draw at the end of the slot [kW]; `None` where none did.
    pub budget_kw: Option<f64>,
    /// Mean power [kW].
    pub power_kw: f64,
    /// Price that was announced [currency per MWh].
    pub base_price_eur_mwh: f64,
    /// Price that the load made [currency per MWh].
    pub price_eur_mwh: f64,
    /// Energy at that price [currency].
    pub energy_cost: f64,
    /// Cost of being away from the nominal power: half the station's sensitivity times the squared difference
    /// [currency]. Nobody pays it.
    pub deviation_cost: f64,
}

/// What one of the retailers that compete sold in one slot (row of `supply.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SupplyRecord {
    /// First instant of the slot, or of the simulation.
    pub slot_start: SimTime,
    /// First instant after it, or the end of the simulation.
    pub slot_end: SimTime,
    /// The retailer.
    pub retailer: RetailerId,
    /// What it asked [currency per MWh].
    pub price_eur_mwh: f64,
    /// Share of owners who chose it (0..1), whether they charged or not.
    pub share: f64,
    /// Drawn by its customers, less what they fed back [kWh].
    pub energy_kwh: f64,
    /// What they owe for it, without the markups of stations [currency].
    pub revenue: f64,
}

/// State of one group of households at a control interval (row of `households.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HouseholdRecord {
    /// When the meters were read.
    pub time: SimTime,
    /// The group.
    pub household: HouseholdId,
    /// Its retailer.
    pub retailer: RetailerId,
    /// Mean power of all its homes together since the last reading [kW].
    pub power_kw: f64,
    /// Mean price paid for it [currency per MWh]; the price in force where nothing was drawn.
    pub price_eur_mwh: f64,
}

/// One bus of the feeder at a control interval (row of `grid.parquet`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BusRecord {
    /// When the meters were read.
    pub time: SimTime,
    /// Its number in the case.
    pub bus: u32,
    /// Voltage that goes with the mean loads of all buses, in per unit; `None` if the feeder cannot carry them.
    pub voltage_pu: Option<f64>,
    /// Mean active load since the last reading, without what goes to earth [kW].
    pub p_kw: f64,
    /// Mean reactive load since the last reading, without what goes to earth [kvar].
    pub q_kvar: f64,
}

/// The feeder as a whole at a control interval: no table, but what key figures and pictures are made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeederRecord {
    /// When the meters were read.
    pub time: SimTime,
    /// The power flow of the mean loads since the last reading; `None` if the feeder cannot carry them.
    pub flow: Option<FlowRecord>,
    /// What stations cannot draw until the next reading, of what they would, because the feeder's limits come first [kW].
    pub held_back_kw: f64,
}

/// What a power flow comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FlowRecord {
    /// Active power that leaves the source [kW].
    pub source_kw: f64,
    /// Of that, lost in branches [kW].
    pub losses_kw: f64,
    /// Lowest voltage, in per unit, and the number of the first bus that has it.
    pub lowest: (f64, u32),
    /// Highest voltage, in per unit, and the number of the first bus that has it.
    pub highest: (f64, u32),
    /// Greatest share of its rating that a branch carries, and the number of the bus that it feeds; `None` where no branch
    /// has a rating.
    pub loading: Option<(f64, u32)>,
    /// Whether all voltages and branches are within their limits.
    pub kept: bool,
}

/// One bid, when it is settled or was rejected, or one settlement of imbalance (row of `market.parquet`).
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
    /// When the gate closed (imbalance: the end of the interval).
    pub gate_closure: SimTime,
    /// When the market was cleared.
    pub cleared_at: SimTime,
    /// Who bid.
    pub bidder: BidderId,
    /// Bought or sold.
    pub side: Side,
    /// Bid for [kW].
    pub quantity_kw: f64,
    /// Buys at this price or below, sells at this or above; `None` for imbalance, which has no choice.
    pub limit_price_eur_mwh: Option<f64>,
    /// Price of the product.
    pub clearing_price_eur_mwh: f64,
    /// Paid for keeping power ready [currency/MW per hour]; 0 where energy alone is traded.
    pub capacity_price_eur_mw_h: f64,
    /// Accepted [kW].
    pub accepted_kw: f64,
    /// Of what was accepted, taken or given [kWh].
    pub delivered_kwh: f64,
    /// Of what was accepted, not taken [kWh]; in a row of imbalance, its quantity.
    pub imbalance_kwh: f64,
    /// Received by the bidder, or paid if below zero.
    pub cash: f64,
}

/// What stands at a site.
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

/// What is known of a station as a site.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StationSite {
    /// The station.
    pub station: StationId,
    /// Who runs it.
    pub operator: OperatorId,
    /// Its connectors.
    pub connectors: u32,
    /// Power of the strongest of them [kW].
    pub connector_kw: f64,
}

/// One zone, station or depot (row of `sites.parquet`). Known before anything has happened; it is
/// recorded so that maps can be drawn from the tables alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SiteRecord {
    /// What stands there.
    pub kind: SiteKind,
    /// Where.
    pub place: PlaceId,
    /// The station, if it is one.
    pub station: Option<StationSite>,
}

/// Names behind the identifiers, for whoever writes or prints records.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// Places, with their names or coordinates.
    pub places: Arc<Places>,
    /// Names of fleets.
    pub fleets: Vec<String>,
    /// Names of vehicles.
    pub vehicles: Vec<String>,
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
