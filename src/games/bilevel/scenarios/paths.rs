//! Joint paths of several prices, correlated like the residuals of their models, and the corresponding demand.

use super::arima::{Arima, ArimaError, Orders};
use super::least_squares::cholesky;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// Models of several prices over the same hours.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceModel {
    /// Model of each price.
    pub models: Vec<Arima>,
    /// Price series; all begin in the same hour.
    series: Vec<Vec<f64>>,
    /// Lower triangle whose square is the covariance of the residuals, in squared units of the prices.
    spread: Vec<Vec<f64>>,
}

impl PriceModel {
    /// Estimates a model of these orders for each price; all series cover the same hours.
    ///
    /// # Errors
    /// If a series is too short or not finite.
    pub fn fit(series: Vec<Vec<f64>>, orders: &[Orders]) -> Result<Self, ArimaError> {
        let models: Vec<Arima> = series
            .iter()
            .zip(orders)
            .map(|(prices, orders)| Arima::fit(prices, *orders))
            .collect::<Result<_, _>>()?;
        let past = models.iter().map(Arima::past).max().unwrap_or(0);
        let covariance = |a: &Arima, b: &Arima| -> f64 {
            let pairs = a.residuals.iter().zip(&b.residuals).skip(past);
            let (n, sum) = pairs.fold((0.0, 0.0), |(n, sum), (x, y)| (n + 1.0, sum + x * y));
            sum / f64::max(n, 1.0)
        };
        let mut matrix: Vec<Vec<f64>> =
            models.iter().map(|a| models.iter().map(|b| covariance(a, b)).collect()).collect();
        // Perfectly correlated prices have no triangle: a small independent part is added to each variance.
        let spread = cholesky(&matrix).unwrap_or_else(|| {
            for (k, row) in matrix.iter_mut().enumerate() {
                row[k] = row[k] * (1.0 + 1e-9) + f64::MIN_POSITIVE;
            }
            cholesky(&matrix).unwrap_or_else(|| vec![vec![0.0; models.len()]; models.len()])
        });
        Ok(Self { models, series, spread })
    }

    /// The same models applied to other price series, all of which begin in the same hour. A price that is announced
    /// ahead may extend beyond the others.
    #[must_use]
    pub fn knowing(&self, series: Vec<Vec<f64>>) -> Self {
        let models = self.models.iter().zip(&series).map(|(model, prices)| model.of(prices)).collect();
        Self { models, series, spread: self.spread.clone() }
    }

    /// Samples a path of the hours after the last one in which all prices are known: prices \[price\]\[hour\].
    /// Residuals are normal, with the estimated covariance within an hour, and independent between hours. Known prices
    /// are unchanged, and the prices that follow them in order are drawn conditional on their residuals.
    pub fn path(&self, hours: usize, random: &mut impl Rng) -> Vec<Vec<f64>> {
        let shortest = self.series.iter().map(Vec::len).min().unwrap_or(0);
        let mut next = vec![Vec::with_capacity(hours); self.models.len()];
        for hour in 0..hours {
            let mut draws: Vec<f64> = self.models.iter().map(|_| StandardNormal.sample(random)).collect();
            for (k, row) in self.spread.iter().enumerate() {
                if let Some(known) = self.models[k].residuals.get(shortest + hour) {
                    let before: f64 = row[..k].iter().zip(&draws).map(|(l, z)| l * z).sum();
                    draws[k] = if row[k] > 0.0 { (known - before) / row[k] } else { 0.0 };
                    next[k].push(*known);
                } else {
                    next[k].push(row.iter().zip(&draws).map(|(l, z)| l * z).sum());
                }
            }
        }
        self.continued(&next)
    }

    /// Expected path of the hours after the last one in which all prices are known: \[price\]\[hour\].
    pub fn forecast(&self, hours: usize) -> Vec<Vec<f64>> {
        self.continued(&vec![vec![0.0; hours]; self.models.len()])
    }

    fn continued(&self, next: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let shortest = self.series.iter().map(Vec::len).min().unwrap_or(0);
        let all = self.models.iter().zip(&self.series).zip(next);
        all.map(|((model, series), next)| {
            model.continued(&series[..shortest], &model.residuals[..shortest], next)
        })
        .collect()
    }
}

/// Demand of each scenario: expected + kappa * (day-ahead price - its mean over the scenarios), never below 0, in MWh
/// \[scenario\]\[hour\]; kappa in MWh per currency/MWh (equation 1 of the paper).
pub fn demand(expected: &[f64], kappa: f64, day_ahead: &[Vec<f64>], probabilities: &[f64]) -> Vec<Vec<f64>> {
    let mean = |t: usize| day_ahead.iter().zip(probabilities).map(|(path, p)| p * path[t]).sum::<f64>();
    let means: Vec<f64> = (0..expected.len()).map(mean).collect();
    let of_path = |path: &Vec<f64>| {
        let hours = expected.iter().zip(path).zip(&means);
        hours.map(|((demand, price), mean)| (demand + kappa * (price - mean)).max(0.0)).collect()
    };
    day_ahead.iter().map(of_path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::rng::{Purpose, Streams};

    /// Two correlated prices of a synthetic market.
    fn model() -> (PriceModel, Vec<Vec<f64>>) {
        let mut random = Streams { seed: 3, replication: 0 }.stream(Purpose::Synthesis, 1);
        let mut noise = || -> f64 { StandardNormal.sample(&mut random) };
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for t in 0..600 {
            let common = noise();
            let season = 10.0 * f64::from(t % 12 / 6);
            first.push(30.0 + season + common);
            second.push(25.0 + season + 0.8 * common + 0.6 * noise());
        }
        let orders = Orders { plain: (1, 0, 0), seasonal: (0, 1, 1), period: 12 };
        let series = vec![first, second];
        (PriceModel::fit(series.clone(), &[orders; 2]).unwrap(), series)
    }

    #[test]
    fn what_is_known_of_a_price_stays_as_it_is() {
        let (model, mut series) = model();
        series[1].truncate(590);
        let after = model.knowing(series.clone());
        let mut random = Streams { seed: 1, replication: 0 }.stream(Purpose::Policy, 1);
        let path = after.path(20, &mut random);
        for (found, known) in path[0].iter().zip(&series[0][590..]) {
            assert!((found - known).abs() < 1e-9, "{found} {known}");
        }
        assert_eq!((path[0].len(), path[1].len()), (20, 20));
    }

    /// Given the residual of the first, the residual of the second is normal around the conditional mean.
    #[test]
    fn the_other_price_is_drawn_given_it() {
        let (model, mut series) = model();
        series[1].truncate(599);
        let residual = model.models[0].residuals[599];
        let after = model.knowing(series);
        let mut random = Streams { seed: 1, replication: 0 }.stream(Purpose::Policy, 1);
        let n = 4_000;
        let draws: Vec<f64> = (0..n).map(|_| after.path(1, &mut random)[1][0]).collect();
        let mean = draws.iter().sum::<f64>() / f64::from(n);
        let sd = (draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n)).sqrt();
        let [a, b, c] = [model.spread[0][0], model.spread[1][0], model.spread[1][1]];
        let expected = after.forecast(1)[1][0] + b / a * residual;
        assert!((mean - expected).abs() < 5.0 * c / f64::from(n).sqrt(), "{mean} {expected}");
        assert!((sd / c - 1.0).abs() < 0.06, "{sd} {c}");
    }
}
