//! Input data of the game: scenarios of prices and demand, rivals, owners, limits; and their validation.

use super::owners::{Owners, ShareRange};
use gridfleet_core::error::{Error, InputError, Result};

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
    pub fn new(beta: f64, alpha: f64) -> Result<Self> {
        let mut problems = Vec::new();
        if !(0.0..=LARGEST).contains(&beta) {
            problems.push(InputError::new(beta.to_string(), "0 to 1e9").key("beta"));
        }
        if !(0.0..1.0).contains(&alpha) {
            problems.push(InputError::new(alpha.to_string(), "0 or more and below 1").key("alpha"));
        }
        if problems.is_empty() { Ok(Self { beta, alpha }) } else { Err(Error::Input(problems)) }
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
    /// All problems found, with keys as in the file of `gridfleet solve bilevel`.
    pub fn new(parameters: BilevelParameters) -> Result<Self> {
        let problems = Checks::of(&parameters);
        if !problems.is_empty() {
            return Err(Error::Input(problems));
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
struct Checks(Vec<InputError>);

impl Checks {
    fn of(p: &BilevelParameters) -> Vec<InputError> {
        let mut checks = Self(Vec::new());
        checks.markets(p);
        checks.rivals(p);
        checks.owners(p);
        checks.0
    }

    fn problem(&mut self, key: impl Into<String>, found: impl Into<String>, expected: impl Into<String>) {
        self.0.push(InputError::new(found, expected).key(key));
    }

    /// Checks a list of `count` finite numbers, each `least` or more.
    fn list(&mut self, key: &str, values: &[f64], count: usize, item: &str, least: f64) {
        if values.len() != count {
            let found = format!("{} figure{}", values.len(), if values.len() == 1 { "" } else { "s" });
            self.problem(key, found, format!("{count}, one for each {item}"));
        }
        for (i, value) in values.iter().enumerate() {
            let expected = if least.is_finite() { "0 to 1e9" } else { "a number, up to 1e9 either way" };
            if value.is_nan() || value.abs() > LARGEST || *value < least {
                self.problem(format!("{key}[{i}]"), value.to_string(), expected);
            }
        }
    }

    fn sum(&mut self, key: &str, values: impl Iterator<Item = f64>) {
        let sum: f64 = values.sum();
        if sum.is_nan() || (sum - 1.0).abs() > SUM_TOLERANCE {
            self.problem(key, format!("a sum of {sum:.6}"), "a sum of 1");
        }
    }

    fn markets(&mut self, p: &BilevelParameters) {
        const ANY: f64 = f64::NEG_INFINITY;
        let hours = p.positive_max.len();
        if hours == 0 {
            self.problem("positive_max", "no hours", "a figure for each hour, in MWh");
        }
        self.list("positive_max", &p.positive_max, hours, "hour", 0.0);
        if p.scenarios.is_empty() {
            self.problem("scenarios", "no scenarios", "at least one");
            return;
        }
        for (w, scenario) in p.scenarios.iter().enumerate() {
            let key = |name: &str| format!("scenarios[{w}].{name}");
            self.list(&key("probability"), &[scenario.probability], 1, "scenario", 0.0);
            let prices = [
                ("day_ahead", &scenario.day_ahead),
                ("positive", &scenario.positive),
                ("negative", &scenario.negative),
            ];
            for (name, prices) in prices {
                self.list(&key(name), prices, hours, "hour of positive_max", ANY);
            }
            self.list(&key("demand"), &scenario.demand, hours, "hour of positive_max", 0.0);
        }
        self.sum("scenarios[].probability", p.scenarios.iter().map(|s| s.probability));
    }

    fn rivals(&mut self, p: &BilevelParameters) {
        const ANY: f64 = f64::NEG_INFINITY;
        let hours = p.positive_max.len();
        let Some(first) = p.rivals.first() else {
            self.problem("rivals", "no scenarios of rival prices", "at least one");
            return;
        };
        if first.prices.is_empty() {
            self.problem("rivals[0].prices", "no rivals", "at least one");
        }
        let count = first.prices.len();
        for (f, scenario) in p.rivals.iter().enumerate() {
            let key = format!("rivals[{f}]");
            self.list(&format!("{key}.probability"), &[scenario.probability], 1, "scenario", 0.0);
            if scenario.prices.len() != count {
                let found = format!("{} rivals", scenario.prices.len());
                self.problem(format!("{key}.prices"), found, format!("{count}, as in rivals[0]"));
            }
            for (r, prices) in scenario.prices.iter().enumerate() {
                self.list(&format!("{key}.prices[{r}]"), prices, hours, "hour of positive_max", ANY);
            }
        }
        self.sum("rivals[].probability", p.rivals.iter().map(|r| r.probability));
    }

    fn owners(&mut self, p: &BilevelParameters) {
        let count = 1 + p.rivals.first().map_or(0, |rivals| rivals.prices.len());
        self.list("initial_shares", &p.initial_shares, count, "aggregator", 0.0);
        self.sum("initial_shares", p.initial_shares.iter().copied());
        if p.reluctance.len() != count {
            let found = format!("{} lists", p.reluctance.len());
            self.problem("reluctance", found, format!("{count}, one for each aggregator"));
        }
        for (s, row) in p.reluctance.iter().enumerate() {
            self.list(&format!("reluctance[{s}]"), row, count, "aggregator", 0.0);
        }
        if !(0.0..=LARGEST).contains(&p.max_price) {
            self.problem("max_price", p.max_price.to_string(), "0 to 1e9");
        }
    }
}
