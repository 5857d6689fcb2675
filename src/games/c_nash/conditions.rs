//! Conditions under which Nash is better than C-Nash: Theorems 4.7 and 4.11, without computing either equilibrium.
//!
//! Both compare the costs of deviations from the uniform profile, up to a factor common to all stations. The functions
//! return that difference for each station; a group S prefers Nash if the sum over S is 0 or more. Multiplied by the
//! factor, it is the cost difference c_S(C-Nash) - c_S(Nash).

use super::coupling::Coupling;
use super::structure::Structure;

/// Theorem 4.7: base prices are the same at all steps, and nominal profiles are d_i alpha^t.
///
/// Returns f_i of C-Nash minus f_i of Nash, with f_i = Delta Delta_i + mu_i / (2 b) (Delta_i - d_i)^2, where Delta_i =
/// (Q^-1 mu d)_i and Delta is its sum. Multiplied by b * sum_t (alpha^t - 1 / T)^2 it is the difference in cost.
pub fn equal_prices(slope: f64, sensitivity: &[f64], demand: &[f64], structure: &Structure) -> Vec<f64> {
    let pull: Vec<f64> = sensitivity.iter().zip(demand).map(|(mu, d)| mu * d).collect();
    let f = |structure: &Structure| -> Vec<f64> {
        let moves = Coupling::new(slope, sensitivity, structure).solve(&pull);
        let all: f64 = moves.iter().sum();
        let each = |((x, mu), d): ((&f64, &f64), &f64)| all * x + mu / (2.0 * slope) * (x - d) * (x - d);
        moves.iter().zip(sensitivity).zip(demand).map(each).collect()
    };
    difference(&f(structure), &f(&Structure::alone(structure.stations())))
}

/// Theorem 4.11: nominal profiles are uniform over the steps.
///
/// Returns g_i of C-Nash minus g_i of Nash, with g_i = b Gamma Gamma_i + mu_i / 2 Gamma_i^2 - Gamma_i, where Gamma_i =
/// (Q^-1 1)_i and Gamma is its sum. Multiplied by sum_t (a^t - mean a)^2 it is the difference in cost.
///
/// The published theorem divides by T, separates the last term as (Gamma of C-Nash - Gamma of Nash) h(A), and sums it
/// over all stations regardless of S; its proof needs the sum over S. The two agree only if S contains all stations.
/// Its h(A) is 1 / T for any base prices that are not all equal: sum_t a^t G^t is sum_t (G^t)^2 / T, because G sums to
/// 0.
pub fn equal_nominal(slope: f64, sensitivity: &[f64], structure: &Structure) -> Vec<f64> {
    let ones = vec![1.0; sensitivity.len()];
    let g = |structure: &Structure| -> Vec<f64> {
        let moves = Coupling::new(slope, sensitivity, structure).solve(&ones);
        let all: f64 = moves.iter().sum();
        let each = |(x, mu): (&f64, &f64)| slope * all * x + mu / 2.0 * x * x - x;
        moves.iter().zip(sensitivity).map(each).collect()
    };
    difference(&g(structure), &g(&Structure::alone(structure.stations())))
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}
