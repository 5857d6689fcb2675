//! Reasons why a game cannot be stated or solved, in numbers, and their names in the input.

use crate::optimize::SolveError;
use gridfleet_core::error::{Error, InputError};
use std::fmt;

/// Reason why there is no game or no solution. The caller may go on, and begin again with other parameters.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum BilevelError {
    /// Parameters are wrong; all problems found.
    Parameters(Vec<BilevelProblem>),
    /// The limit of balancing cannot be kept at any price.
    NoRoom {
        /// The hours, from 0; at least one.
        hours: Vec<usize>,
    },
    /// The required relative gap is not above 0.
    Gap(f64),
    /// The solver failed.
    Solver(SolveError),
    /// The search ended without a choice, because no node could be solved.
    NoChoice,
}

/// A wrong parameter. Scenarios, rivals, aggregators and hours are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum BilevelProblem {
    /// There is none.
    Empty(Parameter),
    /// A list has another length than the parameters that it belongs to.
    Length {
        /// The list.
        list: Parameter,
        /// Its length.
        found: usize,
        /// Length expected.
        expected: usize,
    },
    /// A number is out of range.
    Value {
        /// The parameter.
        parameter: Parameter,
        /// Position in the list, if it is one.
        place: Option<usize>,
        /// The number.
        value: f64,
    },
    /// Probabilities or shares do not sum to 1.
    Sum {
        /// The list.
        list: Parameter,
        /// Its sum.
        sum: f64,
    },
}

/// A parameter of the game.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Parameter {
    /// Maximum purchase in balancing of each hour.
    PositiveMax,
    /// The scenarios of prices and demand.
    Scenarios,
    /// A part of a scenario.
    Scenario(usize, ScenarioPart),
    /// The probabilities of all scenarios.
    ScenarioProbabilities,
    /// The scenarios of rivals' prices.
    Rivals,
    /// Probability of a scenario of rivals' prices.
    RivalProbability(usize),
    /// The probabilities of all scenarios of rivals' prices.
    RivalProbabilities,
    /// The rivals of a scenario.
    RivalPrices(usize),
    /// Prices in a scenario of a rival.
    PricesOfRival(usize, usize),
    /// Share of the owners at each aggregator.
    InitialShares,
    /// The lists of costs of switching.
    Reluctance,
    /// Costs of switching from an aggregator.
    ReluctanceFrom(usize),
    /// Maximum selling price.
    MaxPrice,
    /// Weight of the CVaR.
    Beta,
    /// Confidence level of the CVaR.
    Alpha,
}

/// A part of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScenarioPart {
    /// Its probability.
    Probability,
    /// Day-ahead prices.
    DayAhead,
    /// Positive balancing prices.
    Positive,
    /// Negative balancing prices.
    Negative,
    /// Demand.
    Demand,
}

impl ScenarioPart {
    fn name(self) -> &'static str {
        match self {
            Self::Probability => "probability",
            Self::DayAhead => "day_ahead",
            Self::Positive => "positive",
            Self::Negative => "negative",
            Self::Demand => "demand",
        }
    }
}

impl Parameter {
    /// Key in the file of `gridfleet solve bilevel`.
    fn key(self) -> String {
        match self {
            Self::PositiveMax => "positive_max".to_owned(),
            Self::Scenarios => "scenarios".to_owned(),
            Self::Scenario(w, part) => format!("scenarios[{w}].{}", part.name()),
            Self::ScenarioProbabilities => "scenarios[].probability".to_owned(),
            Self::Rivals => "rivals".to_owned(),
            Self::RivalProbability(f) => format!("rivals[{f}].probability"),
            Self::RivalProbabilities => "rivals[].probability".to_owned(),
            Self::RivalPrices(f) => format!("rivals[{f}].prices"),
            Self::PricesOfRival(f, r) => format!("rivals[{f}].prices[{r}]"),
            Self::InitialShares => "initial_shares".to_owned(),
            Self::Reluctance => "reluctance".to_owned(),
            Self::ReluctanceFrom(s) => format!("reluctance[{s}]"),
            Self::MaxPrice => "max_price".to_owned(),
            Self::Beta => "beta".to_owned(),
            Self::Alpha => "alpha".to_owned(),
        }
    }

    /// Whether values may be negative.
    pub(super) fn is_signed(self) -> bool {
        use ScenarioPart::{DayAhead, Negative, Positive};
        matches!(self, Self::Scenario(_, DayAhead | Positive | Negative) | Self::PricesOfRival(..))
    }

    /// The values allowed.
    fn range(self) -> &'static str {
        match self {
            Self::Alpha => "0 or more and below 1",
            _ if self.is_signed() => "a number, up to 1e9 either way",
            _ => "0 to 1e9",
        }
    }

    /// Finding and expectation where there is none.
    fn empty(self) -> (&'static str, &'static str) {
        match self {
            Self::PositiveMax => ("no hours", "a figure for each hour, in MWh"),
            Self::Rivals => ("no scenarios of rival prices", "at least one"),
            Self::RivalPrices(_) => ("no rivals", "at least one"),
            _ => ("no scenarios", "at least one"),
        }
    }

    /// Finding and expectation for a list of `found` instead of `expected`.
    fn length(self, found: usize, expected: usize) -> (String, String) {
        let figures = format!("{found} figure{}", if found == 1 { "" } else { "s" });
        match self {
            Self::RivalPrices(_) => (format!("{found} rivals"), format!("{expected}, as in rivals[0]")),
            Self::Reluctance => (format!("{found} lists"), format!("{expected}, one for each aggregator")),
            Self::InitialShares | Self::ReluctanceFrom(_) => {
                (figures, format!("{expected}, one for each aggregator"))
            }
            _ => (figures, format!("{expected}, one for each hour of positive_max")),
        }
    }
}

impl From<&BilevelProblem> for InputError {
    fn from(problem: &BilevelProblem) -> Self {
        match *problem {
            BilevelProblem::Empty(parameter) => {
                let (found, expected) = parameter.empty();
                Self::new(found, expected).key(parameter.key())
            }
            BilevelProblem::Length { list, found, expected } => {
                let (found, expected) = list.length(found, expected);
                Self::new(found, expected).key(list.key())
            }
            BilevelProblem::Value { parameter, place, value } => {
                let place = place.map(|place| format!("[{place}]")).unwrap_or_default();
                Self::new(value.to_string(), parameter.range()).key(parameter.key() + &place)
            }
            BilevelProblem::Sum { list, sum } => {
                Self::new(format!("a sum of {sum:.6}"), "a sum of 1").key(list.key())
            }
        }
    }
}

/// Problems of hours whose limit of balancing cannot be kept.
fn no_room(hours: &[usize]) -> Vec<InputError> {
    let hour = |t: &usize| {
        InputError::new("a limit that cannot be kept at any price", "room for the spread of demand")
            .key(format!("positive_max[{t}]"))
    };
    let mut problems: Vec<InputError> = hours.iter().map(hour).collect();
    // The remedy is the same for all hours.
    if let Some(first) = problems.first_mut() {
        first.help = Some(
            "owners that stay at every price up to max_price must be served in each scenario; raise positive_max or \
             max_price, or bring the scenarios of demand closer together"
                .to_owned(),
        );
    }
    problems
}

impl From<&BilevelError> for Error {
    fn from(error: &BilevelError) -> Self {
        match error {
            BilevelError::Parameters(problems) => Self::problems(problems),
            BilevelError::NoRoom { hours } => Self::Input(no_room(hours)),
            BilevelError::Gap(gap) => InputError::new(gap.to_string(), "above 0").key("gap").into(),
            BilevelError::Solver(error) => error.clone().into(),
            BilevelError::NoChoice => Self::failed(error.clone()),
        }
    }
}

impl From<BilevelError> for Error {
    fn from(error: BilevelError) -> Self {
        Self::from(&error)
    }
}

impl From<SolveError> for BilevelError {
    fn from(error: SolveError) -> Self {
        Self::Solver(error)
    }
}

impl fmt::Display for BilevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChoice => f.write_str("the search found no choice"),
            other => Error::from(other).fmt(f),
        }
    }
}

impl std::error::Error for BilevelError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Solver(error) => Some(error),
            _ => None,
        }
    }
}
