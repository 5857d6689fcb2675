//! Statistics of the scenario profits: mean, standard deviation and conditional value at risk.

use super::model::Risk;

/// Statistics of the profits of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profit {
    /// Expected profit [currency].
    pub expected: f64,
    /// Standard deviation over the scenarios [currency].
    pub sd: f64,
    /// Conditional value at risk: mean of the worst 1 - alpha of the probability [currency].
    pub cvar: f64,
}

impl Profit {
    /// Computes the statistics from the profit and probability of each scenario.
    pub fn of(profits: &[f64], probabilities: &[f64], alpha: f64) -> Self {
        let pairs = || profits.iter().zip(probabilities);
        let expected: f64 = pairs().map(|(profit, p)| p * profit).sum();
        let variance: f64 = pairs().map(|(profit, p)| p * (profit - expected).powi(2)).sum();
        Self { expected, sd: variance.sqrt(), cvar: cvar(profits, probabilities, alpha) }
    }

    /// Objective of the aggregator: expected profit + beta * CVaR [currency].
    pub fn objective(&self, risk: Risk) -> f64 {
        self.expected + risk.beta * self.cvar
    }
}

/// Mean of the worst 1 - `alpha` of the probability, by sorting; the scenario at the boundary counts in part.
///
/// It equals xi - 1 / (1 - alpha) sum pi eta at the optimal xi (R. T. Rockafellar and S. Uryasev, Optimization of
/// conditional value-at-risk, Journal of Risk 2, 2000).
pub fn cvar(profits: &[f64], probabilities: &[f64], alpha: f64) -> f64 {
    let mut order: Vec<usize> = (0..profits.len()).collect();
    order.sort_by(|a, b| profits[*a].total_cmp(&profits[*b]));
    let tail = (1.0 - alpha) * probabilities.iter().sum::<f64>();
    let (mut left, mut sum) = (tail, 0.0);
    for w in order {
        let part = probabilities[w].min(left);
        sum += part * profits[w];
        left -= part;
    }
    sum / tail
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worst fifth of four scenarios: all of the worst (0.1) and half of the next.
    #[test]
    fn the_tail_is_cut_within_a_scenario() {
        let (profits, probabilities) = ([5.0, -10.0, 2.0, 8.0], [0.3, 0.1, 0.2, 0.4]);
        assert!((cvar(&profits, &probabilities, 0.8) - (-10.0 * 0.1 + 2.0 * 0.1) / 0.2).abs() < 1e-12);
        assert_eq!(cvar(&profits, &probabilities, 0.95), -10.0);
        let all = Profit::of(&profits, &probabilities, 0.0);
        assert!((all.cvar - all.expected).abs() < 1e-12 && (all.expected - 4.1).abs() < 1e-12);
    }

    /// The definition with xi: the optimal xi is among the profits.
    #[test]
    fn sorting_gives_what_the_program_with_xi_gives() {
        let probabilities = [0.05, 0.2, 0.3, 0.02, 0.18, 0.25];
        let profits = [3.0, -1.5, 12.0, -9.0, 0.5, 4.0];
        for alpha in [0.0, 0.3, 0.9, 0.95, 0.99] {
            let objective = |xi: f64| {
                let short: f64 = profits.iter().zip(&probabilities).map(|(v, p)| p * (xi - v).max(0.0)).sum();
                xi - short / (1.0 - alpha)
            };
            let best = profits.iter().map(|&xi| objective(xi)).fold(f64::NEG_INFINITY, f64::max);
            assert!((cvar(&profits, &probabilities, alpha) - best).abs() < 1e-12, "{alpha}");
        }
    }
}
