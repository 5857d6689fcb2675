//! The paper's method: the lower level replaced by its optimality conditions, all in one mixed-integer program.
//!
//! For the owners in hour t and rival scenario f, the variables per MWh of demand are the shares X_s, the moves Y_ss'
//! and the value m_s of being at aggregator s, which is the dual of the balance at s (each share stays or moves):
//!
//! ```text
//! X_s = X0_s + sum of Y_s's - sum of Y_ss'       m_s <= price_s, with equality where X_s > 0
//! X, Y >= 0                                      m_s <= K_ss' + m_s', with equality where Y_ss' > 0
//! ```
//!
//! Each "where" becomes a binary variable. Each bound on a slack (the "big M") is the largest value that the slack
//! takes at the true value m_s = min over s' (price_s' + way_ss') over all of our prices, so that none is larger than
//! necessary. A slack that is never above zero is fixed, not bounded by zero times a binary: otherwise its dual could
//! differ from the true worth and the product of price and share would be wrong. Where the minimum of the slack is
//! above zero, there is no share or move and no binary; this removes half of the binaries for a whole day, and without
//! it days of reluctant owners did not finish in ten minutes. By strong duality, our revenue price * X_0 equals sum
//! X0_s m_s - sum over rivals of price_s X_s - sum K Y, which is linear.
//!
//! Serves as the test oracle of the default method. `microlp` suffices for games of a few hours; a day of 24 hours
//! requires HiGHS (the cargo feature `highs`).

use super::model::{BilevelGame, Risk};
use super::program::groups;
use crate::optimize::{Lp, Sense, SolveError, Solver, Variable};

/// Slacks that never exceed this fraction of the highest price count as zero.
const SLACK: f64 = 1e-12;

/// Solution of the mixed-integer program.
#[derive(Debug, Clone, PartialEq)]
pub struct KktSolution {
    /// Expected profit + beta * CVaR [currency].
    pub objective: f64,
    /// One entry per hour.
    pub hours: Vec<KktHour>,
}

/// One hour of the solution.
#[derive(Debug, Clone, PartialEq)]
pub struct KktHour {
    /// Selling price [currency/MWh]; at a step of our share, within the solver's rounding.
    pub price: f64,
    /// Expected share of the demand.
    pub share: f64,
    /// Day-ahead purchase in each scenario, in MWh.
    pub purchase: Vec<f64>,
}

/// Variables of the owners in one hour and rival scenario.
struct Answer {
    /// Our share.
    share: Variable,
    /// Linear form of price * share [currency/MWh].
    revenue: Vec<(Variable, f64)>,
}

/// Solves the mixed-integer program with the default solver.
///
/// # Errors
/// If there is no optimum, or the solver fails.
pub fn solve(game: &BilevelGame, risk: Risk) -> Result<KktSolution, SolveError> {
    solve_with(game, risk, Solver::default())
}

/// Solves the mixed-integer program with `solver`.
///
/// # Errors
/// If there is no optimum, or the solver fails or reaches a limit.
pub fn solve_with(game: &BilevelGame, risk: Risk, solver: Solver) -> Result<KktSolution, SolveError> {
    let p = game.parameters();
    let unit = Unit::of(game);
    let mut lp = Lp::new();
    let beta = risk.beta;
    // In monetary units: xi, eta.
    let xi = lp.free(-beta);
    let mut profit: Vec<Vec<(Variable, f64)>> = vec![Vec::new(); p.scenarios.len()];
    let mut chosen = Vec::new();
    for t in 0..game.hours() {
        let price = lp.variable(0.0, 0.0, p.max_price / unit.price);
        let answers: Vec<Answer> =
            (0..p.rivals.len()).map(|f| answer(&mut lp, game, t, f, price, unit)).collect();
        // Expected share.
        let share = lp.variable(0.0, 0.0, 1.0);
        let mut terms = vec![(share, -1.0)];
        terms.extend(answers.iter().zip(&p.rivals).map(|(a, f)| (a.share, f.probability)));
        lp.row(terms, Sense::Equal, 0.0);
        // Expected revenue per MWh of demand.
        let revenue = lp.free(0.0);
        let mut terms = vec![(revenue, -1.0)];
        for (answer, f) in answers.iter().zip(&p.rivals) {
            terms.extend(answer.revenue.iter().map(|(v, factor)| (*v, factor * f.probability)));
        }
        lp.row(merged(terms), Sense::Equal, 0.0);
        let day_ahead: Vec<f64> = p.scenarios.iter().map(|s| s.day_ahead[t]).collect();
        let mut purchase = vec![None; p.scenarios.len()];
        let mut before: Option<Variable> = None;
        for group in groups(&day_ahead, p.purchase) {
            let e = lp.variable(0.0, 0.0, f64::INFINITY);
            if let Some(before) = before {
                lp.row([(e, 1.0), (before, -1.0)], Sense::AtLeast, 0.0);
            }
            before = Some(e);
            for w in group {
                let scenario = &p.scenarios[w];
                let d = scenario.demand[t] / unit.energy;
                let positive = lp.variable(0.0, 0.0, p.positive_max[t] / unit.energy);
                let negative = lp.variable(0.0, 0.0, f64::INFINITY);
                lp.row([(e, 1.0), (positive, 1.0), (negative, -1.0), (share, -d)], Sense::Equal, 0.0);
                lp.row([(negative, 1.0), (share, -d)], Sense::AtMost, 0.0);
                purchase[w] = Some(e);
                profit[w].extend([
                    (revenue, d),
                    (e, -scenario.day_ahead[t] / unit.price),
                    (positive, -scenario.positive[t] / unit.price),
                    (negative, scenario.negative[t] / unit.price),
                ]);
            }
        }
        chosen.push((price, share, purchase));
    }
    for (scenario, terms) in p.scenarios.iter().zip(profit) {
        let value = lp.free(-scenario.probability);
        let mut terms = merged(terms);
        terms.push((value, -1.0));
        lp.row(terms, Sense::Equal, 0.0);
        let eta = lp.variable(beta * scenario.probability / (1.0 - risk.alpha), 0.0, f64::INFINITY);
        lp.row([(eta, 1.0), (value, 1.0), (xi, -1.0)], Sense::AtLeast, 0.0);
    }
    let optimum = lp.solve_with(solver)?;
    let hours = chosen.into_iter().map(|(price, share, purchase)| KktHour {
        price: optimum.value(price) * unit.price,
        share: optimum.value(share),
        purchase: purchase.iter().flatten().map(|e| optimum.value(*e) * unit.energy).collect(),
    });
    Ok(KktSolution { objective: -optimum.objective * unit.energy * unit.price, hours: hours.collect() })
}

/// Scaling units of the program.
#[derive(Clone, Copy)]
struct Unit {
    /// Unit of prices [currency/MWh].
    price: f64,
    /// Unit of energy, in MWh.
    energy: f64,
}

impl Unit {
    fn of(game: &BilevelGame) -> Self {
        let p = game.parameters();
        let demand = p.scenarios.iter().flat_map(|s| s.demand.iter().copied());
        Self { price: p.max_price.max(1e-6), energy: demand.fold(1e-6, f64::max) }
    }
}

/// Adds the optimality conditions of the owners in one hour and rival scenario.
fn answer(lp: &mut Lp, game: &BilevelGame, hour: usize, f: usize, price: Variable, unit: Unit) -> Answer {
    let owners = game.owners();
    let n = owners.aggregators();
    let rivals: Vec<f64> = game.rival_prices(f, hour).iter().map(|q| q / unit.price).collect();
    let top = game.parameters().max_price / unit.price;
    let way = |from: usize, to: usize| owners.ways()[from][to] / unit.price;
    let cost = |from: usize, to: usize| game.parameters().reluctance[from][to] / unit.price;
    // Value of being at s without us, and with us at a given price.
    let without: Vec<f64> =
        (0..n).map(|s| (1..n).map(|r| rivals[r - 1] + way(s, r)).fold(f64::INFINITY, f64::min)).collect();
    let worth = |s: usize, p: f64| without[s].min(p + way(s, 0));
    // All slacks are linear in our price between these breakpoints, so each attains its minimum and maximum at one of
    // them.
    let mut corners = vec![0.0, top];
    corners.extend((0..n).map(|s| (without[s] - way(s, 0)).clamp(0.0, top)));
    let range = |slack: &dyn Fn(f64) -> f64| {
        corners
            .iter()
            .map(|p| slack(*p))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (x.min(low), x.max(high)))
    };

    let m: Vec<Variable> = (0..n)
        .map(|s| {
            let (low, high) = range(&|p| worth(s, p));
            lp.variable(0.0, low, high)
        })
        .collect();
    let mut revenue: Vec<(Variable, f64)> = m.iter().copied().zip(owners.initial().iter().copied()).collect();
    let mut share = Vec::with_capacity(n);
    for s in 0..n {
        // price_s - m_s >= 0, and 0 where the share is above 0.
        let bounds = range(&|p| if s == 0 { p - worth(0, p) } else { rivals[s - 1] - worth(s, p) });
        let (slack, rhs) = if s == 0 {
            (vec![(price, 1.0), (m[0], -1.0)], 0.0)
        } else {
            (vec![(m[s], -1.0)], -rivals[s - 1])
        };
        share.push(complementary(lp, slack, rhs, bounds));
    }
    let mut rows: Vec<Vec<(Variable, f64)>> = share.iter().map(|x| vec![(*x, 1.0)]).collect();
    for s in 0..n {
        if s > 0 {
            revenue.push((share[s], -rivals[s - 1]));
        }
        for to in (0..n).filter(|to| *to != s) {
            // K + m_to - m_s >= 0, and 0 where any owner moves.
            let bounds = range(&|p| cost(s, to) + worth(to, p) - worth(s, p));
            let moved = complementary(lp, vec![(m[to], 1.0), (m[s], -1.0)], -cost(s, to), bounds);
            rows[s].push((moved, 1.0));
            rows[to].push((moved, -1.0));
            revenue.push((moved, -cost(s, to)));
        }
    }
    for (row, initial) in rows.into_iter().zip(owners.initial()) {
        lp.row(row, Sense::Equal, *initial);
    }
    Answer { share: share[0], revenue }
}

/// Fraction of the owners, 0 to 1, that is positive only where `slack` - `rhs` is 0. `slack` - `rhs` is never
/// negative, and lies between `low` and `high` at the true value.
fn complementary(lp: &mut Lp, slack: Vec<(Variable, f64)>, rhs: f64, (low, high): (f64, f64)) -> Variable {
    lp.row(slack.clone(), Sense::AtLeast, rhs);
    if low > SLACK {
        return lp.variable(0.0, 0.0, 0.0);
    }
    let amount = lp.variable(0.0, 0.0, 1.0);
    if high > SLACK {
        let some = lp.binary(0.0);
        lp.row([(amount, 1.0), (some, -1.0)], Sense::AtMost, 0.0);
        lp.row(slack.into_iter().chain([(some, high)]), Sense::AtMost, rhs + high);
    } else {
        lp.row(slack, Sense::AtMost, rhs);
    }
    amount
}

/// Merges the terms of each variable.
fn merged(terms: Vec<(Variable, f64)>) -> Vec<(Variable, f64)> {
    let mut sums: std::collections::BTreeMap<usize, (Variable, f64)> = std::collections::BTreeMap::new();
    for (variable, factor) in terms {
        sums.entry(variable.index()).or_insert((variable, 0.0)).1 += factor;
    }
    sums.into_values().collect()
}
