//! Experimental designs over factors: grids, Latin hypercubes, Sobol points.
//!
//! A point is a number in [0, 1) per factor, or for a grid the index of a level; [`cell`], [`in_range`] and
//! [`in_integers`] convert the former to values of a factor. The design depends on the seed alone.

use super::describe::within;
use rand::Rng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;

/// Number of points of a full grid over factors with these numbers of `levels`: their product, unless it overflows.
///
/// Without factors there is one point; with a factor without levels there is none.
pub fn grid_size(levels: &[usize]) -> Option<usize> {
    if levels.contains(&0) {
        return Some(0);
    }
    levels.iter().try_fold(1_usize, |size, &n| size.checked_mul(n))
}

/// Level of each factor at point `number` of the full grid, with the last factor varying fastest; `None` beyond the
/// last point.
pub fn grid_point(levels: &[usize], number: usize) -> Option<Vec<usize>> {
    // A grid whose size overflows contains every number.
    if grid_size(levels).is_some_and(|size| number >= size) {
        return None;
    }
    let mut rest = number;
    let mut point: Vec<usize> = levels
        .iter()
        .rev()
        .map(|&n| {
            let level = rest % n;
            rest /= n;
            level
        })
        .collect();
    point.reverse();
    Some(point)
}

/// Latin hypercube of `points` points in `factors` dimensions, point by point.
///
/// Each factor's range is divided into `points` strata of equal size, and each stratum contains exactly one point, at a
/// random position; factors are shuffled independently (McKay, Beckman, Conover, Technometrics 21 (1979)). Exact for up
/// to 2^20 points; beyond, rounding may move a point to the edge of its stratum.
pub fn latin_hypercube(points: usize, factors: usize, random: &mut Pcg64) -> Vec<Vec<f64>> {
    let mut design = vec![Vec::with_capacity(factors); points];
    let mut strata: Vec<usize> = (0..points).collect();
    for _ in 0..factors {
        strata.shuffle(random);
        for (point, &stratum) in design.iter_mut().zip(&strata) {
            // In the middle of one of 2^32 parts: never on the edge of the stratum, even after rounding.
            let offset = (f64::from(random.next_u32()) + 0.5) / 4_294_967_296.0;
            point.push((stratum as f64 + offset) / points as f64);
        }
    }
    design
}

/// Maximum number of points of [`sobol`].
pub const MOST_SOBOL_POINTS: usize = 1 << 16;

/// Maximum number of factors of [`sobol`].
pub const MOST_SOBOL_FACTORS: usize = sobol_burley::NUM_DIMENSIONS as usize;

/// The first `points` points of a Sobol sequence in `factors` dimensions, with Owen scrambling by `seed`, point by
/// point; `None` beyond [`MOST_SOBOL_POINTS`] or [`MOST_SOBOL_FACTORS`].
///
/// The first 2^k points have one point in each of 2^k strata of each factor, so the number of points should be a power
/// of two. A longer design begins with the shorter one of the same seed. Coordinates have 24 binary digits (Burley,
/// Practical hash-based Owen scrambling, JCGT 9 (2020)).
pub fn sobol(points: usize, factors: usize, seed: u32) -> Option<Vec<Vec<f64>>> {
    if points > MOST_SOBOL_POINTS || factors > MOST_SOBOL_FACTORS {
        return None;
    }
    let (points, factors) = (u32::try_from(points).ok()?, u32::try_from(factors).ok()?);
    let point =
        |i: u32| (0..factors).map(|factor| f64::from(sobol_burley::sample(i, factor, seed))).collect();
    Some((0..points).map(point).collect())
}

/// Index of the cell that contains `u`, out of `cells` cells of equal size in [0, 1); 0 if there are no cells.
pub fn cell(u: f64, cells: usize) -> usize {
    ((u * cells as f64) as usize).min(cells.saturating_sub(1))
}

/// Maps `u` linearly to the range from `low` to `high`; below `high` except for rounding. Requires `low` <= `high`.
pub fn in_range(u: f64, low: f64, high: f64) -> f64 {
    // Not low + u (high - low), which overflows for the widest ranges.
    within(low * (1.0 - u) + high * u, low, high)
}

/// Maps `u` to the integer from `low` to `high`, both inclusive, whose cell of equal size contains it; requires `low`
/// <= `high`. In ranges of more than 2^53 integers some are never returned.
pub fn in_integers(u: f64, low: i64, high: i64) -> i64 {
    let count = i128::from(high) - i128::from(low) + 1;
    let offset = (u * count as f64) as i128;
    i64::try_from(i128::from(low) + offset).unwrap_or(high).min(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::rng::{Purpose, Streams};
    use proptest::prelude::*;

    fn stream(seed: u64) -> Pcg64 {
        Streams { seed, replication: 0 }.stream(Purpose::Synthesis, 0)
    }

    /// Number of points in each of `strata` strata of a factor.
    fn counts(design: &[Vec<f64>], factor: usize, strata: usize) -> Vec<usize> {
        let mut counts = vec![0; strata];
        for point in design {
            counts[(point[factor] * strata as f64).floor() as usize] += 1;
        }
        counts
    }

    #[test]
    fn a_grid_by_hand() {
        let all: Vec<_> = (0..).map_while(|i| grid_point(&[2, 3], i)).collect();
        assert_eq!(all, [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]);
        assert_eq!((grid_size(&[]), grid_point(&[], 0), grid_point(&[], 1)), (Some(1), Some(vec![]), None));
        assert_eq!((grid_size(&[3, 0]), grid_point(&[3, 0], 0)), (Some(0), None));
        assert_eq!(grid_size(&[usize::MAX, 2]), None);
        assert_eq!(grid_size(&[usize::MAX, 2, 0]), Some(0));
        assert_eq!(grid_point(&[usize::MAX, 2], 3), Some(vec![1, 1]));
    }

    /// Owen scrambling preserves the net: in two dimensions as well, each box of area 1/64 contains one of the first 64
    /// points, for the first two factors, which form a net of quality 0.
    #[test]
    fn sobol_points_form_a_net() {
        for seed in [0, 1, 77] {
            let design = sobol(64, 2, seed).unwrap();
            for k in 0..=6_u32 {
                let (wide, high) = (1_usize << k, 64_usize >> k);
                let mut boxes = vec![0; 64];
                for point in &design {
                    boxes[cell(point[0], wide) * high + cell(point[1], high)] += 1;
                }
                assert!(boxes.iter().all(|&count| count == 1), "seed {seed}, {wide} x {high}");
            }
        }
        assert_ne!(sobol(4, 2, 0), sobol(4, 2, 1));
        assert_eq!(sobol(4, 2, 3).unwrap()[..], sobol(9, 2, 3).unwrap()[..4]);
    }

    #[test]
    fn sobol_has_limits() {
        assert_eq!(sobol(MOST_SOBOL_POINTS + 1, 1, 0), None);
        assert_eq!(sobol(1, MOST_SOBOL_FACTORS + 1, 0), None);
        assert_eq!(sobol(1, MOST_SOBOL_FACTORS, 0).unwrap()[0].len(), MOST_SOBOL_FACTORS);
        assert_eq!(sobol(0, 3, 0), Some(vec![]));
    }

    /// Purpose of the designs: the mean of a smooth function is estimated far better than with random points.
    #[test]
    fn designs_integrate_better_than_chance() {
        // Mean of the product of (0.5 + x) over three factors is 1; 256 random points miss it by 0.034 (variance
        // (13/12)^3 - 1 = 0.27).
        let miss = |design: Vec<Vec<f64>>| {
            let sum: f64 = design.iter().map(|p| p.iter().map(|x| 0.5 + x).product::<f64>()).sum();
            (sum / design.len() as f64 - 1.0).abs()
        };
        let rms = |misses: Vec<f64>| (misses.iter().map(|m| m * m).sum::<f64>() / misses.len() as f64).sqrt();
        let latin = rms((0..40).map(|seed| miss(latin_hypercube(256, 3, &mut stream(seed)))).collect());
        let sobol = rms((0..40).map(|seed| miss(sobol(256, 3, seed).unwrap())).collect());
        assert!(latin < 0.017 && sobol < 0.003, "{latin} {sobol}");
    }

    #[test]
    fn ranges_and_integers() {
        assert_eq!((in_range(0.0, 2.0, 6.0), in_range(0.25, 2.0, 6.0)), (2.0, 3.0));
        assert_eq!(in_range(0.5, -f64::MAX, f64::MAX), 0.0);
        assert_eq!((in_range(0.7, 5.3, 5.3), in_integers(0.7, 5, 5)), (5.3, 5));
        let last = 1.0 - f64::EPSILON / 2.0;
        assert_eq!((cell(last, 3), cell(0.0, 3), cell(0.5, 0)), (2, 0, 0));
        assert_eq!(
            (in_integers(0.0, -2, 2), in_integers(0.19, -2, 2), in_integers(0.2, -2, 2)),
            (-2, -2, -1)
        );
        assert_eq!((in_integers(last, -2, 2), in_integers(0.5, i64::MIN, i64::MAX)), (2, 0));
        assert!(in_integers(last, i64::MIN, i64::MAX) > i64::MAX - 4_096);
    }

    proptest! {
        #[test]
        fn each_stratum_of_a_hypercube_holds_one_point(
            points in 1..200_usize, factors in 0..5_usize, seed in any::<u64>()
        ) {
            let design = latin_hypercube(points, factors, &mut stream(seed));
            prop_assert_eq!(design.len(), points);
            for factor in 0..factors {
                prop_assert!(counts(&design, factor, points).iter().all(|&count| count == 1));
            }
        }

        #[test]
        fn each_stratum_of_a_factor_holds_one_sobol_point(
            k in 0..9_u32, factor in 0..MOST_SOBOL_FACTORS, seed in any::<u32>()
        ) {
            let design = sobol(1 << k, factor + 1, seed).unwrap();
            prop_assert!(counts(&design, factor, 1 << k).iter().all(|&count| count == 1));
        }

        #[test]
        fn cells_are_equal_and_within(u in 0.0..1.0_f64, cells in 1..1_000_usize, low in -50..50_i64) {
            let index = cell(u, cells);
            prop_assert!(index < cells && (u * cells as f64 - index as f64) < 1.0);
            let high = low + cells as i64 - 1;
            prop_assert_eq!(in_integers(u, low, high), low + index as i64);
            let x = in_range(u, low as f64, high as f64);
            prop_assert!(low as f64 <= x && x <= high as f64);
        }

        #[test]
        fn a_number_names_each_point_of_a_grid_once(levels in prop::collection::vec(1..5_usize, 0..4)) {
            let size = grid_size(&levels).unwrap();
            let all: std::collections::BTreeSet<_> = (0..size).map(|i| grid_point(&levels, i).unwrap()).collect();
            prop_assert_eq!(all.len(), size);
            prop_assert!(all.iter().all(|p| p.iter().zip(&levels).all(|(level, n)| level < n)));
        }
    }
}
