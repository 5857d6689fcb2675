//! Known faults that the random scenarios leave out or excuse: delete a row once its fault is repaired.

use super::features::Exclusion;

/// Known faults. A row per fault; the order does not matter.
pub const EXCLUSIONS: &[Exclusion] = &[
    Exclusion {
        features: &["queue-patience-none"],
        failure: "",
        reason: "a vehicle that gives up at once rejoins the queue in the same instant, without end",
    },
    Exclusion {
        features: &["no-trips"],
        failure: "",
        reason: "a scenario without trips in its period is refused",
    },
    Exclusion {
        features: &["feeding", "private-fleet"],
        failure: "the audit failed",
        reason: "energy fed back is settled as imbalance though it was not bid",
    },
    Exclusion {
        features: &["feeding", "private-fleet"],
        failure: "the ledger changes with a market without bids",
        reason: "energy fed back is settled as imbalance though it was not bid",
    },
];
