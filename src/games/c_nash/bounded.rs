//! The equilibrium with station bounds, a common limit and price-elastic demand.
//!
//! The game's Jacobian, b^t (1 1' + C) + diag(mu), is symmetric, so the equilibrium minimises a potential (D. Monderer
//! and L. S. Shapley, Potential games, Games and Economic Behavior 14, 1996):
//!
//! sum_t [a S + b/2 S^2 + sum over coalitions of b/2 X_C^2 + sum over stations alone of b/2 x_i^2]
//! + sum_i mu_i/2 |x_i - xbar_i|^2, with S the total load, X_C the load of a coalition, and S <= limit.
//!
//! Given the marginal costs of S and X_C, each station responds separately and exactly (`response`): to the price a + m
//! if alone, with m the common markup; to a + m + n_C in a coalition C, with n_C the coalition's markup, because the
//! coalition accounts for its effect on the price paid by all its members. The markups must be consistent with the
//! resulting loads: m = b S, or more where the limit binds, and n_C = b X_C. They maximise the dual of the potential,
//! which is concave, once differentiable and piecewise quadratic: Newton's method with a line search reaches the right
//! piece after a few steps (L. Qi and J. Sun, A nonsmooth version of Newton's method, Mathematical Programming 58,
//! 1993). A step takes N T^2 for the slopes of the responses and T^3 per coalition.
//!
//! If the limit cannot be kept, markups grow without bound, and the steps at which they do are the proof (see
//! [`Search::impossible`]).

use super::check::Unkept;
use super::closed_form;
use super::linear::{Factor, Symmetric};
use super::model::{CNashGame, short};
use super::profiles::{Profiles, add};
use super::response::Knapsack;
use super::structure::Structure;
use gridfleet_core::error::{InputError, Result};

/// Maximum number of Newton steps for each floor of the sensitivities; about ten are needed.
const MOST_STEPS: usize = 100;
/// Maximum number of Newton steps before floors are tried.
const FEW_STEPS: usize = 40;
/// Maximum number of Newton steps in a whole search; the remaining floors are then skipped. Sensitivities that differ
/// by 16 powers of ten take 27 floors of about ten steps.
const MOST_OF_ALL: usize = 1_000;
/// Maximum number of halvings of a step; it is then too short to matter.
const MOST_HALVINGS: usize = 40;
/// Ratio of each floor to the next. A larger ratio needs fewer floors but more Newton steps at each (chosen by trial).
const FLOOR_STEP: f64 = 4.0;
/// Number of steps after which the search checks for a limit that cannot be kept.
const PATIENCE: usize = 8;
/// Accuracy of loads, as a fraction of the total of all stations and steps; [`GOOD_ENOUGH`] applies if rounding
/// prevents it.
const ACCURATE: f64 = 1e-13;
/// Accuracy accepted where rounding prevents [`ACCURATE`].
const GOOD_ENOUGH: f64 = 1e-8;

/// Profiles of the equilibrium, shadow price of the limit at each step, and computational work.
///
/// # Errors
/// If the stations cannot keep the limit together, or the method does not converge.
pub(super) fn profiles(game: &CNashGame, structure: &Structure) -> Result<(Profiles, Vec<f64>, SearchStats)> {
    if let Some(profiles) = nothing_to_choose(game) {
        return Ok((profiles, vec![0.0; game.steps()], SearchStats::default()));
    }
    let mut search = Search::new(game, structure);
    let markups = search.run(game, structure)?;
    let mut profiles = Profiles::zeros(game.stations(), game.steps());
    let steps = game.steps();
    let priced = search.prices(&markups);
    for k in 0..search.singles.len() {
        let i = search.singles[k];
        search.answer(i, &priced[0], 1.0);
        profiles.row_mut(i).copy_from_slice(&search.knapsack.x[..steps]);
    }
    for g in 0..search.groups.len() {
        for k in 0..search.groups[g].len() {
            let i = search.groups[g][k];
            search.answer(i, &priced[g + 1], 0.0);
            profiles.row_mut(i).copy_from_slice(&search.knapsack.x[..steps]);
        }
    }
    Ok((profiles, search.limit_prices(&markups[0]), search.work))
}

/// The profiles if all demands are fixed and each equals the sum of its station's lower bounds, for example if stations
/// have no demand: there is then no choice, and no prices need to be found. The limit may still be impossible to keep.
fn nothing_to_choose(game: &CNashGame) -> Option<Profiles> {
    let p = game.parameters();
    if p.limit.is_some() || p.elastic.is_some() {
        return None;
    }
    let mut profiles = Profiles::zeros(game.stations(), game.steps());
    for (i, demand) in game.demand().iter().enumerate() {
        let row = profiles.row_mut(i);
        row.iter_mut().enumerate().for_each(|(t, x)| *x = p.min.at(i, t));
        if row.iter().sum::<f64>() != *demand {
            return None;
        }
    }
    Some(profiles)
}

/// Computational work of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SearchStats {
    /// Number of Newton steps: systems of equations built and solved.
    pub newton_steps: usize,
    /// Number of evaluations of all stations' responses to prices.
    pub outcomes: usize,
}

/// Markups by step: the common one, then that of each coalition of two or more.
type Markups = Vec<Vec<f64>>;

/// The search for the markups.
struct Search<'a> {
    game: &'a CNashGame,
    singles: Vec<usize>,
    groups: Vec<Vec<usize>>,
    limit: Vec<f64>,
    /// Total absolute energy of all stations and steps.
    total: f64,
    /// Lower bound applied to sensitivities and to the slopes of the value of energy.
    floor: f64,
    work: SearchStats,
    knapsack: Knapsack,
}

/// Outcome of given markups.
struct Outcome {
    /// Value of the dual.
    value: f64,
    /// Sum of the absolute values of its terms; rounding is proportional to it.
    size: f64,
    /// Excess of the stations' load over the load implied by the markups, in total and for each coalition.
    excess: Markups,
    /// Whether the load is below the limit and so responds to the markup, by step.
    below_limit: Vec<bool>,
}

impl Outcome {
    fn largest_excess(&self) -> f64 {
        self.excess.iter().flatten().fold(0.0, |most, x| x.abs().max(most))
    }
}

impl<'a> Search<'a> {
    fn new(game: &'a CNashGame, structure: &Structure) -> Self {
        let p = game.parameters();
        let mut total: f64 = p.nominal.values().iter().map(|x| x.abs()).sum();
        for e in p.elastic.iter().flatten() {
            total += e.min.abs().max(e.max.abs());
        }
        for d in p.delivery.iter().flat_map(|delivery| &delivery.demand) {
            total += d.abs();
        }
        Self {
            game,
            singles: structure.singles().collect(),
            groups: structure.groups().cloned().collect(),
            limit: p.limit.clone().unwrap_or_else(|| vec![f64::INFINITY; game.steps()]),
            total: total.max(f64::MIN_POSITIVE),
            floor: 0.0,
            work: SearchStats::default(),
            knapsack: Knapsack::default(),
        }
    }

    /// Computes the markups at the equilibrium.
    ///
    /// Stations of very low sensitivity jump from bound to bound as soon as prices cross: the dual then has kinks
    /// everywhere, and Newton's model of it is valid nowhere. In that case sensitivities are first raised to a floor,
    /// which is lowered from solution to solution.
    fn run(&mut self, game: &CNashGame, structure: &Structure) -> Result<Markups> {
        let start = self.start(game, structure);
        let (markups, error) = self.climb(start.clone(), FEW_STEPS)?;
        if error <= GOOD_ENOUGH {
            return Ok(markups);
        }
        let sensitivity = &game.parameters().sensitivity;
        let least = sensitivity.iter().copied().fold(f64::INFINITY, f64::min);
        let mut markups = start;
        self.floor = sensitivity.iter().copied().fold(0.0, f64::max);
        while self.floor > least && self.work.newton_steps + MOST_STEPS < MOST_OF_ALL {
            (markups, _) = self.climb(markups, MOST_STEPS)?;
            self.floor /= FLOOR_STEP;
        }
        self.floor = 0.0;
        let (markups, error) = self.climb(markups, MOST_STEPS)?;
        if error <= GOOD_ENOUGH {
            return Ok(markups);
        }
        let apart = error * self.total;
        Err(if apart.is_finite() { Unkept::Loads { apart } } else { Unkept::NotFinite }.into())
    }

    /// Takes Newton steps until the loads are accurate or stop improving; returns the markups and the load error as a
    /// fraction of the total.
    fn climb(&mut self, mut markups: Markups, most_steps: usize) -> Result<(Markups, f64)> {
        let mut now = self.outcome(&markups);
        let mut stuck = 0;
        for step in 0..most_steps {
            let error = now.largest_excess() / self.total;
            if error <= ACCURATE || (stuck >= 3 && error <= GOOD_ENOUGH) {
                break;
            }
            if step >= PATIENCE
                && let Some(problem) = self.impossible(&markups[0])
            {
                return Err(problem.into());
            }
            if self.work.newton_steps >= MOST_OF_ALL {
                break;
            }
            self.work.newton_steps += 1;
            let Some(direction) = self.newton(&markups, &now, error) else { break };
            let (next, outcome) = self.line_search(&markups, &now, &direction);
            stuck = if outcome.largest_excess() < 0.5 * now.largest_excess() { 0 } else { stuck + 1 };
            (markups, now) = (next, outcome);
        }
        Ok((markups, now.largest_excess() / self.total))
    }

    /// Initial markups: those of the game without bounds.
    fn start(&mut self, game: &CNashGame, structure: &Structure) -> Markups {
        let (profiles, markup) = closed_form::profiles(game, structure);
        // Stations without demand may still shift energy between steps.
        self.total += profiles.values().iter().map(|x| x.abs()).sum::<f64>();
        let own = |members: &Vec<usize>| {
            let mut own = vec![0.0; game.steps()];
            for &i in members {
                add(&mut own, profiles.row(i));
            }
            own.iter().zip(&game.parameters().slope).map(|(x, b)| b * x).collect()
        };
        std::iter::once(markup).chain(self.groups.iter().map(own)).collect()
    }

    /// Prices to which stations respond: alone, then in each coalition.
    fn prices(&self, markups: &Markups) -> Markups {
        let base = &self.game.parameters().base_price;
        let all: Vec<f64> = base.iter().zip(&markups[0]).map(|(a, m)| a + m).collect();
        let within = |own: &Vec<f64>| all.iter().zip(own).map(|(p, n)| p + n).collect();
        let groups: Markups = markups[1..].iter().map(within).collect();
        std::iter::once(all).chain(groups).collect()
    }

    /// Solves the problem of station `i` at `prices`, which it changes by `own` times the slope.
    fn answer(&mut self, i: usize, prices: &[f64], own: f64) {
        let p = self.game.parameters();
        let (mu, nominal) = (p.sensitivity[i].max(self.floor), p.nominal.row(i));
        self.knapsack.clear();
        for (t, ((price, nominal), b)) in prices.iter().zip(nominal).zip(&p.slope).enumerate() {
            self.knapsack.push(mu + own * b, price - mu * nominal, p.min.at(i, t), p.max.at(i, t));
        }
        for (least, most) in p.delivery.iter().flat_map(|delivery| delivery.rows(i)) {
            self.knapsack.push_row(least, most);
        }
        self.knapsack.total = self.game.demand()[i];
        if let Some(e) = p.elastic.as_ref().map(|list| list[i]) {
            // Total demand as an additional variable with its sign reversed, so that all sum to 0.
            self.knapsack.push(e.slope.max(self.floor), e.value, -e.max, -e.min);
            self.knapsack.total = 0.0;
        }
        self.knapsack.solve();
    }

    /// Station `k` of a block, and whether it affects the price individually: the stations alone, then each coalition.
    fn member(&self, block: usize, k: usize) -> Option<(usize, f64)> {
        match block.checked_sub(1) {
            None => self.singles.get(k).map(|&i| (i, 1.0)),
            Some(group) => self.groups[group].get(k).map(|&i| (i, 0.0)),
        }
    }

    /// Decrease of the stations' load as prices rise: alone, and in each coalition. Required once per Newton step, not
    /// for each length that the line search tries.
    fn slopes(&mut self, markups: &Markups) -> Vec<Symmetric> {
        let steps = self.game.steps();
        let prices = self.prices(markups);
        let mut slopes = vec![Symmetric::zeros(steps); markups.len()];
        let mut weights = vec![0.0; steps];
        for block in 0..markups.len() {
            let mut diagonal = vec![0.0; steps];
            let mut k = 0;
            while let Some((i, own)) = self.member(block, k) {
                k += 1;
                self.answer(i, &prices[block], own);
                let knapsack = &self.knapsack;
                let mut from = 0;
                // Between binding rows, the sum of each segment is fixed.
                for &to in &knapsack.ends {
                    let free = |k: usize| k >= from && k < to && knapsack.free[k];
                    let weight = |k: usize| if free(k) { 1.0 / knapsack.curvature[k] } else { 0.0 };
                    weights.iter_mut().enumerate().for_each(|(k, w)| *w = weight(k));
                    let sum: f64 = (from..to).map(weight).sum();
                    if sum > 0.0 {
                        add(&mut diagonal, &weights);
                        slopes[block].add_outer(&weights, -1.0 / sum);
                    }
                    from = to;
                }
            }
            slopes[block].add_diagonal(&diagonal);
        }
        slopes
    }

    /// The dual of the potential and its first derivatives.
    fn outcome(&mut self, markups: &Markups) -> Outcome {
        self.work.outcomes += 1;
        let steps = self.game.steps();
        let prices = self.prices(markups);
        let (mut value, mut size) = (0.0, 0.0);
        let mut excess = vec![vec![0.0; steps]; markups.len()];
        let blocks = self.groups.len() + 1;
        for block in 0..blocks {
            let mut k = 0;
            while let Some((i, own)) = self.member(block, k) {
                k += 1;
                self.answer(i, &prices[block], own);
                let knapsack = &self.knapsack;
                let least = knapsack.value();
                value += least;
                size += least.abs();
                add(&mut excess[block], &knapsack.x[..steps]);
            }
        }
        let b = &self.game.parameters().slope;
        let mut below_limit = vec![true; steps];
        for t in 0..steps {
            for block in 1..blocks {
                let own = markups[block][t] / b[t];
                value -= b[t] / 2.0 * own * own;
                excess[block][t] -= own;
                excess[0][t] += own;
            }
            let markup = markups[0][t];
            below_limit[t] = markup < b[t] * self.limit[t];
            let load = if below_limit[t] { markup / b[t] } else { self.limit[t] };
            value -= (markup - b[t] / 2.0 * load) * load;
            size += (markup * load).abs();
            excess[0][t] -= load;
        }
        Outcome { value, size, excess, below_limit }
    }

    /// Newton's direction, slightly regularised, because the dual is flat where the limit binds and no station can
    /// respond. Expressed for the common markup, and for its sum with each coalition's markup.
    fn newton(&mut self, markups: &Markups, now: &Outcome, error: f64) -> Option<Markups> {
        let slopes = self.slopes(markups);
        let inverse: Vec<f64> = self.game.parameters().slope.iter().map(|b| 1.0 / b).collect();
        let steps = inverse.len();
        let mut system = slopes[0].clone();
        let mut right = now.excess[0].clone();
        let factors: Option<Vec<Factor>> = slopes[1..]
            .iter()
            .map(|slopes| {
                let mut block = slopes.clone();
                block.add_diagonal(&inverse);
                block.cholesky()
            })
            .collect();
        let factors = factors?;
        for (factor, excess) in factors.iter().zip(&now.excess[1..]) {
            let mut answer = excess.clone();
            factor.solve(&mut answer);
            for t in 0..steps {
                right[t] += inverse[t] * answer[t];
            }
            for t in 0..steps {
                let mut column = vec![0.0; steps];
                column[t] = inverse[t];
                factor.solve(&mut column);
                let row = system.row_mut(t);
                for ((entry, x), inverse) in row.iter_mut().zip(&column).zip(&inverse) {
                    *entry -= inverse * x;
                }
                row[t] += inverse[t];
            }
        }
        let supply = |t: usize| if now.below_limit[t] { inverse[t] } else { 0.0 };
        system.add_diagonal(&(0..steps).map(supply).collect::<Vec<_>>());
        let mut little = error.clamp(1e-12, 1e-4);
        let solved = loop {
            let mut regular = system.clone();
            regular.add_diagonal(&inverse.iter().map(|x| little * x).collect::<Vec<_>>());
            if let Some(factor) = regular.cholesky() {
                break factor;
            }
            little *= 100.0;
            if little.is_nan() || little > 1e6 {
                return None;
            }
        };
        let mut all = right;
        solved.solve(&mut all);
        let within = |(factor, excess): (&Factor, &Vec<f64>)| {
            let right = excess.iter().zip(&inverse).zip(&all).map(|((e, inverse), d)| e + inverse * d);
            let mut own: Vec<f64> = right.collect();
            factor.solve(&mut own);
            own
        };
        let groups: Markups = factors.iter().zip(&now.excess[1..]).map(within).collect();
        Some(std::iter::once(all).chain(groups).collect())
    }

    /// The first of the full step, half of it, a quarter ... that raises the dual, judged by its slope at the end,
    /// because a concave function that still rises there has risen all along; or by its value, if the gain is far above
    /// rounding and sufficiently large (Armijo).
    fn line_search(&mut self, from: &Markups, now: &Outcome, direction: &Markups) -> (Markups, Outcome) {
        let slope = |excess: &Markups| -> f64 {
            excess.iter().flatten().zip(direction.iter().flatten()).map(|(e, d)| e * d).sum()
        };
        let rise = slope(&now.excess);
        let mut length = 1.0;
        let mut halvings = 0;
        loop {
            let mut next = from.clone();
            for (block, markup) in next.iter_mut().enumerate() {
                for (t, markup) in markup.iter_mut().enumerate() {
                    let common = if block == 0 { 0.0 } else { direction[0][t] };
                    *markup += length * (direction[block][t] - common);
                }
            }
            let outcome = self.outcome(&next);
            let still_rises = slope(&outcome.excess) >= -1e-6 * rise;
            let has_risen = outcome.value - now.value >= 1e-4 * length * rise + 1e-10 * now.size;
            if still_rises || has_risen || halvings == MOST_HALVINGS {
                return (next, outcome);
            }
            length /= 2.0;
            halvings += 1;
        }
    }

    /// Excess of the markup over the marginal cost of the load at the limit.
    fn limit_prices(&self, markup: &[f64]) -> Vec<f64> {
        let b = &self.game.parameters().slope;
        let price = |((m, b), limit): ((&f64, &f64), &f64)| (m - b * limit).max(0.0);
        markup.iter().zip(b).zip(&self.limit).map(price).collect()
    }

    /// Steps at which more must be drawn than the limit allows, if any: those with the highest apparent shadow price of
    /// the limit.
    ///
    /// In a set A of steps, station i must draw at least its minimum there, and the part of its demand that it cannot
    /// draw elsewhere: max(sum over A of min, d_i - sum over the rest of max). Profiles that keep the limit exist if
    /// and only if no set must draw more than the limit allows (A. J. Hoffman's circulation theorem, 1960). With rows the
    /// least energy of a set follows from them as well.
    fn impossible(&self, markup: &[f64]) -> Option<InputError> {
        let p = self.game.parameters();
        let steps = self.game.steps();
        let worth = self.limit_prices(markup);
        let mut order: Vec<usize> = (0..steps).filter(|&t| worth[t] > 0.0).collect();
        order.sort_by(|&s, &t| worth[t].total_cmp(&worth[s]).then(s.cmp(&t)));
        let mut must = vec![0.0; order.len()];
        let mut within = vec![false; steps];
        for i in 0..self.game.stations() {
            if let Some(delivery) = &p.delivery {
                within.fill(false);
                for (k, &t) in order.iter().enumerate() {
                    within[t] = true;
                    must[k] += delivery.least_within(i, &p.min, &p.max, &within);
                }
                continue;
            }
            let demand = p.elastic.as_ref().map_or(self.game.demand()[i], |list| list[i].min);
            // Maximum energy drawn outside A, without the steps of A that are unbounded.
            let mut outside: f64 = (0..steps).map(|t| p.max.at(i, t)).filter(|x| x.is_finite()).sum();
            let mut unbounded = (0..steps).filter(|&t| p.max.at(i, t).is_infinite()).count();
            let mut least = 0.0;
            for (k, &t) in order.iter().enumerate() {
                match p.max.at(i, t) {
                    high if high.is_finite() => outside -= high,
                    _ => unbounded -= 1,
                }
                least += p.min.at(i, t);
                let forced = if unbounded == 0 { demand - outside } else { f64::NEG_INFINITY };
                must[k] += f64::max(least, forced);
            }
        }
        let mut allowed = 0.0;
        for (k, &t) in order.iter().enumerate() {
            allowed += self.limit[t];
            if must[k] > allowed + GOOD_ENOUGH * self.total {
                let mut list = order[..=k].to_vec();
                list.sort_unstable();
                let mut steps: Vec<String> = list.iter().take(8).map(usize::to_string).collect();
                if list.len() > 8 {
                    steps.push(format!("and {} more", list.len() - 8));
                }
                let word = if k == 0 { "step" } else { "steps" };
                let found = format!("{} in all at {word} {}", short(allowed), steps.join(", "));
                let expected = format!(
                    "at least {}, the least load that demands and bounds allow there",
                    short(must[k])
                );
                return Some(InputError::new(found, expected).key("limit"));
            }
        }
        None
    }
}
