//! Plans the load of stations by the equilibrium of their game, and limits each station to its equilibrium load.
//!
//! At each control interval the game is built again over the slots of the bill, from the present one to the horizon. The
//! base prices are those announced; beyond these, those of the day before. Nominal profiles, demands and rows are those
//! of `needs`. The load of a slot in progress contains the energy already drawn in it. Only the rest of the first slot
//! of a plan is ever used: a plan is a budget until the next one.
//!
//! Planning once per slot was tried: at a station that two vehicles share, a plan based on smooth expectations delays
//! the vehicles that actually arrive, and stations paid more than without any plan.

use super::coalitions::Together;
use super::demand::Demand;
use super::needs::{Needs, Steps};
use super::spec::Planning;
use super::{PlannedLoad, StationControl};
use crate::policies::bidding::Foresight;
use crate::policies::{Action, Turn, View};
use crate::world::{LoadBook, Setup};
use gridfleet_core::ids::StationId;
use gridfleet_core::rng::Streams;
use gridfleet_core::time::{DAY_S, SimTime};
use gridfleet_games::c_nash::{
    self, CNashEquilibrium, CNashGame, CNashParameters, Delivery, LoadBound, Profiles, Structure,
};
use std::sync::Arc;

/// The stations of one retailer.
struct Stations {
    /// Index of the load book.
    number: usize,
    demand: Demand,
    structure: Structure,
    /// Sensitivity of each station [currency/MWh per MW].
    sensitivity: Vec<f64>,
    /// Price increase per megawatt [currency/MWh].
    slope: f64,
    /// Number of steps planned ahead.
    steps: usize,
    /// Numbers of the stations, ascending.
    ids: Vec<StationId>,
    /// Slot of the last plan, and the first plan made in it: those made later in a slot know a part of what happens in it.
    slot: Option<usize>,
    plan: Option<Plan>,
}

/// Loads of a plan.
struct Plan {
    /// Start of the first slot.
    start: SimTime,
    slot_s: i64,
    /// By step, then by station.
    loads: Vec<Vec<PlannedLoad>>,
}

impl Plan {
    fn of(equilibrium: &CNashEquilibrium, game: &CNashGame, steps: Steps) -> Self {
        let p = game.parameters();
        let load = |i: usize, t: usize| {
            let (x, nominal) = (equilibrium.profiles.row(i)[t], p.nominal.row(i)[t]);
            let away = x - nominal;
            let cost = equilibrium.prices[t] * x + p.sensitivity[i] / 2.0 * away * away;
            PlannedLoad { power_kw: 1_000.0 * x, cost: steps.hours() * cost }
        };
        let stations = || 0..game.stations();
        let loads = (0..steps.number).map(|t| stations().map(|i| load(i, t)).collect()).collect();
        Self { start: steps.start, slot_s: steps.slot_s, loads }
    }

    fn load(&self, position: usize, slot_start: SimTime) -> Option<PlannedLoad> {
        let step = usize::try_from((slot_start - self.start).div_euclid(self.slot_s)).ok()?;
        self.loads.get(step).map(|stations| stations[position])
    }
}

/// Nash, C-Nash and coordinated stations; they differ in the stations that decide together.
pub(super) struct Planner {
    retailers: Vec<Stations>,
    /// Number of games without an equilibrium within double precision.
    unsolved: u64,
}

impl Planner {
    /// `None` if no price is load-dependent.
    pub(super) fn new(
        setup: &Setup,
        planning: Planning,
        together: &Together,
        foresight: Option<&Arc<Foresight>>,
        streams: Streams,
    ) -> Option<Self> {
        let books = LoadBook::all(setup);
        let stations_of = |(number, book): (usize, &LoadBook)| {
            let stations = || book.stations.iter().map(|id| &setup.stations[*id]);
            let slope = setup.retailers[book.retailer].tariff.slope_per_mwh_kw()?;
            Some(Stations {
                number,
                demand: Demand::new(planning, number, book, &setup.clock, foresight, streams),
                structure: together.structure(&book.stations),
                sensitivity: stations().map(|station| station.sensitivity_per_mwh_kw * 1_000.0).collect(),
                slope: slope * 1_000.0,
                steps: (planning.horizon_s / book.slot_s).max(1) as usize,
                ids: book.stations.clone(),
                slot: None,
                plan: None,
            })
        };
        let retailers: Vec<Stations> = books
            .iter()
            .enumerate()
            .filter(|(_, book)| !book.stations.is_empty())
            .filter_map(stations_of)
            .collect();
        (!retailers.is_empty()).then_some(Self { retailers, unsolved: 0 })
    }
}

impl StationControl for Planner {
    fn on_interval(&mut self, turn: &mut Turn<'_>) {
        let view = turn.view;
        for stations in &mut self.retailers {
            let book = &view.load_books()[stations.number];
            stations.demand.observe(book, book.slot(view.now()));
            if !stations.make_plan(view, book, turn.actions) {
                self.unsolved += 1;
            }
        }
    }
    fn unsolved(&self) -> u64 {
        self.unsolved
    }
    fn planned(&self, station: StationId, slot_start: SimTime) -> Option<PlannedLoad> {
        let planned = |stations: &Stations| {
            stations.plan.as_ref()?.load(stations.ids.binary_search(&station).ok()?, slot_start)
        };
        self.retailers.iter().find_map(planned)
    }
}

impl Stations {
    /// Sets the budgets of all stations from now. Returns whether they are an equilibrium.
    fn make_plan(&mut self, view: View<'_>, book: &LoadBook, actions: &mut Vec<Action>) -> bool {
        let slot = book.slot(view.now());
        let steps = Steps {
            slot,
            start: book.start_of(slot),
            slot_s: book.slot_s,
            number: self.steps,
            now: view.now(),
        };
        let needs = |(position, &station): (usize, &StationId)| {
            Needs::of(view, book, position, station, steps, &self.demand)
        };
        let needs: Vec<Needs> = book.stations.iter().enumerate().map(needs).collect();
        let game = CNashGame::new(self.game(self.base_prices(view, book), &needs, steps));
        // Bounds and rows can always be kept. A game with values beyond double precision has no equilibrium that
        // satisfies this; stations then draw what their vehicles ask for.
        let found = game.ok().and_then(|game| Some((c_nash::solve(&game, &self.structure).ok()?, game)));
        let kwh = 1_000.0 * steps.hours();
        for (position, &station) in book.stations.iter().enumerate() {
            let power_kw = found.as_ref().map_or(f64::INFINITY, |(equilibrium, _)| {
                needs[position].power_kw(kwh * equilibrium.profiles.row(position)[0], steps)
            });
            actions.push(Action::LimitStation { station, power_kw });
        }
        if self.slot != Some(slot) {
            self.plan = found.as_ref().map(|(equilibrium, game)| Plan::of(equilibrium, game, steps));
            self.slot = Some(slot);
        }
        found.is_some()
    }

    /// The game of the stations in megawatts.
    fn game(&self, base_price: Vec<f64>, needs: &[Needs], steps: Steps) -> CNashParameters {
        let mw = 1.0 / (1_000.0 * steps.hours());
        let rows = |of: fn(&Needs) -> &Vec<f64>| {
            let values = needs.iter().flat_map(|needs| of(needs).iter().map(|kwh| kwh * mw));
            Profiles::from_values(steps.number, values.collect())
        };
        let mut low = Profiles::zeros(needs.len(), steps.number);
        for (position, needs) in needs.iter().enumerate() {
            low.row_mut(position)[0] = needs.drawn * mw;
        }
        let most = rows(|needs| &needs.most);
        let demand = most.rows().map(|row| row[steps.number - 1]).collect();
        CNashParameters {
            min: LoadBound::Step(low),
            max: LoadBound::Step(rows(|needs| &needs.high)),
            delivery: Some(Delivery { demand, least: rows(|needs| &needs.least), most }),
            ..CNashParameters::unbounded(
                base_price,
                vec![self.slope; steps.number],
                self.sensitivity.clone(),
                rows(|needs| &needs.nominal),
            )
        }
    }

    /// Base prices of the steps: announced, or those of the same time a day before, or the last price.
    fn base_prices(&self, view: View<'_>, book: &LoadBook) -> Vec<f64> {
        let announced = &view.prices(book.retailer).broadcasts;
        let (now, day) = (book.slot(view.now()), (DAY_S / book.slot_s).max(1) as usize);
        let price = |step: usize| {
            // Broadcasts are consecutive from the first slot.
            let slot = now + step;
            let known = announced.get(slot).or_else(|| announced.get(slot.checked_sub(day)?));
            known.or(announced.last()).map_or(0.0, |broadcast| broadcast.price_per_mwh)
        };
        (0..self.steps).map(price).collect()
    }
}
