//! Observations and actions of a bidding agent.
//!
//! Source: T. Richter's thesis behind specification 5: a step is a quarter of an hour, an action a pair of risks on a
//! grid, the observation the hour. The richer observation is ours.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Risks of each market: 0, 0.1, ..., 1.
pub const RISKS: usize = 11;

/// Actions: pairs of risks.
pub const ACTIONS: usize = RISKS * RISKS;

/// Risks (balancing, intraday) of an action.
pub fn risks(action: usize) -> [f64; 2] {
    [action / RISKS, action % RISKS].map(|step| step as f64 / (RISKS - 1) as f64)
}

/// Index of a risk among [`RISKS`], rounded to the grid.
pub fn step(risk: f64) -> usize {
    (risk.clamp(0.0, 1.0) * (RISKS - 1) as f64).round() as usize
}

/// Action with these two risks, each rounded to the grid.
pub fn action(risks: [f64; 2]) -> usize {
    let [balancing, intraday] = risks.map(step);
    balancing * RISKS + intraday
}

gridfleet_core::names! {
    /// Observation of a bidding agent.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    pub enum ObservationKind {
        /// The local hour, as in the thesis.
        Hour = "hour",
        /// Like `rich`, without prices. A year has few weeks with dissimilar prices: a network overfits to them.
        Power = "power",
        /// Hour and weekday as points on circles, vehicles plugged in, their charge, and for the products whose gates
        /// close now: expected power, bought power, recent and expected prices.
        #[default]
        Rich = "rich",
    }
}

impl ObservationKind {
    /// Numbers in an observation.
    pub const fn features(self) -> usize {
        match self {
            Self::Hour => 1,
            Self::Power => 10,
            Self::Rich => 13,
        }
    }

    /// Cells of a table.
    pub const fn cells(self) -> usize {
        match self {
            Self::Hour => 24,
            Self::Power => 24 * 3,
            Self::Rich => 24 * 3 * 3,
        }
    }
}

/// Outlook of the product for which balancing bids are due.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Outlook {
    /// Power that the fleet is expected to be able to take [kW].
    pub expected_kw: f64,
    /// Expected intraday price of the same energy [currency/MWh].
    pub intraday_per_mwh: f64,
    /// Balancing price of the product before it [currency/MWh].
    pub last_per_mwh: f64,
}

/// Observed state at one time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ObservedState {
    /// Hour of the local week, 0 to 167.
    pub hour_of_week: usize,
    /// Share of the fleet that is plugged in (0..1).
    pub plugged: f64,
    /// Mean state of charge of the fleet (0..1).
    pub soc: f64,
    /// Power expected over the product that closes intraday [kW].
    pub expected_kw: f64,
    /// Power bought for it [kW].
    pub committed_kw: f64,
    /// Intraday price of the product before it [currency/MWh].
    pub last_per_mwh: f64,
    /// Outlook of the product that closes in the balancing market.
    pub outlook: Outlook,
    /// The fleet's tariff [currency/MWh].
    pub tariff_per_mwh: f64,
    /// Power of the whole fleet [kW].
    pub fleet_kw: f64,
}

/// Share of the fleet's power and of its vehicles that is scaled to 1; assumed, because more are rarely plugged in.
const POOL_SHARE: f64 = 0.25;

/// Prices are clipped to twice the tariff in either direction: reserve bids can reach thousands.
const MOST_PRICE: f64 = 2.0;

impl ObservedState {
    /// Ratio of bought to expected power, 0 to 2.
    fn covered(&self) -> f64 {
        // A watt in the denominator keeps the quotient finite.
        (self.committed_kw / self.expected_kw.max(1e-3)).clamp(0.0, 2.0)
    }

    fn price(&self, per_mwh: f64) -> f64 {
        let share = per_mwh / if self.tariff_per_mwh > 0.0 { self.tariff_per_mwh } else { 100.0 };
        if share.is_finite() { share.clamp(-MOST_PRICE, MOST_PRICE) } else { 0.0 }
    }

    /// Features with magnitudes of about 1.
    pub fn features(&self, kind: ObservationKind, features: &mut Vec<f64>) {
        features.clear();
        let hour = (self.hour_of_week % 24) as f64;
        match kind {
            ObservationKind::Hour => features.push(hour / 12.0 - 1.0),
            ObservationKind::Power | ObservationKind::Rich => {
                let (day, week) = (hour / 24.0 * TAU, (self.hour_of_week / 24) as f64 / 7.0 * TAU);
                let power = |kw: f64| kw / (POOL_SHARE * self.fleet_kw).max(1.0);
                features.extend([
                    day.sin(),
                    day.cos(),
                    week.sin(),
                    week.cos(),
                    self.plugged / POOL_SHARE,
                    self.soc,
                    power(self.expected_kw),
                    power(self.committed_kw),
                    self.covered(),
                    power(self.outlook.expected_kw),
                ]);
                if kind == ObservationKind::Rich {
                    let outlook = self.outlook;
                    let prices = [self.last_per_mwh, outlook.intraday_per_mwh, outlook.last_per_mwh];
                    features.extend(prices.map(|price| self.price(price)));
                }
            }
        }
    }

    /// Cell of a table.
    pub fn cell(&self, kind: ObservationKind) -> usize {
        let hour = self.hour_of_week % 24;
        // Assumed: three classes that all occur in practice.
        let class = |value: f64, bounds: [f64; 2]| bounds.iter().filter(|&&bound| value >= bound).count();
        match kind {
            ObservationKind::Hour => hour,
            ObservationKind::Power => hour * 3 + class(self.covered(), [0.25, 0.75]),
            ObservationKind::Rich => {
                let covered = class(self.covered(), [0.25, 0.75]);
                let price = class(self.price(self.last_per_mwh), [0.15, 0.3]);
                (hour * 3 + covered) * 3 + price
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_pairs_of_risks_and_back() {
        assert_eq!((risks(0), risks(ACTIONS - 1), risks(5 * 11 + 3)), ([0.0; 2], [1.0; 2], [0.5, 0.3]));
        assert!((0..ACTIONS).all(|a| action(risks(a)) == a));
    }

    #[test]
    fn observations_have_the_numbers_and_cells_that_their_kind_says() {
        let mut features = Vec::new();
        for kind in ObservationKind::ALL {
            let mut cells = std::collections::BTreeSet::new();
            for hour_of_week in 0..168 {
                for (committed_kw, last_per_mwh) in
                    [(0.0, -4_000.0), (50.0, 30.0), (300.0, 90.0), (1e9, f64::NAN)]
                {
                    let observed_state = ObservedState {
                        hour_of_week,
                        expected_kw: 100.0,
                        committed_kw,
                        last_per_mwh,
                        tariff_per_mwh: 150.0,
                        fleet_kw: 1_800.0,
                        ..ObservedState::default()
                    };
                    observed_state.features(kind, &mut features);
                    assert_eq!(features.len(), kind.features());
                    assert!(features.iter().all(|x| x.is_finite()), "{features:?}");
                    cells.insert(observed_state.cell(kind));
                }
            }
            assert!(cells.iter().all(|&cell| cell < kind.cells()));
            assert!(cells.len() >= kind.cells() / 3, "{}", cells.len());
        }
    }
}
