//! Fewer points for pictures: means of neighbours, slots of time, quantiles.

use super::chart::MOST_POINTS;

/// Number of neighbours that become one point, so that at most [`MOST_POINTS`] remain of `points`.
pub(super) fn group_of(points: usize) -> usize {
    points.div_ceil(MOST_POINTS).max(1)
}

/// Means of groups of `group` neighbours; non-finite values are ignored.
pub(super) fn means(values: &[f64], group: usize) -> Vec<f64> {
    if group <= 1 {
        return values.to_vec();
    }
    let mean = |values: &[f64]| {
        let known = values.iter().filter(|v| v.is_finite());
        let (sum, count) = known.fold((0.0, 0u32), |(sum, count), v| (sum + v, count + 1));
        if count == 0 { f64::NAN } else { sum / f64::from(count) }
    };
    values.chunks(group).map(mean).collect()
}

/// Equal slots of time from the start of a run to its end.
pub(super) struct Slots {
    start: i64,
    /// Length of a slot [s].
    pub step_s: i64,
    /// Number of slots.
    pub count: usize,
}

/// Familiar lengths of slots [s]: minutes 5, 15, 30, hours 1, 2, 6, days 1, 7.
const STEPS_S: [i64; 8] = [300, 900, 1_800, 3_600, 7_200, 21_600, 86_400, 604_800];

impl Slots {
    /// The shortest familiar slots of which at most `most` fill the time from `start` to `end` [s].
    pub fn new(start: i64, end: i64, most: usize) -> Self {
        let length = (end - start).max(1);
        let fits = |step: &i64| ratio_up(length, *step) <= most as i64;
        let whole = ratio_up(length, most as i64);
        let step_s = STEPS_S.into_iter().find(|step| fits(step)).unwrap_or(whole);
        Self { start, step_s, count: ratio_up(length, step_s) as usize }
    }

    /// Slot of an instant; the first or the last slot for instants outside.
    pub fn of(&self, time: i64) -> usize {
        ((time - self.start).div_euclid(self.step_s).max(0) as usize).min(self.count - 1)
    }

    /// Start of a slot [s].
    pub fn start_of(&self, slot: usize) -> i64 {
        self.start + slot as i64 * self.step_s
    }

    /// Length of a slot in words, for example `hour` or `15 min`.
    pub fn length(&self) -> String {
        match self.step_s {
            86_400 => "day".to_owned(),
            3_600 => "hour".to_owned(),
            s if s % 86_400 == 0 => format!("{} d", s / 86_400),
            s if s % 3_600 == 0 => format!("{} h", s / 3_600),
            s if s % 60 == 0 => format!("{} min", s / 60),
            s => format!("{s} s"),
        }
    }
}

/// `a / b`, rounded up.
fn ratio_up(a: i64, b: i64) -> i64 {
    -(-a).div_euclid(b)
}

/// Smallest value that at least a share `q` (0..1) of `sorted` does not exceed (inverse of the empirical distribution;
/// Hyndman and Fan, 1996, definition 1). NaN for an empty list.
pub(super) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let rank = (q * sorted.len() as f64).ceil().max(1.0) as usize;
    sorted.get(rank - 1).or(sorted.last()).copied().unwrap_or(f64::NAN)
}

/// Width of a bin, 1, 2 or 5 times a power of ten, such that `range` has at most `most` bins.
pub(super) fn bin_width(range: f64, most: usize) -> f64 {
    let least = range / most as f64;
    if least <= 0.0 || !least.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(least.log10().floor());
    // A little tolerance: 0.3 / 3 is slightly more than 0.1.
    [1.0, 2.0, 5.0, 10.0].map(|f| f * power).into_iter().find(|w| *w >= least * (1.0 - 1e-9)).unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_of_minutes_becomes_few_points_with_the_same_mean() {
        let values: Vec<f64> = (0..44_640).map(|i| f64::from(i % 97)).collect();
        let group = group_of(values.len());
        let fewer = means(&values, group);
        assert!(fewer.len() <= MOST_POINTS && fewer.len() > MOST_POINTS / 2);
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        assert!((mean(&values) - mean(&fewer)).abs() < 0.05);
        assert_eq!(group_of(MOST_POINTS), 1);
        let gaps = means(&[1.0, f64::NAN, f64::NAN, f64::NAN], 2);
        assert!(gaps[0] == 1.0 && gaps[1].is_nan());
    }

    #[test]
    fn slots_cover_the_time() {
        let slots = Slots::new(1_000, 1_000 + 7 * 86_400, 200);
        assert_eq!((slots.step_s, slots.count), (3_600, 168));
        assert_eq!((slots.of(999), slots.of(1_000), slots.of(4_600), slots.of(i64::MAX / 2)), (0, 0, 1, 167));
        assert_eq!((slots.start_of(1), slots.length()), (4_600, "hour".to_owned()));
        for days in [0, 1, 30, 365, 40_000] {
            let slots = Slots::new(0, days * 86_400, 200);
            assert!((1..=200).contains(&slots.count), "{days} days");
            assert!(slots.start_of(slots.count) >= days * 86_400);
        }
    }

    #[test]
    fn quantiles_are_values_of_the_list() {
        let sorted = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(
            [0.0, 0.25, 0.26, 0.5, 0.95, 1.0].map(|q| quantile(&sorted, q)),
            [1.0, 1.0, 2.0, 2.0, 4.0, 4.0]
        );
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn bins_are_round() {
        for (range, most, width) in
            [(100.0, 50, 2.0), (101.0, 50, 5.0), (0.3, 3, 0.1), (7.0, 1, 10.0), (0.0, 9, 1.0)]
        {
            assert!((bin_width(range, most) - width).abs() < 1e-12, "{range}");
        }
    }
}
