//! Contracts of vehicle owners with competing retailers, drawn for each vehicle.

use crate::resolve::competition::CompetitionPlan;
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_sim::world::Competition;
use rand::RngExt as _;

/// The competition with contracts of `vehicles` vehicles, drawn for each.
pub fn competition(plan: &Option<CompetitionPlan>, vehicles: usize, streams: Streams) -> Option<Competition> {
    let plan = plan.as_ref()?;
    let draws = streams.of(Purpose::Contracts);
    let contract = |vehicle: usize| {
        let mut left: f64 = draws.stream(vehicle as u64).random();
        let at = plan.initial_shares.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        at.unwrap_or(plan.initial_shares.len() - 1) as u8
    };
    Some(Competition {
        retailers: plan.retailers.clone(),
        member: plan.member.clone().into(),
        initial_shares: plan.initial_shares.clone(),
        reluctance_per_mwh: plan.reluctance_per_mwh.clone(),
        max_price_per_mwh: plan.max_price_per_mwh,
        rival_price_sd: plan.rival_price_sd,
        typical_kw: plan.typical_kw.clone(),
        contracts: (0..vehicles).map(contract).collect(),
        streams: streams.of(Purpose::RivalPrices),
    })
}
