//! The scenario file as written: one struct per table, and nothing else. Doc comments become the descriptions of
//! `gridfleet schema`, and ranges become its limits.
//!
//! Names are not resolved here; conditions beyond type and range are checked where names are resolved ([`crate::load`])
//! or, if they depend on the contents of other files, where a replication is built. Defaults without a source are
//! assumed: plausible values that users will want to set.

mod by_hour;
mod competition;
mod drivers;
mod environment;
mod feeder;
mod fleets;
mod households;
mod markets;
mod operation;
mod outputs;
mod retailers;
mod scenario;
mod stations;
mod time;
pub mod training;
mod travel;
mod trips;
mod variation;
mod vehicle_types;

pub use by_hour::ByHour;
pub use competition::{CompetitionSpec, Reluctance};
pub use drivers::{DriversSpec, HistogramSpec};
pub use environment::EnvironmentSpec;
pub use feeder::{BusOfStations, EnforceSpec, FeederCase, FeederSpec};
pub use fleets::{FareSpec, FleetSpec, InitialSoc, PlaceSpec, StartAt, VehiclesSpec};
pub use households::HouseholdSpec;
pub use markets::{GateSpec, ImbalanceSpec, MarketSpec};
pub use operation::{DemandOf, ModeSpec, OperationSpec, Shares};
pub use outputs::OutputsSpec;
pub use retailers::{GenerationSpec, PeriodSpec, RetailerSpec, TariffSpec};
pub use scenario::ScenarioFile;
pub use stations::{AccessSpec, OperatorSpec, StationSpec};
pub use time::{FoundWarmUp, TimeSpec, WarmUp};
pub use training::{FeedbackSpec, RewardSpec, TrainingSpec, WeeksSpec};
pub use travel::TravelSpec;
pub use trips::TripsSpec;
pub use variation::{DayClasses, DaysSpec, VariationSpec};
pub use vehicle_types::VehicleTypeSpec;

pub(crate) use vehicle_types::active_hours;
