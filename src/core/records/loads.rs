//! Sums over slots of stations with load-dependent prices.

use super::figures::{GroupFigures, LoadFigures};
use super::{LoadRecord, SessionRecord};
use crate::ids::{IdVec, StationId};
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
    /// Cost that plans expected, of the slots with a plan.
    planned_cost: Option<f64>,
}

/// Sums over the visits of vehicles to some stations.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stays {
    /// Visits that have ended, and their total time at connectors [s].
    ended: (u64, i64),
    /// Visits that got a connector, and their total wait for it [s].
    plugged_in: (u64, i64),
}

impl Stays {
    /// Adds a visit.
    pub fn add(&mut self, record: &SessionRecord) {
        let Some(plug_in) = record.plug_in_time else { return };
        self.plugged_in.0 += 1;
        self.plugged_in.1 += record.queue_s;
        if let Some(unplug) = record.unplug_time {
            self.ended.0 += 1;
            self.ended.1 += unplug - plug_in;
        }
    }
    /// Adds the visits to other stations.
    pub fn join(&mut self, other: Self) {
        for (sum, (number, seconds)) in
            [(&mut self.ended, other.ended), (&mut self.plugged_in, other.plugged_in)]
        {
            sum.0 += number;
            sum.1 += seconds;
        }
    }
}

/// Mean of a number of times and their sum.
fn mean_s((number, seconds): (u64, i64)) -> Option<f64> {
    (number > 0).then(|| seconds as f64 / number as f64)
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
        if let Some(cost) = record.planned_cost {
            *self.planned_cost.get_or_insert(0.0) += cost;
        }
        self.slot = Some(match self.slot {
            Some((end, sum_kw)) if end == record.slot_end => (end, sum_kw + record.power_kw),
            _ => (record.slot_end, record.power_kw),
        });
        self.peak_kw = self.peak_kw.max(self.slot.map_or(0.0, |slot| slot.1));
    }

    /// The figures, with those of the visits to the same stations; `None` without any slot.
    pub fn figures(&self, stays: &Stays) -> Option<LoadFigures> {
        self.slot?;
        let unserved_kwh = (self.nominal_kwh - self.energy_kwh).max(0.0);
        let station_cost = self.energy_cost + self.deviation_cost;
        let per_mwh = |cost: f64| (self.energy_kwh > 0.0).then(|| cost / self.energy_kwh * 1_000.0);
        let load_price_per_mwh = per_mwh(self.energy_cost);
        Some(LoadFigures {
            station_cost,
            deviation_cost: self.deviation_cost,
            shifted_kwh: self.less_kwh - unserved_kwh,
            unserved_kwh,
            peak_load_kw: self.peak_kw,
            load_price_per_mwh,
            station_cost_per_mwh: per_mwh(station_cost),
            station_cost_with_unserved: station_cost
                + unserved_kwh * load_price_per_mwh.unwrap_or(0.0) / 1_000.0,
            planned_cost: self.planned_cost,
            stay_mean_s: mean_s(stays.ended),
            connector_wait_mean_s: mean_s(stays.plugged_in),
        })
    }
}

/// Sums over the stations of a group, and over the rest.
#[derive(Debug, Clone, Default)]
pub(super) struct GroupSums {
    /// By station, whether it is in the group; empty if there is no group.
    is_member: IdVec<StationId, bool>,
    sums: [LoadSums; 2],
}

impl GroupSums {
    /// Names of the group and of the rest.
    const NAMES: [&str; 2] = ["coalition", "rest"];

    pub fn new(is_member: IdVec<StationId, bool>) -> Self {
        Self { is_member, sums: Default::default() }
    }

    /// Adds one slot of one station.
    pub fn add(&mut self, record: &LoadRecord) {
        if let Some(&is_member) = self.is_member.of(record.station) {
            self.sums[usize::from(!is_member)].add(record);
        }
    }

    /// Figures of the group and of the rest, as far as they have stations; `stays` has the visits of the stations with
    /// load-dependent prices.
    pub fn figures(&self, stays: impl Iterator<Item = (StationId, Stays)>) -> Vec<GroupFigures> {
        let mut of_group = [Stays::default(); 2];
        for (station, stays) in stays {
            if let Some(&is_member) = self.is_member.of(station) {
                of_group[usize::from(!is_member)].join(stays);
            }
        }
        let figures = |((name, sums), stays): ((&str, &LoadSums), &Stays)| {
            Some(GroupFigures { name: name.to_owned(), loads: sums.figures(stays)? })
        };
        Self::NAMES.into_iter().zip(&self.sums).zip(&of_group).filter_map(figures).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OperatorId;

    #[test]
    fn figures_of_two_stations_and_two_slots() {
        let mut sums = LoadSums::default();
        let mut stays = Stays::default();
        assert_eq!(sums.figures(&stays), None);
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
            planned_kw: Some(5.0),
            planned_cost: Some(1.5),
        };
        for record in [row(0, 0, 20.0, 10.0), row(1, 0, 4.0, 4.0), row(0, 1, 0.0, 8.0), row(1, 1, 2.0, 2.0)] {
            sums.add(&record);
        }
        // By hand: 5 kWh less in the first slot, 4 kWh more in the second, so that 1 kWh was never drawn.
        stays.join(Stays { ended: (2, 5_400), plugged_in: (3, 90) });
        stays.join(Stays { ended: (1, 600), plugged_in: (1, 30) });
        let figures = sums.figures(&stays).unwrap();
        assert_eq!((figures.shifted_kwh, figures.unserved_kwh, figures.peak_load_kw), (4.0, 1.0, 14.0));
        assert!((figures.station_cost - (12.0 * 0.1 + 4.0)).abs() < 1e-12);
        assert_eq!(figures.deviation_cost, 4.0);
        assert!((figures.load_price_per_mwh.unwrap() - 100.0).abs() < 1e-9);
        // 12 kWh for 5.2, and 1 kWh more at 0.1.
        assert!((figures.station_cost_per_mwh.unwrap() - 5_200.0 / 12.0).abs() < 1e-9);
        assert!((figures.station_cost_with_unserved - 5.3).abs() < 1e-12);
        assert_eq!(figures.planned_cost, Some(6.0));
        assert_eq!((figures.stay_mean_s, figures.connector_wait_mean_s), (Some(2_000.0), Some(30.0)));
    }

    #[test]
    fn a_group_and_the_rest_have_figures_of_their_own() {
        let row = |station, cost| LoadRecord {
            slot_start: SimTime(0),
            slot_end: SimTime(3_600),
            station: StationId(station),
            operator: OperatorId(0),
            nominal_kw: 1.0,
            budget_kw: None,
            power_kw: 1.0,
            base_price_per_mwh: 0.0,
            price_per_mwh: 1_000.0 * cost,
            energy_cost: cost,
            deviation_cost: 0.0,
            planned_kw: None,
            planned_cost: None,
        };
        let mut sums = GroupSums::new(vec![true, false, true].into());
        [row(0, 1.0), row(1, 2.0), row(2, 4.0)].iter().for_each(|record| sums.add(record));
        let stays = Stays { ended: (1, 60), plugged_in: (1, 0) };
        let groups = sums.figures([(StationId(1), stays)].into_iter());
        let costs: Vec<_> = groups.iter().map(|g| (g.name.as_str(), g.loads.station_cost)).collect();
        assert_eq!(costs, [("coalition", 5.0), ("rest", 2.0)]);
        assert_eq!([&groups[0], &groups[1]].map(|g| g.loads.stay_mean_s), [None, Some(60.0)]);
        let mut all = GroupSums::new(vec![true].into());
        all.add(&row(0, 1.0));
        assert_eq!(all.figures(std::iter::empty()).len(), 1, "no rest");
        assert_eq!(GroupSums::default().figures(std::iter::empty()), []);
    }
}
