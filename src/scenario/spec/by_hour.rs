//! Values by hour of the local day, shared by several tables.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A value for each hour of the local day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ByHour {
    /// The same value at all hours.
    All(f64),
    /// One value per hour from midnight; 24 of them.
    Hours(Vec<f64>),
}
