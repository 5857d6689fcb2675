//! The choice of one offer per hour: exact, by branch and bound over a relaxation that separates by hour.
//!
//! The CVaR is the minimum mean over all admissible tail weights of the scenarios (R. T. Rockafellar and S. Uryasev,
//! 2000; P. Artzner and others, Coherent measures of risk, Mathematical Finance 9, 1999):
//!
//! ```text
//! E + beta CVaR = min over q in Q of sum over w of (pi_w + beta q_w) profit_w,   Q = { 0 <= q_w <= pi_w / (1 - alpha), sum q = 1 }
//! ```
//!
//! For a given q nothing couples the hours: each takes the offer with the greatest weighted profit. The sum of these is
//! a bound for every q in Q, so its minimum is the bound of a node. It is convex and piecewise linear in q, which has
//! as many dimensions as there are scenarios, and is minimised by cutting planes: each point that an hour takes yields
//! a cut (J. E. Kelley, The cutting-plane method for solving convex programs, 1960). Interpreted as a program over
//! mixtures of points, the same cuts show which hours still mix offers; the search branches on these by halving the
//! list of offers. Few hours do, because a mixture needs no more mixed hours than there are scenarios (Shapley and
//! Folkman), so the bounds are tight.

use super::error::BilevelError;
use super::hour::Hour;
use super::model::{BilevelGame, Risk};
use super::offer::{Point, PriceCandidate};
use super::risk::cvar;
use crate::optimize::{Lp, Sense, SolveError, Variable};

/// The best choice found, and the bound on any choice.
#[derive(Debug)]
pub struct Choice {
    /// Price and point chosen in each hour.
    pub hours: Vec<(f64, Point)>,
    /// No choice has a greater objective [currency].
    pub bound: f64,
    /// Number of nodes searched.
    pub nodes: usize,
}

/// A point taken by an hour at some weights.
#[derive(Debug)]
struct Column {
    hour: usize,
    offer: usize,
    point: Point,
}

/// Offers still available to an hour: first and last, inclusive.
type Span = (usize, usize);

/// A node of the search tree.
struct Node {
    spans: Vec<Span>,
    bound: f64,
    /// Tail weights at which the bound was found.
    tail: Vec<f64>,
}

/// Outcome of the relaxation of a node.
enum Relaxed {
    /// Not better than the best known choice by more than the gap, with the bound.
    Pruned(f64),
    /// Solved, with the bound, the tail weights, and the mixture: weight of each column.
    Solved { bound: f64, tail: Vec<f64>, mixture: Vec<(usize, f64)> },
}

struct Search<'a> {
    game: &'a BilevelGame,
    risk: Risk,
    probabilities: Vec<f64>,
    hours: Vec<Hour>,
    offers: Vec<Vec<PriceCandidate>>,
    columns: Vec<Column>,
    /// Magnitude of profits by which programs are scaled [currency].
    scale: f64,
    /// Required relative gap.
    gap: f64,
    best: Option<(f64, Vec<(f64, Point)>)>,
}

/// Minimum weight from which an offer counts as part of a mixture.
const PART: f64 = 1e-7;
/// Maximum number of rounds of cuts; more than a node ever needs.
const MOST_ROUNDS: usize = 1_000;

/// Finds the best choice to a relative `gap`, which is proven unless more than `most_nodes` nodes are needed.
///
/// # Errors
/// If the limits of balancing of an hour cannot be met at any price, or the solver fails.
pub fn search(game: &BilevelGame, risk: Risk, gap: f64, most_nodes: usize) -> Result<Choice, BilevelError> {
    let hours: Vec<Hour> = (0..game.hours()).map(|t| Hour::of(game, t)).collect();
    let offers: Vec<Vec<PriceCandidate>> = (0..game.hours()).map(|t| PriceCandidate::all(game, t)).collect();
    let hours_without = (0..game.hours()).filter(|&t| offers[t].is_empty()).collect::<Vec<_>>();
    if !hours_without.is_empty() {
        return Err(BilevelError::NoRoom { hours: hours_without });
    }
    let probabilities = game.probabilities();
    // Raised to the first profits found.
    let scale = f64::MIN_POSITIVE;
    let mut search =
        Search { game, risk, probabilities, hours, offers, columns: Vec::new(), scale, gap, best: None };
    search.run(most_nodes)
}

impl Search<'_> {
    fn run(&mut self, most_nodes: usize) -> Result<Choice, BilevelError> {
        let spans = self.offers.iter().map(|offers| (0, offers.len() - 1)).collect();
        let mut open = vec![Node { spans, bound: f64::INFINITY, tail: self.probabilities.clone() }];
        let mut nodes = 0;
        // Bound of the nodes pruned because they do not improve the best choice by more than the gap.
        let mut left_out = f64::NEG_INFINITY;
        while let Some(node) = take_highest(&mut open) {
            if self.closed(node.bound) || nodes >= most_nodes {
                left_out = left_out.max(node.bound);
                continue;
            }
            nodes += 1;
            let relaxed = self.relax(&node)?;
            let (bound, tail, mixture) = match relaxed {
                Relaxed::Solved { bound, tail, mixture } => (bound, tail, mixture),
                Relaxed::Pruned(bound) => {
                    left_out = left_out.max(bound);
                    continue;
                }
            };
            let bound = bound.min(node.bound);
            let parts = self.parts(&mixture);
            let mixed: Vec<usize> = (0..parts.len()).filter(|&t| parts[t].len() > 1).collect();
            let rounded: Vec<Span> = parts.iter().map(|part| largest(part)).map(|o| (o, o)).collect();
            if mixed.is_empty() {
                self.accept(&mixture);
                left_out = left_out.max(bound);
                continue;
            }
            self.try_fixed(rounded, &tail)?;
            if self.closed(bound) {
                left_out = left_out.max(bound);
                continue;
            }
            for spans in self.branch(&node.spans, &parts, &mixed) {
                open.push(Node { spans, bound, tail: tail.clone() });
            }
        }
        let (value, hours) = self.best.take().ok_or(BilevelError::NoChoice)?;
        // The bound is a sum over hours: differences below its rounding error count as equal.
        let rounding = 1e-12 * self.scale * (1.0 + self.risk.beta);
        let bound = if left_out <= value + rounding { value } else { left_out };
        Ok(Choice { hours, bound, nodes })
    }

    /// Whether no choice within this bound is better than the best by more than the gap.
    fn closed(&self, bound: f64) -> bool {
        let enough = |value: &f64| value + self.gap * value.abs().max(1e-9 * self.scale);
        self.best.as_ref().is_some_and(|(value, _)| bound <= enough(value))
    }

    /// Scenario weights for given tail weights.
    fn weights(&self, tail: &[f64]) -> Vec<f64> {
        self.probabilities.iter().zip(tail).map(|(p, q)| p + self.risk.beta * q).collect()
    }

    /// The bound of a node, by cutting planes.
    fn relax(&mut self, node: &Node) -> Result<Relaxed, SolveError> {
        let mut tail = node.tail.clone();
        let (mut bound, mut best_tail) = (f64::INFINITY, tail.clone());
        let mut active: Vec<usize> = (0..self.columns.len())
            .filter(|&k| within(node.spans[self.columns[k].hour], self.columns[k].offer))
            .collect();
        for round in 0..MOST_ROUNDS {
            let (value, new) = self.cut(&node.spans, &tail);
            if value < bound {
                (bound, best_tail) = (value, tail);
            }
            if self.closed(bound) {
                return Ok(Relaxed::Pruned(bound));
            }
            let before = active.len();
            active.extend(new.into_iter().filter_map(|column| self.keep(column)));
            let none_new = active.len() == before;
            let (model, next) = self.least(&active)?;
            let near = 0.1 * self.gap * bound.abs().max(1e-9 * self.scale);
            // The first tail is inherited; all others are optimal for the model, and no new cut there proves the model
            // exact.
            if (none_new && round > 0) || bound - model <= near {
                break;
            }
            tail = next;
        }
        let mixture = self.mixture(&active)?;
        Ok(Relaxed::Solved { bound, tail: best_tail, mixture })
    }

    /// Value of the relaxation at given tail weights, and the points taken by the hours there.
    fn cut(&mut self, spans: &[Span], tail: &[f64]) -> (f64, Vec<Column>) {
        let weights = self.weights(tail);
        let mut sum = 0.0;
        let mut columns = Vec::with_capacity(spans.len());
        for (t, &(first, last)) in spans.iter().enumerate() {
            let mut best: Option<(f64, usize, Point)> = None;
            for offer in first..=last {
                let Some((value, point)) = self.offers[t][offer].best(&self.hours[t], &weights) else {
                    continue;
                };
                if best.as_ref().is_none_or(|(most, ..)| value > *most) {
                    best = Some((value, offer, point));
                }
            }
            let Some((value, offer, point)) = best else { continue };
            sum += value;
            columns.push(Column { hour: t, offer, point });
        }
        (sum, columns)
    }

    /// Stores a column; `None` if it is already known.
    fn keep(&mut self, column: Column) -> Option<usize> {
        let known = |k: &Column| {
            k.hour == column.hour && k.offer == column.offer && k.point.profits == column.point.profits
        };
        if self.columns.iter().any(known) {
            return None;
        }
        let size = column.point.profits.iter().fold(0.0f64, |most, profit| most.max(profit.abs()));
        self.scale = self.scale.max(size);
        self.columns.push(column);
        Some(self.columns.len() - 1)
    }

    /// The tail weights at which the cuts so far are minimal, and the value there [currency].
    fn least(&self, active: &[usize]) -> Result<(f64, Vec<f64>), SolveError> {
        let unit = self.scale * (1.0 + self.risk.beta);
        let mut lp = Lp::new();
        let tail: Vec<Variable> =
            self.probabilities.iter().map(|p| lp.variable(0.0, 0.0, p / (1.0 - self.risk.alpha))).collect();
        lp.row(tail.iter().map(|q| (*q, 1.0)), Sense::Equal, self.probabilities.iter().sum());
        let tops: Vec<Variable> = self.hours.iter().map(|_| lp.free(1.0)).collect();
        for &k in active {
            let Column { hour, point, .. } = &self.columns[k];
            let expected: f64 = point.profits.iter().zip(&self.probabilities).map(|(v, p)| v * p).sum();
            let terms = tail.iter().zip(&point.profits).map(|(q, v)| (*q, -self.risk.beta * v / unit));
            lp.row(terms.chain([(tops[*hour], 1.0)]), Sense::AtLeast, expected / unit);
        }
        let optimum = lp.solve()?;
        let tail = tail.iter().map(|q| optimum.value(*q).max(0.0)).collect();
        Ok((optimum.objective * unit, tail))
    }

    /// The best mixture of points, by the dual program: column and weight of each point that takes part.
    fn mixture(&self, active: &[usize]) -> Result<Vec<(usize, f64)>, SolveError> {
        let unit = self.scale * (1.0 + self.risk.beta);
        let beta = self.risk.beta;
        let mut lp = Lp::new();
        let weights: Vec<Variable> = active
            .iter()
            .map(|&k| {
                let profits = &self.columns[k].point.profits;
                let expected: f64 = profits.iter().zip(&self.probabilities).map(|(v, p)| v * p).sum();
                lp.variable(-expected / unit, 0.0, f64::INFINITY)
            })
            .collect();
        // xi and eta, in units of the profits.
        let xi = lp.free(-beta * self.scale / unit);
        for (w, p) in self.probabilities.iter().enumerate() {
            let eta = lp.variable(beta * p / (1.0 - self.risk.alpha) * self.scale / unit, 0.0, f64::INFINITY);
            let profit = active.iter().zip(&weights).map(|(&k, weight)| {
                let profit = self.columns[k].point.profits[w];
                (*weight, profit / self.scale)
            });
            lp.row(profit.chain([(eta, 1.0), (xi, -1.0)]), Sense::AtLeast, 0.0);
        }
        for t in 0..self.hours.len() {
            let of_hour = active.iter().zip(&weights).filter(|(k, _)| self.columns[**k].hour == t);
            lp.row(of_hour.map(|(_, weight)| (*weight, 1.0)), Sense::Equal, 1.0);
        }
        let optimum = lp.solve()?;
        let parts = active.iter().zip(&weights).map(|(&k, weight)| (k, optimum.value(*weight)));
        Ok(parts.filter(|(_, weight)| *weight > PART).collect())
    }

    /// Offers of each hour that take part in a mixture, ascending, with their weights.
    fn parts(&self, mixture: &[(usize, f64)]) -> Vec<Vec<(usize, f64)>> {
        let mut parts: Vec<Vec<(usize, f64)>> = vec![Vec::new(); self.hours.len()];
        for &(k, weight) in mixture {
            let Column { hour, offer, .. } = self.columns[k];
            match parts[hour].iter_mut().find(|part| part.0 == offer) {
                Some(part) => part.1 += weight,
                None => parts[hour].push((offer, weight)),
            }
        }
        for part in &mut parts {
            part.sort_by_key(|part| part.0);
        }
        parts
    }

    /// Two branches: the offers of the most mixed hour are split where half of the mixture lies on either side.
    fn branch(&self, spans: &[Span], parts: &[Vec<(usize, f64)>], mixed: &[usize]) -> Vec<Vec<Span>> {
        let pure = |t: &usize| parts[*t].iter().map(|part| part.1).fold(0.0f64, f64::max);
        let Some(&hour) = mixed.iter().min_by(|a, b| pure(a).total_cmp(&pure(b))) else { return Vec::new() };
        let half = 0.5 * parts[hour].iter().map(|part| part.1).sum::<f64>();
        let mut sum = 0.0;
        let mut cut = parts[hour][0].0;
        for part in &parts[hour][..parts[hour].len() - 1] {
            sum += part.1;
            cut = part.0;
            if sum >= half {
                break;
            }
        }
        let mut low = spans.to_vec();
        let mut high = spans.to_vec();
        low[hour].1 = cut;
        high[hour].0 = cut + 1;
        vec![low, high]
    }

    /// Solves the problem for these fixed offers: a program without choices.
    fn try_fixed(&mut self, spans: Vec<Span>, tail: &[f64]) -> Result<(), SolveError> {
        let node = Node { spans, bound: f64::INFINITY, tail: tail.to_vec() };
        if let Relaxed::Solved { mixture, .. } = self.relax(&node)? {
            self.accept(&mixture);
        }
        Ok(())
    }

    /// Accepts a mixture within single offers as a choice if it is the best so far.
    fn accept(&mut self, mixture: &[(usize, f64)]) {
        let mut hours = Vec::with_capacity(self.hours.len());
        for (t, hour) in self.hours.iter().enumerate() {
            let of_hour: Vec<&(usize, f64)> =
                mixture.iter().filter(|(k, _)| self.columns[*k].hour == t).collect();
            let all: f64 = of_hour.iter().map(|part| part.1).sum();
            let Some(offer) = of_hour.first().map(|(k, _)| self.columns[*k].offer) else { return };
            let (mut share, mut purchase) = (0.0, vec![0.0; hour.scenarios()]);
            for &&(k, weight) in &of_hour {
                let point = &self.columns[k].point;
                share += weight / all * point.share;
                purchase.iter_mut().zip(&point.purchase).for_each(|(e, part)| *e += weight / all * part);
            }
            let offer = &self.offers[t][offer];
            // At least the mixture of the profits, because each profit is concave.
            hours.push((offer.price, hour.point(offer.price, share.clamp(offer.low, offer.high), purchase)));
        }
        let value = self.objective(&hours);
        if self.best.as_ref().is_none_or(|(best, _)| value > *best) {
            self.best = Some((value, hours));
        }
    }

    fn objective(&self, hours: &[(f64, Point)]) -> f64 {
        let mut profits = vec![0.0; self.game.parameters().scenarios.len()];
        for (_, point) in hours {
            profits.iter_mut().zip(&point.profits).for_each(|(sum, profit)| *sum += profit);
        }
        let expected: f64 = profits.iter().zip(&self.probabilities).map(|(v, p)| v * p).sum();
        expected + self.risk.beta * cvar(&profits, &self.probabilities, self.risk.alpha)
    }
}

/// Removes the node with the highest bound; among equals the newest, so that the search dives.
fn take_highest(open: &mut Vec<Node>) -> Option<Node> {
    let highest = (0..open.len()).max_by(|&a, &b| open[a].bound.total_cmp(&open[b].bound))?;
    Some(open.swap_remove(highest))
}

fn within(span: Span, offer: usize) -> bool {
    span.0 <= offer && offer <= span.1
}

/// The offer with the largest weight in an hour; the first of equals.
fn largest(part: &[(usize, f64)]) -> usize {
    part.iter().fold((0, f64::NEG_INFINITY), |best, next| if next.1 > best.1 { *next } else { best }).0
}
