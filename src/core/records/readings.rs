//! Peaks of power over the readings of meters: of single readings, and of quarters of an hour, for which networks bill.

use crate::time::SimTime;

/// Length of the interval over which billed peaks are averaged [s].
const QUARTER_S: i64 = 900;

/// Power of one meter, or of several meters whose readings at one instant add up.
#[derive(Debug, Clone, Default)]
pub(super) struct Peak {
    /// End of the reading that is being added up.
    time: Option<SimTime>,
    sum_kw: f64,
    /// Start of that reading.
    since: Option<SimTime>,
    highest_kw: f64,
    /// Number of the current quarter since 1970, and its energy so far [kWs].
    quarter: i64,
    kws: f64,
    highest_quarter_kw: f64,
}

impl Peak {
    /// Mean power from `since`, the reading before, to `time`. Readings without power may be left out.
    pub fn read(&mut self, since: SimTime, time: SimTime, power_kw: f64) {
        if self.time != Some(time) {
            self.flush();
            self.since = Some(since);
            self.time = Some(time);
            self.sum_kw = 0.0;
        }
        self.sum_kw += power_kw;
    }

    fn flush(&mut self) {
        let (Some(time), Some(since)) = (self.time, self.since) else { return };
        self.highest_kw = self.highest_kw.max(self.sum_kw);
        let mut t = since.0;
        while t < time.0 {
            let quarter = t.div_euclid(QUARTER_S);
            if quarter != self.quarter {
                self.highest_quarter_kw = self.quarter_kw();
                (self.quarter, self.kws) = (quarter, 0.0);
            }
            let end = time.0.min((quarter + 1) * QUARTER_S);
            self.kws += self.sum_kw * (end - t) as f64;
            t = end;
        }
        self.time = None;
    }

    fn quarter_kw(&self) -> f64 {
        self.highest_quarter_kw.max(self.kws / QUARTER_S as f64)
    }

    /// Highest reading, and highest mean over a quarter of an hour from the full hour on [kW].
    pub fn peaks(&self) -> [f64; 2] {
        let mut ended = self.clone();
        ended.flush();
        [ended.highest_kw, ended.quarter_kw()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_takes_each_reading_for_the_time_that_lies_in_it() {
        let mut peak = Peak::default();
        // Two meters; a reading of ten minutes over two quarters.
        let readings =
            [(3_600, 0.0), (3_900, 60.0), (4_200, 30.0), (4_800, 10.0), (5_400, 20.0), (6_300, 41.0)];
        let mut since = SimTime(3_600);
        for (time, kw) in readings {
            peak.read(since, SimTime(time), 0.5 * kw);
            peak.read(since, SimTime(time), 0.5 * kw);
            since = SimTime(time);
        }
        // (300 x 60 + 300 x 30 + 300 x 10) / 900, (300 x 10 + 600 x 20) / 900, 41.
        let [highest, quarter] = peak.peaks();
        assert_eq!(highest, 60.0);
        assert!((quarter - 41.0).abs() < 1e-12, "{quarter}");
        let mut early = Peak::default();
        for (since, time, kw) in [(3_600, 3_900, 60.0), (3_900, 4_200, 30.0), (4_200, 4_800, 10.0)] {
            early.read(SimTime(since), SimTime(time), kw);
        }
        assert!((early.peaks()[1] - 100.0 / 3.0).abs() < 1e-12);
        assert_eq!(Peak::default().peaks(), [0.0, 0.0]);
    }

    #[test]
    fn readings_without_power_may_be_left_out() {
        let readings = [0.0, 40.0, 0.0, 0.0, 0.0, 30.0, 30.0, 0.0, 30.0, 0.0, 0.0, 0.0, 0.0, 90.0];
        let (mut all, mut some) = (Peak::default(), Peak::default());
        for (i, kw) in readings.into_iter().enumerate() {
            let (since, time) = (SimTime(300 * i as i64), SimTime(300 * (i as i64 + 1)));
            all.read(since, time, kw);
            if kw > 0.0 {
                some.read(since, time, kw);
            }
            assert_eq!(some.peaks(), all.peaks(), "{i}");
        }
    }

    /// Readings of an hour are the means of their quarters.
    #[test]
    fn long_readings_fill_quarters() {
        let mut peak = Peak::default();
        peak.read(SimTime(0), SimTime(7_200), 5.0);
        peak.read(SimTime(7_200), SimTime(14_400), 8.0);
        assert_eq!(peak.peaks(), [8.0, 8.0]);
    }
}
