//! Input data of the game: scenarios of prices and demand, rivals, owners, limits; and their validation.

use super::error::{BilevelError, BilevelProblem, Parameter, ScenarioPart};
use super::owners::{Owners, ShareRange};

/// Tolerance on the sums of probabilities and of shares, which must be one.
const SUM_TOLERANCE: f64 = 1e-6;
/// Largest accepted number (assumed): far beyond any market, while products of two remain sufficiently exact.
const LARGEST: f64 = 1e9;

/// One scenario of the day's prices and demand.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Probability, 0 to 1; all sum to 1.
    pub probability: f64,
    /// Day-ahead price of each hour [currency/MWh].
    pub day_ahead: Vec<f64>,
    /// Positive balancing price of each hour, for energy bought [currency/MWh].
    pub positive: Vec<f64>,
    /// Negative balancing price of each hour, for energy given back [currency/MWh].
    pub negative: Vec<f64>,
    /// Energy that the owners of all aggregators need in each hour, in MWh.
    pub demand: Vec<f64>,
}

/// One scenario of the rivals' prices.
#[derive(Debug, Clone, PartialEq)]
pub struct RivalScenario {
    /// Probability, 0 to 1; all sum to 1.
    pub probability: f64,
    /// Price of each rival in each hour, \[rival\]\[hour\] [currency/MWh].
    pub prices: Vec<Vec<f64>>,
}

/// Form of the day-ahead purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purchase {
    /// One quantity for each hour, independent of the price.
    #[default]
    Quantity,
    /// A bidding curve for each hour: a quantity for each scenario price, non-increasing in the price.
    Curve,
}

/// Parameters of a game. Aggregator 0 is the decision maker; rival r is aggregator r + 1.
#[derive(Debug, Clone, PartialEq)]
pub struct BilevelParameters {
    /// Scenarios of the day's prices and demand.
    pub scenarios: Vec<Scenario>,
    /// Scenarios of the rivals' prices, independent of `scenarios`.
    pub rivals: Vec<RivalScenario>,
    /// Share of the owners at each aggregator before they respond to prices; sums to 1.
    pub initial_shares: Vec<f64>,
    /// Cost for an owner of switching from one aggregator to another, \[from\]\[to\] [currency/MWh]; 0 or more.
    pub reluctance: Vec<Vec<f64>>,
    /// Maximum selling price [currency/MWh].
    pub max_price: f64,
    /// Maximum energy bought in the positive balancing market in each hour, in MWh.
    pub positive_max: Vec<f64>,
    /// Form of the day-ahead purchase.
    pub purchase: Purchase,
}

/// Risk preference of the aggregator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Risk {
    /// Weight of the CVaR relative to the expected profit, 0 or more.
    pub beta: f64,
    /// Confidence level of the CVaR, at least 0 and below 1.
    pub alpha: f64,
}

impl Risk {
    /// Creates a risk preference from a weight and a confidence level.
    ///
    /// # Errors
    /// If they are out of range.
    pub fn new(beta: f64, alpha: f64) -> Result<Self, BilevelError> {
        let problem = |parameter, value| BilevelProblem::Value { parameter, place: None, value };
        let mut problems = Vec::new();
        if !(0.0..=LARGEST).contains(&beta) {
            problems.push(problem(Parameter::Beta, beta));
        }
        if !(0.0..1.0).contains(&alpha) {
            problems.push(problem(Parameter::Alpha, alpha));
        }
        if problems.is_empty() { Ok(Self { beta, alpha }) } else { Err(BilevelError::Parameters(problems)) }
    }
}

/// A game with validated parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct BilevelGame {
    parameters: BilevelParameters,
    owners: Owners,
}

impl BilevelGame {
    /// Validates the parameters.
    ///
    /// # Errors
    /// All problems found.
    pub fn new(parameters: BilevelParameters) -> Result<Self, BilevelError> {
        let problems = Checks::of(&parameters);
        if !problems.is_empty() {
            return Err(BilevelError::Parameters(problems));
        }
        let owners = Owners::new(parameters.initial_shares.clone(), &parameters.reluctance);
        Ok(Self { parameters, owners })
    }

    /// The parameters.
    pub fn parameters(&self) -> &BilevelParameters {
        &self.parameters
    }

    /// The owners, with their initial shares.
    pub fn owners(&self) -> &Owners {
        &self.owners
    }

    /// Number of hours.
    pub fn hours(&self) -> usize {
        self.parameters.positive_max.len()
    }

    /// Prices of the rivals in an hour and a rival scenario.
    pub fn rival_prices(&self, rival_scenario: usize, hour: usize) -> Vec<f64> {
        self.parameters.rivals[rival_scenario].prices.iter().map(|prices| prices[hour]).collect()
    }

    /// Our expected share at a price, over the rival scenarios.
    pub fn share(&self, price: f64, hour: usize) -> ShareRange {
        let mut sum = ShareRange { low: 0.0, high: 0.0 };
        for (f, scenario) in self.parameters.rivals.iter().enumerate() {
            let range = self.owners.share(price, &self.rival_prices(f, hour));
            sum.low += scenario.probability * range.low;
            sum.high += scenario.probability * range.high;
        }
        sum
    }

    /// Probability of each scenario.
    pub fn probabilities(&self) -> Vec<f64> {
        self.parameters.scenarios.iter().map(|scenario| scenario.probability).collect()
    }
}

/// Problems found so far.
struct Checks(Vec<BilevelProblem>);

impl Checks {
    fn of(p: &BilevelParameters) -> Vec<BilevelProblem> {
        let mut checks = Self(Vec::new());
        checks.markets(p);
        checks.rivals(p);
        checks.owners(p);
        checks.0
    }

    fn empty(&mut self, parameter: Parameter) {
        self.0.push(BilevelProblem::Empty(parameter));
    }

    fn length(&mut self, list: Parameter, found: usize, expected: usize) {
        if found != expected {
            self.0.push(BilevelProblem::Length { list, found, expected });
        }
    }

    /// Checks a list of `count` finite numbers, not negative unless they may be.
    fn list(&mut self, list: Parameter, values: &[f64], count: usize) {
        self.length(list, values.len(), count);
        for (i, &value) in values.iter().enumerate() {
            if value.is_nan() || value.abs() > LARGEST || (value < 0.0 && !list.is_signed()) {
                self.0.push(BilevelProblem::Value { parameter: list, place: Some(i), value });
            }
        }
    }

    fn sum(&mut self, list: Parameter, values: impl Iterator<Item = f64>) {
        let sum: f64 = values.sum();
        if sum.is_nan() || (sum - 1.0).abs() > SUM_TOLERANCE {
            self.0.push(BilevelProblem::Sum { list, sum });
        }
    }

    fn markets(&mut self, p: &BilevelParameters) {
        let hours = p.positive_max.len();
        if hours == 0 {
            self.empty(Parameter::PositiveMax);
        }
        self.list(Parameter::PositiveMax, &p.positive_max, hours);
        if p.scenarios.is_empty() {
            self.empty(Parameter::Scenarios);
            return;
        }
        for (w, scenario) in p.scenarios.iter().enumerate() {
            let of = |part| Parameter::Scenario(w, part);
            self.list(of(ScenarioPart::Probability), &[scenario.probability], 1);
            self.list(of(ScenarioPart::DayAhead), &scenario.day_ahead, hours);
            self.list(of(ScenarioPart::Positive), &scenario.positive, hours);
            self.list(of(ScenarioPart::Negative), &scenario.negative, hours);
            self.list(of(ScenarioPart::Demand), &scenario.demand, hours);
        }
        self.sum(Parameter::ScenarioProbabilities, p.scenarios.iter().map(|s| s.probability));
    }

    fn rivals(&mut self, p: &BilevelParameters) {
        let hours = p.positive_max.len();
        let Some(first) = p.rivals.first() else {
            self.empty(Parameter::Rivals);
            return;
        };
        if first.prices.is_empty() {
            self.empty(Parameter::RivalPrices(0));
        }
        let count = first.prices.len();
        for (f, scenario) in p.rivals.iter().enumerate() {
            self.list(Parameter::RivalProbability(f), &[scenario.probability], 1);
            self.length(Parameter::RivalPrices(f), scenario.prices.len(), count);
            for (r, prices) in scenario.prices.iter().enumerate() {
                self.list(Parameter::PricesOfRival(f, r), prices, hours);
            }
        }
        self.sum(Parameter::RivalProbabilities, p.rivals.iter().map(|r| r.probability));
    }

    fn owners(&mut self, p: &BilevelParameters) {
        let count = 1 + p.rivals.first().map_or(0, |rivals| rivals.prices.len());
        self.list(Parameter::InitialShares, &p.initial_shares, count);
        self.sum(Parameter::InitialShares, p.initial_shares.iter().copied());
        self.length(Parameter::Reluctance, p.reluctance.len(), count);
        for (s, row) in p.reluctance.iter().enumerate() {
            self.list(Parameter::ReluctanceFrom(s), row, count);
        }
        if !(0.0..=LARGEST).contains(&p.max_price) {
            let (parameter, value) = (Parameter::MaxPrice, p.max_price);
            self.0.push(BilevelProblem::Value { parameter, place: None, value });
        }
    }
}
