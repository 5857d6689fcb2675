//! Where a simulated series has settled: how much of its start to leave out.
//!
//! The series is smoothed by means over a window, so that a cycle of the window's length drops out. Of what is left,
//! MSER (White, An effective truncation heuristic for bias reduction in simulation output, Simulation 69, 1997) leaves
//! out the start without which the squared standard error of the mean is least, as if values were independent:
//! sum of (y - mean)^2 over all kept, over their number squared. Cutting a transient off lowers the sum by more than the
//! number; cutting beyond it only lowers the number. A start that reaches into the second half of the series means
//! that the series is too short to tell a transient from a trend (Hoad, Robinson, Davies, Automating warm-up length
//! estimation, Journal of the Operational Research Society 61, 2010), so there is no answer then.
//!
//! Differences below a resolution do not matter: a series whose means stay within it, from some value
//! on, of the level that they have in the second half counts as settled there.
//!
//! A growth that only begins late, in the last quarter, is not detected.

use super::rounding_of_sum;

/// How many values at the start of `series` belong to a transient.
///
/// `window` is the number of values in a cycle, and `resolution` a difference that does not matter, in the unit of
/// the series. `None` if the series has not settled in its first half, or is shorter than about four windows.
pub fn transient(series: &[f64], window: usize, resolution: f64) -> Option<usize> {
    if window == 0 || series.len() < window {
        return None;
    }
    // The mean over the window that begins with each value: a window is clear of a transient that ended before it.
    let means: Vec<f64> =
        series.windows(window).map(|values| values.iter().sum::<f64>() / window as f64).collect();
    let half = series.len() / 2;
    // Few means that overlap differ little from each other whatever the series does.
    let least = window.max(means.len() / 4);
    if means.len() <= half + least {
        return None;
    }
    let late = &means[half..];
    let level = late.iter().sum::<f64>() / late.len() as f64;
    let largest = series.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
    let resolution = resolution.max(rounding_of_sum(window, largest));
    let near = means.iter().rposition(|mean| (mean - level).abs() > resolution).map_or(0, |last| last + 1);
    let cut = mser(&means, level, least);
    [near, cut].into_iter().filter(|&values| values <= half).min()
}

/// The earliest start without which the squared standard error of `values` is least, of those that keep `least` values.
/// Squares are taken about `level`, a value among them, so that they do not cancel.
fn mser(values: &[f64], level: f64, least: usize) -> usize {
    let (mut sum, mut squares) = (0.0, 0.0);
    let mut best = (f64::INFINITY, 0);
    for (start, value) in values.iter().enumerate().rev() {
        let x = value - level;
        sum += x;
        squares += x * x;
        let kept = values.len() - start;
        if kept >= least {
            let n = kept as f64;
            let error = (squares - sum * sum / n).max(0.0) / (n * n);
            if error <= best.0 {
                best = (error, start);
            }
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt as _, SeedableRng as _};
    use rand_pcg::Pcg64;

    const DAY: usize = 24;

    fn cycle(hour: usize) -> f64 {
        0.2 * (std::f64::consts::TAU * hour as f64 / DAY as f64).sin()
    }

    /// A week of hours, more or less.
    fn hours(days: usize, value: impl FnMut(usize) -> f64) -> Vec<f64> {
        (0..days * DAY).map(value).collect()
    }

    #[test]
    fn what_has_no_transient_is_kept_whole() {
        assert_eq!(transient(&hours(7, |_| 0.6), DAY, 0.0), Some(0));
        assert_eq!(transient(&hours(4, cycle), DAY, 0.0), Some(0), "a day's cycle is none");
        assert_eq!(transient(&hours(7, |h| 1e9 + cycle(h)), DAY, 0.0), Some(0));
        for seed in 0..200 {
            let mut random = Pcg64::seed_from_u64(seed);
            // Means over a day of such noise are off by a thousandth.
            let noisy = hours(7, |h| 0.6 + cycle(h) + random.random_range(-0.01..0.01));
            assert_eq!(transient(&noisy, DAY, 0.01), Some(0), "seed {seed}");
        }
    }

    #[test]
    fn a_step_is_cut_off_to_the_hour() {
        for days in [4, 7, 30] {
            for step in [1, 10, 24, 37, 48] {
                let series = hours(days, |h| cycle(h) + if h < step { 0.9 } else { 0.5 });
                assert_eq!(transient(&series, DAY, 0.0), Some(step), "{days} days");
            }
        }
    }

    #[test]
    fn a_decay_is_cut_off_when_little_of_it_is_left() {
        for seed in 0..200 {
            let mut random = Pcg64::seed_from_u64(seed);
            let series = hours(14, |h| {
                0.5 + 0.4 * (-(h as f64) / 12.0).exp() + cycle(h) + random.random_range(-0.02..0.02)
            });
            let cut = transient(&series, DAY, 0.01).expect("two weeks are enough");
            // After 3 times the constant a twentieth is left; a mean over the day that follows has still less.
            assert!((12..=60).contains(&cut), "seed {seed}: {cut}");
        }
    }

    #[test]
    fn what_never_settles_has_no_answer() {
        for days in [4, 7, 14] {
            assert_eq!(transient(&hours(days, |h| 0.002 * h as f64 + cycle(h)), DAY, 0.01), None);
            assert_eq!(transient(&hours(days, |h| -0.002 * h as f64), DAY, 0.01), None);
            let late = days * DAY * 3 / 5;
            let step = hours(days, |h| cycle(h) + if h < late { 0.9 } else { 0.5 });
            assert_eq!(transient(&step, DAY, 0.01), None, "a step in the second half");
        }
        for seed in 0..200 {
            let mut random = Pcg64::seed_from_u64(seed);
            let series = hours(7, |h| 0.002 * h as f64 + cycle(h) + random.random_range(-0.02..0.02));
            assert_eq!(transient(&series, DAY, 0.01), None, "seed {seed}");
        }
    }

    #[test]
    fn differences_below_the_resolution_do_not_matter() {
        let drift = hours(7, |h| 1e-5 * h as f64);
        assert_eq!(transient(&drift, DAY, 0.0), None);
        assert_eq!(transient(&drift, DAY, 0.01), Some(0));
    }

    #[test]
    fn a_series_that_is_too_short_has_no_answer() {
        assert_eq!(transient(&[], DAY, 0.0), None);
        assert_eq!(transient(&[1.0], 0, 0.0), None);
        for hours in [1, 24, 48, 94] {
            assert_eq!(transient(&vec![1.0; hours], DAY, 0.0), None, "{hours} h");
        }
        assert_eq!(transient(&vec![1.0; 95], DAY, 0.0), Some(0), "four days, one an hour short");
    }

    #[test]
    fn of_equal_errors_the_earliest_start_is_taken() {
        assert_eq!(mser(&[1.0, 1.0, 1.0, 1.0], 1.0, 2), 0);
        // Kept: 4, 3, 2 values with sums of squares 3/4, 0, 0.
        assert_eq!(mser(&[0.0, 1.0, 1.0, 1.0], 1.0, 2), 1);
    }
}
