//! One hour: profit of a share and a purchase in each scenario, after optimal balancing.

use super::model::BilevelGame;
use super::offer::Point;

/// Prices, demand and limits of an hour in each scenario \[W\].
#[derive(Debug, Clone, PartialEq)]
pub struct Hour {
    /// Demand of all owners, in MWh.
    pub demand: Vec<f64>,
    /// Day-ahead price [currency/MWh].
    pub day_ahead: Vec<f64>,
    /// Price of energy bought in the balancing market [currency/MWh].
    pub positive: Vec<f64>,
    /// Price of energy given back in the balancing market [currency/MWh].
    pub negative: Vec<f64>,
    /// Maximum energy bought in the balancing market, in MWh.
    pub positive_max: f64,
}

/// Energy bought and given back in the balancing market, in MWh.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balancing {
    /// Energy bought.
    pub positive: f64,
    /// Energy given back.
    pub negative: f64,
}

/// Relative tolerance by which a limit may be missed, for rounding.
const ROUNDING: f64 = 1e-12;

impl Hour {
    /// Extracts the data of one hour.
    pub fn of(game: &BilevelGame, hour: usize) -> Self {
        let parameters = game.parameters();
        let column = |field: fn(&super::model::Scenario) -> &Vec<f64>| -> Vec<f64> {
            parameters.scenarios.iter().map(|scenario| field(scenario)[hour]).collect()
        };
        Self {
            demand: column(|s| &s.demand),
            day_ahead: column(|s| &s.day_ahead),
            positive: column(|s| &s.positive),
            negative: column(|s| &s.negative),
            positive_max: parameters.positive_max[hour],
        }
    }

    /// Number of scenarios.
    pub fn scenarios(&self) -> usize {
        self.demand.len()
    }

    /// Bounds of the purchase within which scenario `w` can be balanced: at most `positive_max` is bought, and no more
    /// is given back than is used.
    pub fn bounds(&self, w: usize, share: f64) -> (f64, f64) {
        let used = self.demand[w] * share;
        ((used - self.positive_max).max(0.0), 2.0 * used)
    }

    /// The purchase closest to `purchase` with which all scenarios can be balanced, if one exists within rounding.
    pub fn allowed(&self, share: f64, purchase: f64) -> Option<f64> {
        let bounds = (0..self.scenarios()).map(|w| self.bounds(w, share));
        let (low, high) =
            bounds.fold((0.0f64, f64::INFINITY), |b, (low, high)| (b.0.max(low), b.1.min(high)));
        let room = ROUNDING * (self.positive_max + 2.0 * low);
        (low <= high + room).then(|| purchase.max(low).min(high))
    }

    /// Optimal balancing of scenario `w`. Where giving back pays more than buying costs, both are done to their limits.
    pub fn balancing(&self, w: usize, share: f64, purchase: f64) -> Balancing {
        let used = self.demand[w] * share;
        let short = used - purchase;
        let positive = if self.negative[w] > self.positive[w] {
            self.positive_max.min(short + used).max(0.0)
        } else {
            short.max(0.0)
        };
        Balancing { positive, negative: (positive - short).max(0.0) }
    }

    /// Profit of scenario `w` [currency].
    pub fn profit(&self, w: usize, price: f64, share: f64, purchase: f64) -> f64 {
        let traded = self.balancing(w, share, purchase);
        self.demand[w] * share * price - self.day_ahead[w] * purchase - self.positive[w] * traded.positive
            + self.negative[w] * traded.negative
    }

    /// The given choice with its profits.
    pub fn point(&self, price: f64, share: f64, purchase: Vec<f64>) -> Point {
        let profits = purchase.iter().enumerate().map(|(w, e)| self.profit(w, price, share, *e)).collect();
        Point { share, purchase, profits }
    }
}
