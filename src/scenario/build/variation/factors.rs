//! Factors around 1, and deviations of the temperature from day to day.

use crate::resolve::days::Day;
use crate::resolve::horizon::Horizon;
use crate::spec::VariationSpec;
use gridfleet_core::rng::{Purpose, PurposeStreams, Streams};
use gridfleet_core::time::HOUR_S;
use rand::RngExt as _;
use rand_distr::StandardNormal;

/// Lognormal factors of mean 1, one per entity.
///
/// With normal logarithms of mean m and variance v the mean is exp(m + v/2) and the squared coefficient of variation
/// exp(v) - 1 (Johnson, Kotz, Balakrishnan: Continuous Univariate Distributions, vol. 1, 1994, ch. 14).
#[derive(Debug, Clone, Copy)]
pub struct Factors {
    streams: PurposeStreams,
    /// Mean and standard deviation of the logarithm.
    log: (f64, f64),
}

impl Factors {
    /// Factors with coefficient of variation `cv`, drawn from the streams of `purpose`.
    pub fn new(cv: f64, purpose: Purpose, streams: Streams) -> Self {
        let variance = (cv * cv).ln_1p();
        Self { streams: streams.of(purpose), log: (-0.5 * variance, variance.sqrt()) }
    }

    /// The factor of `entity`; 1 without variation.
    pub fn of(&self, entity: u64) -> f64 {
        let (mean, sd) = self.log;
        if sd == 0.0 {
            return 1.0;
        }
        let normal: f64 = self.streams.stream(entity).sample(StandardNormal);
        (mean + sd * normal).exp()
    }
}

/// Adds to temperatures by hour (a single value: all hours) the deviation of the local day in which the hour begins:
/// normal, and correlated from day to day as a stationary autoregressive process of order one (Box and Jenkins, Time
/// Series Analysis, 1970, ch. 3) [°C].
pub fn vary_temperature(
    temperature_c: &mut Vec<f64>,
    spec: &VariationSpec,
    horizon: &Horizon,
    streams: Streams,
) {
    let Some(&last) = temperature_c.last().filter(|_| spec.temperature_sd_c > 0.0) else { return };
    let hours = (horizon.end - horizon.start + HOUR_S - 1) / HOUR_S;
    temperature_c.resize(usize::try_from(hours).unwrap_or(0), last);
    let memory = spec.temperature_correlation;
    let innovation = (1.0 - memory * memory).sqrt();
    let mut deviation = None;
    let mut days = Day::all(horizon.clock.tz(), horizon.start, horizon.end).into_iter();
    let mut day = None;
    for (hour, temperature_c) in (0_i64..).zip(temperature_c) {
        let t = horizon.start + hour * HOUR_S;
        while day.is_none_or(|day: Day| day.end <= t) {
            let Some(next) = days.next() else { return };
            let mut random = streams.stream(Purpose::Temperature, next.number());
            let normal: f64 = random.sample(StandardNormal);
            // The first day is drawn from the stationary distribution of the process.
            deviation = Some(deviation.map_or(normal, |before| memory * before + innovation * normal));
            day = Some(next);
        }
        *temperature_c += spec.temperature_sd_c * deviation.unwrap_or(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::time::{DAY_S, LocalClock, SimTime};

    fn factors(cv: f64) -> Factors {
        Factors::new(cv, Purpose::RideDuration, Streams { seed: 5, replication: 0 })
    }

    #[test]
    fn factors_have_mean_one_and_the_variation_asked_for() {
        for cv in [0.05, 0.3, 1.0] {
            let n = 200_000;
            let all: Vec<f64> = (0..n).map(|i| factors(cv).of(i)).collect();
            let mean = all.iter().sum::<f64>() / n as f64;
            let sd = (all.iter().map(|f| (f - mean).powi(2)).sum::<f64>() / n as f64).sqrt();
            assert!((mean - 1.0).abs() < 5.0 * cv / (n as f64).sqrt(), "{cv}: mean {mean}");
            // The variance of a lognormal sample's variance is large if the tail is heavy.
            assert!((sd / cv - 1.0).abs() < 0.05, "{cv}: sd {sd}");
            assert!(all.iter().all(|&f| f > 0.0));
        }
        assert_eq!(factors(0.0).of(1), 1.0);
    }

    /// Mean of each day's deviation over `n` replications of a fortnight.
    fn deviations(n: u32, correlation: f64) -> Vec<[f64; 14]> {
        let start = SimTime(1_520_204_400); // 2018-03-05T00:00+01:00
        let end = start + 14 * DAY_S;
        let clock = LocalClock::new(chrono_tz::Europe::Berlin, start, end);
        let horizon = Horizon { start, end, measured_from: start, clock };
        let spec = VariationSpec {
            temperature_sd_c: 3.0,
            temperature_correlation: correlation,
            ..VariationSpec::default()
        };
        let draw = |replication| {
            let mut hours = vec![5.0];
            vary_temperature(&mut hours, &spec, &horizon, Streams { seed: 2, replication });
            assert_eq!(hours.len(), 14 * 24);
            std::array::from_fn(|day| {
                let day = &hours[day * 24..day * 24 + 24];
                assert!(day.iter().all(|&t| t == day[0]), "one deviation a day");
                day[0] - 5.0
            })
        };
        (0..n).map(draw).collect()
    }

    #[test]
    fn temperatures_deviate_by_the_day_with_memory() {
        let n = 20_000;
        for correlation in [0.0, 0.7] {
            let all = deviations(n, correlation);
            let mean_of = |f: &dyn Fn(&[f64; 14]) -> f64| all.iter().map(f).sum::<f64>() / f64::from(n);
            for day in [0, 1, 13] {
                let mean = mean_of(&|d| d[day]);
                assert!(mean.abs() < 5.0 * 3.0 / f64::from(n).sqrt(), "{mean}");
                let variance = mean_of(&|d| d[day] * d[day]);
                // The variance of a normal sample's variance is 2 s^4 / n.
                assert!((variance - 9.0).abs() < 5.0 * 9.0 * (2.0 / f64::from(n)).sqrt(), "{variance}");
            }
            for (gap, expected) in [(1, correlation), (2, correlation * correlation)] {
                let measured = mean_of(&|d| d[4] * d[4 + gap]) / 9.0;
                assert!((measured - expected).abs() < 5.0 * 1.5 / f64::from(n).sqrt(), "{measured}");
            }
        }
    }
}
