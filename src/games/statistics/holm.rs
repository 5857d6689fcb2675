//! Multiple testing: Holm's step-down adjustment of p-values.
//!
//! Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (1979). It does
//! not require independent tests.

/// Adjusted p-values, in the order of `p_values` (each 0 to 1).
///
/// Rejecting all hypotheses with an adjusted value of at most alpha bounds the probability of any false rejection by
/// alpha. The smallest of m values is multiplied by m, the next by m - 1, and so on, each at least as large as the
/// previous one and at most 1.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut floor = 0.0_f64;
    for (rank, &i) in order.iter().enumerate() {
        floor = floor.max(((p_values.len() - rank) as f64 * p_values[i]).min(1.0));
        adjusted[i] = floor;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn four_tests_by_hand() {
        // 4 x 0.005; 3 x 0.01; 2 x 0.03; 1 x 0.04, raised to the previous one.
        let expected = [0.03, 0.06, 0.06, 0.02];
        for (found, expected) in holm(&[0.01, 0.04, 0.03, 0.005]).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-15);
        }
        assert_eq!(holm(&[]), Vec::<f64>::new());
        assert_eq!(holm(&[0.7, 0.8]), [1.0, 1.0]);
    }

    proptest! {
        #[test]
        fn adjusted_values_are_larger_and_keep_the_order(p in prop::collection::vec(0.0..=1.0_f64, 0..30)) {
            let adjusted = holm(&p);
            for i in 0..p.len() {
                prop_assert!(p[i] <= adjusted[i] && adjusted[i] <= 1.0);
                // Never worse than Bonferroni.
                prop_assert!(adjusted[i] <= (p[i] * p.len() as f64).min(1.0));
                for j in 0..p.len() {
                    prop_assert!(p[i] > p[j] || adjusted[i] <= adjusted[j]);
                }
            }
        }

        #[test]
        fn the_order_of_tests_plays_no_part(p in prop::collection::vec(0.0..=1.0_f64, 0..30)) {
            let backwards: Vec<f64> = p.iter().rev().copied().collect();
            let mut turned = holm(&backwards);
            turned.reverse();
            prop_assert_eq!(turned, holm(&p));
        }
    }
}
