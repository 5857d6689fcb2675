//! `[variation]`: differences between replications besides the charge and the places of vehicles at the start.
//!
//! Every draw comes from a separate stream of its purpose and of the day, the trip or the vehicle concerned, so that
//! enabling one variation leaves the draws of the others unchanged, and two policies see the same world.
//!
//! | file | variation |
//! |---|---|
//! | `trips` | selection and timing of the trips of the trace |
//! | `factors` | durations, consumption, temperatures |
//! | `prices` | prices of real-time retailers, markets and imbalance |
//!
//! All work that touches files is done once, when a scenario is read, and is the same in each replication. The rest
//! takes a few milliseconds, from (seed, replication) alone, so `run --replication N` is replication N of a study.
//! [`Scenario::reads_like`](crate::Scenario::reads_like) determines which scenarios can share the data read. Draws
//! about a trip are identified by its key (position after `trips.scale`, day drawn for, copy), those about a day by its
//! date, so neither the period nor another variation affects them. The draws determine which rows of the trace happen,
//! and when; the trace is never copied.

pub mod factors;
pub mod prices;
pub mod trips;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// The days that a replication drew from its files, if there was more than one to draw from: for each simulated day the
/// day from which it was drawn. Two replications with the same draw share all of it, those with some days in common a
/// part.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DrawnDays {
    /// Days of the trips.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trips: Vec<NaiveDate>,
    /// Days of the prices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<NaiveDate>,
}

impl DrawnDays {
    /// Whether no days were drawn: all replications have the same days.
    pub fn is_empty(&self) -> bool {
        self.trips.is_empty() && self.prices.is_empty()
    }
}
