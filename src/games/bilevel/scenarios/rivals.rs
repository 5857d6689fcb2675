//! Prices of rivals: a forecast with normal errors, divided into three intervals and drawn by the roulette wheel.

use crate::bilevel::RivalScenario;
use rand::{Rng, RngExt};
use statrs::distribution::{ContinuousCDF, Normal};

/// Midpoints of the three intervals, each one standard deviation wide, in standard deviations from the forecast.
pub const LEVELS: [f64; 3] = [-1.0, 0.0, 1.0];

/// Probability of each interval, normalised to a sum of 1: a normal error of -1.5 to -0.5, -0.5 to 0.5 and 0.5 to 1.5
/// standard deviations.
pub fn level_probabilities() -> [f64; 3] {
    let normal = Normal::standard();
    let within = |middle: f64| normal.cdf(middle + 0.5) - normal.cdf(middle - 0.5);
    let all: f64 = LEVELS.iter().map(|level| within(*level)).sum();
    LEVELS.map(|level| within(level) / all)
}

/// Interval of a wheel divided in proportion to `probabilities` that contains `number`, at least 0 and below 1.
pub fn roulette(probabilities: &[f64], number: f64) -> usize {
    let mut sum = 0.0;
    for (k, p) in probabilities.iter().enumerate() {
        sum += p;
        if number < sum {
            return k;
        }
    }
    // Beyond the last interval, by rounding.
    probabilities.len().saturating_sub(1)
}

/// Draws `count` equally likely scenarios: the price of each rival in each hour is its forecast, or one standard
/// deviation (its `sds` times the forecast) below or above. `forecasts` are \[rival\]\[hour\] [currency/MWh].
pub fn draw(forecasts: &[Vec<f64>], sds: &[f64], count: usize, random: &mut impl Rng) -> Vec<RivalScenario> {
    let wheel = level_probabilities();
    (0..count)
        .map(|_| {
            let prices = forecasts
                .iter()
                .zip(sds)
                .map(|(hours, sd)| {
                    let mut at = |q: &f64| q * (1.0 + sd * LEVELS[roulette(&wheel, random.random())]);
                    hours.iter().map(&mut at).collect()
                })
                .collect();
            RivalScenario { probability: 1.0 / count as f64, prices }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0.241730 and 0.382925 as in any table of the normal distribution.
    #[test]
    fn intervals_are_as_likely_as_the_table_says() {
        let [low, middle, high] = level_probabilities();
        assert!((low / middle - 0.241_730 / 0.382_925).abs() < 1e-5 && (low - high).abs() < 1e-12);
        assert!((low + middle + high - 1.0).abs() < 1e-15);
    }

    #[test]
    fn the_wheel_has_no_gap() {
        let wheel = [0.25, 0.5, 0.25];
        let at: Vec<usize> =
            [0.0, 0.2499, 0.25, 0.74, 0.75, 0.999].iter().map(|u| roulette(&wheel, *u)).collect();
        assert_eq!(at, [0, 0, 1, 1, 2, 2]);
        assert_eq!(roulette(&[0.3, 0.3, 0.3], 0.95), 2);
    }
}
