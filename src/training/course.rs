//! The weeks of a training: calendar weeks of a scenario, each in some replications, to train on and to be held out.
//!
//! A week is read and built the first time that it is played, and simulated without bids once, for the forecasts; from
//! then on it is shared by all players, with any accuracy of forecasts.

use super::evaluate::Player;
use crate::engine;
use crate::error::{Error, InputError, Result};
use crate::ids::{AccountId, BidderId, FleetId, RetailerId};
use crate::learning::AgentKind;
use crate::ledger::Account;
use crate::markets::{Market, MarketKind};
use crate::policies::bidding::learned::Forecasts;
use crate::policies::bidding::observation::Outlook;
use crate::policies::bidding::{self, ForecastKind, Foresight};
use crate::policies::{BiddingSpec, PolicySpecs};
use crate::rng::Streams;
use crate::scenario::training::{FeedbackSpec, RewardSpec, TrainingSpec};
use crate::scenario::{self, Overrides, Recorded, Scenario};
use crate::time::DAY_S;
use crate::world::{Party, Setup};
use chrono::Days;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Length of an episode in local days.
const WEEK_DAYS: u64 = 7;

/// Bidder whose bids are learned.
pub const BIDDER: BidderId = BidderId(0);

/// Which weeks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// To train on.
    Training,
    /// To choose by what has been learned.
    Validation,
    /// Neither.
    HeldOut,
}

/// A week, ready to be played.
#[derive(Debug)]
pub struct Week {
    /// The world.
    pub setup: Arc<Setup>,
    /// Randomness.
    pub streams: Streams,
    /// Power that could be drawn without bids.
    pub foresight: Arc<Foresight>,
    /// Policies of the other roles.
    pub specs: PolicySpecs,
    /// The bidder's account in the ledger.
    pub account: AccountId,
}

/// All weeks, shared by all who play them.
#[derive(Debug)]
struct Archive {
    /// By set and calendar week.
    scenarios: [Vec<Scenario>; 3],
    recorded: Recorded,
    /// By set, replication and week.
    weeks: [Vec<OnceLock<Arc<Week>>>; 3],
}

/// The weeks of a training, played with certain forecasts.
#[derive(Debug, Clone)]
pub struct Course {
    archive: Arc<Archive>,
    /// How its players forecast.
    pub forecasts: Forecasts,
    outlooks: [Vec<OnceLock<Arc<Vec<Outlook>>>>; 3],
    /// Profit of the fixed risks by slot.
    references: Vec<OnceLock<Arc<[Vec<f64>; 2]>>>,
    /// The table `training` of the scenario.
    pub spec: TrainingSpec,
    /// Risks of the scenario's own policy (balancing, intraday).
    pub fixed_risks: [f64; 2],
    /// Name of the scenario.
    pub name: String,
    /// Its currency.
    pub currency: String,
    /// Its seed.
    pub seed: u64,
    /// Seed of the agent; that of the scenario, unless several agents are trained on the same weeks.
    pub agent_seed: u64,
    /// All files read, the scenario's own first.
    pub inputs: Vec<PathBuf>,
    /// Findings that are no errors, for the user.
    pub warnings: Vec<String>,
    /// The scenario as text, without what a longer training may change.
    pub canonical: String,
}

impl Course {
    /// Reads the scenario in `path`.
    ///
    /// # Errors
    /// [`Error::Input`] with the problems of the scenario, or the reason why no agent can be trained in it.
    pub fn load(path: &Path, overrides: &Overrides) -> Result<Self> {
        let base = scenario::load(path, overrides)?;
        if base.settles() {
            return Err(base.no_pilot("training plays whole weeks, and has no pilot run"));
        }
        let refuse = |key: &str, found: String, expected: &str| -> Error {
            InputError::new(found, expected).file(path).key(key).into()
        };
        let Some(spec) = base.spec.training.clone() else {
            return Err(refuse(
                "training",
                "no [training]".to_owned(),
                "a table [training]; it may be empty",
            ));
        };
        let BiddingSpec::Integrated { risk_balancing, risk_intraday, .. } = base.spec.operation.bidding
        else {
            let found = format!("\"{}\"", base.spec.operation.bidding.name());
            let expected = "\"integrated\", which says how power and prices are forecast";
            return Err(refuse("operation.bidding.kind", found, expected));
        };
        let Some(forecasts) = base.spec.operation.bidding.forecasts() else {
            unreachable!("integrated has some")
        };
        for (key, kind) in [("forecast", forecasts.power), ("price_forecast", forecasts.price)] {
            if kind != ForecastKind::Perfect {
                let key = format!("operation.bidding.{key}");
                let expected = "\"perfect\", with an accuracy: weeks are played one by one, without history";
                return Err(refuse(&key, "a forecast from history".to_owned(), expected));
            }
        }
        if base.spec.fleets.len() != 1 {
            return Err(refuse("fleets", format!("{} fleets", base.spec.fleets.len()), "one fleet"));
        }
        let local = |week: u64| {
            let first = base.local_start().date();
            first.checked_add_days(Days::new(WEEK_DAYS * week)).unwrap_or(first).format("%Y-%m-%d")
        };
        let sets = spec
            .sets()
            .map_err(|(key, found, expected)| refuse(&format!("training.{key}"), found, expected))?;
        let load = |week: &u32| {
            let mut overrides = overrides.clone();
            overrides.set.push(format!("time.start=\"{}\"", local(u64::from(*week))));
            overrides.set.push(format!("time.days={WEEK_DAYS}"));
            scenario::load(path, &overrides)
        };
        let [training, validation, held_out] =
            sets.map(|weeks| weeks.iter().map(load).collect::<Result<Vec<_>>>());
        let scenarios = [training?, validation?, held_out?];
        let recorded = base.read()?;
        let sizes = [0, 1, 2].map(|set| scenarios[set].len() * spec.replications as usize);
        let mut canonical = base.spec.clone();
        if let Some(training) = &mut canonical.training {
            (training.steps, training.exploration_steps, training.checkpoint_weeks) = (0, None, 0);
        }
        let course = Self {
            archive: Arc::new(Archive {
                scenarios,
                recorded,
                weeks: sizes.map(|size| std::iter::repeat_with(OnceLock::new).take(size).collect()),
            }),
            forecasts,
            outlooks: sizes.map(|size| std::iter::repeat_with(OnceLock::new).take(size).collect()),
            references: std::iter::repeat_with(OnceLock::new).take(sizes[0]).collect(),
            fixed_risks: [risk_balancing, risk_intraday],
            name: base.spec.name.clone(),
            currency: base.spec.currency.clone(),
            seed: base.seed(),
            agent_seed: base.seed(),
            inputs: base.inputs.clone(),
            warnings: base.warnings.clone(),
            canonical: serde_json::to_string(&canonical)
                .map_err(|e| Error::Other(format!("cannot write the scenario as text: {e}")))?,
            spec,
        };
        course.check(path)?;
        Ok(course)
    }

    /// The same weeks for players whose forecasts have these accuracies (balancing, intraday).
    #[must_use]
    pub fn with_accuracy(&self, accuracy: [f64; 2]) -> Self {
        let empty = |sets: &Vec<_>| std::iter::repeat_with(OnceLock::new).take(sets.len()).collect();
        Self {
            forecasts: Forecasts { accuracy, ..self.forecasts },
            outlooks: self.outlooks.each_ref().map(empty),
            references: std::iter::repeat_with(OnceLock::new).take(self.references.len()).collect(),
            ..self.clone()
        }
    }

    /// The same weeks with other fixed risks (balancing, intraday) as what is compared with.
    #[must_use]
    pub fn with_fixed_risks(&self, fixed_risks: [f64; 2]) -> Self {
        let references = std::iter::repeat_with(OnceLock::new).take(self.references.len()).collect();
        Self { fixed_risks, references, ..self.clone() }
    }

    /// Number of calendar weeks in a set.
    pub fn calendar_weeks(&self, set: Set) -> usize {
        self.archive.scenarios[set as usize].len()
    }

    /// The calendar week, by its place in the set, of which a week of a set is a replication: replications of one share
    /// its prices.
    pub fn calendar_week(&self, set: Set, number: usize) -> usize {
        number % self.calendar_weeks(set)
    }

    /// Number of weeks in a set, replications included.
    pub fn len(&self, set: Set) -> usize {
        self.archive.weeks[set as usize].len()
    }

    /// A week of a set.
    ///
    /// # Errors
    /// If its world cannot be built.
    pub fn week(&self, set: Set, number: usize) -> Result<Arc<Week>> {
        let cell = &self.archive.weeks[set as usize][number];
        if let Some(week) = cell.get() {
            return Ok(Arc::clone(week));
        }
        let calendar = &self.archive.scenarios[set as usize];
        let replication = (number / calendar.len()) as u32;
        let streams = Streams { seed: self.seed, replication };
        let (setup, prepared) =
            calendar[self.calendar_week(set, number)].build_from(&self.archive.recorded, streams)?;
        let setup = Arc::new(setup);
        let foresight = Arc::new(engine::foresee(&prepared.policies, &setup, streams));
        let account = setup.chart().id(Account::Fleet(FleetId(0)));
        let specs = prepared.policies;
        let week = Week { setup, streams, foresight, specs, account };
        Ok(Arc::clone(cell.get_or_init(|| Arc::new(week))))
    }

    /// Forecasts of a week's balancing products, made the week before.
    ///
    /// # Errors
    /// As [`week`](Self::week).
    pub fn outlooks(&self, set: Set, number: usize) -> Result<Arc<Vec<Outlook>>> {
        let cell = &self.outlooks[set as usize][number];
        if let Some(outlooks) = cell.get() {
            return Ok(Arc::clone(outlooks));
        }
        let week = self.week(set, number)?;
        let outlooks = bidding::outlooks(&week.setup, BIDDER, self.forecasts, &week.foresight, week.streams);
        Ok(Arc::clone(cell.get_or_init(|| Arc::new(outlooks))))
    }

    /// Profit of the scenario's fixed risks in each slot of a training week, and the part without balancing bids
    /// [currency].
    ///
    /// # Errors
    /// As [`week`](Self::week).
    pub fn reference(&self, number: usize) -> Result<Arc<[Vec<f64>; 2]>> {
        let cell = &self.references[number];
        if let Some(reference) = cell.get() {
            return Ok(Arc::clone(reference));
        }
        let played = Player::Fixed(self.fixed_risks).week(self, Set::Training, number)?;
        Ok(Arc::clone(cell.get_or_init(|| Arc::new([played.by_slot().to_vec(), played.beside_balancing()]))))
    }

    /// Whether steps can be settled one by one.
    fn check(&self, path: &Path) -> Result<()> {
        let setup = &self.week(Set::Training, 0)?.setup;
        let problem = self.problem_of_markets(setup).or_else(|| self.problem_of_agent());
        let problem = problem.or_else(|| self.problem_of_all_pairs(setup)).or_else(|| {
            let trading = &setup.trading;
            let fills =
                DAY_S % trading.settlement_s == 0 && matches!(trading.bidders.first(), Some(Party::Fleet(_)));
            let found = "products that do not fill a day".to_owned();
            (!fills).then(|| Problem::new("markets", found, "whole products in each day"))
        });
        match problem {
            None => Ok(()),
            Some(Problem { key, found, expected }) => {
                Err(InputError::new(found, expected).file(path).key(&key).into())
            }
        }
    }

    fn problem_of_markets(&self, setup: &Setup) -> Option<Problem> {
        let trading = &setup.trading;
        let uneven = |market: &Market| market.products.slot_s != trading.settlement_s;
        if let Some((i, market)) = trading.markets.iter().enumerate().find(|(_, market)| uneven(market)) {
            let found = format!("products of {} s", market.products.slot_s);
            let key = format!("markets[{i}].product_s");
            return Some(Problem::new(key, found, "products of one length in all markets"));
        }
        let absent = |kind: &MarketKind| trading.markets.iter().all(|market| market.kind != *kind);
        [MarketKind::Balancing, MarketKind::Intraday].into_iter().find(absent).map(|kind| {
            let found = format!("no market of kind \"{}\"", kind.name());
            Problem::new("markets", found, "one to learn to bid in")
        })
    }

    fn problem_of_agent(&self) -> Option<Problem> {
        if self.spec.agent.kind != AgentKind::Policy {
            return None;
        }
        if self.spec.feedback == FeedbackSpec::Played {
            let found = "\"played\" for an agent \"policy\"".to_owned();
            let expected = "\"all-pairs\": it learns from the value of all pairs";
            return Some(Problem::new("training.feedback", found, expected));
        }
        (self.spec.agent.discount != 0.0).then(|| {
            let found = format!("{} for an agent \"policy\"", self.spec.agent.discount);
            Problem::new("training.agent.discount", found, "0: it looks no step ahead")
        })
    }

    /// Feedback on all pairs of risks is computed product by product, for a world that bids do not change.
    fn problem_of_all_pairs(&self, setup: &Setup) -> Option<Problem> {
        if self.spec.feedback != FeedbackSpec::AllPairs {
            return None;
        }
        if self.spec.reward == RewardSpec::Account {
            let found = "\"account\" with feedback \"all-pairs\"".to_owned();
            let expected = "\"products\" or \"advantage\": all pairs are valued product by product";
            return Some(Problem::new("training.reward", found, expected));
        }
        if !setup.is_preassigned(FleetId::new(0)) {
            let found = "a fleet that is dispatched, with feedback \"all-pairs\"".to_owned();
            let expected = "\"replay\": the vehicle of each request must be known";
            return Some(Problem::new("operation.mode", found, expected));
        }
        if let Some(i) = (0..setup.retailers.len()).find(|&i| setup.has_ex_post_price(RetailerId::new(i))) {
            let found = "a load-dependent price, with feedback \"all-pairs\"".to_owned();
            let key = format!("retailers[{i}].tariff");
            return Some(Problem::new(key, found, "a tariff announced before delivery"));
        }
        let i = setup.trading.markets.iter().position(|market| market.slope_per_mwh_kw != 0.0)?;
        let found = "prices that bids change, with feedback \"all-pairs\"".to_owned();
        let key = format!("markets[{i}].slope_per_mwh_mw");
        Some(Problem::new(key, found, "0: other bids would have met other prices"))
    }
}

/// A key of the scenario that prevents training.
struct Problem {
    key: String,
    found: String,
    expected: &'static str,
}

impl Problem {
    fn new(key: impl Into<String>, found: String, expected: &'static str) -> Self {
        Self { key: key.into(), found, expected }
    }
}
