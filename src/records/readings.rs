//! The peak of all stations together, over the readings of their meters.

use crate::time::SimTime;

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
