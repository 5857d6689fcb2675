//! Distortion of a known value: separates the effect of a forecast's accuracy from its method.

use gridfleet_core::error::InputError;
use gridfleet_core::rng::{Purpose, PurposeStreams, Streams};
use rand::RngExt;

/// Distorts values by up to a share of them, drawn uniformly: `value * (1 + (1 - accuracy) * u)`, u in -1..1.
///
/// This is the forecast accuracy of the virtual power plant of spec 5. There is one draw for each series and slot,
/// identified by both: it does not depend on the caller, or on the number and order of calls, so policies compared on
/// one replication see the same error. It does not depend on the accuracy either: lower accuracy increases each error
/// and does not change its sign.
#[derive(Debug, Clone, Copy)]
pub struct Distortion {
    streams: PurposeStreams,
    series: u64,
    error: f64,
}

/// Number of bits that distinguish slots: enough for seconds since 1970.
const SLOT_BITS: u32 = 40;

impl Distortion {
    /// The distortion of a series with a separate number. An `accuracy` of 1 leaves values unchanged.
    ///
    /// # Errors
    /// If `accuracy` is not between 0 and 1.
    pub fn new(streams: &Streams, series: u16, accuracy: f64) -> Result<Self, InputError> {
        if !(0.0..=1.0).contains(&accuracy) {
            return Err(InputError::new(accuracy.to_string(), "a number between 0 and 1").key("accuracy"));
        }
        let (streams, series) = (streams.of(Purpose::Forecast), u64::from(series) << SLOT_BITS);
        Ok(Self { streams, series, error: 1.0 - accuracy })
    }

    /// Forecast for `slot`, whose actual value is or will be `value`.
    pub fn distort(&self, slot: i64, value: f64) -> f64 {
        if self.error == 0.0 {
            return value;
        }
        let slot = slot.cast_unsigned() & ((1 << SLOT_BITS) - 1);
        let draw: f64 = self.streams.stream(self.series ^ slot).random_range(-1.0..1.0);
        value * (1.0 + self.error * draw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAMS: Streams = Streams { seed: 3, replication: 1 };

    #[test]
    fn errors_are_uniform_up_to_what_the_accuracy_allows() {
        for accuracy in [0.0, 0.5, 0.9] {
            let distortion = Distortion::new(&STREAMS, 0, accuracy).unwrap();
            let n = 20_000;
            let errors: Vec<f64> = (0..n).map(|slot| distortion.distort(slot, 2.0) / 2.0 - 1.0).collect();
            let most = 1.0 - accuracy;
            assert!(errors.iter().all(|e| e.abs() <= most));
            // A uniform variable on -1..1 has mean 0 and variance 1/3; the estimates of both from n draws are within
            // four of their standard deviations.
            let n = n as f64;
            let mean = errors.iter().sum::<f64>() / n / most;
            let variance = errors.iter().map(|e| (e / most).powi(2)).sum::<f64>() / n;
            assert!(mean.abs() < 4.0 * (1.0 / 3.0 / n).sqrt(), "{mean}");
            assert!((variance - 1.0 / 3.0).abs() < 4.0 * (4.0 / 45.0 / n).sqrt(), "{variance}");
        }
    }

    #[test]
    fn the_error_depends_on_the_slot_alone() {
        let [poor, good] = [0.5, 0.75].map(|accuracy| Distortion::new(&STREAMS, 1, accuracy).unwrap());
        let backwards: Vec<f64> = (-50..50).rev().map(|slot| poor.distort(slot, 1.0)).collect();
        for (slot, &seen) in (-50..50).rev().zip(&backwards) {
            assert_eq!(poor.distort(slot, 1.0), seen);
            // Half the inaccuracy gives half the error, for any value.
            assert!((2.0 * (good.distort(slot, 3.0) / 3.0 - 1.0) - (seen - 1.0)).abs() < 1e-12);
        }
        let other = Distortion::new(&STREAMS, 2, 0.5).unwrap();
        assert!((-50..50).all(|slot| poor.distort(slot, 1.0) != other.distort(slot, 1.0)));
        let next = Streams { replication: 2, ..STREAMS };
        let other = Distortion::new(&next, 1, 0.5).unwrap();
        assert!((-50..50).all(|slot| poor.distort(slot, 1.0) != other.distort(slot, 1.0)));
    }

    #[test]
    fn full_accuracy_is_exact_and_more_is_refused() {
        let exact = Distortion::new(&STREAMS, 0, 1.0).unwrap();
        assert!((0..100).all(|slot| exact.distort(slot, 0.1 * slot as f64) == 0.1 * slot as f64));
        for accuracy in [-0.1, 1.1, f64::NAN] {
            assert!(Distortion::new(&STREAMS, 0, accuracy).is_err());
        }
    }
}
