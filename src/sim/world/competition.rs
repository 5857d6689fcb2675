//! Competing retailers: at their stations each vehicle owner chooses a retailer in every slot.
//!
//! An owner has a contract with one of them. In each slot the owner buys where the price plus the reluctance to switch
//! is lowest (`games::bilevel`, the lower level), so all owners with the same contract make the same choice. The
//! reluctance is not paid; it keeps owners with their retailer.

use gridfleet_core::ids::{IdVec, RetailerId, VehicleId};
use gridfleet_core::rng::PurposeStreams;
use gridfleet_core::time::SimTime;
use rand_distr::{Distribution, StandardNormal};

/// Number of bits that distinguish slots: enough for seconds since 1970.
const SLOT_BITS: u32 = 40;

/// Competing retailers and their customers.
#[derive(Debug, Clone)]
pub struct Competition {
    /// Competing retailers; a policy may decide for the first, the aggregator. The number of a competitor is its
    /// position in this list.
    pub retailers: Vec<RetailerId>,
    /// By retailer of the setup: whether it competes. The stations of a competing retailer are open to all competitors.
    pub member: IdVec<RetailerId, bool>,
    /// Share of owners under contract with each competitor; sums to 1.
    pub initial_shares: Vec<f64>,
    /// Amount that an owner would pay to avoid switching from one competitor to another, \[from\]\[to\] [currency/MWh];
    /// along the cheapest path, 0 on the diagonal.
    pub reluctance_per_mwh: Vec<Vec<f64>>,
    /// Highest price that the aggregator may charge [currency/MWh].
    pub max_price_per_mwh: f64,
    /// Standard deviation of the other competitors' prices around their tariffs, as a share of the tariffs.
    pub rival_price_sd: f64,
    /// Load of all owners in each hour of the local day, as far as it is known in advance [kW]; 24 values.
    pub typical_kw: Vec<f64>,
    /// Competitor with which the owner of each vehicle has a contract.
    pub contracts: IdVec<VehicleId, u8>,
    /// Random streams for the rivals' prices.
    pub streams: PurposeStreams,
}

impl Competition {
    /// Competitor for which a policy may decide.
    pub fn aggregator(&self) -> RetailerId {
        self.retailers[0]
    }

    /// Price that a competitor charges in a slot for which its tariff is `tariff_per_mwh` [currency/MWh]. The draw
    /// depends only on the retailer and the slot, not on the caller.
    pub fn asked_per_mwh(&self, retailer: RetailerId, slot: SimTime, tariff_per_mwh: f64) -> f64 {
        if self.rival_price_sd <= 0.0 || retailer == self.aggregator() || !self.member[retailer] {
            return tariff_per_mwh;
        }
        let slot = slot.0.cast_unsigned() & ((1 << SLOT_BITS) - 1);
        let mut stream = self.streams.stream(u64::from(retailer.0) << SLOT_BITS ^ slot);
        let draw: f64 = StandardNormal.sample(&mut stream);
        tariff_per_mwh * (1.0 + self.rival_price_sd * draw).max(0.0)
    }

    /// Competitor from which the owners under each contract buy at these prices, one price for each competitor
    /// [currency/MWh]: the one with the lowest price plus reluctance. Ties go to the contracted competitor, otherwise
    /// to the first.
    pub fn choose(&self, prices_per_mwh: &[f64], choice: &mut Vec<u8>) {
        choice.clear();
        choice.extend((0..self.retailers.len()).map(|home| {
            let cost = |to: usize| prices_per_mwh[to] + self.reluctance_per_mwh[home][to];
            let better = |best: usize, to: usize| if cost(to) < cost(best) { to } else { best };
            (0..self.retailers.len()).fold(home, better) as u8
        }));
    }
}

/// Energy that competitors sold in one slot.
#[derive(Debug, Clone, PartialEq)]
pub struct SlotSupply {
    /// Start of the slot, or of the simulation.
    pub start: SimTime,
    /// Energy drawn by customers of each competitor, less what they fed back [kWh].
    pub kwh: Vec<f64>,
}

/// State of the competition at one instant; all fields are empty without competitors.
#[derive(Debug, Clone, Default)]
pub struct CompetitionState {
    /// By contract: the competitor from which its owners buy in this slot.
    pub choice: Vec<u8>,
    /// Slots that have ended.
    pub supplied: Vec<SlotSupply>,
}

impl CompetitionState {
    /// Initial state: all owners buy from the competitor of their contract.
    pub fn new(competition: Option<&Competition>) -> Self {
        let choice =
            competition.map_or(Vec::new(), |competition| (0..competition.retailers.len() as u8).collect());
        Self { choice, supplied: Vec::new() }
    }

    /// Retailer of a vehicle that charges at a station of `retailer`.
    #[inline]
    pub fn supplier(
        &self,
        competition: Option<&Competition>,
        retailer: RetailerId,
        vehicle: VehicleId,
    ) -> RetailerId {
        match competition {
            Some(competition) if competition.member[retailer] => {
                competition.retailers[usize::from(self.choice[usize::from(competition.contracts[vehicle])])]
            }
            _ => retailer,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use gridfleet_core::rng::{Purpose, Streams};

    /// Retailers 1 and 2 of three compete.
    pub(crate) fn two(reluctance: f64, sd: f64) -> Competition {
        Competition {
            retailers: vec![RetailerId(1), RetailerId(2)],
            member: vec![false, true, true].into(),
            initial_shares: vec![0.5, 0.5],
            reluctance_per_mwh: vec![vec![0.0, reluctance], vec![reluctance, 0.0]],
            max_price_per_mwh: 100.0,
            rival_price_sd: sd,
            typical_kw: vec![0.0; 24],
            contracts: vec![0, 1].into(),
            streams: Streams { seed: 1, replication: 0 }.of(Purpose::RivalPrices),
        }
    }

    #[test]
    fn owners_go_where_it_is_cheapest_if_going_costs_less_than_it_saves() {
        let mut choice = Vec::new();
        for (reluctance, prices, expected) in [
            (0.0, [50.0, 40.0], [1, 1]),
            (9.0, [50.0, 40.0], [1, 1]),
            (10.0, [50.0, 40.0], [0, 1]),
            (0.0, [40.0, 40.0], [0, 1]),
            (3.0, [30.0, 40.0], [0, 0]),
        ] {
            two(reluctance, 0.0).choose(&prices, &mut choice);
            assert_eq!(choice, expected, "{reluctance} {prices:?}");
        }
    }

    #[test]
    fn only_members_compete() {
        let competition = two(0.0, 0.0);
        let state = CompetitionState { choice: vec![1, 0], supplied: Vec::new() };
        let at = |retailer, vehicle| {
            state.supplier(Some(&competition), RetailerId(retailer), VehicleId(vehicle)).0
        };
        assert_eq!([at(0, 0), at(1, 0), at(2, 0), at(1, 1), at(2, 1)], [0, 2, 2, 1, 1]);
    }

    /// Prices are normal around the tariff and independent of the caller; the aggregator charges its own tariff.
    #[test]
    fn rival_prices_scatter_around_their_tariffs() {
        let competition = two(0.0, 0.1);
        let asked = |slot: i64| competition.asked_per_mwh(RetailerId(2), SimTime(slot * 3_600), 50.0);
        let n = 4_000;
        let all: Vec<f64> = (0..n).map(asked).collect();
        let mean = all.iter().sum::<f64>() / n as f64;
        let sd = (all.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
        // Five standard errors.
        assert!((mean - 50.0).abs() < 5.0 * 5.0 / (n as f64).sqrt() && (sd - 5.0).abs() < 0.3, "{mean} {sd}");
        assert_eq!(asked(7), all[7]);
        assert_eq!(competition.asked_per_mwh(RetailerId(1), SimTime(0), 50.0), 50.0);
    }
}
