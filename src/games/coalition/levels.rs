//! The linear programs behind least core and nucleolus: minimisation of the largest excess.
//!
//! At one level of the nucleolus, the sums of some coalitions are fixed; the program minimises the largest excess of
//! the others and finds those that attain it in *every* optimal allocation. These are fixed as well, and the next level
//! follows, until every share is known.
//!
//! A game of n players has 2^n rows. Almost all are inactive: the program starts with the single players and their
//! complements, and the coalitions that its solution violates most, found by a pass over the table, are added until
//! none is violated (row generation; Hallefjord, Helming, Jørnsten, International Journal of Game Theory 24, 1995).
//!
//! The choice of the coalitions to fix is delicate, because these programs are degenerate: a coalition may have the
//! largest excess in the solution found, but not in other optimal ones, and fixing it would give a wrong nucleolus. The
//! dual program decides: a coalition with a positive weight in *one* optimal dual solution has the largest excess in
//! *all* optimal allocations (complementary slackness). Coalitions whose sum follows from fixed ones are omitted, by
//! elimination over rows of ones and zeros, so that each level fixes at least one more independent sum, and n - 1
//! levels suffice (Benedek, Fliege, Nguyen, Finding and verifying the nucleolus of cooperative games, Mathematical
//! Programming 190, 2021).

use super::linear::Fixed;
use super::{Coalition, CooperativeGame};
use crate::optimize::{Lp, Sense, SolveError, Variable};

/// Excess above that of the solution from which a coalition violates it, in units of the scaled game. Equal to the
/// solver's feasibility tolerance.
const VIOLATED: f64 = crate::optimize::lp::FEASIBILITY;

/// Dual weights above this are positive: at extreme points they are ratios of small integers.
const POSITIVE: f64 = 1e-7;

/// Number of most violated coalitions added at once. Assumed: the effort of the search hardly depends on it.
const ADDED: usize = 24;

/// The game in units that suit a solver: expressed as costs, with zero cost for single players (strategic equivalence,
/// under which least core and nucleolus are covariant) and a largest absolute cost of 1.
pub(super) struct Levels<'a> {
    game: &'a CooperativeGame,
    scale: f64,
    cost: Vec<f64>,
    /// No player may pay more than alone.
    imputations: bool,
    fixed: Fixed,
    /// By index: the sum follows from the fixed sums. Evaluated on first use and never revoked.
    settled: Vec<bool>,
    /// Coalitions with a row.
    rows: Vec<Coalition>,
}

/// Solution of one level, in units of the scaled game.
pub(super) struct Level {
    /// Largest excess of the unsettled coalitions; from the dual, whose weights are ratios of small integers and
    /// therefore known to the last digits.
    excess: f64,
    shares: Vec<f64>,
    /// Coalitions and players' caps that bind in every optimal allocation.
    tight: Vec<Coalition>,
    capped: Vec<usize>,
}

impl<'a> Levels<'a> {
    /// Initial state, in which only the sum of the grand coalition is fixed.
    ///
    /// `None` if the optimal allocation is already known: with one player, or if each coalition costs exactly the sum
    /// of its members alone.
    pub fn new(game: &'a CooperativeGame, imputations: bool) -> Option<Self> {
        let alone: Vec<f64> = (0..game.players()).map(|player| game.alone(player)).collect();
        let saved = |place: usize| game.sign() * (game.table()[place] - Coalition::at(place).sum(&alone));
        let scale = (1..game.table().len()).map(|place| saved(place).abs()).fold(0.0, f64::max);
        if game.players() == 1 || scale <= game.tolerance() {
            return None;
        }
        let mut cost: Vec<f64> = (0..game.table().len()).map(|place| saved(place) / scale).collect();
        for player in 0..game.players() {
            // Exactly zero, without rounding error.
            cost[1 << player] = 0.0;
        }
        let mut fixed = Fixed::new(game.players());
        fixed.fix(game.grand_coalition(), cost[cost.len() - 1]);
        let settled = vec![false; cost.len()];
        Some(Self { game, scale, cost, imputations, fixed, settled, rows: Vec::new() })
    }

    /// Each player pays its standalone cost: the optimal allocation if [`Levels::new`] returns `None`.
    pub fn as_alone(game: &CooperativeGame) -> Vec<f64> {
        (0..game.players()).map(|player| game.alone(player)).collect()
    }

    /// Excess of a level in the unit of worth.
    pub fn excess(&self, level: &Level) -> f64 {
        level.excess * self.scale
    }

    /// Shares of a level in the unit of worth.
    pub fn shares(&self, level: &Level) -> Vec<f64> {
        self.in_worth(&level.shares)
    }

    /// The shares, if all are fixed.
    pub fn all_fixed(&self) -> Option<Vec<f64>> {
        self.fixed.shares().map(|shares| self.in_worth(&shares))
    }

    fn in_worth(&self, shares: &[f64]) -> Vec<f64> {
        let share = |player: usize| self.game.alone(player) + self.game.sign() * self.scale * shares[player];
        (0..self.game.players()).map(share).collect()
    }

    /// Minimises the largest excess of the unsettled coalitions.
    ///
    /// # Errors
    /// If the solver fails, or no allocation satisfies the fixed sums (no imputation exists).
    pub fn solve(&mut self) -> Result<Level, SolveError> {
        let grand_coalition = self.game.grand_coalition();
        let mut rows = std::mem::take(&mut self.rows);
        rows.retain(|&coalition| !self.settles(coalition));
        // Each unsettled player and its complement: together they bound excess and shares.
        for player in 0..self.game.players() {
            let player = Coalition::EMPTY.with(player);
            for coalition in [player, grand_coalition.minus(player)] {
                if !self.settles(coalition) && !rows.contains(&coalition) {
                    rows.push(coalition);
                }
            }
        }
        self.rows = rows;
        loop {
            let (excess, shares) = self.primal()?;
            let violated = self.most_violated(excess, &shares);
            if violated.is_empty() {
                let (bound, tight, capped) = self.dual()?;
                if (bound - excess).abs() > 1e-6 {
                    return Err(SolveError::Failed(format!("primal and dual disagree: {excess}, {bound}")));
                }
                return Ok(Level { excess: bound, shares, tight, capped });
            }
            self.rows.extend(violated);
        }
    }

    /// Fixes the coalitions that attain the excess of this level in all optimal allocations; at least one.
    ///
    /// # Errors
    /// If the solver's solution yields none.
    pub fn fix(&mut self, level: &Level) -> Result<(), SolveError> {
        let before = self.fixed.rank();
        for &coalition in &level.tight {
            self.fixed.fix(coalition, self.cost[coalition.place()] + level.excess);
        }
        for &player in &level.capped {
            self.fixed.fix(Coalition::EMPTY.with(player), 0.0);
        }
        if self.fixed.rank() == before {
            return Err(SolveError::Failed("no coalition has a positive dual weight".to_owned()));
        }
        Ok(())
    }

    /// Minimise the excess e: x(S) - e <= c(S) for each row, x(T) as fixed. Returns the excess and the shares.
    fn primal(&self) -> Result<(f64, Vec<f64>), SolveError> {
        let mut lp = Lp::new();
        let most = if self.imputations { 0.0 } else { f64::INFINITY };
        let shares: Vec<_> =
            (0..self.game.players()).map(|_| lp.variable(0.0, f64::NEG_INFINITY, most)).collect();
        let excess = lp.free(1.0);
        for &coalition in &self.rows {
            let terms = coalition.players().map(|player| (shares[player], 1.0)).chain([(excess, -1.0)]);
            lp.row(terms, Sense::AtMost, self.cost[coalition.place()]);
        }
        for (left, right) in self.fixed.rows() {
            let terms = shares.iter().zip(left).filter(|(_, factor)| **factor != 0.0);
            lp.row(terms.map(|(&share, &factor)| (share, factor)), Sense::Equal, right);
        }
        let optimum = lp.solve()?;
        Ok((optimum.objective, shares.into_iter().map(|share| optimum.value(share)).collect()))
    }

    /// Solves the dual: returns the best lower bound of the excess, and the coalitions and players' caps with a
    /// positive weight.
    ///
    /// Weights of rows sum to 1; for each player, the weights of the rows and caps that contain it and the prices of
    /// fixed sums cancel. The bound is the negative sum of the costs with these weights.
    fn dual(&self) -> Result<(f64, Vec<Coalition>, Vec<usize>), SolveError> {
        let players = self.game.players();
        let mut lp = Lp::new();
        let mut balance = vec![Vec::new(); players];
        let mut weights = Vec::new();
        for &coalition in &self.rows {
            let weight = lp.variable(self.cost[coalition.place()], 0.0, f64::INFINITY);
            coalition.players().for_each(|player| balance[player].push((weight, 1.0)));
            weights.push(weight);
        }
        for (left, right) in self.fixed.rows() {
            let price = lp.free(right);
            let terms = left.iter().enumerate().filter(|(_, factor)| **factor != 0.0);
            terms.for_each(|(player, &factor)| balance[player].push((price, factor)));
        }
        let mut caps = Vec::new();
        if self.imputations {
            for terms in &mut balance {
                let cap = lp.variable(0.0, 0.0, f64::INFINITY);
                terms.push((cap, 1.0));
                caps.push(cap);
            }
        }
        lp.row(weights.iter().map(|&weight| (weight, 1.0)), Sense::Equal, 1.0);
        for terms in balance {
            lp.row(terms, Sense::Equal, 0.0);
        }
        let optimum = lp.solve()?;
        let positive = |variables: Vec<Variable>| {
            let held = variables.into_iter().enumerate().filter(|(_, v)| optimum.value(*v) > POSITIVE);
            held.map(|(at, _)| at).collect::<Vec<_>>()
        };
        let tight = positive(weights).into_iter().map(|at| self.rows[at]).collect();
        Ok((-optimum.objective, tight, positive(caps)))
    }

    /// The coalitions without a row whose excess under `shares` exceeds `excess` the most, in the order of their
    /// indices; empty if all rows are satisfied.
    fn most_violated(&mut self, excess: f64, shares: &[f64]) -> Vec<Coalition> {
        let bound = excess + VIOLATED;
        let mut sums = vec![0.0; self.cost.len()];
        // The worst so far, in descending order of violation.
        let mut worst: Vec<(f64, Coalition)> = Vec::with_capacity(ADDED + 1);
        for place in 1..self.cost.len() - 1 {
            sums[place] = sums[place & (place - 1)] + shares[place.trailing_zeros() as usize];
            let excess = sums[place] - self.cost[place];
            let least = if worst.len() < ADDED { bound } else { worst[ADDED - 1].0 };
            let coalition = Coalition::at(place);
            if excess > least && !self.settles(coalition) {
                let at = worst.partition_point(|(other, _)| *other >= excess);
                worst.insert(at, (excess, coalition));
                worst.truncate(ADDED);
            }
        }
        let mut found: Vec<Coalition> = worst.into_iter().map(|(_, coalition)| coalition).collect();
        // The solver may miss a row by its tolerance; adding it again would loop forever.
        found.retain(|coalition| !self.rows.contains(coalition));
        found.sort_unstable();
        found
    }

    /// Whether the sum of `coalition` follows from the fixed sums.
    fn settles(&mut self, coalition: Coalition) -> bool {
        let settled = &mut self.settled[coalition.place()];
        *settled = *settled || self.fixed.knows(coalition);
        *settled
    }
}
