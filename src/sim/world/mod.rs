//! The world at one instant and its physics: vehicles, batteries, stations, fleets, requests, travel, tariffs. It
//! contains no event queue and no file access.
//!
//! [`Setup`] is everything that is constant during a replication; the scenario module builds it. [`State`] is
//! everything that changes; the engine changes it. [`View`] is the part of both that policies see.

pub mod battery;
pub mod charge;
pub mod charging;
pub mod competition;
pub mod fleet;
pub mod grid;
pub mod id_set;
pub mod loads;
pub mod nearby;
pub mod requests;
pub mod retail;
pub mod riders;
pub mod session;
pub mod setup;
pub mod state;
pub mod station;
mod station_names;
pub mod tariff;
pub mod trading;
pub mod travel;
pub mod vehicle;
pub mod vehicles;
pub mod view;

pub use battery::{ChargingCurve, VehicleType};
pub use charge::{FleetCharge, Motion};
pub use charging::{Stations, Waiting};
pub use competition::{Competition, CompetitionState, SlotSupply};
pub use fleet::{FareRule, Fleet, VehicleStart};
pub use grid::{Enforce, Grid};
pub use id_set::IdSet;
pub use loads::{ChargeRequest, LoadBook};
pub use nearby::{First, Nearby, Search, Verdict, Visitor};
pub use requests::{RecordedSoc, RecordedTrip, Requests};
pub use retail::{Generation, HouseholdState, Households, Retail, RetailState, SlotLoad};
pub use riders::{RequestState, Riders};
pub use session::Session;
pub use setup::{Mode, Setup};
pub use state::{DrawnEnergy, EnergyAccount, Outlook, PriceBook, State};
pub use station::{Access, Connector, Station};
pub use station_names::StationNames;
pub use tariff::{Retailer, Tariff};
pub use trading::{Bid, Party, Trade, Trading, TradingState};
pub use travel::{OdMatrix, Pace, Route, Travel};
pub use vehicle::{Activity, Leg, Ride, Trigger, Vehicle};
pub use vehicles::{DrivenLeg, Vehicles};
pub use view::{Candidate, ChargingVehicle, MarketView, RideRequest, Service, View};
