//! Theorems 4.7 and 4.11 checked on a game that satisfies their assumptions: predicted and computed differences of costs.

use super::conditions::{equal_nominal, equal_prices};
use super::model::CNashGame;
use super::ratios::Comparison;
use super::structure::Structure;
use serde::Serialize;

/// Numbers that differ by this share of the largest are equal.
const EQUAL: f64 = 1e-9;
/// Differences of costs that differ by this share of the costs are equal.
const HOLDS: f64 = 1e-8;

/// A theorem whose assumptions the game satisfies.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TheoremCheck {
    /// Number in the paper.
    pub theorem: &'static str,
    /// Its assumption.
    pub assumption: &'static str,
    /// Cost with coalitions less cost without, of each group of stations.
    pub groups: Vec<GroupCheck>,
    /// Whether the computed costs differ as predicted, in every group.
    pub holds: bool,
}

/// Cost of a group with coalitions, less its cost without: above 0 the group is better off under Nash.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GroupCheck {
    /// `all`, `coalition` or `rest`.
    pub group: &'static str,
    /// Difference that follows from the theorem.
    pub predicted: f64,
    /// Difference between both equilibria.
    pub computed: f64,
}

/// The theorems whose assumptions the game satisfies. Both assume one slope for all steps, and neither bounds, a limit,
/// elastic demand nor rows.
pub fn theorems(game: &CNashGame, structure: &Structure, comparison: &Comparison) -> Vec<TheoremCheck> {
    let p = game.parameters();
    let slope = p.slope[0];
    if !game.is_unbounded() || !are_equal(&p.slope) {
        return Vec::new();
    }
    let steps = game.steps() as f64;
    let mut checks = Vec::new();
    if let Some(shape) = shape(game).filter(|_| are_equal(&p.base_price)) {
        let differences = equal_prices(slope, &p.sensitivity, game.demand(), structure);
        let factor = slope * shape.iter().map(|x| (x - 1.0 / steps) * (x - 1.0 / steps)).sum::<f64>();
        let assumption = "base prices are equal and nominal profiles proportional";
        checks.push(check("4.7", assumption, differences, factor, structure, comparison));
    }
    if p.nominal.rows().all(are_equal) {
        let differences = equal_nominal(slope, &p.sensitivity, structure);
        let mean = p.base_price.iter().sum::<f64>() / steps;
        let factor = p.base_price.iter().map(|a| (a - mean) * (a - mean)).sum::<f64>();
        checks.push(check(
            "4.11",
            "nominal profiles are uniform",
            differences,
            factor,
            structure,
            comparison,
        ));
    }
    checks
}

/// Whether all numbers are equal, but for rounding.
fn are_equal(list: &[f64]) -> bool {
    let largest = list.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    list.iter().all(|x| (x - list[0]).abs() <= EQUAL * largest)
}

/// The common shape alpha of nominal profiles d_i alpha^t, if they have one.
fn shape(game: &CNashGame) -> Option<Vec<f64>> {
    let nominal = &game.parameters().nominal;
    let total: f64 = game.demand().iter().sum();
    let shape: Vec<f64> = nominal.load().iter().map(|x| x / total).collect();
    let largest = nominal.values().iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let fits = |(row, d): (&[f64], &f64)| {
        row.iter().zip(&shape).all(|(x, alpha)| (x - d * alpha).abs() <= EQUAL * largest)
    };
    (total != 0.0 && nominal.rows().zip(game.demand()).all(fits)).then_some(shape)
}

fn check(
    theorem: &'static str,
    assumption: &'static str,
    differences: Vec<f64>,
    factor: f64,
    structure: &Structure,
    comparison: &Comparison,
) -> TheoremCheck {
    let (nash, c_nash) = (&comparison.nash.costs, &comparison.c_nash.costs);
    let stations = 0..structure.stations();
    let is_member = |i: &usize| structure.of(*i).is_some();
    let (coalition, rest): (Vec<usize>, Vec<usize>) = stations.clone().partition(is_member);
    let mut holds = true;
    let mut groups = Vec::new();
    for (group, members) in [("all", stations.collect()), ("coalition", coalition), ("rest", rest)] {
        if members.is_empty() {
            continue;
        }
        let sum = |of: &dyn Fn(usize) -> f64| members.iter().map(|&i| of(i)).sum::<f64>();
        let predicted = factor * sum(&|i| differences[i]);
        let computed = sum(&|i| c_nash[i] - nash[i]);
        holds &= (predicted - computed).abs() <= HOLDS * sum(&|i| nash[i].abs() + c_nash[i].abs());
        groups.push(GroupCheck { group, predicted, computed });
    }
    TheoremCheck { theorem, assumption, groups, holds }
}
