//! `[outputs]`: tables that a run writes, and their density.

use gridfleet_core::records::dictionary::TableId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Outputs to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OutputsSpec {
    /// Tables to write; by default all.
    pub tables: Vec<TableId>,
    /// Write every n-th control interval of `stations`.
    #[schemars(range(min = 1, max = 1000000))]
    pub stations_every: u32,
    /// Write every n-th control interval of `fleet`.
    #[schemars(range(min = 1, max = 1000000))]
    pub fleet_every: u32,
    /// Write every n-th control interval of `grid`.
    #[schemars(range(min = 1, max = 1000000))]
    pub grid_every: u32,
}

impl Default for OutputsSpec {
    fn default() -> Self {
        Self { tables: TableId::ALL.to_vec(), stations_every: 1, fleet_every: 1, grid_every: 1 }
    }
}
