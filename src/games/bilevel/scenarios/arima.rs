//! A seasonal ARIMA model of a series: (p, d, q) (P, D, Q) of a period, estimated by conditional least squares.
//!
//! ```text
//! ar(B) sar(B^s) (1 - B)^d (1 - B^s)^D (x_t - mean) = ma(B) sma(B^s) e_t        B x_t = x_(t-1)
//! ar(B) = 1 - ar_1 B - ...        ma(B) = 1 + ma_1 B + ...
//! ```
//!
//! Source: G. Box, G. Jenkins, G. Reinsel and G. Ljung, Time Series Analysis, 5th edition, chapters 7 (conditional
//! least squares) and 9 (seasonal models). Signs as in statsmodels. A mean is estimated if the series is not
//! differenced.

use super::least_squares::least_squares;
use gridfleet_core::error::{Error, InputError};
use serde::{Deserialize, Serialize};

/// Orders of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// Autoregressive terms p, differences d, moving-average terms q.
    pub plain: (usize, usize, usize),
    /// The same with lags of whole periods: P, D, Q.
    pub seasonal: (usize, usize, usize),
    /// Length of the period, in steps of the series; 24 for hourly values and daily periods.
    pub period: usize,
}

/// An estimated model.
#[derive(Debug, Clone, PartialEq)]
pub struct Arima {
    /// Number of terms.
    pub orders: Orders,
    /// Mean, in the unit of the series; 0 where the series is differenced.
    pub mean: f64,
    /// Coefficients ar_1 to ar_p.
    pub ar: Vec<f64>,
    /// Coefficients ma_1 to ma_q.
    pub ma: Vec<f64>,
    /// Coefficients at lags of 1 to P periods.
    pub seasonal_ar: Vec<f64>,
    /// Coefficients at lags of 1 to Q periods.
    pub seasonal_ma: Vec<f64>,
    /// Residuals of the series; the first ones, which lack a past, are 0.
    pub residuals: Vec<f64>,
}

/// A polynomial in B without its 1, as lag and coefficient of each term that is not 0.
type Lags = Vec<(usize, f64)>;

/// Reason why a series has no model. The caller may go on, and begin again with another series.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ArimaError {
    /// The series is too short.
    #[error("found {found} values, expected at least {least} for such a model")]
    TooShort {
        /// Number of its values.
        found: usize,
        /// Number of values required.
        least: usize,
    },
    /// A value is not finite.
    #[error("found {value} at place {place}, expected a number")]
    NotFinite {
        /// Place of the first one, from 0.
        place: usize,
        /// The value.
        value: f64,
    },
}

impl From<ArimaError> for Error {
    fn from(error: ArimaError) -> Self {
        let (found, expected) = match error {
            ArimaError::TooShort { found, least } => {
                (format!("{found} values"), format!("at least {least} for such a model"))
            }
            ArimaError::NotFinite { place, value } => {
                (format!("{value} at place {place}"), "a number".to_owned())
            }
        };
        InputError::new(found, expected).into()
    }
}

impl Arima {
    /// Fits the model with the least sum of squared residuals; residuals without a full past are 0.
    ///
    /// # Errors
    /// If the series has values that are not finite, or is too short: three periods and twenty values per coefficient
    /// are required.
    pub fn fit(series: &[f64], orders: Orders) -> Result<Self, ArimaError> {
        let Orders { plain: (p, d, q), seasonal: (sp, sd, sq), period } = orders;
        let count = p + q + sp + sq;
        let least = (p + d) + (sp + sd).max(2) * period + period + 20 * (count + 1);
        if series.len() < least {
            return Err(ArimaError::TooShort { found: series.len(), least });
        }
        if let Some(place) = series.iter().position(|x| !x.is_finite()) {
            return Err(ArimaError::NotFinite { place, value: series[place] });
        }
        let centred = d + sd == 0;
        // In units of the standard deviation, so that the mean has the magnitude of the other parameters.
        let (middle, spread) = middle_and_spread(series);
        let unit: Vec<f64> = series.iter().map(|x| (x - middle) / spread).collect();
        let model = |parameters: &[f64]| {
            let (mean, rest) = if centred { (parameters[0], &parameters[1..]) } else { (0.0, parameters) };
            let mut parts = [p, q, sp, sq].into_iter().scan(rest, |rest, n| {
                let (part, after) = rest.split_at(n);
                *rest = after;
                Some(part.to_vec())
            });
            let mut part = || parts.next().unwrap_or_default();
            let (ar, ma, seasonal_ar, seasonal_ma) = (part(), part(), part(), part());
            Self { orders, mean, ar, ma, seasonal_ar, seasonal_ma, residuals: Vec::new() }
        };
        let start = vec![0.0; count + usize::from(centred)];
        let found = least_squares(start, |parameters| model(parameters).residuals_of(&unit));
        let mut fitted = model(&found);
        fitted.mean = if centred { middle + spread * fitted.mean } else { 0.0 };
        fitted.residuals = fitted.residuals_of(series);
        Ok(fitted)
    }

    /// The same model for another series, with the residuals of that series.
    #[must_use]
    pub fn of(&self, series: &[f64]) -> Self {
        Self { residuals: self.residuals_of(series), ..self.clone() }
    }

    /// Standard deviation of the residuals that have a past, in the unit of the series.
    pub fn sd(&self) -> f64 {
        let rest = &self.residuals[self.past().min(self.residuals.len())..];
        (rest.iter().map(|e| e * e).sum::<f64>() / rest.len().max(1) as f64).sqrt()
    }

    /// Number of preceding values that a residual requires.
    pub fn past(&self) -> usize {
        let Orders { plain: (p, d, _), seasonal: (sp, sd, _), period } = self.orders;
        p + d + (sp + sd) * period
    }

    /// Continuation of the series with the given next residuals: a path if they are drawn, the forecast if all are 0.
    ///
    /// `series` and `residuals` are the past, the latest last; missing values count as the mean, or 0.
    pub fn continued(&self, series: &[f64], residuals: &[f64], next: &[f64]) -> Vec<f64> {
        let (ar, ma) = (self.autoregressive(), self.moving_average());
        // Limits the past to the longest lag.
        let reach = ar.iter().chain(&ma).map(|(lag, _)| *lag).max().unwrap_or(0);
        let recent = |list: &[f64]| list[list.len().saturating_sub(reach)..].to_vec();
        let mut values: Vec<f64> = recent(series).iter().map(|x| x - self.mean).collect();
        let mut errors = recent(residuals);
        let past = values.len();
        let at = |list: &[f64], lag: usize| list.len().checked_sub(lag).map_or(0.0, |i| list[i]);
        for error in next {
            let level: f64 = ar.iter().map(|(lag, a)| a * at(&values, *lag)).sum();
            let moved: f64 = ma.iter().map(|(lag, b)| b * at(&errors, *lag)).sum();
            values.push(level + moved + error);
            errors.push(*error);
        }
        values[past..].iter().map(|x| x + self.mean).collect()
    }

    fn residuals_of(&self, series: &[f64]) -> Vec<f64> {
        let (ar, ma) = (self.autoregressive(), self.moving_average());
        let past = self.past();
        let mut errors = vec![0.0; series.len()];
        for t in past..series.len() {
            let level: f64 = ar.iter().map(|(lag, a)| a * (series[t - lag] - self.mean)).sum();
            let moved: f64 = ma.iter().filter(|(lag, _)| *lag <= t).map(|(lag, b)| b * errors[t - lag]).sum();
            errors[t] = series[t] - self.mean - level - moved;
        }
        errors
    }

    /// ar(B) sar(B^s) (1 - B)^d (1 - B^s)^D = 1 - sum of these.
    fn autoregressive(&self) -> Lags {
        let Orders { plain: (_, d, _), seasonal: (_, sd, _), period } = self.orders;
        let terms = |list: &[f64], step: usize| -> Lags {
            [(0, 1.0)].into_iter().chain(list.iter().enumerate().map(|(k, a)| ((k + 1) * step, -a))).collect()
        };
        let mut product = multiplied(&terms(&self.ar, 1), &terms(&self.seasonal_ar, period));
        for step in std::iter::repeat_n(1, d).chain(std::iter::repeat_n(period, sd)) {
            product = multiplied(&product, &[(0, 1.0), (step, -1.0)]);
        }
        product.into_iter().filter(|(lag, _)| *lag > 0).map(|(lag, a)| (lag, -a)).collect()
    }

    /// ma(B) sma(B^s) = 1 + sum of these.
    fn moving_average(&self) -> Lags {
        let terms = |list: &[f64], step: usize| -> Lags {
            [(0, 1.0)].into_iter().chain(list.iter().enumerate().map(|(k, b)| ((k + 1) * step, *b))).collect()
        };
        let product = multiplied(&terms(&self.ma, 1), &terms(&self.seasonal_ma, self.orders.period));
        product.into_iter().filter(|(lag, _)| *lag > 0).collect()
    }
}

fn multiplied(a: &[(usize, f64)], b: &[(usize, f64)]) -> Lags {
    let mut product = std::collections::BTreeMap::new();
    for (i, x) in a {
        for (j, y) in b {
            *product.entry(i + j).or_insert(0.0) += x * y;
        }
    }
    product.into_iter().filter(|(_, c)| *c != 0.0).collect()
}

/// Mean and standard deviation; the latter is 1 if all values are equal.
fn middle_and_spread(series: &[f64]) -> (f64, f64) {
    let n = series.len() as f64;
    let mean = series.iter().sum::<f64>() / n;
    let variance = series.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    (mean, if variance > 0.0 { variance.sqrt() } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: Orders = Orders { plain: (1, 0, 1), seasonal: (1, 1, 1), period: 4 };

    /// (1 - 0.5 B)(1 - 0.2 B^4)(1 - B^4) and (1 + 0.3 B)(1 - 0.4 B^4), expanded by hand.
    #[test]
    fn polynomials_are_multiplied_out() {
        let model = Arima {
            orders: ORDERS,
            mean: 0.0,
            ar: vec![0.5],
            ma: vec![0.3],
            seasonal_ar: vec![0.2],
            seasonal_ma: vec![-0.4],
            residuals: Vec::new(),
        };
        let near = |lags: Lags, expected: &[(usize, f64)]| {
            assert_eq!(lags.len(), expected.len());
            for (a, b) in lags.iter().zip(expected) {
                assert!(a.0 == b.0 && (a.1 - b.1).abs() < 1e-15, "{lags:?}");
            }
        };
        near(model.autoregressive(), &[(1, 0.5), (4, 1.2), (5, -0.6), (8, -0.2), (9, 0.1)]);
        near(model.moving_average(), &[(1, 0.3), (4, -0.4), (5, -0.12)]);
    }

    /// Continuing the first half with the residuals of the second half yields the second half.
    #[test]
    fn a_series_is_continued_by_its_own_residuals() {
        let series: Vec<f64> =
            (0..240).map(|t| 30.0 + 5.0 * f64::from(t % 4) + f64::from((t * 7919) % 101) / 20.0).collect();
        let model = Arima::fit(&series, ORDERS).unwrap();
        let next = model.continued(&series[..120], &model.residuals[..120], &model.residuals[120..]);
        for (value, expected) in next.iter().zip(&series[120..]) {
            assert!((value - expected).abs() < 1e-9, "{value} {expected}");
        }
    }

    #[test]
    fn series_that_say_nothing_are_refused() {
        assert!(Arima::fit(&[1.0; 30], ORDERS).is_err());
        let mut series = vec![1.0; 400];
        series[7] = f64::NAN;
        assert!(Arima::fit(&series, ORDERS).is_err());
        // A constant has nothing to explain, and no residual.
        let flat = Arima::fit(&[3.0; 400], Orders { seasonal: (0, 0, 0), ..ORDERS }).unwrap();
        assert!((flat.mean - 3.0).abs() < 1e-12 && flat.sd() < 1e-12);
    }
}
