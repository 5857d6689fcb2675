//! The features that a random scenario switches on and off, with what each needs, and the combinations that
//! are excluded because of a known fault.

use gridfleet::rng::{Purpose, Streams};
use rand::{Rng, RngExt as _};
use std::collections::BTreeSet;

/// One feature of a scenario.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// Name, as the report prints it.
    pub name: &'static str,
    /// At most one feature of a group is on; empty for features without alternatives.
    pub group: &'static str,
    /// Probability with which a case switches it on, if what it needs is on.
    share: f64,
    /// Features without which this one has no effect. `!name` forbids one.
    needs: &'static [&'static str],
}

const fn feature(
    name: &'static str,
    group: &'static str,
    share: f64,
    needs: &'static [&'static str],
) -> Feature {
    Feature { name, group, share, needs }
}

/// All features. A feature comes before those that need it.
pub const FEATURES: &[Feature] = &[
    feature("replay", "", 0.15, &[]),
    feature("zone-new-york-spring", "zone", 0.06, &[]),
    feature("zone-new-york-autumn", "zone", 0.06, &[]),
    feature("zone-berlin-spring", "zone", 0.06, &[]),
    feature("zone-berlin-autumn", "zone", 0.06, &[]),
    feature("zone-lord-howe-spring", "zone", 0.06, &[]),
    feature("zone-lord-howe-autumn", "zone", 0.06, &[]),
    feature("zone-sao-paulo-midnight", "zone", 0.06, &[]),
    feature("zone-kolkata", "zone", 0.05, &[]),
    feature("zone-kathmandu", "zone", 0.05, &[]),
    feature("zone-chatham", "zone", 0.05, &[]),
    feature("start-at-noon", "", 0.15, &[]),
    feature("horizon-seconds", "horizon", 0.05, &[]),
    feature("horizon-hours", "horizon", 0.15, &[]),
    feature("horizon-two-days", "horizon", 0.15, &[]),
    feature("control-odd", "control", 0.15, &["!horizon-seconds"]),
    feature("control-second", "control", 0.4, &["horizon-seconds"]),
    feature("control-hours", "control", 0.05, &["!horizon-seconds", "!horizon-hours"]),
    feature("no-trips", "demand", 0.05, &["!replay"]),
    feature("one-trip", "demand", 0.05, &[]),
    feature("many-trips", "demand", 0.3, &[]),
    feature("trips-at-one-instant", "", 0.15, &[]),
    feature("trips-at-one-place", "", 0.1, &[]),
    feature("trips-beyond-the-end", "", 0.2, &[]),
    feature("told-durations", "", 0.3, &[]),
    feature("told-distances", "", 0.3, &[]),
    feature("told-fares", "", 0.3, &[]),
    feature("second-fleet", "", 0.45, &[]),
    feature("third-fleet", "", 0.4, &["second-fleet"]),
    feature("private-fleet", "", 0.3, &["!replay", "!horizon-seconds"]),
    feature("fleet-shares", "", 0.3, &["second-fleet", "!replay"]),
    feature("coalition", "", 0.4, &["second-fleet", "!replay"]),
    feature("coalition-of-riders", "", 0.3, &["coalition"]),
    feature("referral", "", 0.5, &["coalition"]),
    feature("take-part", "", 0.15, &["second-fleet", "!replay", "!coalition"]),
    feature("riders-of-all", "", 0.5, &["take-part"]),
    feature("one-vehicle", "size", 0.1, &["!replay"]),
    feature("many-vehicles", "size", 0.2, &["!replay"]),
    feature("depots", "", 0.4, &[]),
    feature("start-at-demand", "", 0.3, &["depots", "!replay"]),
    feature("tiny-battery", "battery", 0.08, &[]),
    feature("huge-battery", "battery", 0.05, &[]),
    feature("start-empty", "charge", 0.1, &[]),
    feature("start-full", "charge", 0.1, &[]),
    feature("second-type", "", 0.3, &["!replay"]),
    feature("curve", "", 0.3, &[]),
    feature("wear", "", 0.3, &[]),
    feature("feeding", "", 0.4, &[]),
    feature("temperature", "", 0.3, &[]),
    feature("costs", "", 0.5, &[]),
    feature("zero-patience", "patience", 0.05, &["!replay"]),
    feature("long-patience", "patience", 0.1, &["!replay"]),
    feature("nearest-idle", "", 0.4, &["!replay"]),
    feature("threshold-nearest", "charging", 0.15, &["!replay"]),
    feature("opportunistic", "charging", 0.2, &["!replay"]),
    feature("price-aware", "charging", 0.25, &["!replay"]),
    feature("follow-demand", "relocation", 0.2, &["!replay"]),
    feature("to-depot", "relocation", 0.5, &["!replay", "depots"]),
    feature("one-connector", "", 0.2, &[]),
    feature("slow-connectors", "", 0.1, &[]),
    feature("site-limit", "", 0.3, &[]),
    feature("second-station", "", 0.6, &[]),
    feature("second-operator", "", 0.5, &["second-station"]),
    feature("own-stations", "", 0.15, &["second-station"]),
    feature("queue-patience-short", "queue", 0.2, &[]),
    feature("queue-patience-none", "queue", 0.08, &[]),
    feature("day-ahead", "", 0.3, &[]),
    feature("intraday", "", 0.25, &[]),
    feature("balancing", "", 0.25, &[]),
    feature("balancing-capacity", "", 0.3, &["balancing"]),
    feature("market-slope", "", 0.3, &["day-ahead"]),
    feature("market-lots", "", 0.3, &["intraday"]),
    feature("imbalance-single", "imbalance", 0.3, &[]),
    feature("imbalance-dual", "imbalance", 0.6, &[]),
    feature("bids-day-ahead", "bidding", 0.6, &["day-ahead"]),
    feature("bids-intraday", "bidding", 0.5, &["intraday"]),
    feature("bids-balancing", "bidding", 0.4, &["balancing"]),
    feature("bids-integrated", "bidding", 0.6, &["balancing", "intraday"]),
    feature("bids-learned", "bidding", 0.5, &["balancing", "intraday"]),
    feature("bids-by-forecast", "", 0.5, &[]),
    feature("one-bidder", "", 0.3, &["second-fleet"]),
    feature("clairvoyant-bound", "", 0.3, &["replay"]),
    feature("time-of-use", "tariff", 0.25, &[]),
    feature("real-time", "tariff", 0.2, &[]),
    feature("load-dependent", "tariff", 0.25, &["!control-odd", "!control-hours"]),
    feature("market-tariff", "tariff", 0.5, &["day-ahead"]),
    feature("negative-prices", "", 0.15, &[]),
    feature("lead-none", "lead", 0.15, &[]),
    feature("lead-day", "lead", 0.2, &["!market-tariff"]),
    feature("second-retailer", "", 0.3, &["second-station"]),
    feature("nash", "stations", 0.25, &["load-dependent"]),
    feature("c-nash", "stations", 0.35, &["load-dependent"]),
    feature("coordinated", "stations", 0.5, &["load-dependent"]),
    feature("stations-by-forecast", "", 0.5, &["load-dependent"]),
    feature("households", "", 0.3, &["!load-dependent"]),
    feature("nominal-response", "", 0.3, &[]),
    feature("generation", "", 0.3, &["!load-dependent"]),
    feature("pricing-flat", "pricing", 0.2, &["generation"]),
    feature("pricing-time-of-use", "pricing", 0.2, &["generation"]),
    feature("stackelberg-marginal", "pricing", 0.2, &["generation"]),
    feature("stackelberg-flatten", "pricing", 0.2, &["generation"]),
    feature("stackelberg-profit", "pricing", 0.4, &["generation"]),
    feature("competition", "", 0.3, &[]),
    feature("aggregator-naive", "aggregator", 0.3, &["competition", "day-ahead", "imbalance-dual"]),
    feature("aggregator-bilevel", "aggregator", 0.4, &["competition", "day-ahead", "imbalance-dual"]),
    feature("aggregator-perfect", "aggregator", 0.9, &["competition", "day-ahead", "imbalance-dual"]),
    feature("feeder", "", 0.25, &[]),
    feature("feeder-limit", "", 0.5, &["feeder"]),
    feature("weak-feeder", "", 0.3, &["feeder"]),
    feature("demand-jitter", "", 0.1, &[]),
    feature("demand-thinning", "", 0.1, &[]),
    feature("demand-level", "", 0.1, &["!replay"]),
    feature("ride-durations", "", 0.1, &[]),
    feature("driving-style", "", 0.1, &[]),
    feature("temperature-varies", "", 0.3, &["temperature"]),
];

/// Combinations that are not generated, or failures that are not counted, because of a known fault. Delete a
/// row once its fault is repaired.
#[derive(Debug)]
pub struct Exclusion {
    /// Features that the case has, all of them.
    pub features: &'static [&'static str],
    /// Part of the failure's text; empty: the last feature of `features` is switched off.
    pub failure: &'static str,
    /// The fault.
    pub reason: &'static str,
}

pub use super::exclusions::EXCLUSIONS;

/// Features of a case.
pub type Switches = BTreeSet<&'static str>;

/// Feature by name.
fn by_name(name: &str) -> &'static Feature {
    FEATURES.iter().find(|feature| feature.name == name).expect("the name of a feature")
}

/// Whether what `feature` needs is on.
fn may_be_on(feature: &Feature, on: &Switches) -> bool {
    let group_is_free = feature.group.is_empty()
        || !on.iter().any(|other| *other != feature.name && by_name(other).group == feature.group);
    group_is_free
        && feature.needs.iter().all(|need| match need.strip_prefix('!') {
            Some(forbidden) => !on.contains(forbidden),
            None => on.contains(need),
        })
}

/// Switches off features that lack one that they need, and those that an exclusion forbids.
pub fn consistent(on: &Switches) -> Switches {
    let mut kept = Switches::new();
    for feature in FEATURES.iter().filter(|feature| on.contains(feature.name)) {
        if may_be_on(feature, &kept) {
            kept.insert(feature.name);
        }
    }
    for exclusion in EXCLUSIONS.iter().filter(|exclusion| exclusion.failure.is_empty()) {
        if exclusion.features.iter().all(|name| kept.contains(name)) {
            let last = exclusion.features.last().expect("an exclusion names a feature");
            kept.remove(last);
            return consistent(&kept);
        }
    }
    kept
}

/// The exclusion that covers a failure of a case.
pub fn excused(on: &Switches, failure: &str) -> Option<&'static Exclusion> {
    EXCLUSIONS.iter().find(|exclusion| {
        !exclusion.failure.is_empty()
            && exclusion.features.iter().all(|name| on.contains(name))
            && failure.contains(exclusion.failure)
    })
}

/// Random numbers of one purpose of a case: those of one feature do not depend on other features.
pub fn stream(seed: u64, purpose: &str) -> impl Rng + use<> {
    let key = purpose.bytes().fold(0_u64, |key, byte| key.wrapping_mul(257).wrapping_add(u64::from(byte)));
    Streams { seed, replication: 0 }.stream(Purpose::Synthesis, key)
}

/// Draws the features of a case. One case in ten has few, one in ten many.
pub fn draw(seed: u64) -> Switches {
    let factor = match seed % 10 {
        0 => 0.3,
        9 => 2.0,
        _ => 1.0,
    };
    let mut on = Switches::new();
    for feature in FEATURES {
        let share = (feature.share * factor).min(0.95);
        if stream(seed, feature.name).random_bool(share) && may_be_on(feature, &on) {
            on.insert(feature.name);
        }
    }
    consistent(&on)
}
