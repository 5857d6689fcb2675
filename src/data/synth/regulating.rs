//! Synthetic prices of a balancing market with two prices, together with day-ahead prices.

use gridfleet_core::rng::{Purpose, Streams};
use rand::RngExt;
use rand_distr::Exp1;

/// Share of the hours in which the positive price is above the day-ahead price, and in which the negative one
/// is below it, as measured in area DK1 of Nord Pool in 2016.
const REGULATED: [f64; 2] = [0.31, 0.44];
/// Mean distance in those hours [EUR/MWh], measured in the same year.
const DISTANCE: [f64; 2] = [6.1, 6.6];

/// Positive and negative balancing price of each hour [EUR/MWh]: the day-ahead price, or a price at an
/// exponentially distributed distance from it, independent from hour to hour.
pub fn regulating(day_ahead: &[f64], seed: u64) -> [Vec<f64>; 2] {
    let mut random = Streams { seed, replication: 0 }.stream(Purpose::Synthesis, 2);
    let mut away = |which: usize| {
        let regulated = random.random_bool(REGULATED[which]);
        let distance: f64 = random.sample(Exp1);
        if regulated { DISTANCE[which] * distance } else { 0.0 }
    };
    let hours = day_ahead.iter().map(|price| (price + away(0), price - away(1)));
    let (positive, negative) = hours.unzip();
    [positive, negative]
}

#[cfg(test)]
mod tests {
    use super::super::prices::NORDIC;
    use super::*;
    use chrono::NaiveDate;

    #[test]
    fn a_made_up_year_is_like_the_market() {
        let start = NaiveDate::from_ymd_opt(2016, 1, 1).unwrap();
        let spot = NORDIC.series(start, 366, 1).unwrap().price_per_mwh;
        let [positive, negative] = regulating(&spot, 1);
        assert_eq!(spot.len(), 8784);
        let mut above = 0;
        for t in 0..spot.len() {
            assert!(negative[t] <= spot[t] && spot[t] <= positive[t]);
            above += usize::from(positive[t] > spot[t]);
        }
        assert!((above as f64 / 8784.0 - REGULATED[0]).abs() < 0.02);
    }
}
