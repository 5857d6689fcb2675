//! What readings of meters sum up to: a mean over time, and the peak of all stations.

use crate::time::SimTime;

/// Mean over time of a value read now and then: straight lines between readings.
#[derive(Default)]
pub(super) struct TimeMean {
    last: Option<(SimTime, f64)>,
    area: f64,
    seconds: i64,
}

impl TimeMean {
    pub fn read(&mut self, time: SimTime, value: f64) {
        if let Some((before, last)) = self.last {
            self.area += 0.5 * (last + value) * (time - before) as f64;
            self.seconds += time - before;
        }
        self.last = Some((time, value));
    }
    pub fn mean(&self) -> Option<f64> {
        match self.seconds {
            0 => self.last.map(|(_, value)| value),
            seconds => Some(self.area / seconds as f64),
        }
    }
}

/// Total power of all stations, reading by reading.
#[derive(Default)]
pub(super) struct Peak {
    time: Option<SimTime>,
    sum_kw: f64,
    peak_kw: f64,
}

impl Peak {
    pub fn read(&mut self, time: SimTime, power_kw: f64) {
        if self.time != Some(time) {
            self.peak_kw = self.peak();
            self.sum_kw = 0.0;
            self.time = Some(time);
        }
        self.sum_kw += power_kw;
    }
    pub fn peak(&self) -> f64 {
        self.peak_kw.max(self.sum_kw)
    }
}
