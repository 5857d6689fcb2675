//! A solution: prices, shares, purchases, balancing, and the resulting profits.

use super::error::BilevelError;
use super::hour::Hour;
use super::model::{BilevelGame, Risk};
use super::risk::Profit;
use super::search;

/// Required accuracy of a solution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchOptions {
    /// Relative gap between the objective and the bound.
    pub gap: f64,
    /// Maximum number of nodes; the search then ends with the gap reached.
    pub most_nodes: usize,
}

impl Default for SearchOptions {
    /// A gap of 1e-4, as required of the case study; the number of nodes is assumed.
    fn default() -> Self {
        Self { gap: 1e-4, most_nodes: 20_000 }
    }
}

/// One hour of a solution.
#[derive(Debug, Clone, PartialEq)]
pub struct HourPlan {
    /// Selling price [currency/MWh].
    pub price: f64,
    /// Expected share of the demand.
    pub share: f64,
    /// Fraction of the owners indifferent at this price that buys from us, 0 to 1.
    pub lean: f64,
    /// Share of each aggregator in each rival scenario, \[rival scenario\]\[aggregator\].
    pub shares: Vec<Vec<f64>>,
    /// Day-ahead purchase in each scenario, in MWh; all equal where one quantity is bought.
    pub purchase: Vec<f64>,
    /// Energy bought in the balancing market in each scenario, in MWh.
    pub positive: Vec<f64>,
    /// Energy given back in the balancing market in each scenario, in MWh.
    pub negative: Vec<f64>,
    /// Profit in each scenario [currency].
    pub profits: Vec<f64>,
}

/// A solution of the game.
#[derive(Debug, Clone, PartialEq)]
pub struct BilevelSolution {
    /// Weight and confidence level of the CVaR.
    pub risk: Risk,
    /// One entry per hour.
    pub hours: Vec<HourPlan>,
    /// Profit of the day in each scenario [currency].
    pub profits: Vec<f64>,
    /// Statistics of `profits`.
    pub profit: Profit,
    /// Expected profit + beta * CVaR [currency].
    pub objective: f64,
    /// No solution has a greater objective [currency].
    pub bound: f64,
    /// Number of nodes searched.
    pub nodes: usize,
}

/// Computes the optimal prices and purchases.
///
/// # Errors
/// If the limits of balancing cannot be kept in an hour at any price, the gap is not above 0, or the solver fails.
pub fn solve(
    game: &BilevelGame,
    risk: Risk,
    options: SearchOptions,
) -> Result<BilevelSolution, BilevelError> {
    if !(options.gap.is_finite() && options.gap > 0.0) {
        return Err(BilevelError::Gap(options.gap));
    }
    let choice = search::search(game, risk, options.gap, options.most_nodes)?;
    let hours = choice.hours.into_iter().enumerate();
    let hours =
        hours.map(|(t, (price, point))| HourPlan::of(game, t, price, point.share, point.purchase)).collect();
    Ok(BilevelSolution::of(game, risk, hours, choice.bound, choice.nodes))
}

impl HourPlan {
    /// One hour at this price with this expected share and these purchases, optimally balanced.
    fn of(game: &BilevelGame, hour: usize, price: f64, share: f64, purchase: Vec<f64>) -> Self {
        let data = Hour::of(game, hour);
        let range = game.share(price, hour);
        let width = range.high - range.low;
        let lean = if width > 0.0 { ((share - range.low) / width).clamp(0.0, 1.0) } else { 1.0 };
        let split = |f: usize| game.owners().split(price, &game.rival_prices(f, hour), lean).shares;
        let shares = (0..game.parameters().rivals.len()).map(split).collect();
        let traded: Vec<_> = purchase.iter().enumerate().map(|(w, e)| data.balancing(w, share, *e)).collect();
        let profits = purchase.iter().enumerate().map(|(w, e)| data.profit(w, price, share, *e)).collect();
        Self {
            price,
            share,
            lean,
            shares,
            positive: traded.iter().map(|b| b.positive).collect(),
            negative: traded.iter().map(|b| b.negative).collect(),
            purchase,
            profits,
        }
    }

    /// Expected share of each aggregator over the rival scenarios.
    pub fn expected_shares(&self, game: &BilevelGame) -> Vec<f64> {
        let rivals = &game.parameters().rivals;
        let mean = |s: usize| self.shares.iter().zip(rivals).map(|(x, f)| f.probability * x[s]).sum();
        (0..game.owners().aggregators()).map(mean).collect()
    }
}

impl BilevelSolution {
    fn of(game: &BilevelGame, risk: Risk, hours: Vec<HourPlan>, bound: f64, nodes: usize) -> Self {
        let probabilities = game.probabilities();
        let mut profits = vec![0.0; probabilities.len()];
        for hour in &hours {
            profits.iter_mut().zip(&hour.profits).for_each(|(sum, profit)| *sum += profit);
        }
        let profit = Profit::of(&profits, &probabilities, risk.alpha);
        let objective = profit.objective(risk);
        Self { risk, hours, profits, profit, objective, bound, nodes }
    }

    /// Gap between the bound and the objective, as a fraction of the objective.
    pub fn gap(&self) -> f64 {
        let distance = self.bound - self.objective;
        if distance <= 0.0 { 0.0 } else { distance / self.objective.abs() }
    }

    /// Expected energy bought day-ahead, bought in the balancing market and given back in it, for each hour, in MWh.
    pub fn traded(&self, game: &BilevelGame) -> Vec<[f64; 3]> {
        let probabilities = game.probabilities();
        let mean = |list: &[f64]| list.iter().zip(&probabilities).map(|(x, p)| x * p).sum();
        self.hours.iter().map(|h| [mean(&h.purchase), mean(&h.positive), mean(&h.negative)]).collect()
    }

    /// The same for the whole day, in MWh.
    pub fn traded_in_all(&self, game: &BilevelGame) -> [f64; 3] {
        let hours = self.traded(game);
        std::array::from_fn(|k| hours.iter().map(|hour| hour[k]).sum())
    }
}
