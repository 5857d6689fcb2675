//! Plans the load of stations by the equilibrium of their game, and limits each station to its equilibrium load.
//!
//! At each control interval the game is built again over steps of the length of the price slots, from now to the
//! horizon. The base prices are those announced; beyond these, those of the day before. The nominal profile of a
//! station is the energy that its vehicles, plugged in or in the queue, would still draw if they charged as fast as
//! possible from now, plus the expected requests of vehicles that have not arrived yet. Only the first step of a plan
//! is ever used: a plan is a budget until the next one.
//!
//! Planning once per slot was tried: at a station that two vehicles share, a plan based on smooth expectations delays
//! the vehicles that actually arrive, and stations paid more than without any plan (4,964 instead of 4,494 $ in the
//! week of `nyc-companies`; now 4,437). Expected demand of vehicles yet to arrive is the forecast less the part of
//! those already present.

use super::demand::Demand;
use super::spec::Planning;
use super::{StationControl, Together};
use crate::policies::bidding::Foresight;
use crate::policies::{Action, Turn, View};
use crate::world::{LoadBook, Setup};
use gridfleet_core::ids::OperatorId;
use gridfleet_core::rng::Streams;
use gridfleet_core::time::DAY_S;
use gridfleet_games::c_nash::{self, CNashGame, CNashParameters, LoadBound, Profiles, Structure};
use std::sync::Arc;

/// Share of a station's capacity over the horizon that a plan may require: a game in which a station has to draw at its
/// limit throughout leaves nothing to decide, and rounding could make it infeasible.
const MOST_ASKED: f64 = 0.999;

/// The stations of one retailer.
struct Stations {
    /// Index of the load book.
    number: usize,
    demand: Demand,
    structure: Structure,
    /// Sensitivity of each station [currency/MWh per MW].
    sensitivity: Vec<f64>,
    /// Maximum power of each station [MW].
    most_mw: Vec<f64>,
    /// Price increase per megawatt [currency/MWh].
    slope: f64,
    /// Number of steps planned ahead.
    steps: usize,
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
            let operators: Vec<OperatorId> = stations().map(|station| station.operator).collect();
            let most_mw = stations().map(|station| station.capacity_kw() / 1_000.0);
            let slope = setup.retailers[book.retailer].tariff.slope_per_mwh_kw()?;
            Some(Stations {
                number,
                demand: Demand::new(planning, number, book, &setup.clock, foresight, streams),
                structure: structure(&operators, together),
                sensitivity: stations().map(|station| station.sensitivity_per_mwh_kw * 1_000.0).collect(),
                most_mw: most_mw.collect(),
                slope: slope * 1_000.0,
                steps: (planning.horizon_s / book.slot_s).max(1) as usize,
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

/// Coalition structure of the stations of these operators.
fn structure(operators: &[OperatorId], together: &Together) -> Structure {
    let stations = operators.len();
    match together {
        Together::Nobody => Structure::alone(stations),
        Together::Everybody => Structure::grand_coalition(stations),
        Together::Operators(named) => {
            let members =
                |id: &OperatorId| -> Vec<usize> { (0..stations).filter(|&i| operators[i] == *id).collect() };
            let coalitions = named.iter().map(members).filter(|members| !members.is_empty()).collect();
            // Each station has one operator, and no coalition is empty.
            Structure::new(stations, coalitions).expect("disjoint coalitions")
        }
    }
}

impl StationControl for Planner {
    fn on_interval(&mut self, turn: &mut Turn<'_>) {
        let view = turn.view;
        for stations in &mut self.retailers {
            let book = &view.load_books()[stations.number];
            stations.demand.observe(book, book.slot(view.now()));
            if !stations.plan(view, book, turn.actions) {
                self.unsolved += 1;
            }
        }
    }
    fn unsolved(&self) -> u64 {
        self.unsolved
    }
}

impl Stations {
    /// Sets the budgets of all stations from now. Returns whether they are an equilibrium.
    fn plan(&self, view: View<'_>, book: &LoadBook, actions: &mut Vec<Action>) -> bool {
        let parameters = CNashParameters {
            min: LoadBound::Same(0.0),
            max: LoadBound::Station(self.most_mw.clone()),
            ..CNashParameters::unbounded(
                self.base_prices(view, book),
                vec![self.slope; self.steps],
                self.sensitivity.clone(),
                self.nominal(view, book),
            )
        };
        // Within their bounds stations can always draw the energy required; a game with values beyond double precision
        // has no equilibrium that satisfies this, and each station gets its nominal profile.
        let nominal = parameters.nominal.clone();
        let solved = CNashGame::new(parameters).and_then(|game| c_nash::solve(&game, &self.structure));
        let (profiles, found) = match solved {
            Ok(equilibrium) => (equilibrium.profiles, true),
            Err(_) => (nominal, false),
        };
        for (position, &station) in book.stations.iter().enumerate() {
            let power_kw = profiles.row(position)[0].max(0.0) * 1_000.0;
            actions.push(Action::LimitStation { station, power_kw });
        }
        found
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

    /// Nominal profiles [MW].
    fn nominal(&self, view: View<'_>, book: &LoadBook) -> Profiles {
        let now = book.slot(view.now());
        let hours = book.slot_s as f64 / 3_600.0;
        // A step begins within a slot and ends within the next.
        let into = (view.now() - book.start_of(now)) as f64 / book.slot_s as f64;
        let mut nominal = Profiles::zeros(self.most_mw.len(), self.steps);
        for (position, &station) in book.stations.iter().enumerate() {
            let row = nominal.row_mut(position);
            let asked = book.nominal_of(position);
            let by_others = |slot: usize| {
                let by_those_here = asked.get(slot).copied().unwrap_or(0.0);
                (self.demand.expected_kwh(position, slot) - by_those_here).max(0.0)
            };
            let mut first = by_others(now);
            for (step, kwh) in row.iter_mut().enumerate() {
                let second = by_others(now + step + 1);
                *kwh = (1.0 - into) * first + into * second;
                first = second;
            }
            for (vehicle_type, charge_request) in view.charge_requests(station) {
                charge_request.spread(vehicle_type, view.now(), book.slot_s, view.now(), |step, kwh| {
                    if let Some(sum) = row.get_mut(step) {
                        *sum += kwh;
                    }
                    step + 1 < self.steps
                });
            }
            // Energy beyond the station's capacity has to wait until after the horizon.
            let most_kwh = MOST_ASKED * self.most_mw[position] * 1_000.0 * hours * self.steps as f64;
            let total_kwh: f64 = row.iter().sum();
            let share = if total_kwh > most_kwh { most_kwh / total_kwh } else { 1.0 };
            for kwh in row {
                *kwh *= share / (1_000.0 * hours);
            }
        }
        nominal
    }
}
