//! Sums over slots of stations with load-dependent prices.

use super::LoadRecord;
use super::figures::LoadFigures;
use crate::time::SimTime;

/// Sums of some stations.
#[derive(Debug, Clone, Default)]
pub(super) struct LoadSums {
    energy_cost: f64,
    deviation_cost: f64,
    energy_kwh: f64,
    nominal_kwh: f64,
    /// Shortfall of energy drawn against nominal profiles, in slots in which there is one.
    less_kwh: f64,
    /// The end of the slot being read, and the total power of its stations so far [kW].
    slot: Option<(SimTime, f64)>,
    peak_kw: f64,
}

impl LoadSums {
    /// Adds one slot of one station; slots come in the order of their ends.
    pub fn add(&mut self, record: &LoadRecord) {
        let hours = (record.slot_end - record.slot_start) as f64 / 3_600.0;
        self.energy_cost += record.energy_cost;
        self.deviation_cost += record.deviation_cost;
        self.energy_kwh += record.power_kw * hours;
        self.nominal_kwh += record.nominal_kw * hours;
        self.less_kwh += (record.nominal_kw - record.power_kw).max(0.0) * hours;
        self.slot = Some(match self.slot {
            Some((end, sum_kw)) if end == record.slot_end => (end, sum_kw + record.power_kw),
            _ => (record.slot_end, record.power_kw),
        });
        self.peak_kw = self.peak_kw.max(self.slot.map_or(0.0, |slot| slot.1));
    }

    /// The figures; `None` without any slot.
    pub fn figures(&self) -> Option<LoadFigures> {
        self.slot?;
        let unserved_kwh = (self.nominal_kwh - self.energy_kwh).max(0.0);
        Some(LoadFigures {
            station_cost: self.energy_cost + self.deviation_cost,
            deviation_cost: self.deviation_cost,
            shifted_kwh: self.less_kwh - unserved_kwh,
            unserved_kwh,
            peak_load_kw: self.peak_kw,
            load_price_per_mwh: (self.energy_kwh > 0.0).then(|| self.energy_cost / self.energy_kwh * 1_000.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{OperatorId, StationId};

    #[test]
    fn figures_of_two_stations_and_two_slots() {
        let mut sums = LoadSums::default();
        assert_eq!(sums.figures(), None);
        let row = |station, slot: i64, nominal_kw, power_kw| LoadRecord {
            slot_start: SimTime(slot * 1_800),
            slot_end: SimTime((slot + 1) * 1_800),
            station: StationId(station),
            operator: OperatorId(0),
            nominal_kw,
            budget_kw: None,
            power_kw,
            base_price_per_mwh: 0.0,
            price_per_mwh: 100.0,
            energy_cost: power_kw * 0.5 * 0.1,
            deviation_cost: 1.0,
        };
        for record in [row(0, 0, 20.0, 10.0), row(1, 0, 4.0, 4.0), row(0, 1, 0.0, 8.0), row(1, 1, 2.0, 2.0)] {
            sums.add(&record);
        }
        // By hand: 5 kWh less in the first slot, 4 kWh more in the second, so that 1 kWh was never drawn.
        let figures = sums.figures().unwrap();
        assert_eq!((figures.shifted_kwh, figures.unserved_kwh, figures.peak_load_kw), (4.0, 1.0, 14.0));
        assert!((figures.station_cost - (12.0 * 0.1 + 4.0)).abs() < 1e-12);
        assert_eq!(figures.deviation_cost, 4.0);
        assert!((figures.load_price_per_mwh.unwrap() - 100.0).abs() < 1e-9);
    }
}
