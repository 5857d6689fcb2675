//! Check of an equilibrium before it is returned: demands, bounds and the limit are kept, and no player gains
//! appreciably from a change of plan.
//!
//! The check is independent of the method that found the profiles. A double has about 16 digits: where loads are 1e15
//! times as large as demands, as with price differences that far outweigh sensitivities and slopes, the sum of a
//! profile is only rounding error.

use super::CNashEquilibrium;
use super::model::{CNashGame, short};
use super::profiles::Profiles;
use super::residual::residual;
use super::structure::Structure;
use gridfleet_core::error::{Error, InputError};

/// Tolerance on demands, bounds and the limit, as a fraction of the energy concerned. Larger than the slack with which
/// [`CNashGame::new`] accepts demands as feasible.
pub const KEPT: f64 = 1e-8;
/// Maximum remaining gain, as a fraction of all payments and losses.
pub const GAIN: f64 = 1e-6;
/// Maximum number of rounds in which the missing part of a demand is spread over the steps; one suffices unless bounds
/// are reached.
const MOST_ROUNDS: usize = 4;

/// A solution that violates its conditions because the magnitudes of the input exceed double precision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unkept {
    /// A load, price, cost or gain is not finite.
    NotFinite,
    /// The search ended at its maximum number of steps, or because of rounding, with loads that do not match its
    /// prices.
    Loads {
        /// Distance between the loads and those implied by the prices, in the unit of the profiles.
        apart: f64,
    },
    /// The energy drawn by a station differs from its demand.
    Demand {
        /// The station.
        station: usize,
        /// Energy drawn over all steps.
        drawn: f64,
        /// Demand; for elastic demand, the violated end of the range.
        demand: f64,
    },
    /// The load over all steps differs from the total demand of all stations.
    Energy {
        /// Total energy drawn.
        drawn: f64,
        /// Total demand.
        demand: f64,
    },
    /// A station violates a bound.
    Bound {
        /// The station.
        station: usize,
        /// The step.
        step: usize,
    },
    /// The energy that a station has drawn by the end of a step violates a row.
    Row {
        /// The station.
        station: usize,
        /// The step.
        step: usize,
    },
    /// The total load exceeds the limit.
    Limit {
        /// The step.
        step: usize,
    },
    /// A player can still gain more than [`GAIN`] of all payments.
    Gain {
        /// Gain, in units of cost.
        gain: f64,
    },
}

impl From<Unkept> for Error {
    fn from(unkept: Unkept) -> Self {
        let beyond =
            |found: String| InputError::new(found, "figures that double precision (16 digits) can hold");
        let error = match unkept {
            Unkept::NotFinite => beyond("figures whose equilibrium is too large for a number".to_owned()),
            Unkept::Loads { apart } => beyond(format!(
                "figures so far apart that no equilibrium is found: loads differ by {} from those of their prices",
                short(apart)
            )),
            Unkept::Demand { station, drawn, demand } => beyond(format!(
                "figures so far apart that station {station} would draw {} for its demand of {}",
                short(drawn),
                short(demand)
            )),
            Unkept::Energy { drawn, demand } => beyond(format!(
                "figures so far apart that all stations would draw {} for demands of {}",
                short(drawn),
                short(demand)
            )),
            Unkept::Bound { station, step } => beyond(format!(
                "figures so far apart that station {station} misses its bounds at step {step}"
            )),
            Unkept::Row { station, step } => beyond(format!(
                "figures so far apart that the energy of station {station} misses its rows at step {step}"
            )),
            Unkept::Limit { step } => {
                beyond(format!("figures so far apart that the limit at step {step} is not kept"))
            }
            Unkept::Gain { gain } => {
                beyond(format!("figures so far apart that a station could still gain {}", short(gain)))
            }
        };
        error
            .help("choose units so that prices, demands and sensitivities are within a few powers of ten")
            .into()
    }
}

/// Magnitude of the energy of station `i`: its demand or the absolute sum of its nominal profile, whichever is larger;
/// if that is zero, the energy drawn.
fn size(game: &CNashGame, i: usize, profiles: &Profiles) -> f64 {
    let sum = |row: &[f64]| row.iter().map(|x| x.abs()).sum::<f64>();
    match &game.parameters().elastic {
        Some(list) => list[i].min.abs().max(list[i].max.abs()),
        None => match sum(game.parameters().nominal.row(i)).max(game.demand()[i].abs()) {
            0.0 => sum(profiles.row(i)),
            size => size,
        },
    }
}

/// Spreads the part of demands lost to rounding over the steps, within bounds. Profiles that meet their demands are
/// unchanged.
pub(super) fn mend(game: &CNashGame, profiles: &mut Profiles) {
    let p = game.parameters();
    if p.elastic.is_some() {
        return;
    }
    for i in 0..game.stations() {
        let (demand, within) = (game.demand()[i], 0.1 * KEPT * size(game, i, profiles));
        for _ in 0..MOST_ROUNDS {
            let row = profiles.row_mut(i);
            let missing = demand - row.iter().sum::<f64>();
            if missing.abs() <= within || !missing.is_finite() {
                break;
            }
            let bound = |t: usize| if missing > 0.0 { p.max.at(i, t) } else { p.min.at(i, t) };
            let open = row.iter().enumerate().filter(|(t, x)| **x != bound(*t)).count();
            let part = missing / open.max(1) as f64;
            for (t, x) in row.iter_mut().enumerate() {
                *x = (*x + part).max(p.min.at(i, t)).min(p.max.at(i, t));
            }
        }
    }
}

/// Whether `x` is at most `most`; false for NaN.
fn within(x: f64, most: f64) -> bool {
    x <= most
}

/// Checks an equilibrium.
///
/// # Errors
/// The first violation found.
pub(super) fn check(game: &CNashGame, structure: &Structure, found: &CNashEquilibrium) -> Result<(), Unkept> {
    let p = game.parameters();
    let figures = [found.profiles.values(), &found.load, &found.prices, &found.limit_prices, &found.costs];
    if figures.into_iter().chain([&found.values[..]]).flatten().any(|x| !x.is_finite()) {
        return Err(Unkept::NotFinite);
    }
    let (mut all, mut demands) = (0.0, 0.0);
    for (i, row) in found.profiles.rows().enumerate() {
        let size = size(game, i, &found.profiles);
        let drawn: f64 = row.iter().sum();
        let (low, high) = match &p.elastic {
            Some(list) => (list[i].min, list[i].max),
            None => (game.demand()[i], game.demand()[i]),
        };
        for (demand, missed) in [(low, low - drawn), (high, drawn - high)] {
            if !within(missed, KEPT * size) {
                return Err(Unkept::Demand { station: i, drawn, demand });
            }
        }
        for (t, x) in row.iter().enumerate() {
            let beyond = f64::max(p.min.at(i, t) - x, x - p.max.at(i, t));
            if !within(beyond, KEPT * size) {
                return Err(Unkept::Bound { station: i, step: t });
            }
        }
        let mut sum = 0.0;
        let rows = p.delivery.iter().flat_map(|delivery| delivery.rows(i));
        for (step, ((least, most), x)) in rows.zip(row).enumerate() {
            sum += x;
            if !within(f64::max(least - sum, sum - most), KEPT * size) {
                return Err(Unkept::Row { station: i, step });
            }
        }
        all += size;
        demands += if p.elastic.is_some() { drawn } else { low };
    }
    let drawn: f64 = found.load.iter().sum();
    if !within((drawn - demands).abs(), KEPT * all) {
        return Err(Unkept::Energy { drawn, demand: demands });
    }
    if let Some(limit) = &p.limit {
        let moved: f64 = found.profiles.values().iter().map(|x| x.abs()).sum();
        for (step, (load, limit)) in found.load.iter().zip(limit).enumerate() {
            if !within(load - limit, 2.0 * KEPT * (all + moved)) {
                return Err(Unkept::Limit { step });
            }
        }
    }
    let turnover = turnover(game, found);
    let gain = residual(game, structure, found);
    if !(turnover.is_finite() && gain.is_finite()) {
        return Err(Unkept::NotFinite);
    }
    if gain <= GAIN * turnover { Ok(()) } else { Err(Unkept::Gain { gain }) }
}

/// Absolute sum of payments, losses from deviating from nominal profiles, and the value of energy.
fn turnover(game: &CNashGame, found: &CNashEquilibrium) -> f64 {
    let p = game.parameters();
    let values: f64 = found.values.iter().map(|x| x.abs()).sum();
    let limits: f64 = found.limit_prices.iter().zip(&found.load).map(|(price, x)| (price * x).abs()).sum();
    let station = |(i, row): (usize, &[f64])| -> f64 {
        let steps = row.iter().zip(p.nominal.row(i)).zip(&found.prices);
        let step = |((x, nominal), price): ((&f64, &f64), &f64)| {
            (price * x).abs() + p.sensitivity[i] / 2.0 * (x - nominal) * (x - nominal)
        };
        steps.map(step).sum()
    };
    found.profiles.rows().enumerate().map(station).sum::<f64>() + values + limits
}

#[cfg(test)]
mod tests {
    use super::super::{CNashParameters, Elastic, LoadBound, compare, solve};
    use super::*;

    /// From below rounding of 1 to the largest numbers.
    const MAGNITUDES: [f64; 7] = [1e-13, 1e-6, 1.0, 1e4, 1e8, 1e15, 1e308];

    fn profiles(rows: [[f64; 3]; 2]) -> Profiles {
        Profiles::from_values(3, rows.concat())
    }

    /// Asserts that demands and bounds are kept, from the data of the equilibrium alone.
    fn assert_kept(p: &CNashParameters, found: &CNashEquilibrium, label: &str) {
        let mut all = 0.0;
        let mut sizes = 0.0;
        for (i, row) in found.profiles.rows().enumerate() {
            let nominal = p.nominal.row(i);
            let (size, drawn) = (nominal.iter().map(|x| x.abs()).sum::<f64>(), row.iter().sum::<f64>());
            let demand: f64 = nominal.iter().sum();
            let [low, high] = match &p.elastic {
                Some(list) => [list[i].min, list[i].max],
                None => [demand, demand],
            };
            let slack = 1e-8 * if p.elastic.is_some() { high.abs() } else { size };
            assert!(drawn >= low - slack && drawn <= high + slack, "{label}: {drawn} of {low} to {high}");
            for (t, &x) in row.iter().enumerate() {
                assert!(x >= p.min.at(i, t) - slack && x <= p.max.at(i, t) + slack, "{label}: {x}");
            }
            all += if p.elastic.is_some() { drawn } else { demand };
            sizes += slack;
        }
        let load: f64 = found.load.iter().sum();
        assert!((load - all).abs() <= sizes, "{label}: {load} for {all}");
        assert!(found.costs.iter().chain(&found.prices).all(|x| x.is_finite()), "{label}");
    }

    /// Every parameter of a game in turn at every magnitude, and pairs of them: each run terminates, and either passes
    /// the check or is rejected as input.
    #[test]
    fn games_of_any_magnitude_are_kept_or_refused() {
        let (mut kept, mut refused) = (0, 0);
        for (first, second) in (0..5).flat_map(|i| (0..i).map(move |k| (i, k))) {
            for x in MAGNITUDES {
                for y in MAGNITUDES {
                    let mut scale = [1.0; 5];
                    scale[second] = y;
                    scale[first] = x;
                    let [a, b, mu, nominal, bound] = scale;
                    let mut p = CNashParameters::unbounded(
                        vec![a, 2.0 * a, a],
                        vec![b; 3],
                        vec![mu, 1.0],
                        profiles([[nominal, 0.5, 0.25], [0.75, 0.5, 0.25]]),
                    );
                    let together = Structure::grand_coalition(2);
                    for variant in 0..3 {
                        if variant == 1 {
                            p.min = LoadBound::Same(0.0);
                            p.max = LoadBound::Same(bound);
                        } else if variant == 2 {
                            p.elastic =
                                Some(vec![Elastic { min: 0.5, max: 2.0, value: 10.0, slope: 1.0 }; 2]);
                        }
                        let label = format!("{scale:?}, {variant}");
                        match CNashGame::new(p.clone()).and_then(|game| compare(&game, &together)) {
                            Ok(found) => {
                                assert_kept(&p, &found.nash, &label);
                                assert_kept(&p, &found.c_nash, &label);
                                assert!(found.residual.is_finite(), "{label}");
                                kept += 1;
                            }
                            Err(Error::Input(_)) => refused += 1,
                            Err(other) => panic!("{label}: {other}"),
                        }
                    }
                }
            }
        }
        assert!(kept > 300 && refused > 300, "{kept} kept, {refused} refused");
    }

    /// Loads are 1e17 times the demands: their sum is rounding error, and no sum of such numbers equals the demand.
    #[test]
    fn demands_below_the_rounding_of_loads_are_refused() {
        let p = CNashParameters::unbounded(
            vec![1e10, 2.5e10, 1e10],
            vec![1e-10; 3],
            vec![1e-10, 1e8],
            profiles([[1.0, 0.3, 0.7], [0.7, 0.3, 1.0]]),
        );
        let game = CNashGame::new(p).unwrap();
        let error = solve(&game, &Structure::alone(2)).unwrap_err();
        assert!(matches!(&error, Error::Input(list) if list[0].found.contains("station 0")), "{error}");
    }

    /// Every check rejects its violation.
    #[test]
    fn what_is_not_kept_is_named() {
        let mut p = CNashParameters::unbounded(
            vec![1.0, 2.0, 3.0],
            vec![1.0; 3],
            vec![1.0, 1.0],
            profiles([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]),
        );
        p.min = LoadBound::Same(0.0);
        p.max = LoadBound::Same(3.0);
        p.limit = Some(vec![4.0; 3]);
        let (game, alone) = (CNashGame::new(p).unwrap(), Structure::alone(2));
        let good = solve(&game, &alone).unwrap();
        assert_eq!(check(&game, &alone, &good), Ok(()));
        let with = |rows: [[f64; 3]; 2]| {
            let found = CNashEquilibrium::of(&game, profiles(rows), good.limit_prices.clone());
            check(&game, &alone, &found).unwrap_err()
        };
        let demand = Unkept::Demand { station: 0, drawn: 4.0, demand: 3.0 };
        assert_eq!(with([[2.0, 1.0, 1.0], [2.0, 2.0, 2.0]]), demand);
        assert_eq!(with([[-0.5, 1.5, 2.0], [2.0, 2.0, 2.0]]), Unkept::Bound { station: 0, step: 0 });
        assert_eq!(with([[3.0, 0.0, 0.0], [2.0, 2.0, 2.0]]), Unkept::Limit { step: 0 });
        assert_eq!(with([[f64::NAN, 1.0, 1.0], [2.0, 2.0, 2.0]]), Unkept::NotFinite);
        assert!(matches!(with([[0.0, 1.0, 2.0], [2.0, 2.0, 2.0]]), Unkept::Gain { .. }));
        let mut energy = good.clone();
        energy.load[0] += 0.1;
        assert_eq!(
            check(&game, &alone, &energy),
            Err(Unkept::Energy { drawn: energy.load.iter().sum(), demand: 9.0 })
        );
    }

    /// Energy lost to rounding is restored within the bounds, and a correct profile is unchanged.
    #[test]
    fn demands_are_mended_within_bounds() {
        let mut p = CNashParameters::unbounded(
            vec![1.0; 3],
            vec![1.0; 3],
            vec![1.0, 1.0],
            profiles([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]),
        );
        p.max = LoadBound::Same(2.5);
        let game = CNashGame::new(p).unwrap();
        let mut found = profiles([[0.0, 2.5, 0.2], [1.0, 2.5, 2.5]]);
        mend(&game, &mut found);
        assert!((found.row(0).iter().sum::<f64>() - 3.0).abs() < 1e-12);
        assert_eq!(found.row(0)[1], 2.5);
        assert_eq!(found.row(1), [1.0, 2.5, 2.5]);
    }
}
