//! Key figures of the feeder, added up reading by reading.

use super::FeederRecord;
use super::figures::GridFigures;
use super::readings::Peak;
use crate::time::SimTime;

/// Running sums.
#[derive(Default)]
pub(super) struct GridSums {
    figures: GridFigures,
    /// The last reading, and the power held back since then [kW].
    before: Option<(SimTime, f64)>,
    peak: Peak,
}

impl GridSums {
    /// Adds the power flow of the time since the last reading.
    pub fn add(&mut self, record: &FeederRecord) {
        let (since, held_back_kw) = self.before.unwrap_or((record.time, 0.0));
        let hours = (record.time - since) as f64 / 3_600.0;
        self.before = Some((record.time, record.held_back_kw));
        // Before the first reading nothing was metered: it contains the case's loads only.
        if hours <= 0.0 {
            return;
        }
        let figures = &mut self.figures;
        figures.grid_held_back_kwh += held_back_kw * hours;
        let Some(flow) = &record.flow else {
            figures.grid_violation_hours += hours;
            figures.grid_unsolved_hours += hours;
            // Without a power flow the power counts as zero.
            self.peak.read(since, record.time, 0.0);
            return;
        };
        self.peak.read(since, record.time, flow.source_kw);
        figures.grid_energy_kwh += flow.source_kw * hours;
        figures.grid_losses_kwh += flow.losses_kw * hours;
        if !flow.kept {
            figures.grid_violation_hours += hours;
        }
        if figures.grid_lowest_voltage_pu.is_none_or(|lowest| flow.lowest.0 < lowest) {
            figures.grid_lowest_voltage_pu = Some(flow.lowest.0);
            figures.grid_lowest_voltage_bus = Some(flow.lowest.1);
        }
        if figures.grid_highest_voltage_pu.is_none_or(|highest| flow.highest.0 > highest) {
            figures.grid_highest_voltage_pu = Some(flow.highest.0);
        }
        if let Some((loading, bus)) = flow.loading
            && figures.grid_branch_loading.is_none_or(|most| loading > most)
        {
            figures.grid_branch_loading = Some(loading);
            figures.grid_branch_loading_bus = Some(bus);
        }
    }

    /// The figures, if there was a feeder.
    pub fn figures(self) -> Option<GridFigures> {
        self.before?;
        let energy = self.figures.grid_energy_kwh;
        let grid_losses_share = (energy > 0.0).then(|| self.figures.grid_losses_kwh / energy);
        Some(GridFigures { grid_losses_share, grid_peak_15min_kw: self.peak.peaks()[1], ..self.figures })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::FlowRecord;

    #[test]
    fn readings_count_for_the_time_before_them_and_what_is_held_back_for_that_after() {
        let mut sums = GridSums::default();
        let flow = |kw: f64, low: f64, bus| FlowRecord {
            source_kw: kw,
            losses_kw: 0.1 * kw,
            lowest: (low, bus),
            highest: (1.0, 1),
            loading: (kw > 50.0).then_some((kw / 100.0, 2)),
            kept: low >= 0.9,
        };
        for (time, flow, held_back_kw) in [
            (0, Some(flow(500.0, 0.85, 7)), 4.0),
            (1_800, Some(flow(80.0, 0.89, 18)), 0.0),
            (3_600, Some(flow(40.0, 0.91, 18)), 3.0),
            (7_200, None, 100.0),
        ] {
            sums.add(&FeederRecord { time: SimTime(time), flow, held_back_kw });
        }
        let figures = sums.figures().unwrap();
        assert_eq!((figures.grid_energy_kwh, figures.grid_losses_kwh), (60.0, 6.0));
        assert_eq!(figures.grid_losses_share, Some(0.1));
        assert_eq!((figures.grid_lowest_voltage_pu, figures.grid_lowest_voltage_bus), (Some(0.89), Some(18)));
        assert_eq!((figures.grid_violation_hours, figures.grid_unsolved_hours), (1.5, 1.0));
        assert_eq!((figures.grid_branch_loading, figures.grid_branch_loading_bus), (Some(0.8), Some(2)));
        assert_eq!(figures.grid_held_back_kwh, 5.0);
        assert!(GridSums::default().figures().is_none());
    }
}
