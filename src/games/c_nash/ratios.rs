//! Nash compared with C-Nash: the groups that are better off with coalitions.

use super::structure::Structure;
use super::{CNashEquilibrium, CNashGame, residual, solve};
use gridfleet_core::error::Result;
use serde::Serialize;

/// M_S = c_S(Nash) / c_S(C-Nash) for groups S of stations: below 1, Nash is better for the group.
///
/// `None` if the group is empty, or if its cost with coalitions is not above 0, which would make the ratio meaningless
/// (footnote 3 of the paper assumes that it is above 0).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ratios {
    /// All stations.
    pub all: Option<f64>,
    /// The stations in a coalition.
    pub coalition: Option<f64>,
    /// The stations in no coalition.
    pub rest: Option<f64>,
    /// Each coalition separately.
    pub coalitions: Vec<Option<f64>>,
}

impl Ratios {
    /// Computes the ratios from the costs of each station.
    pub fn of(nash: &[f64], c_nash: &[f64], structure: &Structure) -> Self {
        let ratio = |group: &mut dyn Iterator<Item = usize>| {
            let (above, below) = group.fold((0.0, 0.0), |(n, c), i| (n + nash[i], c + c_nash[i]));
            (below > 0.0).then(|| above / below).filter(|ratio: &f64| ratio.is_finite())
        };
        let stations = || 0..structure.stations();
        Self {
            all: ratio(&mut stations()),
            coalition: ratio(&mut stations().filter(|&i| structure.of(i).is_some())),
            rest: ratio(&mut structure.outside()),
            coalitions: structure.coalitions().iter().map(|m| ratio(&mut m.iter().copied())).collect(),
        }
    }
}

/// Equilibrium at which a group of stations pays less. Unlike the ratio, it is defined for costs of any sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Favoured {
    /// Without coalitions.
    Nash,
    /// With coalitions.
    #[serde(rename = "C-Nash")]
    CNash,
    /// Costs differ by no more than rounding.
    #[serde(rename = "equal")]
    Neither,
}

impl Favoured {
    /// Costs that differ by this share are equal.
    const EQUAL: f64 = 1e-9;

    /// The equilibrium at which the stations of a group pay less; `None` for an empty group.
    pub fn of(nash: &[f64], c_nash: &[f64], group: impl IntoIterator<Item = usize>) -> Option<Self> {
        let (mut saved, mut size) = (None, 0.0);
        for i in group {
            *saved.get_or_insert(0.0) += nash[i] - c_nash[i];
            size += c_nash[i].abs();
        }
        saved.map(|saved: f64| {
            if saved > Self::EQUAL * size {
                Self::CNash
            } else if saved < -Self::EQUAL * size {
                Self::Nash
            } else {
                Self::Neither
            }
        })
    }
}

/// Equilibrium favoured by each group of [`Ratios`]; `None` if the group is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Better {
    /// All stations.
    pub all: Option<Favoured>,
    /// The stations in a coalition.
    pub coalition: Option<Favoured>,
    /// The stations in no coalition.
    pub rest: Option<Favoured>,
    /// Each coalition separately.
    pub coalitions: Vec<Option<Favoured>>,
}

impl Better {
    /// Compares the costs of each station.
    pub fn of(nash: &[f64], c_nash: &[f64], structure: &Structure) -> Self {
        let stations = || 0..structure.stations();
        let of = |group: &mut dyn Iterator<Item = usize>| Favoured::of(nash, c_nash, group);
        Self {
            all: of(&mut stations()),
            coalition: of(&mut stations().filter(|&i| structure.of(i).is_some())),
            rest: of(&mut structure.outside()),
            coalitions: structure.coalitions().iter().map(|m| of(&mut m.iter().copied())).collect(),
        }
    }
}

/// A game without and with its coalitions.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Equilibrium without coalitions.
    pub nash: CNashEquilibrium,
    /// Equilibrium with the coalitions.
    pub c_nash: CNashEquilibrium,
    /// Cost ratios of the two.
    pub ratios: Ratios,
    /// The better of the two for each group, also where costs are not above 0.
    pub better: Better,
    /// Largest remaining gain of any player in either, in units of cost (see [`residual`]).
    pub residual: f64,
}

/// Solves a game without and with its coalitions.
///
/// # Errors
/// Same as [`solve`].
pub fn compare(game: &CNashGame, structure: &Structure) -> Result<Comparison> {
    let alone = Structure::alone(game.stations());
    let nash = solve(game, &alone)?;
    let c_nash = solve(game, structure)?;
    let ratios = Ratios::of(&nash.costs, &c_nash.costs, structure);
    let better = Better::of(&nash.costs, &c_nash.costs, structure);
    let residual = residual(game, &alone, &nash).max(residual(game, structure, &c_nash));
    Ok(Comparison { nash, c_nash, ratios, better, residual })
}
