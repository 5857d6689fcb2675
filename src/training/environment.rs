//! The simulator as an environment: a week, a quarter of an hour at a time.
//!
//! An action is a pair of risks (`policies::bidding::observation`). Its value shows in the fleet's account: what
//! energy costs less than at the tariff, less penalties, less the fares of riders turned away.

use super::course::{BIDDER, Course, Week};
use super::hindsight::{self, Slot};
use crate::engine::{EndlessInstant, Simulation};
use crate::ids::{AccountId, MarketId};
use crate::ledger::{EntryKind, LedgerEntry};
use crate::markets::MarketKind;
use crate::policies::bidding::learned::{Chain, Chooser, Learned, Shared};
use crate::policies::bidding::{self, ObservationKind};
use crate::policies::{Bidding, Policies};
use crate::records::{FleetRecord, MarketRecord, Record, Recorder, TripRecord, TripStatus};
use crate::run::Replication;
use crate::time::SimTime;
use crate::world::View;
use std::sync::{Arc, Mutex};

/// Reward and termination flag of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Change of the account since the step before [currency].
    pub account: f64,
    /// Whether the week is over.
    pub over: bool,
}

/// Result of one week.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct WeekResult {
    /// Earned in markets, less the fares of riders turned away [currency]: `market_profit_net` of a run.
    pub profit: f64,
    /// Drawn, all of it [kWh].
    pub charged_kwh: f64,
    /// Bought and drawn [kWh].
    pub market_kwh: f64,
    /// Bought and not drawn [kWh].
    pub imbalance_kwh: f64,
    /// Fares of riders turned away for a commitment [currency].
    pub lost: f64,
}

/// Energy and money of a slot by market.
#[derive(Debug, Clone, Copy, Default)]
struct CashByMarket {
    /// Bought in the balancing market and drawn [kWh], and what was paid for it, negative [currency].
    balancing_kwh: f64,
    balancing: f64,
    /// Bought anywhere and drawn [kWh], and what retailers gave back for it [currency].
    market_kwh: f64,
    credit: f64,
}

impl CashByMarket {
    /// Profit of the balancing market [currency].
    fn balancing(&self) -> f64 {
        let share = if self.market_kwh > 0.0 { self.balancing_kwh / self.market_kwh } else { 0.0 };
        self.balancing + share * self.credit
    }
}

/// Records the cash flows of one episode.
#[derive(Debug)]
struct EpisodeRecorder {
    account: AccountId,
    start: SimTime,
    step_s: i64,
    /// Change of the account by slot [currency]; settled when the slot ends.
    by_slot: Vec<f64>,
    /// Drawn in each slot [kWh].
    drawn_kwh: Vec<f64>,
    /// Of each slot, what came of balancing bids and of all bids.
    by_market: Vec<CashByMarket>,
    balancing: Option<MarketId>,
    /// All of it so far.
    result: WeekResult,
    read: Option<SimTime>,
}

impl EpisodeRecorder {
    fn new(week: &Week) -> Self {
        let (setup, step_s) = (&week.setup, week.setup.trading.settlement_s);
        let steps = usize::try_from((setup.end - setup.start) / step_s).unwrap_or(0);
        let balancing = setup.trading.markets.iter().position(|market| market.kind == MarketKind::Balancing);
        Self {
            account: week.account,
            start: setup.start,
            step_s,
            by_slot: vec![0.0; steps.max(1)],
            drawn_kwh: vec![0.0; steps.max(1)],
            by_market: vec![CashByMarket::default(); steps.max(1)],
            balancing: balancing.map(MarketId::new),
            result: WeekResult::default(),
            read: None,
        }
    }

    fn position(&self, slot: i64) -> usize {
        usize::try_from(slot).unwrap_or(0).min(self.by_slot.len() - 1)
    }

    fn book(&mut self, slot: i64, amount: f64) {
        self.result.profit += amount;
        let position = self.position(slot);
        self.by_slot[position] += amount;
    }

    fn ledger(&mut self, entry: &LedgerEntry) {
        if !matches!(entry.kind, EntryKind::Trade | EntryKind::SupplyCredit | EntryKind::Imbalance) {
            return;
        }
        let amount = entry.amount.units();
        let amount = match (entry.debit == self.account, entry.credit == self.account) {
            (true, false) => amount,
            (false, true) => -amount,
            _ => return,
        };
        let slot = (entry.time - self.start) / self.step_s - 1;
        if entry.kind == EntryKind::SupplyCredit {
            let position = self.position(slot);
            self.by_market[position].credit += amount;
        }
        self.book(slot, amount);
    }

    fn trip(&mut self, record: &TripRecord) {
        if record.status == TripStatus::LostCommitted {
            self.result.lost += record.lost_fare;
            self.book((record.request_time - self.start) / self.step_s, -record.lost_fare);
        }
    }

    fn market(&mut self, record: &MarketRecord) {
        if record.market.is_some() {
            self.result.market_kwh += record.delivered_kwh;
            self.result.imbalance_kwh += record.imbalance_kwh;
            let position = self.position((record.product_start - self.start) / self.step_s);
            let by_market = &mut self.by_market[position];
            by_market.market_kwh += record.delivered_kwh;
            if record.market == self.balancing {
                by_market.balancing_kwh += record.delivered_kwh;
                by_market.balancing += record.cash;
            }
        }
    }

    fn fleet(&mut self, record: &FleetRecord) {
        if let Some(before) = self.read.replace(record.time) {
            let kwh = record.power_kw * (record.time - before) as f64 / 3_600.0;
            self.result.charged_kwh += kwh;
            // A reading shows the energy drawn before it.
            let position = self.position((record.time - self.start - 1).div_euclid(self.step_s));
            self.drawn_kwh[position] += kwh;
        }
    }
}

impl Recorder for EpisodeRecorder {
    fn record(&mut self, record: Record<'_>) {
        match record {
            Record::Ledger(record) => self.ledger(record),
            Record::Trip(record) => self.trip(record),
            Record::Market(record) => self.market(record),
            Record::Fleet(record) => self.fleet(record),
            _ => {}
        }
    }
}

/// A week with the scenario's policies, and this one to bid.
fn replication(week: &Week, bidding: Box<dyn Bidding>) -> Replication<'static> {
    let specs = &week.specs;
    let policies = Policies {
        dispatch: specs.dispatch.build(),
        charging: specs.charging.build(),
        relocation: specs.relocation.build(),
        bidding: vec![bidding],
        stations: specs.stations.build(&week.setup, None, week.streams),
        retail: specs.retail(),
    };
    Replication::of(Arc::clone(&week.setup), policies, week.streams)
}

/// Result of a whole week under any bidding policy.
///
/// # Errors
/// As [`Replication::simulate`].
pub(super) fn whole(week: &Week, bidding: Box<dyn Bidding>) -> crate::error::Result<WeekResult> {
    let mut recorder = EpisodeRecorder::new(week);
    replication(week, bidding).simulate(&mut recorder, |_| false)?;
    Ok(recorder.result)
}

/// A week that is being played.
pub struct Environment {
    simulation: Simulation,
    trader: Shared,
    recorder: EpisodeRecorder,
    step: usize,
    steps: usize,
    booked: f64,
}

impl Environment {
    /// Puts a week at its start. `chain` is what was decided the week before, and what is known of the week after.
    ///
    /// # Panics
    /// If the week has no balancing or no intraday market, which a [`Course`] has checked.
    pub fn reset(course: &Course, week: &Week, observation: ObservationKind, chain: Chain) -> Self {
        Self::under(course, week, observation, Chooser::Forced(0), chain)
    }

    /// The same with a policy that chooses its own actions; those of the steps are ignored.
    pub fn under(
        course: &Course,
        week: &Week,
        observation: ObservationKind,
        chooser: Chooser,
        chain: Chain,
    ) -> Self {
        let Week { setup, streams, foresight, .. } = week;
        let learner = bidding::learner(
            setup,
            BIDDER,
            course.forecasts,
            Some(foresight),
            *streams,
            observation,
            chooser,
            Some(chain),
        );
        let Some(learner) = learner else { panic!("a course has both markets") };
        let trader = Shared(Arc::new(Mutex::new(learner)));
        let recorder = EpisodeRecorder::new(week);
        let steps = recorder.by_slot.len();
        let simulation = replication(week, Box::new(trader.clone())).begin();
        Self { simulation, trader, recorder, step: 0, steps, booked: 0.0 }
    }

    /// Steps in the week.
    pub fn steps(&self) -> usize {
        self.steps
    }

    /// Steps made.
    pub fn step_number(&self) -> usize {
        self.step
    }

    fn now(&self) -> SimTime {
        self.recorder.start + self.recorder.step_s * self.step as i64
    }

    /// Observation before the next step: appends its features, returns the cell of a table.
    pub fn see(&self, features: &mut Vec<f64>) -> usize {
        let view = View::new(self.simulation.setup(), self.simulation.state());
        self.trader.lock().observe(view, BIDDER, self.now(), features)
    }

    /// Bids with the risks of an action, and lets a quarter of an hour pass.
    ///
    /// # Errors
    /// If an instant does not end.
    pub fn step(&mut self, action: usize) -> Result<Step, EndlessInstant> {
        self.trader.lock().force_action(action);
        self.pass()
    }

    /// Lets a quarter of an hour pass.
    ///
    /// # Errors
    /// If an instant does not end.
    pub fn pass(&mut self) -> Result<Step, EndlessInstant> {
        self.step += 1;
        let over = self.step >= self.steps;
        if over {
            self.simulation.finish(&mut self.recorder)?;
        } else {
            let until = self.now();
            self.simulation.run_until(until, &mut self.recorder)?;
        }
        let account = self.recorder.result.profit - self.booked;
        self.booked = self.recorder.result.profit;
        Ok(Step { account, over })
    }

    /// Change of the account by slot of the week [currency]; slots not yet over are not settled.
    pub fn by_slot(&self) -> &[f64] {
        &self.recorder.by_slot
    }

    /// The same without what came of balancing bids: what intraday bids bring beside them, penalties and fares lost.
    pub fn beside_balancing(&self) -> Vec<f64> {
        let slots = self.recorder.by_slot.iter().zip(&self.recorder.by_market);
        slots.map(|(cash, by_market)| cash - by_market.balancing()).collect()
    }

    /// Has the policy write down what it takes to value all risks in [`hindsight`](Self::hindsight); to be asked for
    /// before the first step.
    #[must_use]
    pub fn with_diary(self) -> Self {
        self.trader.lock().keep_trace();
        self
    }

    /// The slots of `week`, which is over, so that any risks can be valued; none without a trace.
    pub fn hindsight(&self, week: &Week) -> Vec<Slot> {
        let trader = self.trader.lock();
        trader.trace().map_or_else(Vec::new, |trace| hindsight::slots(week, trace, &self.recorder.drawn_kwh))
    }

    /// Result of the week so far.
    pub fn result(&self) -> WeekResult {
        self.recorder.result
    }

    /// Actions that the policy has chosen, by step.
    pub fn taken(&self) -> Vec<usize> {
        self.trader.lock().taken.clone()
    }

    /// The policy.
    pub fn trader(&self) -> std::sync::MutexGuard<'_, Learned> {
        self.trader.lock()
    }
}
