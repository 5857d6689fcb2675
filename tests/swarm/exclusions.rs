//! Known faults that the random scenarios leave out or excuse: delete a row once its fault is repaired.

use super::features::Exclusion;

/// Known faults. A row per fault; the order does not matter.
pub const EXCLUSIONS: &[Exclusion] = &[];
