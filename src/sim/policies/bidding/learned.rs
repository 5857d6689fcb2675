//! A virtual power plant whose risks depend on its observation: chosen by learned values, or set externally while an
//! agent is trained.

use super::ForecastKind;
use super::observation::{self, ObservationKind, ObservedState, Outlook};
use super::plant::Plant;
use super::trace::Trace;
use crate::policies::{Bidding, OpenGate, Turn};
use crate::world::{Setup, View};
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::ids::{BidderId, FleetId, MarketId, VehicleId};
use gridfleet_core::markets::GateRule;
use gridfleet_core::time::SimTime;
use gridfleet_games::learning::network::Workspace;
use gridfleet_games::learning::{Checkpoint, Seen, Values};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// Trained bidding agent, ready for use.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// Kind of its observation.
    pub observation: ObservationKind,
    /// Values of pairs of risks.
    pub values: Values,
}

impl Trained {
    /// Creates it from a checkpoint.
    ///
    /// # Errors
    /// [`Error::Input`] if it was not trained for bidding.
    pub fn from_checkpoint(checkpoint: &Checkpoint) -> Result<Self, InputError> {
        let purpose = &checkpoint.purpose;
        let fits = |kind: &ObservationKind| {
            kind.name() == purpose.observation
                && kind.features() == purpose.features
                && kind.cells() == purpose.cells
                && observation::ACTIONS == purpose.actions
        };
        match ObservationKind::ALL.into_iter().find(fits) {
            Some(observation) => Ok(Self { observation, values: checkpoint.values()? }),
            None => {
                let found = format!(
                    "an agent for other decisions: it sees \"{}\" ({} numbers) and has {} actions",
                    purpose.observation, purpose.features, purpose.actions
                );
                Err(InputError::new(
                    found,
                    "one that `gridfleet train` has trained to bid, with 121 pairs of risks",
                ))
            }
        }
    }

    /// Reads the checkpoint in `path`.
    ///
    /// # Errors
    /// [`Error::Input`] if it cannot be read, is corrupt, or was not trained for bidding.
    pub fn read(path: &Path) -> Result<Self> {
        Self::from_checkpoint(&Checkpoint::read(path)?).map_err(|error| Error::from(error.file(path)))
    }
}

/// Source of the action.
#[derive(Debug, Clone)]
pub enum Chooser {
    /// The best action by these values.
    Greedy(Arc<Trained>),
    /// An action set by the trainer, from now on.
    Forced(usize),
}

/// Data beyond the horizon and earlier decisions, if weeks are simulated one after the other.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    /// Actions of the previous week, by step: they determine balancing bids for this week.
    pub before: Vec<usize>,
    /// Outlooks of the following week, by product.
    pub ahead: Arc<Vec<Outlook>>,
}

/// Policy of one fleet. Gates that would have closed before the start are decided by the previous week if there is one,
/// otherwise as if at their time.
pub struct Learned {
    fleet: FleetId,
    plant: Plant,
    observation: ObservationKind,
    chooser: Chooser,
    chain: Option<Chain>,
    balancing: MarketSlot,
    intraday: MarketSlot,
    fleet_kw: f64,
    vehicles: f64,
    /// Share of plugged-in vehicles and mean state of charge at the last applicable reading.
    meters: Option<(f64, f64)>,
    /// Actions by step from the start, as far as they have been chosen.
    pub taken: Vec<usize>,
    features: Vec<f64>,
    work: Workspace,
}

/// A market in which the learner takes part.
#[derive(Debug, Clone, Copy)]
struct MarketSlot {
    market: MarketId,
    lead_s: i64,
}

impl MarketSlot {
    fn new(setup: &Setup, market: MarketId) -> Self {
        let gates = &setup.trading.markets[market].gates;
        let lead_s = match *gates {
            GateRule::Lead(lead_s) => lead_s,
            GateRule::Daily { .. } | GateRule::Weekly { .. } => gates.longest_s(),
        };
        Self { market, lead_s }
    }
}

impl Learned {
    /// A plant with strategies for `balancing` and `intraday`, in this order.
    pub(super) fn new(
        setup: &Setup,
        fleet: FleetId,
        plant: Plant,
        [balancing, intraday]: [MarketId; 2],
        observation: ObservationKind,
        chooser: Chooser,
        chain: Option<Chain>,
    ) -> Self {
        let of_fleet = || setup.vehicles.iter().filter(|v| v.fleet == fleet);
        Self {
            fleet,
            plant,
            observation,
            chooser,
            chain,
            balancing: MarketSlot::new(setup, balancing),
            intraday: MarketSlot::new(setup, intraday),
            fleet_kw: of_fleet().map(|v| setup.types[v.vehicle_type].ac_kw).sum(),
            vehicles: of_fleet().count().max(1) as f64,
            meters: None,
            taken: Vec::new(),
            features: Vec::new(),
            work: Workspace::default(),
        }
    }

    /// Sets the action to follow from now on.
    pub fn force_action(&mut self, action: usize) {
        self.chooser = Chooser::Forced(action);
    }

    /// Records a trace from now on.
    pub fn keep_trace(&mut self) {
        self.plant.trace.get_or_insert_default();
    }

    /// The recorded trace: by strategy (balancing, intraday) and product, and requests for vehicles.
    pub fn trace(&self) -> Option<&Trace> {
        self.plant.trace.as_ref()
    }

    /// Observed state at `t`, the last time for bids for products of both markets.
    pub fn observed_state(&mut self, view: View<'_>, bidder: BidderId, t: SimTime) -> ObservedState {
        let (plugged, soc) = *self.meters.get_or_insert_with(|| meters(view, self.fleet, self.vehicles));
        let outlook = self.outlook(view, t);
        let market = view.market(self.intraday.market);
        let product = market.products().at(t + self.intraday.lead_s);
        let mut observed_state = ObservedState {
            hour_of_week: view.clock().hour_of_week(t),
            plugged,
            soc,
            // Before the start and beyond the end there is nothing to decide: the values of the other product apply.
            expected_kw: outlook.expected_kw,
            last_per_mwh: outlook.intraday_per_mwh,
            outlook,
            tariff_per_mwh: self.plant.limit.at(view, t.max(view.now())),
            fleet_kw: self.fleet_kw,
            ..ObservedState::default()
        };
        if let Some(product) = product
            && t >= view.start()
        {
            let start = market.products().start_of(product);
            observed_state.expected_kw = self.plant.strategies[1].pool.least_kw(&market.products(), product);
            observed_state.committed_kw = view.committed_kw(bidder, start);
            let last = match product.checked_sub(1) {
                Some(last) => market
                    .clearing_price(last)
                    .or_else(|| market.clearing_price(market.cleared().checked_sub(1)?)),
                None => market.past_price(start + -1),
            };
            observed_state.last_per_mwh = last.unwrap_or(observed_state.last_per_mwh);
        }
        observed_state
    }

    /// Outlook of the balancing product that closes at `t`.
    fn outlook(&mut self, view: View<'_>, t: SimTime) -> Outlook {
        let market = view.market(self.balancing.market);
        let products = market.products();
        let start = t + self.balancing.lead_s;
        let Some(product) = products.at(start) else {
            let ahead = self.chain.as_ref().map(|chain| &chain.ahead);
            // The following week begins where this one ends.
            let number = usize::try_from(
                (start - products.end_of(products.count.saturating_sub(1))) / products.slot_s,
            );
            let known = ahead.zip(number.ok()).and_then(|(ahead, number)| ahead.get(number).or(ahead.last()));
            return known.copied().unwrap_or_default();
        };
        let first = &mut self.plant.strategies[0];
        let last = match product.checked_sub(1) {
            Some(last) => market.clearing_price(last),
            None => market.past_price(products.start + -1),
        };
        Outlook {
            expected_kw: first.pool.least_kw(&products, product),
            intraday_per_mwh: first
                .below
                .as_mut()
                .and_then(|benchmark| benchmark.expected(view, start))
                .unwrap_or(0.0),
            last_per_mwh: last.unwrap_or(0.0),
        }
    }

    /// Observation at `t`, as numbers and as a cell.
    pub fn observe(
        &mut self,
        view: View<'_>,
        bidder: BidderId,
        t: SimTime,
        features: &mut Vec<f64>,
    ) -> usize {
        let observed_state = self.observed_state(view, bidder, t);
        observed_state.features(self.observation, features);
        observed_state.cell(self.observation)
    }

    /// Action for the step at `t`, if it belongs to the previous week.
    fn decided(&self, view: View<'_>, t: SimTime) -> Option<usize> {
        let before = &self.chain.as_ref().filter(|_| t < view.start())?.before;
        // Counted back from the end of that week.
        let steps = usize::try_from((view.start() - t) / self.step_s(view)).ok()?;
        before.get(before.len().saturating_sub(steps)).copied()
    }

    /// Action for the step at `t`.
    fn choose(&mut self, view: View<'_>, bidder: BidderId, t: SimTime) -> usize {
        let trained = match &self.chooser {
            Chooser::Forced(action) => return *action,
            Chooser::Greedy(trained) => Arc::clone(trained),
        };
        let step = usize::try_from((t - view.start()).div_euclid(self.step_s(view))).ok();
        // Both gates of a step share one action.
        if let Some(&action) = step.and_then(|step| self.taken.get(step)) {
            return action;
        }
        let mut features = std::mem::take(&mut self.features);
        let cell = self.observe(view, bidder, t, &mut features);
        let action = trained.values.greedy(Seen { features: &features, cell }, &mut self.work);
        self.features = features;
        if let Some(step) = step {
            self.taken.resize(step + 1, action);
        }
        action
    }

    fn step_s(&self, view: View<'_>) -> i64 {
        view.market(self.intraday.market).products().slot_s
    }
}

/// Share of the fleet that is plugged in, and its mean state of charge.
fn meters(view: View<'_>, fleet: FleetId, vehicles: f64) -> (f64, f64) {
    let (mut plugged, mut soc) = (0.0, 0.0);
    for vehicle in view.vehicles_of(fleet) {
        plugged += f64::from(u8::from(view.vehicle(vehicle).connector.is_some()));
        soc += view.soc(vehicle);
    }
    (plugged / vehicles, soc / vehicles)
}

impl Bidding for Learned {
    fn bid(&mut self, turn: &mut Turn<'_>, bidder: BidderId, gate: &OpenGate) {
        let view = turn.view;
        let Some(place) = self.plant.strategies.iter().position(|strategy| strategy.market == gate.market)
        else {
            return;
        };
        let lead_s = if place == 0 { self.balancing.lead_s } else { self.intraday.lead_s };
        let products = view.market(gate.market).products();
        for product in gate.products.clone() {
            let t = products.start_of(product) + -lead_s;
            let action = match self.decided(view, t) {
                Some(action) => action,
                None => self.choose(view, bidder, t),
            };
            self.plant.strategies[place].risk = observation::risks(action)[place];
            let one = OpenGate { products: product..product + 1, ..gate.clone() };
            self.plant.bid(turn, bidder, &one);
        }
    }

    fn on_interval(&mut self, turn: &mut Turn<'_>, bidder: BidderId) {
        let view = turn.view;
        // Data known when the next gates close.
        let next = view.now() + view.control_interval_s();
        if (next - view.start()).rem_euclid(self.step_s(view)) < view.control_interval_s() {
            self.meters = Some(meters(view, self.fleet, self.vehicles));
        }
        self.plant.on_interval(turn, bidder);
    }

    fn releases(&mut self, view: View<'_>, bidder: BidderId, vehicle: VehicleId) -> bool {
        self.plant.releases(view, bidder, vehicle)
    }
}

/// A policy shared with an external trainer, which reads its observations and sets its actions.
#[derive(Clone)]
pub struct Shared(pub Arc<Mutex<Learned>>);

impl Shared {
    /// Locks and returns the policy.
    pub fn lock(&self) -> std::sync::MutexGuard<'_, Learned> {
        // A panic elsewhere has ended the thread that locked it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bidding for Shared {
    fn bid(&mut self, turn: &mut Turn<'_>, bidder: BidderId, gate: &OpenGate) {
        self.lock().bid(turn, bidder, gate);
    }

    fn on_interval(&mut self, turn: &mut Turn<'_>, bidder: BidderId) {
        self.lock().on_interval(turn, bidder);
    }

    fn releases(&mut self, view: View<'_>, bidder: BidderId, vehicle: VehicleId) -> bool {
        self.lock().releases(view, bidder, vehicle)
    }
}

/// Forecasts and accuracies of a learner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecasts {
    /// Forecast of the power.
    pub power: ForecastKind,
    /// Forecast of the intraday price.
    pub price: ForecastKind,
    /// Accuracy of perfect forecasts of power, for balancing and intraday (0..1).
    pub accuracy: [f64; 2],
    /// Highest price bid [currency/MWh]; the retailer's price by default.
    pub limit_per_mwh: Option<f64>,
}
